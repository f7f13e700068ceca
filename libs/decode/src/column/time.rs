//! Times of day.

use super::clock::{self, Unit};
use super::numbers::Numbers;
use super::store::{Store, cast};
use crate::kernel::Text;
use crate::problem::Problem;
use arrow_array::ArrayRef;
use arrow_array::types::{
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};
use millrace_schema::{Format, temporal};
use std::sync::Arc;

/// A column of times of day: `05:00:00` with a fraction of up to nine digits, or as the
/// field's format says.
#[derive(Debug)]
pub(crate) struct Times {
    numbers: Numbers<i64>,
    unit: Unit,
    format: Format,
    arrow_type: DataType,
}

impl Times {
    /// None if `arrow_type` is no time of day.
    pub(crate) fn new(arrow_type: &DataType, format: &Format) -> Option<Self> {
        let (DataType::Time32(unit) | DataType::Time64(unit)) = *arrow_type else {
            return None;
        };
        Some(Times {
            numbers: Numbers::default(),
            unit: Unit::of(unit),
            format: format.clone(),
            arrow_type: arrow_type.clone(),
        })
    }

    /// Reads the time at `at`, if it is in the default form; where it ends.
    #[inline(always)]
    pub(crate) fn quick(&mut self, row: usize, text: Text<'_>, at: usize) -> Option<usize> {
        if matches!(self.format, Format::Pattern(_)) {
            return None;
        }
        let seconds = clock::seconds(text, at)?;
        let (fraction, end) = self.unit.fraction(text, at + 8)?;
        self.numbers
            .set(row, i64::from(seconds) * self.unit.per_second + fraction);
        Some(end)
    }

    pub(crate) fn text(&mut self, row: usize, text: &str) -> Result<(), Problem> {
        let nanos = match &self.format {
            Format::Pattern(pattern) => pattern.read(text).map(|civil| civil.nanos),
            Format::Any => temporal::time_any(text),
            _ => temporal::time(text),
        };
        let nanos = nanos.ok_or_else(|| self.problem())?;
        let value = self.unit.exactly(i128::from(nanos))?;
        self.numbers.set(row, value);
        Ok(())
    }

    pub(crate) fn problem(&self) -> Problem {
        match &self.format {
            Format::Pattern(pattern) => Problem::of_type(format!("a time of the form '{pattern}'")),
            _ => Problem::of_type("a time such as 05:00:00"),
        }
    }
}

impl Store for Times {
    fn reserve(&mut self, rows: usize) {
        self.numbers.reserve(rows);
    }

    #[inline(always)]
    fn null(&mut self, row: usize) {
        self.numbers.null(row);
    }

    fn take(&mut self, rows: usize, nulls: Option<NullBuffer>) -> ArrayRef {
        match self.arrow_type {
            DataType::Time64(TimeUnit::Nanosecond) => {
                Arc::new(self.numbers.array::<Time64NanosecondType>(rows, nulls))
            }
            DataType::Time64(_) => {
                Arc::new(self.numbers.array::<Time64MicrosecondType>(rows, nulls))
            }
            _ => self.take_narrow(rows, nulls),
        }
    }

    fn bytes(&self, rows: usize) -> usize {
        8 * rows
    }
}

impl Times {
    fn take_narrow(&mut self, rows: usize, nulls: Option<NullBuffer>) -> ArrayRef {
        let narrow: Vec<i32> = self
            .numbers
            .take(rows)
            .iter()
            .map(|value| *value as i32)
            .collect();
        let array: ArrayRef = match self.unit.digits {
            0 => Arc::new(arrow_array::PrimitiveArray::<Time32SecondType>::new(
                narrow.into(),
                nulls,
            )),
            _ => Arc::new(arrow_array::PrimitiveArray::<Time32MillisecondType>::new(
                narrow.into(),
                nulls,
            )),
        };
        cast(array, &self.arrow_type)
    }
}
