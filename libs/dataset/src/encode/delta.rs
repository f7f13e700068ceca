//! DELTA_BINARY_PACKED: integers as packed differences.

use super::pack::pack;
use super::varint;

/// Values of a block, and of each of its miniblocks.
const BLOCK: usize = 128;
const MINIBLOCK: usize = 32;

/// Appends `values` as DELTA_BINARY_PACKED
/// (<https://parquet.apache.org/docs/file-format/data-pages/encodings/#DELTAENC>).
pub(super) fn append(values: &[u32], page: &mut Vec<u8>) {
    varint::append(BLOCK, page);
    varint::append(BLOCK / MINIBLOCK, page);
    varint::append(values.len(), page);
    varint::append_signed(values.first().map_or(0, |first| i64::from(*first)), page);
    let mut deltas = [0; BLOCK];
    let mut at = 0;
    while at + 1 < values.len() {
        let pairs = values[at..].windows(2).take(BLOCK);
        let count = pairs.len();
        for (delta, pair) in deltas.iter_mut().zip(pairs) {
            *delta = i64::from(pair[1]) - i64::from(pair[0]);
        }
        block(&mut deltas[..count], page);
        at += count;
    }
}

fn block(deltas: &mut [i64], page: &mut Vec<u8>) {
    let least = deltas.iter().copied().min().unwrap_or(0);
    varint::append_signed(least, page);
    deltas.iter_mut().for_each(|delta| *delta -= least);
    let widths = page.len();
    page.extend_from_slice(&[0; BLOCK / MINIBLOCK]);
    for (i, miniblock) in deltas.chunks(MINIBLOCK).enumerate() {
        let bits = miniblock.iter().fold(0, |bits, delta| bits | *delta as u64);
        let width = u64::BITS - bits.leading_zeros();
        page[widths + i] = width as u8;
        let values = miniblock.iter().map(|delta| *delta as u64);
        pack(values, width, MINIBLOCK, page);
    }
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
        append(&[7, 5, 3, 1, 2, 3, 4, 5], &mut page);
        let mut expected = vec![0x80, 0x01, 4, 8, 14, 3, 2, 0, 0, 0, 0b1100_0000, 0b11_1111];
        expected.resize(18, 0);
        assert_eq!(page, expected);
        page.clear();
        append(&[], &mut page);
        assert_eq!(page, [0x80, 0x01, 4, 0, 0]);
    }
}
