//! Hours by the clock on the wall, through the nights when clocks change.

use super::error::zone_name;
use super::name::{self, Shape};
use super::{Error, Grain, Unit, instant};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};

/// The hour that holds `local`.
pub(super) fn containing(local: &Zoned, zone: &TimeZone) -> Result<Unit, Error> {
    let floor = local.date().at(local.hour(), 0, 0, 0);
    match fold(floor, zone) {
        None => once(floor, zone),
        Some(_) => repeated(floor, local.offset(), zone),
    }
}

/// The hour of this name.
pub(super) fn named(text: &str, shape: Shape, zone: &TimeZone) -> Result<Unit, Error> {
    let Shape::Hour { hour, offset, .. } = shape else {
        return Err(Error::NotInCalendar(text.to_owned()));
    };
    if !(0..24).contains(&hour) {
        return Err(Error::NotInCalendar(text.to_owned()));
    }
    let floor = shape.first_day(text)?.0.at(hour, 0, 0, 0);
    match (fold(floor, zone), offset) {
        (None, None) => once(floor, zone),
        (None, Some(_)) => Err(other_name(text, zone, once(floor, zone)?.name)),
        (Some((before, after)), None) => Err(Error::Twice {
            unit: text.to_owned(),
            zone: zone_name(zone),
            first: repeated(floor, before, zone)?.name,
            second: repeated(floor, after, zone)?.name,
        }),
        (Some((before, after)), Some(seconds)) => {
            match [before, after].into_iter().find(|o| o.seconds() == seconds) {
                Some(offset) => repeated(floor, offset, zone),
                None => Err(other_name(text, zone, repeated(floor, before, zone)?.name)),
            }
        }
    }
}

fn other_name(text: &str, zone: &TimeZone, name: String) -> Error {
    Error::OtherName {
        unit: text.to_owned(),
        zone: zone_name(zone),
        name,
    }
}

/// The two offsets of an hour any part of which occurs twice. (Lord Howe's clocks go
/// back by half an hour, so both ends of the hour are looked at.)
fn fold(floor: DateTime, zone: &TimeZone) -> Option<(Offset, Offset)> {
    let last = floor.checked_add(SignedDuration::from_secs(3599)).ok()?;
    [floor, last]
        .into_iter()
        .find_map(|local| match zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Fold { before, after } => Some((before, after)),
            _ => None,
        })
}

fn next_hour(floor: DateTime) -> Result<DateTime, Error> {
    floor
        .checked_add(SignedDuration::from_hours(1))
        .map_err(|_| Error::OutOfRange)
}

/// An hour that occurs once; empty if clocks skip it.
fn once(floor: DateTime, zone: &TimeZone) -> Result<Unit, Error> {
    Ok(Unit {
        grain: Grain::Hour,
        name: name::of_hour(floor.date(), floor.hour(), None)?,
        start: instant(floor, zone)?,
        end: instant(next_hour(floor)?, zone)?,
    })
}

/// One of the two occurrences: the part of the hour during which `offset` holds.
fn repeated(floor: DateTime, offset: Offset, zone: &TimeZone) -> Result<Unit, Error> {
    let at = |local: DateTime| offset.to_timestamp(local).map_err(|_| Error::OutOfRange);
    let (mut start, mut end) = (at(floor)?, at(next_hour(floor)?)?);
    let change = transition(start, end, zone);
    if let Some((changed, into)) = change {
        if into == offset {
            start = changed;
        } else {
            end = changed;
        }
    }
    let name = name::of_hour(floor.date(), floor.hour(), Some(offset))?;
    Ok(Unit {
        grain: Grain::Hour,
        name,
        start,
        end,
    })
}

/// When clocks change strictly between two instants, and to which offset.
fn transition(start: Timestamp, end: Timestamp, zone: &TimeZone) -> Option<(Timestamp, Offset)> {
    let found = zone.following(start).next()?;
    (found.timestamp() < end).then(|| (found.timestamp(), found.offset()))
}
