//! Small numbers as runs and packed groups: the indices of a dictionary.

use super::pack::pack;
use super::varint;

/// Bits that a run must stand for, or packing them is as short.
const RUN_BITS: usize = 32;

/// Bits of the numbers below `count`, at least one.
pub(super) fn width(count: usize) -> u32 {
    let last = count.saturating_sub(1);
    (usize::BITS - last.leading_zeros()).max(1)
}

/// Appends `values`, each of at most `width` bits, in Parquet's hybrid of runs of one
/// value and groups of eight packed ones
/// (<https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE>).
pub(super) fn append(values: &[u32], width: u32, page: &mut Vec<u8>) {
    let least = RUN_BITS.div_ceil(width as usize).max(8);
    let (mut pending, mut at) = (0, 0);
    while at < values.len() {
        let like = like(&values[at..]);
        if like >= least {
            groups(&values[pending..at], width, page);
            run(like, values[at], width, page);
            at += like;
            pending = at;
        } else {
            // Groups hold eight: the next run may begin at the next one.
            at = (at + 8).min(values.len());
        }
    }
    groups(&values[pending..], width, page);
}

/// How often the first value stands at the front.
fn like(values: &[u32]) -> usize {
    values
        .iter()
        .take_while(|value| **value == values[0])
        .count()
}

fn run(count: usize, value: u32, width: u32, page: &mut Vec<u8>) {
    varint::append(count << 1, page);
    page.extend_from_slice(&value.to_le_bytes()[..width.div_ceil(8) as usize]);
}

fn groups(values: &[u32], width: u32, page: &mut Vec<u8>) {
    if !values.is_empty() {
        varint::append(values.len().div_ceil(8) << 1 | 1, page);
        pack(values.iter().map(|value| u64::from(*value)), width, 8, page);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(values: &[u32], width: u32) -> Vec<u8> {
        let mut page = Vec::new();
        append(values, width, &mut page);
        page
    }

    #[test]
    fn runs_and_groups() {
        // The example of the specification.
        assert_eq!(encoded(&[0, 1, 2, 3, 4, 5, 6, 7], 3), [3, 0x88, 0xc6, 0xfa]);
        assert_eq!(encoded(&[300; 40], 9), [80, 0x2c, 0x01]);
        assert_eq!(encoded(&[1; 12], 1), [2 << 1 | 1, 0xff, 0x0f]);
        let mut values = vec![1, 0, 0, 0, 0, 0, 0, 0];
        values.extend([5; 20]);
        values.push(2);
        assert_eq!(encoded(&values, 3), [3, 1, 0, 0, 40, 5, 3, 2, 0, 0]);
        assert!(encoded(&[], 3).is_empty());
    }
}
