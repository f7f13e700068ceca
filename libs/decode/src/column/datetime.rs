//! Instants and wall-clock times.

use super::clock::{self, Unit};
use super::date;
use super::numbers::Numbers;
use super::store::Store;
use crate::kernel::Text;
use crate::problem::Problem;
use arrow_array::types::{
    ArrowTimestampType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow_array::{ArrayRef, PrimitiveArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};
use millrace_schema::temporal::{self, Civil};
use millrace_schema::{Format, Pattern};
use std::sync::Arc;

/// A column of timestamps in the forms of RFC 3339, or as the field's format says.
///
/// A column with a zone holds instants: the text has an offset or `Z`; without one it is
/// taken as UTC where the zone is UTC, else refused. A column without a zone holds
/// wall-clock times, and an offset is refused. Fractions finer than the unit are refused
/// unless they are zeros; leap seconds are refused.
#[derive(Debug)]
pub(crate) struct Datetimes {
    numbers: Numbers<i64>,
    unit: Unit,
    time_unit: TimeUnit,
    zone: Option<Arc<str>>,
    offset: OffsetRule,
    format: Format,
    last: LastDate,
}

/// Whether a text carries its offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OffsetRule {
    Required,
    Optional,
    Forbidden,
}

/// The date read last: most rows repeat it.
#[derive(Debug)]
struct LastDate {
    head: u64,
    tail: u16,
    days: i64,
}

impl Default for LastDate {
    /// No text has these bytes.
    fn default() -> Self {
        LastDate {
            head: u64::MAX,
            tail: u16::MAX,
            days: 0,
        }
    }
}

impl LastDate {
    #[inline(always)]
    fn read(&mut self, text: Text<'_>, at: usize) -> Option<i64> {
        let (head, tail) = (text.word(at), text.pair(at + 8));
        if head != self.head || tail != self.tail {
            let days = i64::from(date::read(text, at)?);
            *self = LastDate { head, tail, days };
        }
        Some(self.days)
    }
}

impl Datetimes {
    /// None if `arrow_type` is no timestamp.
    pub(crate) fn new(arrow_type: &DataType, format: &Format) -> Option<Self> {
        let DataType::Timestamp(unit, zone) = arrow_type else {
            return None;
        };
        let offset = match (zone.as_deref(), format) {
            (None, _) => OffsetRule::Forbidden,
            (Some("UTC" | "Etc/UTC" | "Z" | "+00:00"), _) => OffsetRule::Optional,
            (Some(_), _) => OffsetRule::Required,
        };
        Some(Datetimes {
            numbers: Numbers::default(),
            unit: Unit::of(*unit),
            time_unit: *unit,
            zone: zone.clone(),
            offset,
            format: format.clone(),
            last: LastDate::default(),
        })
    }

    /// Reads the timestamp at `at`, if it is in a usual form; where it ends.
    #[inline(always)]
    pub(crate) fn quick(&mut self, row: usize, text: Text<'_>, at: usize) -> Option<usize> {
        if matches!(self.format, Format::Pattern(_)) {
            return None;
        }
        let days = self.last.read(text, at)?;
        if text.byte(at + 10) != b'T' {
            return None;
        }
        let seconds = days * 86_400 + i64::from(clock::seconds(text, at + 11)?);
        let (fraction, end) = self.unit.fraction(text, at + 19)?;
        let (offset, end) = match text.byte(end) {
            b'Z' if self.offset != OffsetRule::Forbidden => (0, end + 1),
            _ => self.quick_offset(text, end)?,
        };
        let value = (seconds - offset)
            .checked_mul(self.unit.per_second)?
            .checked_add(fraction)?;
        self.numbers.set(row, value);
        Some(end)
    }

    #[inline(never)]
    fn quick_offset(&self, text: Text<'_>, at: usize) -> Option<(i64, usize)> {
        let sign = match (text.byte(at), self.offset) {
            (b'+', OffsetRule::Required | OffsetRule::Optional) => 1,
            (b'-', OffsetRule::Required | OffsetRule::Optional) => -1,
            (b'+' | b'-' | b'Z' | b'z', _) | (_, OffsetRule::Required) => return None,
            _ => return Some((0, at)),
        };
        let word = text.word(at + 1);
        let bytes = word.to_le_bytes();
        let digit = |index: usize| char::from(bytes[index]).to_digit(10).map(i64::from);
        let (hours, minutes) = (digit(0)? * 10 + digit(1)?, digit(3)? * 10 + digit(4)?);
        let valid = bytes[2] == b':' && hours < 24 && minutes < 60;
        valid.then_some((sign * (hours * 3600 + minutes * 60), at + 6))
    }

    pub(crate) fn text(&mut self, row: usize, text: &str) -> Result<(), Problem> {
        let (civil, carries) = match &self.format {
            Format::Pattern(pattern) => (pattern.read(text), pattern.has_offset()),
            Format::Any => (temporal::datetime_any(text), true),
            _ => (temporal::datetime(text), true),
        };
        let civil = civil.ok_or_else(|| self.problem())?;
        self.check_offset(&civil, carries)?;
        let value = self.unit.exactly(civil.epoch_nanos())?;
        self.numbers.set(row, value);
        Ok(())
    }

    /// `carries`: whether the format has a place for an offset at all; where it has none,
    /// a column with a zone takes the text as UTC, as the schema's author meant.
    fn check_offset(&self, civil: &Civil, carries: bool) -> Result<(), Problem> {
        match (self.offset, civil.offset) {
            (OffsetRule::Required, None) if carries => Err(Problem::of_type(
                "a timestamp with an offset from UTC or 'Z'",
            )),
            (OffsetRule::Forbidden, Some(_)) => Err(Problem::of_type(
                "a timestamp without an offset (the column has no zone)",
            )),
            _ => Ok(()),
        }
    }

    pub(crate) fn problem(&self) -> Problem {
        let zone = if self.offset == OffsetRule::Forbidden {
            ""
        } else {
            "Z"
        };
        match &self.format {
            Format::Pattern(pattern) => Problem::of_type(of_pattern(pattern)),
            _ => Problem::of_type(format!("a timestamp such as 2026-03-17T05:00:00{zone}")),
        }
    }

    fn array<P: ArrowTimestampType>(&mut self, rows: usize, nulls: Option<NullBuffer>) -> ArrayRef {
        let array: PrimitiveArray<P> = self.numbers.array(rows, nulls);
        Arc::new(array.with_timezone_opt(self.zone.clone()))
    }
}

fn of_pattern(pattern: &Pattern) -> String {
    format!("a timestamp of the form '{pattern}'")
}

impl Store for Datetimes {
    fn reserve(&mut self, rows: usize) {
        self.numbers.reserve(rows);
    }

    #[inline(always)]
    fn null(&mut self, row: usize) {
        self.numbers.null(row);
    }

    fn take(&mut self, rows: usize, nulls: Option<NullBuffer>) -> ArrayRef {
        match self.time_unit {
            TimeUnit::Second => self.array::<TimestampSecondType>(rows, nulls),
            TimeUnit::Millisecond => self.array::<TimestampMillisecondType>(rows, nulls),
            TimeUnit::Microsecond => self.array::<TimestampMicrosecondType>(rows, nulls),
            TimeUnit::Nanosecond => self.array::<TimestampNanosecondType>(rows, nulls),
        }
    }

    fn bytes(&self, rows: usize) -> usize {
        8 * rows
    }
}
