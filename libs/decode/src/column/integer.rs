//! Whole numbers.

use super::numbers::Numbers;
use super::store::{Store, cast};
use crate::kernel::{POWERS, Text, digits};
use crate::literal::{Literal, digits_end};
use crate::problem::Problem;
use arrow_array::ArrayRef;
use arrow_array::types::Int64Type;
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use std::sync::Arc;

/// A column of integers that fit an `i64`. Only integer literals are integers: `1.0` and
/// `1e2` are refused, so that a column of mixed spellings is noticed.
#[derive(Debug)]
pub(crate) struct Integers {
    numbers: Numbers<i64>,
    least: i64,
    most: i64,
    arrow_type: DataType,
}

impl Integers {
    /// None if `arrow_type` is no integer within the range of `i64`.
    pub(crate) fn new(arrow_type: &DataType) -> Option<Self> {
        let (least, most) = match arrow_type {
            DataType::Int8 => (i64::from(i8::MIN), i64::from(i8::MAX)),
            DataType::Int16 => (i64::from(i16::MIN), i64::from(i16::MAX)),
            DataType::Int32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
            DataType::Int64 => (i64::MIN, i64::MAX),
            DataType::UInt8 => (0, i64::from(u8::MAX)),
            DataType::UInt16 => (0, i64::from(u16::MAX)),
            DataType::UInt32 => (0, i64::from(u32::MAX)),
            _ => return None,
        };
        Some(Integers {
            numbers: Numbers::default(),
            least,
            most,
            arrow_type: arrow_type.clone(),
        })
    }

    /// Reads the literal at `at`.
    #[inline(always)]
    pub(crate) fn json(&mut self, row: usize, text: Text<'_>, at: usize) -> Option<usize> {
        let (value, end) = read(text, at)?;
        self.accept(row, value).then_some(end)
    }

    /// Takes `value` if it is in range.
    #[inline(always)]
    pub(crate) fn accept(&mut self, row: usize, value: i64) -> bool {
        self.numbers.set(row, value);
        self.least <= value && value <= self.most
    }

    pub(crate) fn problem(&self, literal: Option<Literal>) -> Problem {
        match literal {
            Some(literal) if literal.is_integer() => {
                Problem::range(format!("an integer from {} to {}", self.least, self.most))
            }
            _ => Problem::of_type("an integer"),
        }
    }
}

/// The integer at `at` and where it ends; None if it is no integer literal or does not
/// fit.
#[inline(always)]
pub(crate) fn read(text: Text<'_>, at: usize) -> Option<(i64, usize)> {
    let negative = text.byte(at) == b'-';
    let start = at + usize::from(negative);
    let (mut value, count) = digits(text.word(start));
    let mut end = start + count;
    if count == 8 {
        let (more, count) = digits(text.word(end));
        if count == 8 {
            return read_long(text, at);
        }
        value = value * POWERS[count] + more;
        end += count;
    }
    let leading_zero = count > 1 && text.byte(start) == b'0';
    if count == 0 || leading_zero || matches!(text.byte(end), b'.' | b'e' | b'E') {
        return None;
    }
    Some((
        if negative {
            -(value as i64)
        } else {
            value as i64
        },
        end,
    ))
}

#[cold]
#[inline(never)]
fn read_long(text: Text<'_>, at: usize) -> Option<(i64, usize)> {
    let negative = text.byte(at) == b'-';
    let start = at + usize::from(negative);
    let end = digits_end(text, start);
    if text.byte(start) == b'0' || matches!(text.byte(end), b'.' | b'e' | b'E') {
        return None;
    }
    let literal = std::str::from_utf8(text.slice(at, end)).ok()?;
    literal.parse().ok().map(|value| (value, end))
}

impl Store for Integers {
    fn reserve(&mut self, rows: usize) {
        self.numbers.reserve(rows);
    }

    #[inline(always)]
    fn null(&mut self, row: usize) {
        self.numbers.null(row);
    }

    fn take(&mut self, rows: usize, nulls: Option<NullBuffer>) -> ArrayRef {
        cast(
            Arc::new(self.numbers.array::<Int64Type>(rows, nulls)),
            &self.arrow_type,
        )
    }

    fn bytes(&self, rows: usize) -> usize {
        8 * rows
    }
}
