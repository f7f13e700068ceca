//! Days and times.

use super::numbers::{Each, Next};
use crate::orc::integers::Integers;
use crate::orc::stripe::{Part, Streams};
use crate::orc::trouble::{Result, Trouble, malformed};
use crate::orc::zone::Zone;
use arrow_array::types::{Date32Type, TimestampNanosecondType};
use arrow_schema::{DataType, TimeUnit};

/// 1582-10-15, where the Gregorian calendar begins.
const GREGORIAN: i64 = -141_427;
const SECOND: i64 = 1_000_000_000;

/// Days since 1970.
pub(super) struct Dates {
    column: u32,
    data: Integers,
    /// Whether earlier days are of the Julian calendar, which we do not have.
    julian: bool,
}

impl Dates {
    pub(super) fn new(column: u32) -> Each<Dates> {
        let dates = Dates {
            column,
            data: Integers::default(),
            julian: false,
        };
        Each::new(dates, DataType::Date32)
    }
}

impl Next for Dates {
    type Type = Date32Type;

    fn open(&mut self, streams: &Streams) -> Result<()> {
        self.data = streams.integers(self.column, Part::Data, true)?;
        self.julian = streams.julian;
        Ok(())
    }

    fn next(&mut self) -> Result<i32> {
        let day = self.data.next()?;
        if self.julian && day < GREGORIAN {
            return Err(malformed("a day of the Julian calendar, before 1582-10-15"));
        }
        i32::try_from(day).map_err(|_| malformed(format!("day {day} has more than 32 bits")))
    }
}

/// Seconds since 2015 in the writer's zone, and nanoseconds.
pub(super) struct Timestamps {
    column: u32,
    seconds: Integers,
    nanos: Integers,
    /// Whether they are moments; else times as the writer's clocks showed them.
    utc: bool,
    zone: Zone,
}

impl Timestamps {
    pub(super) fn new(column: u32, utc: bool) -> Each<Timestamps> {
        let times = Timestamps {
            column,
            seconds: Integers::default(),
            nanos: Integers::default(),
            utc,
            zone: Zone::utc(),
        };
        let zone = utc.then(|| "UTC".into());
        Each::new(times, DataType::Timestamp(TimeUnit::Nanosecond, zone))
    }
}

impl Next for Timestamps {
    type Type = TimestampNanosecondType;

    fn open(&mut self, streams: &Streams) -> Result<()> {
        self.seconds = streams.integers(self.column, Part::Data, true)?;
        self.nanos = streams.integers(self.column, Part::Secondary, false)?;
        if !self.utc {
            self.zone = streams.zone()?;
        }
        Ok(())
    }

    /// Nanoseconds since 1970.
    fn next(&mut self) -> Result<i64> {
        let (seconds, nanos) = (self.seconds.next()?, nanos(self.nanos.next()?)?);
        let moment = seconds.checked_add(self.zone.epoch);
        let moment = moment.and_then(|moment| moment.checked_sub(borrowed(moment, nanos)));
        let shown = moment.and_then(|moment| moment.checked_add(self.zone.offset(moment)));
        let shown = shown.ok_or_else(|| beyond(seconds))?;
        let value = i128::from(shown) * i128::from(SECOND) + i128::from(nanos);
        i64::try_from(value).map_err(|_| beyond(shown))
    }
}

/// Writers cut the seconds of moments before 1970 off towards zero, if a millisecond or more
/// is behind them, and readers take one off again.
fn borrowed(moment: i64, nanos: i64) -> i64 {
    i64::from(moment < 0 && nanos > 999_999)
}

/// The lowest three bits say how many zeros were cut off: none, or one more than that.
/// For times before 1970 pyarrow writes nanoseconds below zero, to be added as they are:
/// the specification has none, and they leave no doubt.
fn nanos(stored: i64) -> Result<i64> {
    let factor = match (stored & 7) as u32 {
        0 => 1,
        zeros => 10_i64.pow(zeros + 1),
    };
    let nanos = (stored >> 3).checked_mul(factor);
    let nanos = nanos.filter(|nanos| (1 - SECOND..SECOND).contains(nanos));
    nanos.ok_or_else(|| malformed("nanoseconds of a second or more"))
}

fn beyond(second: i64) -> Trouble {
    malformed(format!(
        "the time {second} s is beyond what nanoseconds can tell (1677 to 2262)"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_come_back() {
        // The specification: 1000 ns is 0x0a, 100000 ns 0x0c.
        for (stored, expected) in [
            (0x0a, Some(1000)),
            (0x0c, Some(100_000)),
            (0, Some(0)),
            (999_999_999 << 3, Some(999_999_999)),
            (9 << 3 | 7, Some(900_000_000)),
            (10 << 3 | 7, None),
            (1_000_000_000 << 3, None),
            (-33, Some(-500_000_000)),
            (-10 << 3 | 7, None),
            (i64::MIN, None),
        ] {
            assert_eq!(nanos(stored).ok(), expected, "{stored}");
        }
    }

    #[test]
    fn a_second_is_borrowed_before_1970() {
        assert_eq!(borrowed(-1, 1_000_000), 1);
        assert_eq!(borrowed(-1, 999_999), 0);
        assert_eq!(borrowed(0, 500_000_000), 0);
    }
}
