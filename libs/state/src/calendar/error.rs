//! Units, instants and zones that do not exist.

use jiff::tz::TimeZone;
use millrace_fault::quoted;

/// A unit, an instant or a zone that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a date or an hour of the calendar.
    #[error("{} is not in the calendar", quoted(.0))]
    NotInCalendar(String),
    /// An hour or day that clocks skip in this zone.
    #[error("{} does not exist in {zone}: clocks skip it", quoted(.unit))]
    Skipped {
        /// The unit asked for.
        unit: String,
        /// The zone's name.
        zone: String,
    },
    /// An hour that occurs twice, without saying which.
    #[error("{} occurs twice in {zone}: say '{first}' or '{second}'", quoted(.unit))]
    Twice {
        /// The unit asked for.
        unit: String,
        /// The zone's name.
        zone: String,
        /// The first of the two.
        first: String,
        /// The second.
        second: String,
    },
    /// An offset on an hour that needs none, or another one than clocks have.
    #[error("{} is written {} in {zone}", quoted(.unit), quoted(.name))]
    OtherName {
        /// The unit asked for.
        unit: String,
        /// The zone's name.
        zone: String,
        /// Its one name.
        name: String,
    },
    /// Neither a unit nor an instant.
    #[error("{} is neither a unit such as 2026-03-17, 2026-03-17T05, 2026-W12 or 2026-03, nor a time such as 2026-03-17T05:00:00Z", quoted(.0))]
    NoTime(String),
    /// No such time zone.
    #[error("{} is not a time zone such as UTC or Europe/Berlin", quoted(.0))]
    NoZone(String),
    /// Outside of the years 1 to 9998.
    #[error("the calendar ends: only the years 0001 to 9998 have units")]
    OutOfRange,
    /// More units than a plan may have.
    #[error("the range has more than {} units", super::MOST_UNITS)]
    TooMany,
    /// A range that ends before it begins.
    #[error("the range ends at {end}, before it begins at {start}")]
    Backwards {
        /// Where it begins, as given.
        start: String,
        /// Where it ends, as given.
        end: String,
    },
}

impl Error {
    pub(super) fn skipped(unit: &str, zone: &TimeZone) -> Self {
        Error::Skipped {
            unit: unit.to_owned(),
            zone: zone_name(zone),
        }
    }
}

pub(super) fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("this time zone").to_owned()
}
