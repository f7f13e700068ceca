//! Dates, times and durations as text: the default forms of Table Schema, strictly.
//!
//! These are the plain readers, for schemas, inference and constraints; the hot path
//! has its own in `millrace-decode`. Sources: RFC 3339, and ISO 8601 for durations.

/// A date and time of day as written, checked against the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// 0 to 9999, proleptic Gregorian.
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
    /// 1 to the month's last.
    pub day: u32,
    /// Since midnight; less than a day.
    pub nanos: u64,
    /// Seconds east of UTC, if the text says.
    pub offset: Option<i32>,
}

/// An ISO 8601 duration: months and days have no fixed length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration {
    /// Years and months, in months.
    pub months: i64,
    /// Weeks and days, in days.
    pub days: i64,
    /// Hours, minutes and seconds, in nanoseconds.
    pub nanos: i128,
}

const SECOND: u64 = 1_000_000_000;

impl Civil {
    /// A day at midnight; None if the calendar does not have it.
    pub fn day(year: i32, month: u32, day: u32) -> Option<Civil> {
        let valid = (0..=9999).contains(&year)
            && (1..=12).contains(&month)
            && day >= 1
            && day <= last_day(year, month);
        valid.then_some(Civil {
            year,
            month,
            day,
            nanos: 0,
            offset: None,
        })
    }

    /// Days since 1970-01-01.
    pub fn days(&self) -> i32 {
        days_from_civil(self.year, self.month, self.day)
    }

    /// Nanoseconds since 1970-01-01T00:00:00, at UTC if there is an offset, else on the
    /// wall clock.
    pub fn epoch_nanos(&self) -> i128 {
        let seconds = i128::from(self.days()) * 86_400 - i128::from(self.offset.unwrap_or(0));
        seconds * i128::from(SECOND) + i128::from(self.nanos)
    }
}

/// `2026-03-17`.
pub fn date(text: &str) -> Option<Civil> {
    let mut cursor = Cursor::new(text);
    let day = cursor.date()?;
    cursor.is_done().then_some(day)
}

/// `2026-03-17T05:00:00`, with a fraction of up to nine digits and an offset or `Z`
/// where given.
pub fn datetime(text: &str) -> Option<Civil> {
    datetime_with(text, |byte| matches!(byte, b'T' | b't'))
}

/// Like [`datetime`], with `T` or one space between date and time, and a date alone as
/// its midnight: format `any`.
pub fn datetime_any(text: &str) -> Option<Civil> {
    datetime_with(text, |byte| matches!(byte, b'T' | b't' | b' ')).or_else(|| date(text))
}

fn datetime_with(text: &str, separates: fn(u8) -> bool) -> Option<Civil> {
    let mut cursor = Cursor::new(text);
    let day = cursor.date()?;
    cursor.take().filter(|byte| separates(*byte))?;
    let nanos = cursor.time()?;
    let offset = cursor.offset()?;
    cursor.is_done().then_some(Civil {
        nanos,
        offset,
        ..day
    })
}

/// `05:00:00`, with a fraction of up to nine digits; nanoseconds since midnight.
pub fn time(text: &str) -> Option<u64> {
    let mut cursor = Cursor::new(text);
    let nanos = cursor.time()?;
    cursor.is_done().then_some(nanos)
}

/// Like [`time`], seconds may be left out: format `any`.
pub fn time_any(text: &str) -> Option<u64> {
    match text.len() {
        5 => time(&format!("{text}:00")),
        _ => time(text),
    }
}

/// `2026-03`; year and month.
pub fn year_month(text: &str) -> Option<(i32, u32)> {
    let mut cursor = Cursor::new(text);
    let year = cursor.digits(4)? as i32;
    cursor.expect(b'-')?;
    let month = cursor.digits(2)?;
    (cursor.is_done() && (1..=12).contains(&month)).then_some((year, month))
}

/// `P1Y2M3DT4H5M6.7S`, `P2W`, with a leading minus for the whole.
pub fn duration(text: &str) -> Option<Duration> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let text = text.strip_prefix('P')?;
    let (days, time) = match text.split_once('T') {
        Some((_, "")) => return None,
        Some((days, time)) => (days, time),
        None => (text, ""),
    };
    if days.is_empty() && time.is_empty() {
        return None;
    }
    let mut total = Duration {
        months: 0,
        days: 0,
        nanos: 0,
    };
    parts(days, "YMWD", |unit, whole, fraction| {
        let (slot, factor) = match unit {
            'Y' => (&mut total.months, 12),
            'M' => (&mut total.months, 1),
            'W' => (&mut total.days, 7),
            _ => (&mut total.days, 1),
        };
        *slot = slot.checked_add(whole.checked_mul(factor)?)?;
        (fraction == 0).then_some(())
    })?;
    parts(time, "HMS", |unit, whole, fraction| {
        let seconds = match unit {
            'H' => 3600,
            'M' => 60,
            _ => 1,
        };
        total.nanos += i128::from(whole) * seconds * i128::from(SECOND) + i128::from(fraction);
        (fraction == 0 || unit == 'S').then_some(())
    })?;
    Some(Duration {
        months: sign * total.months,
        days: sign * total.days,
        nanos: i128::from(sign) * total.nanos,
    })
}

/// Numbers with unit letters, each of `units` at most once and in that order.
fn parts(text: &str, units: &str, mut add: impl FnMut(char, i64, u32) -> Option<()>) -> Option<()> {
    let mut cursor = Cursor::new(text);
    let mut left = units;
    while !cursor.is_done() {
        let whole = cursor.number()?;
        let fraction = cursor.fraction()?;
        let unit = char::from(cursor.take()?);
        left = &left[left.find(unit)? + 1..];
        add(unit, whole, fraction)?;
    }
    Some(())
}

/// Days in a month of the Gregorian calendar.
fn last_day(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a day in the proleptic Gregorian calendar, counting years
/// from March so that the leap day is the last of its year.
fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    let shifted = if month > 2 { year } else { year - 1 };
    let from_march = (month as i32 + 9) % 12;
    let day_of_year = (153 * from_march + 2) / 5 + day as i32 - 1;
    let leap_days = shifted.div_euclid(4) - shifted.div_euclid(100) + shifted.div_euclid(400);
    shifted * 365 + leap_days + day_of_year - 719_468
}

/// Reads from the front of some text.
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Cursor {
            rest: text.as_bytes(),
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn take(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    pub(crate) fn expect(&mut self, byte: u8) -> Option<()> {
        (self.take()? == byte).then_some(())
    }

    /// Exactly `count` digits.
    pub(crate) fn digits(&mut self, count: usize) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(count)?;
        let mut value = 0;
        for byte in digits {
            value = value * 10 + char::from(*byte).to_digit(10)?;
        }
        self.rest = rest;
        Some(value)
    }

    /// One or two digits, as strptime reads them.
    pub(crate) fn up_to_two_digits(&mut self) -> Option<u32> {
        self.digits(2).or_else(|| self.digits(1))
    }

    fn number(&mut self) -> Option<i64> {
        let end = self
            .rest
            .iter()
            .position(|byte| !byte.is_ascii_digit())
            .unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }

    /// The one of `names` that comes next, letter case ignored; its index.
    pub(crate) fn one_of(&mut self, names: &[&str]) -> Option<usize> {
        let found = names.iter().position(|name| {
            self.rest
                .get(..name.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(name.as_bytes()))
        })?;
        self.rest = &self.rest[names[found].len()..];
        Some(found)
    }

    fn date(&mut self) -> Option<Civil> {
        let year = self.digits(4)?;
        self.expect(b'-')?;
        let month = self.digits(2)?;
        self.expect(b'-')?;
        let day = self.digits(2)?;
        Civil::day(year as i32, month, day)
    }

    fn time(&mut self) -> Option<u64> {
        let hour = self.digits(2)?;
        self.expect(b':')?;
        let minute = self.digits(2)?;
        self.expect(b':')?;
        let second = self.digits(2)?;
        let nanos = self.fraction()?;
        time_of_day(hour, minute, second, nanos)
    }

    /// Nothing, or a point and one to nine digits; nanoseconds.
    fn fraction(&mut self) -> Option<u32> {
        match self.rest.first() {
            Some(b'.') => self.take(),
            _ => return Some(0),
        };
        self.fraction_digits()
    }

    pub(crate) fn fraction_digits(&mut self) -> Option<u32> {
        let count = self
            .rest
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        match count {
            1..=9 => Some(self.digits(count)? * 10_u32.pow(9 - count as u32)),
            _ => None,
        }
    }

    /// Nothing, `Z`, or `+hh:mm`; the outer None is a malformed one.
    fn offset(&mut self) -> Option<Option<i32>> {
        match self.rest.first() {
            None => Some(None),
            Some(b'Z' | b'z') => {
                self.take();
                Some(Some(0))
            }
            Some(_) => self.numeric_offset(true).map(Some),
        }
    }

    /// `+hh:mm`, the colon required or optional; seconds east.
    pub(crate) fn numeric_offset(&mut self, colon: bool) -> Option<i32> {
        let sign = match self.take()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let hours = self.digits(2)?;
        match self.rest.first() {
            Some(b':') => self.expect(b':')?,
            _ if colon => return None,
            _ => {}
        }
        let minutes = self.digits(2)?;
        (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60) as i32)
    }
}

/// Nanoseconds since midnight; None for a time that no clock shows. Leap seconds are
/// refused: no Arrow type has room for them.
pub(crate) fn time_of_day(hour: u32, minute: u32, second: u32, nanos: u32) -> Option<u64> {
    let valid = hour <= 23 && minute <= 59 && second <= 59;
    valid.then(|| u64::from(hour * 3600 + minute * 60 + second) * SECOND + u64::from(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_count_from_1970() {
        for (text, days) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2026-03-17", 20_529),
            ("0000-01-01", -719_528),
            ("9999-12-31", 2_932_896),
        ] {
            assert_eq!(date(text).map(|day| day.days()), Some(days), "{text}");
        }
    }

    #[test]
    fn dates_that_the_calendar_lacks() {
        for bad in [
            "2026-02-29",
            "2100-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-04-31",
            "2026-1-01",
            "2026-01-01 ",
            "",
        ] {
            assert_eq!(date(bad), None, "{bad}");
        }
    }

    #[test]
    fn instants_and_wall_clock_times() {
        let nanos = |text| datetime(text).map(|civil| civil.epoch_nanos());
        assert_eq!(nanos("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(nanos("1970-01-01T01:00:00.5+01:00"), Some(500_000_000));
        assert_eq!(
            nanos("1970-01-01T00:00:00.000000001-00:30"),
            Some(1_800_000_000_001)
        );
        assert_eq!(
            datetime("2026-03-17T05:00:00").map(|civil| civil.offset),
            Some(None)
        );
        for bad in [
            "2026-03-17 05:00:00Z",
            "2026-03-17T24:00:00Z",
            "2026-03-17T05:00Z",
            "2026-03-17T05:00:60Z",
            "2026-03-17T05:00:00.Z",
            "2026-03-17T05:00:00.1234567890Z",
            "2026-03-17T05:00:00+0100",
            "2026-03-17",
        ] {
            assert_eq!(datetime(bad), None, "{bad}");
        }
        assert!(datetime_any("2026-03-17 05:00:00").is_some());
    }

    #[test]
    fn durations() {
        let months = |text| duration(text).map(|d| (d.months, d.days, d.nanos));
        assert_eq!(
            months("P1Y2M3DT4H5M6.5S"),
            Some((14, 3, 14_706_500_000_000))
        );
        assert_eq!(months("-P2W"), Some((0, -14, 0)));
        assert_eq!(months("PT0S"), Some((0, 0, 0)));
        for bad in [
            "", "P", "PT", "P1", "1D", "P1DT", "P1H", "PT1D", "P1D1Y", "P1.5D", "PT1.5H", "P-1D",
        ] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }
}
