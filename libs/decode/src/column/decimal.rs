//! Decimal numbers, exact to the last digit, and integers beyond 64 bits.

use super::numbers::Numbers;
use super::store::Store;
use crate::kernel::{POWERS, Text, digits};
use crate::literal::{Literal, Scaled};
use crate::problem::Problem;
use arrow_array::types::Decimal128Type;
use arrow_array::{ArrayRef, PrimitiveArray, UInt64Array};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use std::sync::Arc;

/// A column of decimals of a precision and scale. An exponent is welcome where the value
/// stays exact (`1.25e1` at scale 1); digits beyond the scale are refused unless zero.
#[derive(Debug)]
pub(crate) struct Decimals {
    numbers: Numbers<i128>,
    precision: u8,
    scale: u8,
    /// The least and the greatest unscaled value.
    range: (i128, i128),
    /// Only integer literals are read.
    integers: bool,
    arrow_type: DataType,
}

impl Decimals {
    /// None if `arrow_type` is no decimal of up to 128 bits with digits after the point.
    pub(crate) fn new(arrow_type: &DataType) -> Option<Self> {
        let DataType::Decimal128(precision, scale) = *arrow_type else {
            return None;
        };
        let scale = u8::try_from(scale).ok()?;
        let most = 10_i128.checked_pow(u32::from(precision))? - 1;
        Some(Self::of(
            (precision, scale),
            (-most, most),
            false,
            arrow_type,
        ))
    }

    /// A column of integers that needs more than 63 bits: unsigned 64, or a decimal
    /// without scale.
    pub(crate) fn of_integers(arrow_type: &DataType) -> Option<Self> {
        match arrow_type {
            DataType::UInt64 => Some(Self::of(
                (20, 0),
                (0, i128::from(u64::MAX)),
                true,
                arrow_type,
            )),
            DataType::Decimal128(_, 0) => Self::new(arrow_type).map(|decimals| Decimals {
                integers: true,
                ..decimals
            }),
            _ => None,
        }
    }

    fn of(
        (precision, scale): (u8, u8),
        range: (i128, i128),
        integers: bool,
        arrow_type: &DataType,
    ) -> Self {
        Decimals {
            numbers: Numbers::default(),
            precision,
            scale,
            range,
            integers,
            arrow_type: arrow_type.clone(),
        }
    }

    /// Reads the literal at `at`.
    #[inline(always)]
    pub(crate) fn json(&mut self, row: usize, text: Text<'_>, at: usize) -> Option<usize> {
        let (value, end) = match self.read_short(text, at) {
            Some(read) => read,
            None => self.read_long(text, at)?,
        };
        self.numbers.set(row, value);
        (self.range.0 <= value && value <= self.range.1).then_some(end)
    }

    /// Up to seven digits before the point and up to the scale, or seven, after it.
    #[inline(always)]
    fn read_short(&self, text: Text<'_>, at: usize) -> Option<(i128, usize)> {
        let negative = text.byte(at) == b'-';
        let start = at + usize::from(negative);
        let (mut value, count) = digits(text.word(start));
        let mut end = start + count;
        let leading_zero = count > 1 && text.byte(start) == b'0';
        let scale = usize::from(self.scale);
        if count == 0 || count == 8 || leading_zero || scale > 8 {
            return None;
        }
        let mut places = 0;
        if text.byte(end) == b'.' {
            let fraction;
            (fraction, places) = digits(text.word(end + 1));
            if places == 0 || places == 8 || places > scale {
                return None;
            }
            value = value * POWERS[places] + fraction;
            end += 1 + places;
        }
        if text.byte(end) | 0x20 == b'e' || self.integers && places > 0 {
            return None;
        }
        let value = (value * POWERS[scale - places]) as i64;
        Some((i128::from(if negative { -value } else { value }), end))
    }

    #[inline(never)]
    fn read_long(&self, text: Text<'_>, at: usize) -> Option<(i128, usize)> {
        let literal = Literal::read(text, at)?;
        if self.integers && !literal.is_integer() {
            return None;
        }
        match literal.scaled(text, self.scale as i8) {
            Scaled::Exact(value) => Some((value, literal.end)),
            Scaled::Inexact | Scaled::TooLarge => None,
        }
    }

    pub(crate) fn problem(&self, number: Option<(Text<'_>, Literal)>) -> Problem {
        let (least, most) = self.range;
        match number {
            None if self.integers => Problem::of_type("an integer"),
            None => Problem::of_type("a number"),
            Some((_, literal)) if self.integers && !literal.is_integer() => {
                Problem::of_type("an integer")
            }
            Some(_) if self.integers => {
                Problem::range(format!("an integer from {least} to {most}"))
            }
            Some((text, literal)) => match literal.scaled(text, self.scale as i8) {
                Scaled::Inexact => {
                    Problem::digits(format!("at most {} digits after the point", self.scale))
                }
                _ => Problem::range(format!(
                    "at most {} digits before the point",
                    self.precision - self.scale
                )),
            },
        }
    }
}

impl Store for Decimals {
    fn reserve(&mut self, rows: usize) {
        self.numbers.reserve(rows);
    }

    #[inline(always)]
    fn null(&mut self, row: usize) {
        self.numbers.null(row);
    }

    fn take(&mut self, rows: usize, nulls: Option<NullBuffer>) -> ArrayRef {
        let values = self.numbers.take(rows);
        match self.arrow_type {
            DataType::UInt64 => {
                let narrow: Vec<u64> = values.iter().map(|value| *value as u64).collect();
                Arc::new(UInt64Array::new(narrow.into(), nulls))
            }
            _ => {
                let array = PrimitiveArray::<Decimal128Type>::new(values, nulls);
                Arc::new(array.with_data_type(self.arrow_type.clone()))
            }
        }
    }

    fn bytes(&self, rows: usize) -> usize {
        16 * rows
    }
}
