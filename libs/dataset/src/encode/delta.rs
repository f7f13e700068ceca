//! DELTA_BINARY_PACKED: integers as packed differences.

use super::pack::pack;
use super::varint;

/// Values of a block, and of each of its miniblocks.
const BLOCK: usize = 128;
const MINIBLOCK: usize = 32;

/// An integer whose differences wrap around, as the specification has them.
pub(super) trait Integer: Copy + Default + Ord {
    /// `self - other`.
    fn less(self, other: Self) -> Self;
    /// With its sign.
    fn signed(self) -> i64;
    /// Its bits, as a number that is not negative.
    fn unsigned(self) -> u64;
}

impl Integer for i32 {
    fn less(self, other: i32) -> i32 {
        self.wrapping_sub(other)
    }

    fn signed(self) -> i64 {
        self.into()
    }

    fn unsigned(self) -> u64 {
        self.cast_unsigned().into()
    }
}

impl Integer for i64 {
    fn less(self, other: i64) -> i64 {
        self.wrapping_sub(other)
    }

    fn signed(self) -> i64 {
        self
    }

    fn unsigned(self) -> u64 {
        self.cast_unsigned()
    }
}

/// Appends `values` as DELTA_BINARY_PACKED
/// (<https://parquet.apache.org/docs/file-format/data-pages/encodings/#DELTAENC>).
pub(super) fn append<T: Integer>(values: &[T], page: &mut Vec<u8>) {
    varint::append(BLOCK, page);
    varint::append(BLOCK / MINIBLOCK, page);
    varint::append(values.len(), page);
    varint::append_signed(values.first().map_or(0, |first| first.signed()), page);
    let mut deltas = [T::default(); BLOCK];
    let mut at = 0;
    while at + 1 < values.len() {
        let pairs = values[at..].windows(2).take(BLOCK);
        let count = pairs.len();
        for (delta, pair) in deltas.iter_mut().zip(pairs) {
            *delta = pair[1].less(pair[0]);
        }
        block(&mut deltas[..count], page);
        at += count;
    }
}

fn block<T: Integer>(deltas: &mut [T], page: &mut Vec<u8>) {
    let least = least(deltas);
    varint::append_signed(least.signed(), page);
    deltas
        .iter_mut()
        .for_each(|delta| *delta = delta.less(least));
    let widths = page.len();
    page.extend_from_slice(&[0; BLOCK / MINIBLOCK]);
    for (i, miniblock) in deltas.chunks(MINIBLOCK).enumerate() {
        let bits = miniblock
            .iter()
            .fold(0, |bits, delta| bits | delta.unsigned());
        let width = u64::BITS - bits.leading_zeros();
        page[widths + i] = width as u8;
        let values = miniblock.iter().map(|delta| delta.unsigned());
        pack(values, width, MINIBLOCK, page);
    }
}

/// The least of some values, found in several lanes side by side: one value after the other,
/// each would wait for the one before.
fn least<T: Integer>(values: &[T]) -> T {
    let (groups, rest) = values.as_chunks::<8>();
    let Some((first, groups)) = groups.split_first() else {
        return rest.iter().copied().min().unwrap_or_default();
    };
    let mut lanes = *first;
    for group in groups {
        for (lane, value) in lanes.iter_mut().zip(group) {
            *lane = (*lane).min(*value);
        }
    }
    lanes.iter().chain(rest).copied().min().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_specification() {
        let mut page = Vec::new();
        append(&[1, 2, 3, 4, 5], &mut page);
        // Block 128, 4 miniblocks, 5 values, the first is 1; all differ by 1.
        assert_eq!(page, [0x80, 0x01, 4, 5, 2, 2, 0, 0, 0, 0]);
        page.clear();
        append(&[7i64, 5, 3, 1, 2, 3, 4, 5], &mut page);
        let mut expected = vec![0x80, 0x01, 4, 8, 14, 3, 2, 0, 0, 0, 0b1100_0000, 0b11_1111];
        expected.resize(18, 0);
        assert_eq!(page, expected);
        page.clear();
        append::<i32>(&[], &mut page);
        assert_eq!(page, [0x80, 0x01, 4, 0, 0]);
    }

    #[test]
    fn the_least_of_any_number_of_values() {
        let values: Vec<i64> = (0..40)
            .map(|i: i64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed()))
            .collect();
        for start in 0..values.len() {
            for end in start..=values.len() {
                let some = &values[start..end];
                assert_eq!(
                    least(some),
                    some.iter().copied().min().unwrap_or_default(),
                    "{start}..{end}"
                );
            }
        }
    }

    #[test]
    fn differences_wrap_in_the_width_of_the_values() {
        let mut page = Vec::new();
        append(&[i32::MAX, i32::MIN], &mut page);
        // The first value, then a difference of 1.
        assert_eq!(page[3..], [2, 0xfe, 0xff, 0xff, 0xff, 0x0f, 2, 0, 0, 0, 0]);
    }
}
