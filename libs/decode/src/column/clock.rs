//! Hours, minutes, seconds and fractions of them.

use crate::kernel::{POWERS, Text, digits};
use crate::problem::Problem;
use arrow_schema::TimeUnit;

/// A time unit as decimal digits of a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    pub(crate) per_second: i64,
    pub(crate) digits: u8,
}

impl Unit {
    pub(crate) fn of(unit: TimeUnit) -> Unit {
        let digits = match unit {
            TimeUnit::Second => 0,
            TimeUnit::Millisecond => 3,
            TimeUnit::Microsecond => 6,
            TimeUnit::Nanosecond => 9,
        };
        Unit {
            per_second: 10_i64.pow(digits),
            digits: digits as u8,
        }
    }

    /// The fraction of a second at `at`, in units, and where it ends; zero where no point
    /// stands. None for one of more than seven digits or finer than the unit: those go
    /// the exact, slow way.
    #[inline(always)]
    pub(crate) fn fraction(self, text: Text<'_>, at: usize) -> Option<(i64, usize)> {
        if text.byte(at) != b'.' {
            return Some((0, at));
        }
        let (value, count) = digits(text.word(at + 1));
        let missing = usize::from(self.digits).checked_sub(count)?;
        if count == 0 || count == 8 || missing > 8 {
            return None;
        }
        Some(((value * POWERS[missing]) as i64, at + 1 + count))
    }

    /// Nanoseconds in this unit, if nothing is lost.
    pub(crate) fn exactly(self, nanos: i128) -> Result<i64, Problem> {
        let per_unit = 1_000_000_000 / i128::from(self.per_second);
        if nanos % per_unit != 0 {
            return Err(Problem::digits(format!(
                "at most {} digits of a second",
                self.digits
            )));
        }
        i64::try_from(nanos / per_unit).map_err(|_| Problem::range("a time within 64 bits"))
    }
}

/// The seconds of the eight characters `hh:mm:ss` at `at`; None if they are no time of
/// day. A leap second is none: no Arrow type has room for it.
#[inline(always)]
pub(crate) fn seconds(text: Text<'_>, at: usize) -> Option<u32> {
    // The colons become zeros, as digits would be that say nothing.
    let word = text.word(at) ^ 0x3030_3a30_303a_3030;
    let other = (word.wrapping_add(0x7676_7f76_767f_7676) | word) & 0x8080_8080_8080_8080;
    let pairs = word.wrapping_mul(10).wrapping_add(word >> 8);
    let (hours, minutes, seconds) = (pairs & 0xff, pairs >> 24 & 0xff, pairs >> 48 & 0xff);
    let valid = other == 0 && hours < 24 && minutes < 60 && seconds < 60;
    valid.then_some((hours * 3600 + minutes * 60 + seconds) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Chunk;

    fn read(text: &[u8]) -> Option<u32> {
        seconds(Text::of(&Chunk::from(text)).unwrap(), 0)
    }

    #[test]
    fn every_time_of_two_digit_parts() {
        for (hour, minute, second) in
            (0..100).flat_map(|h| (0..100).flat_map(move |m| (0..100).map(move |s| (h, m, s))))
        {
            let expected = (hour < 24 && minute < 60 && second < 60)
                .then_some(hour * 3600 + minute * 60 + second);
            // One in seven is enough: the parts do not touch each other.
            if (hour + 2 * minute + 3 * second) % 7 == 0 {
                assert_eq!(
                    read(format!("{hour:02}:{minute:02}:{second:02}").as_bytes()),
                    expected
                );
            }
        }
    }

    #[test]
    fn one_wrong_character_anywhere_is_refused() {
        for at in 0..8 {
            for byte in (0..=255_u8).filter(|byte| !byte.is_ascii_digit()) {
                let mut text = *b"05:07:09";
                if text[at] != byte {
                    text[at] = byte;
                    assert_eq!(read(&text), None, "{at} {byte}");
                }
            }
        }
    }
}
