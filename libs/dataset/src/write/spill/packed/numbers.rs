//! Whole numbers in as many bytes as their range needs: the smallest, then what each is
//! above it.

use super::read::{Cursor, corrupt};
use arrow_buffer::{ArrowNativeType, MutableBuffer};
use std::io;

/// A whole number of an array or a length.
pub(super) trait Whole: ArrowNativeType + Ord {
    /// How far `self` is above `least`, if 64 bits can say it.
    fn above(self, least: Self) -> Option<u64>;
    /// The number that is so far above `self`.
    fn plus(self, above: u64) -> Self;
    /// In sixteen bytes.
    fn wide(self) -> i128;
    fn narrow(wide: i128) -> Self;
}

macro_rules! whole {
    ($type:ty, $unsigned:ty) => {
        impl Whole for $type {
            fn above(self, least: Self) -> Option<u64> {
                u64::try_from(self.wrapping_sub(least) as $unsigned).ok()
            }
            fn plus(self, above: u64) -> Self {
                self.wrapping_add(above as Self)
            }
            fn wide(self) -> i128 {
                self as i128
            }
            fn narrow(wide: i128) -> Self {
                wide as Self
            }
        }
    };
}

whole!(i32, u32);
whole!(i64, u64);
whole!(i128, u128);

/// The number of bytes that says: each value is whole.
const RAW: u8 = 0xff;

/// Calls a function with the constant that `width` is, from 0 to 8.
macro_rules! with_width {
    ($width:expr, $call:ident, $($argument:expr),*) => {
        match $width {
            0 => $call::<0>($($argument),*),
            1 => $call::<1>($($argument),*),
            2 => $call::<2>($($argument),*),
            3 => $call::<3>($($argument),*),
            4 => $call::<4>($($argument),*),
            5 => $call::<5>($($argument),*),
            6 => $call::<6>($($argument),*),
            7 => $call::<7>($($argument),*),
            _ => $call::<8>($($argument),*),
        }
    };
}

/// Appends numbers: a byte with the bytes of each, the least one, and the numbers.
pub(super) fn append<T: Whole>(
    values: impl ExactSizeIterator<Item = T> + Clone,
    out: &mut Vec<u8>,
) {
    let Some(first) = values.clone().next() else {
        return;
    };
    let (least, most) = values.clone().fold((first, first), |(least, most), value| {
        (least.min(value), most.max(value))
    });
    let width = most
        .above(least)
        .map(|range| (64 - range.leading_zeros()).div_ceil(8) as usize);
    match width {
        Some(width) if width < size_of::<T>() => {
            out.push(width as u8);
            out.extend_from_slice(&least.wide().to_le_bytes());
            let above = values.map(|value| value.above(least).unwrap_or(0));
            with_width!(width, append_low, above, out);
        }
        _ => {
            out.push(RAW);
            values.for_each(|value| {
                out.extend_from_slice(&value.wide().to_le_bytes()[..size_of::<T>()])
            });
        }
    }
}

fn append_low<const WIDTH: usize>(values: impl ExactSizeIterator<Item = u64>, out: &mut Vec<u8>) {
    if WIDTH == 0 {
        return;
    }
    let (start, length) = (out.len(), values.len() * WIDTH);
    // Each is stored whole, and the next one over what is too much of it: one instruction.
    out.resize(start + length + size_of::<u64>(), 0);
    let mut rest = &mut out[start..];
    for value in values {
        let Some(whole) = rest.first_chunk_mut() else {
            break;
        };
        *whole = value.to_le_bytes();
        rest = &mut rest[WIDTH..];
    }
    out.truncate(start + length);
}

/// Reads `count` numbers and hands each to `take`.
pub(super) fn each<T: Whole>(
    count: usize,
    from: &mut Cursor,
    mut take: impl FnMut(T),
) -> io::Result<()> {
    if count == 0 {
        return Ok(());
    }
    let width = from.byte()?;
    if width == RAW {
        let bytes = from.take(count.checked_mul(size_of::<T>()).ok_or_else(corrupt)?)?;
        for value in bytes.chunks_exact(size_of::<T>()) {
            let mut wide = [0; 16];
            wide[..value.len()].copy_from_slice(value);
            take(T::narrow(i128::from_le_bytes(wide)));
        }
        return Ok(());
    }
    let least = T::narrow(i128::from_le_bytes(from.array()?));
    let width = usize::from(width);
    let bytes = from.take(count.checked_mul(width).ok_or_else(corrupt)?)?;
    let take = |above| take(least.plus(above));
    with_width!(width, each_low, count, bytes, take);
    Ok(())
}

fn each_low<const WIDTH: usize>(count: usize, bytes: &[u8], mut take: impl FnMut(u64)) {
    if WIDTH == 0 {
        return (0..count).for_each(|_| take(0));
    }
    for low in bytes.chunks_exact(WIDTH) {
        let mut wide = [0; 8];
        wide[..WIDTH].copy_from_slice(low);
        take(u64::from_le_bytes(wide));
    }
}

/// Reads `count` numbers onto the end of `values`.
pub(super) fn read<T: Whole>(
    count: usize,
    from: &mut Cursor,
    values: &mut MutableBuffer,
) -> io::Result<()> {
    values.reserve(count * size_of::<T>());
    each::<T>(count, from, |value| values.push(value))
}
