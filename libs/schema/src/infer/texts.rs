//! Which forms texts had.

use crate::temporal::{self, Civil};
use crate::{Field, Format, Kind};
use arrow_schema::{DataType, TimeUnit};

/// A set of the forms below.
type Forms = u8;
const DATE: Forms = 1;
/// A date and time with an offset from UTC.
const INSTANT: Forms = 2;
/// One without.
const WALL_CLOCK: Forms = 4;
const TIME: Forms = 8;
/// Between date and time stands a space.
const SPACE: Forms = 16;
const BELOW_MICROS: Forms = 32;
/// Too far from 1970 to be counted in nanoseconds.
const BEYOND_NANOS: Forms = 64;
/// Anything else: what other forms there are does not matter any more.
const OTHER: Forms = 128;

/// The longest datetime is 2026-03-17T05:00:00.123456789+01:00.
const LONGEST: usize = 35;

/// All texts of a field.
#[derive(Debug, Default)]
pub(super) struct Texts {
    forms: Forms,
}

impl Texts {
    /// Whether there was a text before that makes this one no news.
    #[inline(always)]
    pub(super) fn know(&self, text: &[u8]) -> bool {
        self.have(OTHER) || forms(text) & !self.forms == 0
    }

    pub(super) fn see(&mut self, text: &[u8]) {
        if !self.have(OTHER) {
            self.forms |= forms(text);
        }
    }

    #[inline(always)]
    fn have(&self, forms: Forms) -> bool {
        self.forms & forms != 0
    }

    pub(super) fn field(&self, name: &str) -> Field {
        let too_fine = self.have(BELOW_MICROS) && self.have(BEYOND_NANOS);
        let instants = self.have(INSTANT);
        let forms = self.forms & (OTHER | TIME | DATE | INSTANT | WALL_CLOCK);
        match forms {
            TIME => Field {
                arrow_type: DataType::Time64(self.unit()),
                ..Field::new(name, Kind::Time)
            },
            DATE => Field::new(name, Kind::Date),
            _ if forms & (OTHER | TIME) != 0 || too_fine => Field::new(name, Kind::String),
            _ if instants != self.have(WALL_CLOCK) => self.datetime(name, instants),
            _ => Field::new(name, Kind::String),
        }
    }

    fn datetime(&self, name: &str, instants: bool) -> Field {
        let mut field = Field::new(name, Kind::Datetime);
        let zone = instants.then(|| "UTC".into());
        field.arrow_type = DataType::Timestamp(self.unit(), zone);
        if self.have(DATE | SPACE) {
            field.format = Format::Any;
        }
        field
    }

    fn unit(&self) -> TimeUnit {
        match self.have(BELOW_MICROS) {
            true => TimeUnit::Nanosecond,
            false => TimeUnit::Microsecond,
        }
    }
}

/// The forms of one text.
#[inline(always)]
fn forms(text: &[u8]) -> Forms {
    match text.first() {
        Some(b'0'..=b'9') if text.len() <= LONGEST => forms_of_digits(text),
        _ => OTHER,
    }
}

#[inline(never)]
fn forms_of_digits(text: &[u8]) -> Forms {
    let Ok(text) = std::str::from_utf8(text) else {
        return OTHER;
    };
    // A time has its colon where a date has a digit.
    if text.as_bytes().get(2) == Some(&b':') {
        return temporal::time(text).map_or(OTHER, |nanos| TIME | below_micros(nanos));
    }
    match temporal::datetime_any(text) {
        Some(civil) if text.len() == 10 => DATE | beyond_nanos(&civil),
        Some(civil) => {
            let clock = civil.offset.map_or(WALL_CLOCK, |_| INSTANT);
            let space = if text.as_bytes()[10] == b' ' {
                SPACE
            } else {
                0
            };
            clock | space | below_micros(civil.nanos) | beyond_nanos(&civil)
        }
        None => OTHER,
    }
}

fn below_micros(nanos: u64) -> Forms {
    match nanos % 1000 {
        0 => 0,
        _ => BELOW_MICROS,
    }
}

fn beyond_nanos(civil: &Civil) -> Forms {
    match civil.year {
        1678..=2261 => 0,
        _ => BEYOND_NANOS,
    }
}
