//! Binary floating-point numbers, each the nearest to its text.

use super::numbers::Numbers;
use super::store::{Store, cast};
use crate::kernel::{POWERS, Text, digits};
use crate::literal::Literal;
use crate::problem::Problem;
use arrow_array::ArrayRef;
use arrow_array::types::Float64Type;
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use std::sync::Arc;

/// A column of numbers. A literal is rounded to the nearest number, as every reader
/// does, with three exceptions that lose more than digits behind the point and are
/// refused: what would be infinite (`1e400`), what would become zero (`1e-400`), and an
/// integer literal that the type cannot hold exactly (`9007199254740993`).
#[derive(Debug)]
pub(crate) struct Floats {
    numbers: Numbers<f64>,
    single: bool,
}

impl Floats {
    /// None if `arrow_type` is no floating-point type.
    pub(crate) fn new(arrow_type: &DataType) -> Option<Self> {
        let single = *arrow_type == DataType::Float32;
        let known = single || *arrow_type == DataType::Float64;
        known.then(|| Floats {
            numbers: Numbers::default(),
            single,
        })
    }

    /// Reads the literal at `at`.
    #[inline(always)]
    pub(crate) fn json(&mut self, row: usize, text: Text<'_>, at: usize) -> Option<usize> {
        let (value, end) = match read_short(text, at) {
            Some(read) if !self.single => read,
            _ => read_long(text, at, self.single)?,
        };
        self.numbers.set(row, value);
        Some(end)
    }

    /// Takes a value that no literal can say: an infinity or not-a-number.
    pub(crate) fn accept(&mut self, row: usize, value: f64) {
        self.numbers.set(row, value);
    }

    pub(crate) fn problem(&self, literal: Option<Literal>) -> Problem {
        let bits = if self.single { 32 } else { 64 };
        match literal {
            Some(literal) if literal.is_integer() => {
                Problem::digits(format!("an integer that a {bits}-bit number holds exactly"))
            }
            Some(_) => Problem::range(format!("a number within the range of {bits} bits")),
            None => Problem::of_type("a number"),
        }
    }
}

/// The number at `at`, if its digits and its power of ten are exact as doubles: then one
/// division rounds correctly (Clinger 1990).
#[inline(always)]
fn read_short(text: Text<'_>, at: usize) -> Option<(f64, usize)> {
    let negative = text.byte(at) == b'-';
    let start = at + usize::from(negative);
    let (mut value, count) = digits(text.word(start));
    let mut end = start + count;
    let leading_zero = count > 1 && text.byte(start) == b'0';
    if count == 0 || count == 8 || leading_zero {
        return None;
    }
    let mut divisor = 1;
    if text.byte(end) == b'.' {
        let (fraction, places) = digits(text.word(end + 1));
        if places == 0 || places == 8 {
            return None;
        }
        divisor = POWERS[places];
        value = value * divisor + fraction;
        end += 1 + places;
    }
    if text.byte(end) | 0x20 == b'e' {
        return None;
    }
    let value = value as i64 as f64 / divisor as i64 as f64;
    Some((if negative { -value } else { value }, end))
}

/// Any number, by the standard library's correctly rounding reader.
#[inline(never)]
fn read_long(text: Text<'_>, at: usize, single: bool) -> Option<(f64, usize)> {
    let literal = Literal::read(text, at)?;
    let written = std::str::from_utf8(text.slice(at, literal.end)).ok()?;
    let value = match single {
        true => f64::from(written.parse::<f32>().ok()?),
        false => written.parse().ok()?,
    };
    let kept = value.is_finite() && (value != 0.0 || literal.is_zero(text));
    let exact = !literal.is_integer() || holds(value, written);
    (kept && exact).then_some((value, literal.end))
}

/// Whether `value` is exactly the integer written.
fn holds(value: f64, written: &str) -> bool {
    let digits = written.trim_start_matches('-');
    digits.len() <= 7 || format!("{:.0}", value.abs()) == digits
}

impl Store for Floats {
    fn reserve(&mut self, rows: usize) {
        self.numbers.reserve(rows);
    }

    #[inline(always)]
    fn null(&mut self, row: usize) {
        self.numbers.null(row);
    }

    fn take(&mut self, rows: usize, nulls: Option<NullBuffer>) -> ArrayRef {
        let arrow_type = if self.single {
            DataType::Float32
        } else {
            DataType::Float64
        };
        cast(
            Arc::new(self.numbers.array::<Float64Type>(rows, nulls)),
            &arrow_type,
        )
    }

    fn bytes(&self, rows: usize) -> usize {
        8 * rows
    }
}
