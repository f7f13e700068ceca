//! Runs of integers of version 2: short repeat, direct, patched base, delta.

use super::integers::{sign, varint};
use super::stream::Stream;
use super::trouble::{Result, malformed};

/// Appends the next run, which is of at least one value.
pub(super) fn run(stream: &mut Stream, signed: bool, run: &mut Vec<i64>) -> Result<()> {
    let first = stream.byte()?;
    match first >> 6 {
        0 => short_repeat(stream, first, signed, run),
        1 => direct(stream, first, signed, run),
        2 => patched_base(stream, first, run),
        _ => delta(stream, first, signed, run),
    }
}

fn short_repeat(stream: &mut Stream, first: u8, signed: bool, run: &mut Vec<i64>) -> Result<()> {
    let value = big_endian(stream, (first >> 3 & 7) + 1)?;
    let count = usize::from(first & 7) + 3;
    run.resize(count, sign(value, signed));
    Ok(())
}

fn direct(stream: &mut Stream, first: u8, signed: bool, run: &mut Vec<i64>) -> Result<()> {
    let count = length(stream, first)?;
    unpack(stream, width(first >> 1), count, |value| {
        run.push(sign(value, signed));
    })
}

/// Values above a base, whose highest bits stand in a list of patches where few have them.
fn patched_base(stream: &mut Stream, first: u8, run: &mut Vec<i64>) -> Result<()> {
    let (count, bits) = (length(stream, first)?, width(first >> 1));
    let [third, fourth] = stream.array()?;
    let (base_bytes, patch_bits) = ((third >> 5) + 1, width(third));
    let (gap_bits, patches) = (u32::from(fourth >> 5) + 1, usize::from(fourth & 31));
    if gap_bits + patch_bits > 64 {
        return Err(malformed("a run has patches of more than 64 bits"));
    }
    let base = sign_and_magnitude(big_endian(stream, base_bytes)?, base_bytes);
    unpack(stream, bits, count, |value| run.push(value as i64))?;
    let mut list = [0; 31];
    let mut filled = 0;
    let entry_bits = closest(gap_bits + patch_bits);
    unpack(stream, entry_bits, patches, |entry| {
        list[filled] = entry;
        filled += 1;
    })?;
    patch(run, &list[..patches], bits, patch_bits)?;
    for value in run {
        *value = base.wrapping_add(*value);
    }
    Ok(())
}

/// Sets the bits above the lowest `bits`; a patch says how far it is from the one before.
fn patch(run: &mut [i64], patches: &[u64], bits: u32, patch_bits: u32) -> Result<()> {
    let mut at = 0u64;
    for entry in patches {
        let (gap, high) = (entry >> patch_bits, entry & (u64::MAX >> (64 - patch_bits)));
        at += gap;
        let value = usize::try_from(at).ok().and_then(|at| run.get_mut(at));
        let value = value.ok_or_else(|| malformed("a run has a patch beyond its last value"))?;
        // Of 64 bits nothing is left to patch: such a patch only bridges a gap.
        *value |= high.checked_shl(bits).unwrap_or(0) as i64;
    }
    Ok(())
}

/// A first value, the distance to the second, and how far each of the others is beyond.
fn delta(stream: &mut Stream, first: u8, signed: bool, run: &mut Vec<i64>) -> Result<()> {
    let count = length(stream, first)?;
    let mut value = varint(stream, signed)?;
    let step = varint(stream, true)?;
    run.push(value);
    if first >> 1 & 31 == 0 {
        run.extend((1..count as i64).map(|n| value.wrapping_add(n.wrapping_mul(step))));
        return Ok(());
    }
    if count > 1 {
        value = value.wrapping_add(step);
        run.push(value);
    }
    unpack(stream, width(first >> 1), count.saturating_sub(2), |more| {
        value = match step < 0 {
            true => value.wrapping_sub(more as i64),
            false => value.wrapping_add(more as i64),
        };
        run.push(value);
    })
}

/// The length of a run: nine bits over two bytes, one less.
fn length(stream: &mut Stream, first: u8) -> Result<usize> {
    let low = stream.byte()?;
    Ok((usize::from(first & 1) << 8 | usize::from(low)) + 1)
}

/// The width in bits that the lowest five bits of `code` stand for.
fn width(code: u8) -> u32 {
    match u32::from(code & 31) {
        code @ 0..=23 => code + 1,
        code @ 24..=27 => (code - 24) * 2 + 26,
        code => (code - 28) * 8 + 40,
    }
}

/// The least width that a code stands for and that holds `bits`.
fn closest(bits: u32) -> u32 {
    match bits {
        0..=24 => bits.max(1),
        25..=32 => bits.next_multiple_of(2),
        _ => bits.next_multiple_of(8),
    }
}

fn big_endian(stream: &mut Stream, count: u8) -> Result<u64> {
    let mut bytes = [0; 8];
    stream.fill(&mut bytes[8 - usize::from(count)..])?;
    Ok(u64::from_be_bytes(bytes))
}

/// A number of so many bytes whose highest bit is its sign.
fn sign_and_magnitude(value: u64, count: u8) -> i64 {
    let negative = 1u64 << (u32::from(count) * 8 - 1);
    match value & negative {
        0 => value as i64,
        _ => (value & !negative).wrapping_neg() as i64,
    }
}

/// Calls `each` with `count` numbers of `bits` bits, the highest first, up to a whole byte.
fn unpack(stream: &mut Stream, bits: u32, count: usize, mut each: impl FnMut(u64)) -> Result<()> {
    stream.take((count * bits as usize).div_ceil(8), |bytes| {
        for number in 0..count {
            each(bits_at(bytes, number * bits as usize, bits));
        }
    })
}

/// The `bits` bits (1 to 64) from bit `at` on, which are within `bytes`.
#[inline]
fn bits_at(bytes: &[u8], at: usize, bits: u32) -> u64 {
    let (rest, skipped) = (&bytes[at / 8..], at as u32 % 8);
    match rest.first_chunk() {
        Some(window) if skipped + bits <= 64 => {
            u64::from_be_bytes(*window) << skipped >> (64 - bits)
        }
        // The last ones, and those over nine bytes.
        _ => {
            let needed = (skipped + bits).div_ceil(8);
            let bytes = rest[..needed as usize].iter();
            let window = bytes.fold(0, |window, byte| window << 8 | u128::from(*byte));
            (window >> (needed * 8 - skipped - bits)) as u64 & u64::MAX >> (64 - bits)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_table() {
        let widths: Vec<u32> = (0..32).map(width).collect();
        let small: Vec<u32> = (1..=24).collect();
        assert_eq!(widths[..24], small);
        assert_eq!(widths[24..], [26, 28, 30, 32, 40, 48, 56, 64]);
        for bits in 1..=64 {
            let least = widths.iter().copied().find(|width| *width >= bits);
            assert_eq!(Some(closest(bits)), least, "{bits}");
        }
    }

    /// Bit by bit, the obvious way.
    #[test]
    fn bits_are_taken_from_anywhere() {
        let bytes: Vec<u8> = (0..40u8).map(|n| n.wrapping_mul(151) ^ 0x5a).collect();
        for bits in 1..=64u32 {
            for at in 0..=320 - bits as usize {
                let bit = |at: usize| u64::from(bytes[at / 8] >> (7 - at % 8) & 1);
                let slow = (at..at + bits as usize).fold(0, |value, at| value << 1 | bit(at));
                assert_eq!(bits_at(&bytes, at, bits), slow, "{bits} bits at {at}");
            }
        }
    }
}
