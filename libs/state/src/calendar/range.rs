//! Ranges of units.

use super::{Error, Grain, Unit, rfc3339};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The most units that a plan may have: a century of hours fits.
pub const MOST_UNITS: usize = 1_000_000;

/// Which units: all of one grain in one zone between two instants.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// How long a unit is.
    pub grain: Grain,
    /// Whose calendar.
    pub zone: TimeZone,
    /// The start of the first unit.
    pub start: Timestamp,
    /// The end of the last unit; the start again if there is none.
    pub end: Timestamp,
}

/// Where a range ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach<'a> {
    /// Units that have ended by this time: half-open.
    To(&'a str),
    /// Including the unit in which this one ends.
    Through(&'a str),
    /// Units that have ended by this instant.
    Until(Timestamp),
}

impl Range {
    /// From the unit that holds the start of `from`, as far as `reach`.
    pub fn new(
        grain: Grain,
        zone: &TimeZone,
        from: &str,
        reach: Reach<'_>,
    ) -> Result<Range, Error> {
        let (instant, _) = bounds(from, zone)?;
        let first = Unit::containing(instant, grain, zone)?;
        let (limit, given) = match reach {
            Reach::Until(limit) => (limit, None),
            Reach::To(text) => (bounds(text, zone)?.0, Some(text)),
            Reach::Through(text) => (last_end(text, grain, zone)?, Some(text)),
        };
        if let Some(text) = given.filter(|_| limit < first.start) {
            return Err(Error::Backwards {
                start: from.to_owned(),
                end: text.to_owned(),
            });
        }
        let mut range = Range {
            grain,
            zone: zone.clone(),
            start: first.start,
            end: limit.max(first.start),
        };
        range.end = range.units()?.last().map_or(first.start, |unit| unit.end);
        Ok(range)
    }

    /// The units, oldest first.
    pub fn units(&self) -> Result<Vec<Unit>, Error> {
        let mut units = Vec::new();
        if self.start >= self.end {
            return Ok(units);
        }
        let mut unit = Unit::containing(self.start, self.grain, &self.zone)?;
        while unit.end <= self.end {
            if units.len() == MOST_UNITS {
                return Err(Error::TooMany);
            }
            let next = unit.next(&self.zone)?;
            units.push(std::mem::replace(&mut unit, next));
        }
        Ok(units)
    }
}

/// The start and end of what `text` names: a unit of any grain, or an instant.
pub fn bounds(text: &str, zone: &TimeZone) -> Result<(Timestamp, Timestamp), Error> {
    if let Some(unit) = Unit::parse(text, zone)? {
        return Ok((unit.start, unit.end));
    }
    let instant: Timestamp = text.parse().map_err(|_| Error::NoTime(text.to_owned()))?;
    Ok((instant, instant))
}

fn last_end(text: &str, grain: Grain, zone: &TimeZone) -> Result<Timestamp, Error> {
    let (start, end) = bounds(text, zone)?;
    // An instant is through the unit that holds it; a unit through its last moment.
    let last = if start == end { start } else { before(end)? };
    Ok(Unit::containing(last, grain, zone)?.end)
}

fn before(instant: Timestamp) -> Result<Timestamp, Error> {
    instant
        .checked_sub(jiff::SignedDuration::from_nanos(1))
        .map_err(|_| Error::OutOfRange)
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = |instant| rfc3339(instant, &self.zone);
        write!(
            f,
            "every {} from {} to {}",
            self.grain,
            at(self.start),
            at(self.end)
        )
    }
}
