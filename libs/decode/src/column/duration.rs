//! Durations.

use super::clock::Unit;
use super::numbers::Numbers;
use super::store::Store;
use crate::problem::Problem;
use arrow_array::ArrayRef;
use arrow_array::types::{
    DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};
use millrace_schema::temporal;
use std::sync::Arc;

/// A column of ISO 8601 durations. A day has 24 hours; years and months are refused,
/// because they have no fixed length.
#[derive(Debug)]
pub(crate) struct Durations {
    numbers: Numbers<i64>,
    unit: TimeUnit,
}

const DAY: i128 = 86_400_000_000_000;

impl Durations {
    /// None if `arrow_type` is no duration.
    pub(crate) fn new(arrow_type: &DataType) -> Option<Self> {
        let DataType::Duration(unit) = *arrow_type else {
            return None;
        };
        Some(Durations {
            numbers: Numbers::default(),
            unit,
        })
    }

    pub(crate) fn text(&mut self, row: usize, text: &str) -> Result<(), Problem> {
        let duration = temporal::duration(text).ok_or_else(|| self.problem())?;
        if duration.months != 0 {
            return Err(Problem::range(
                "a duration without years and months, which have no fixed length",
            ));
        }
        let nanos = i128::from(duration.days)
            .checked_mul(DAY)
            .and_then(|days| days.checked_add(duration.nanos));
        let nanos = nanos.ok_or_else(|| Problem::range("a duration within 64 bits"))?;
        self.numbers.set(row, Unit::of(self.unit).exactly(nanos)?);
        Ok(())
    }

    pub(crate) fn problem(&self) -> Problem {
        Problem::of_type("an ISO 8601 duration such as P1DT2H30M")
    }
}

impl Store for Durations {
    fn reserve(&mut self, rows: usize) {
        self.numbers.reserve(rows);
    }

    fn null(&mut self, row: usize) {
        self.numbers.null(row);
    }

    fn take(&mut self, rows: usize, nulls: Option<NullBuffer>) -> ArrayRef {
        match self.unit {
            TimeUnit::Second => Arc::new(self.numbers.array::<DurationSecondType>(rows, nulls)),
            TimeUnit::Millisecond => {
                Arc::new(self.numbers.array::<DurationMillisecondType>(rows, nulls))
            }
            TimeUnit::Microsecond => {
                Arc::new(self.numbers.array::<DurationMicrosecondType>(rows, nulls))
            }
            TimeUnit::Nanosecond => {
                Arc::new(self.numbers.array::<DurationNanosecondType>(rows, nulls))
            }
        }
    }

    fn bytes(&self, rows: usize) -> usize {
        8 * rows
    }
}
