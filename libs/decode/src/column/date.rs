//! Days.

use super::numbers::Numbers;
use super::store::{Store, cast};
use crate::kernel::{Text, digits};
use crate::problem::Problem;
use arrow_array::ArrayRef;
use arrow_array::types::Date32Type;
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use millrace_schema::{Format, temporal};
use std::sync::Arc;

/// A column of days: `2026-03-17`, or as the field's pattern says.
#[derive(Debug)]
pub(crate) struct Dates {
    days: Numbers<i32>,
    format: Format,
    arrow_type: DataType,
}

impl Dates {
    /// None if `arrow_type` is no day.
    pub(crate) fn new(arrow_type: &DataType, format: &Format) -> Option<Self> {
        matches!(arrow_type, DataType::Date32 | DataType::Date64).then(|| Dates {
            days: Numbers::default(),
            format: format.clone(),
            arrow_type: arrow_type.clone(),
        })
    }

    /// Reads the day at `at`, if it is in the default form; where it ends.
    #[inline(always)]
    pub(crate) fn quick(&mut self, row: usize, text: Text<'_>, at: usize) -> Option<usize> {
        if matches!(self.format, Format::Pattern(_)) {
            return None;
        }
        self.days.set(row, read(text, at)?);
        Some(at + 10)
    }

    pub(crate) fn text(&mut self, row: usize, text: &str) -> Result<(), Problem> {
        let civil = match &self.format {
            Format::Pattern(pattern) => pattern.read(text),
            _ => temporal::date(text),
        };
        match civil {
            Some(civil) => {
                self.days.set(row, civil.days());
                Ok(())
            }
            None => Err(self.problem()),
        }
    }

    pub(crate) fn problem(&self) -> Problem {
        match &self.format {
            Format::Pattern(pattern) => Problem::of_type(format!("a date of the form '{pattern}'")),
            _ => Problem::of_type("a date such as 2026-03-17"),
        }
    }
}

/// The ten characters of a day at `at`, as days since 1970-01-01.
#[inline(always)]
pub(crate) fn read(text: Text<'_>, at: usize) -> Option<i32> {
    // The hyphens become zeros, as digits would be that say nothing.
    let word = text.word(at) ^ 0x2d30_302d_3030_3030;
    let other = word.wrapping_add(0x7f76_767f_7676_7676) | word;
    let (day, count) = digits(u64::from(text.pair(at + 8)));
    if other & 0x8080_8080_8080_8080 != 0 || count != 2 {
        return None;
    }
    let pairs = word.wrapping_mul(10).wrapping_add(word >> 8);
    let year = (pairs & 0xff) * 100 + (pairs >> 16 & 0xff);
    let month = pairs >> 40 & 0xff;
    days_since_1970(year as u32, month as u32, day as u32)
}

/// Days before each month, and days in it, of a year that is no leap year.
const BEFORE: [u16; 13] = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const LENGTH: [u8; 13] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// None for a day that the Gregorian calendar does not have.
fn days_since_1970(year: u32, month: u32, day: u32) -> Option<i32> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = u32::from(*LENGTH.get(month as usize)?) + u32::from(leap && month == 2);
    if day == 0 || day > length {
        return None;
    }
    let leap_days = match year {
        0 => 0,
        _ => (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 + 1,
    };
    let day_of_year = u32::from(BEFORE[month as usize]) + u32::from(leap && month > 2) + day - 1;
    Some((year * 365 + leap_days + day_of_year) as i32 - 719_528)
}

impl Store for Dates {
    fn reserve(&mut self, rows: usize) {
        self.days.reserve(rows);
    }

    #[inline(always)]
    fn null(&mut self, row: usize) {
        self.days.null(row);
    }

    fn take(&mut self, rows: usize, nulls: Option<NullBuffer>) -> ArrayRef {
        cast(
            Arc::new(self.days.array::<Date32Type>(rows, nulls)),
            &self.arrow_type,
        )
    }

    fn bytes(&self, rows: usize) -> usize {
        4 * rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Chunk;

    #[test]
    fn every_day_of_ten_thousand_years_and_none_besides() {
        let mut expected = -719_528;
        for year in 0..10_000 {
            for month in 0..=13 {
                for day in 0..=32 {
                    let text = format!("{year:04}-{month:02}-{day:02}");
                    let chunk = Chunk::from(text.as_str());
                    let quick = read(Text::of(&chunk).unwrap(), 0);
                    if year % 97 == 0 {
                        assert_eq!(
                            quick,
                            temporal::date(&text).map(|civil| civil.days()),
                            "{text}"
                        );
                    }
                    if let Some(days) = quick {
                        assert_eq!(days, expected, "{text}");
                        expected += 1;
                    }
                }
            }
        }
        assert_eq!(expected, 2_932_897);
    }

    #[test]
    fn one_wrong_character_anywhere_is_refused() {
        for at in 0..10 {
            for byte in (0..=255_u8).filter(|byte| !byte.is_ascii_digit()) {
                let mut text = *b"2026-03-17";
                if text[at] != byte {
                    text[at] = byte;
                    assert_eq!(
                        read(Text::of(&Chunk::from(&text[..])).unwrap(), 0),
                        None,
                        "{at} {byte}"
                    );
                }
            }
        }
    }
}
