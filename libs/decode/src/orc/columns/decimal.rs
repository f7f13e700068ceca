//! Decimals: digits of any number, and for each value its scale.

use super::numbers::{Each, Next};
use crate::orc::integers::Integers;
use crate::orc::stream::Stream;
use crate::orc::stripe::{Part, Streams};
use crate::orc::trouble::{Result, malformed};
use arrow_array::types::{Decimal128Type, DecimalType};
use arrow_schema::DataType;

pub(super) struct Decimals {
    column: u32,
    precision: u8,
    scale: i8,
    digits: Stream,
    scales: Integers,
}

impl Decimals {
    pub(super) fn new(column: u32, precision: u8, scale: i8) -> Each<Decimals> {
        let decimals = Decimals {
            column,
            precision,
            scale,
            digits: Stream::default(),
            scales: Integers::default(),
        };
        Each::new(decimals, DataType::Decimal128(precision, scale))
    }
}

impl Next for Decimals {
    type Type = Decimal128Type;

    fn open(&mut self, streams: &Streams) -> Result<()> {
        self.digits = streams.stream(self.column, Part::Data);
        self.scales = streams.integers(self.column, Part::Secondary, true)?;
        Ok(())
    }

    fn next(&mut self) -> Result<i128> {
        let (value, scale) = (varint(&mut self.digits)?, self.scales.next()?);
        let (precision, wanted) = (self.precision, self.scale);
        let value = rescaled(value, scale, i64::from(wanted));
        let value = value.filter(|value| {
            Decimal128Type::validate_decimal_precision(*value, precision, wanted).is_ok()
        });
        value.ok_or_else(|| malformed(format!("the value is no decimal({precision}, {wanted})")))
    }
}

/// The digits of the same value at another scale, if it is exact there.
fn rescaled(value: i128, from: i64, to: i64) -> Option<i128> {
    if from == to || value == 0 {
        return Some(value);
    }
    let zeros = u32::try_from(to.checked_sub(from)?.unsigned_abs()).ok()?;
    let factor = 10_i128.checked_pow(zeros)?;
    match from < to {
        true => value.checked_mul(factor),
        false => (value % factor == 0).then(|| value / factor),
    }
}

/// A signed number of up to 128 bits: zig-zag in groups of seven bits, the lowest first.
fn varint(stream: &mut Stream) -> Result<i128> {
    let (mut value, mut shift) = (0u128, 0);
    loop {
        let byte = stream.byte()?;
        if shift == 126 && byte > 3 {
            return Err(malformed("a decimal has more than 128 bits"));
        }
        value |= u128::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok((value >> 1) as i128 ^ -((value & 1) as i128));
        }
        shift += 7;
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::stream::tests::stream;
    use super::*;

    #[test]
    fn numbers_have_up_to_128_bits() {
        let one = |bytes: &[u8]| varint(&mut stream(None, 0, bytes)).ok();
        assert_eq!(one(&[0]), Some(0));
        assert_eq!(one(&[0xc7, 0x01]), Some(-100));
        let widest = |last| [&[0xff; 18][..], &[last]].concat();
        assert_eq!(one(&widest(3)), Some(i128::MIN));
        assert_eq!(one(&widest(4)), None);
        assert_eq!(one(&[0x80]), None);
    }

    #[test]
    fn scales_change_exactly_or_not_at_all() {
        assert_eq!(rescaled(15, 1, 3), Some(1500));
        assert_eq!(rescaled(1500, 3, 1), Some(15));
        assert_eq!(rescaled(1501, 3, 1), None);
        assert_eq!(rescaled(1, -2, 0), Some(100));
        assert_eq!(rescaled(1, 0, 39), None);
        assert_eq!(rescaled(0, i64::MIN, i64::MAX), Some(0));
        assert_eq!(rescaled(1, i64::MIN, i64::MAX), None);
        assert_eq!(rescaled(i128::MAX, 0, 1), None);
    }
}
