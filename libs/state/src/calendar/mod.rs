//! Calendar units: hours, days, ISO weeks and months of a time zone.
//!
//! A unit is named `2026-03-17T05`, `2026-03-17`, `2026-W12` or `2026-03`: no colon,
//! slash or space, so that names serve make, xargs and paths. The hour that occurs
//! twice when clocks go back carries its offset (`2026-10-25T02+0200`). Units of one
//! grain follow each other without gap or overlap: a day has 23, 24 or 25 hours, and
//! an hour that clocks skip does not exist. Weeks and dates are those of ISO 8601.

mod error;
mod hour;
mod name;
mod range;

pub use error::Error;
pub use range::{MOST_UNITS, Range, Reach, bounds};

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use std::fmt;
use std::str::FromStr;

/// How long a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grain {
    /// An hour by the clock on the wall.
    Hour,
    /// A day, midnight to midnight.
    Day,
    /// An ISO week, Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
}

/// A calendar unit: its name, and the half-open time that it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// How long it is.
    pub grain: Grain,
    /// Its name.
    pub name: String,
    /// The first instant in it.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

impl Grain {
    /// The word for it on the command line and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Grain::Hour => "hour",
            Grain::Day => "day",
            Grain::Week => "week",
            Grain::Month => "month",
        }
    }
}

impl fmt::Display for Grain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Grain {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Grain::Hour, Grain::Day, Grain::Week, Grain::Month]
            .into_iter()
            .find(|grain| grain.as_str() == text)
            .ok_or_else(|| format!("'{text}' is not hour, day, week or month"))
    }
}

impl Unit {
    /// The unit of this grain that holds `instant`.
    pub fn containing(instant: Timestamp, grain: Grain, zone: &TimeZone) -> Result<Unit, Error> {
        let local = instant.to_zoned(zone.clone());
        match grain {
            Grain::Hour => hour::containing(&local, zone),
            _ => dated(first_day(local.date(), grain)?, grain, zone),
        }
    }

    /// The unit of this name; None if the name has not the form of a calendar unit.
    /// A name of that form that exists in no calendar, or not in `zone`, is an error.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Option<Unit>, Error> {
        let Some(shape) = name::Shape::of(text) else {
            return Ok(None);
        };
        let unit = match shape {
            name::Shape::Hour { .. } => hour::named(text, shape, zone)?,
            _ => {
                let (date, grain) = shape.first_day(text)?;
                dated(date, grain, zone)?
            }
        };
        if unit.start >= unit.end {
            return Err(Error::skipped(text, zone));
        }
        Ok(Some(unit))
    }

    /// The unit after this one.
    pub fn next(&self, zone: &TimeZone) -> Result<Unit, Error> {
        Unit::containing(self.end, self.grain, zone)
    }

    /// The unit before this one.
    pub fn previous(&self, zone: &TimeZone) -> Result<Unit, Error> {
        let before = self.start.checked_sub(jiff::SignedDuration::from_nanos(1));
        Unit::containing(before.map_err(|_| Error::OutOfRange)?, self.grain, zone)
    }
}

/// The time zone of this name: an IANA name such as `Europe/Berlin`, or `UTC`.
pub fn zone(name: &str) -> Result<TimeZone, Error> {
    match name {
        "UTC" | "utc" | "Z" => Ok(TimeZone::UTC),
        _ => TimeZone::get(name).map_err(|_| Error::NoZone(name.to_owned())),
    }
}

/// An instant as RFC 3339 in `zone`, to the second: `2026-03-17T05:00:00+01:00`.
pub fn rfc3339(instant: Timestamp, zone: &TimeZone) -> String {
    let local = instant.to_zoned(zone.clone());
    match local.offset().seconds() {
        0 => local.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        _ => local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
    }
}

/// The instant that clocks show `local` for the first time, or would have.
fn instant(local: civil::DateTime, zone: &TimeZone) -> Result<Timestamp, Error> {
    let found = zone.to_ambiguous_timestamp(local).compatible();
    found.map_err(|_| Error::OutOfRange)
}

fn first_day(date: civil::Date, grain: Grain) -> Result<civil::Date, Error> {
    match grain {
        Grain::Hour | Grain::Day => Ok(date),
        Grain::Month => Ok(date.first_of_month()),
        Grain::Week => {
            let back = date.weekday().to_monday_zero_offset();
            date.checked_sub(jiff::Span::new().days(back))
                .map_err(|_| Error::OutOfRange)
        }
    }
}

/// The day, week or month that begins on `first`.
fn dated(first: civil::Date, grain: Grain, zone: &TimeZone) -> Result<Unit, Error> {
    let length = match grain {
        Grain::Hour | Grain::Day => jiff::Span::new().days(1),
        Grain::Week => jiff::Span::new().weeks(1),
        Grain::Month => jiff::Span::new().months(1),
    };
    let after = first.checked_add(length).map_err(|_| Error::OutOfRange)?;
    let midnight = |date: civil::Date| instant(date.at(0, 0, 0, 0), zone);
    Ok(Unit {
        grain,
        name: name::of_date(first, grain)?,
        start: midnight(first)?,
        end: midnight(after)?,
    })
}

#[cfg(test)]
mod tests;
