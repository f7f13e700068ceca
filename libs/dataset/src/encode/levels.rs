//! Definition levels of a column that may be null: one bit a row.

use super::varint;
use arrow_buffer::NullBuffer;

/// From so many like bytes of the bitmap on, a run of one value is shorter.
const RUN_BYTES: usize = 8;

/// Appends the levels of `rows` rows to `page` as Parquet's data pages of version 1 have
/// them: their length in four bytes, then runs of one value and groups of eight bits
/// (<https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE>). None of the
/// rows is null without `nulls`.
pub(super) fn append(rows: usize, nulls: Option<&NullBuffer>, page: &mut Vec<u8>) {
    let start = page.len();
    page.extend_from_slice(&[0; 4]);
    match nulls {
        None => run(rows, 1, page),
        Some(nulls) if nulls.null_count() == rows => run(rows, 0, page),
        Some(nulls) => mixed(nulls, page),
    }
    let length = (page.len() - start - 4) as u32;
    page[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// `count` times `level`.
fn run(count: usize, level: u8, page: &mut Vec<u8>) {
    if count > 0 {
        varint::append(count << 1, page);
        page.push(level);
    }
}

/// Arrow's bitmap has the order of bits that Parquet's groups have.
fn mixed(nulls: &NullBuffer, page: &mut Vec<u8>) {
    let sliced = nulls.inner().sliced();
    let bits = &sliced.as_slice()[..nulls.len().div_ceil(8)];
    // The last byte may hold bits of no row.
    let whole = nulls.len() / 8;
    let (mut pending, mut at) = (0, 0);
    while at < whole {
        let like = match bits[at] {
            byte @ (0x00 | 0xff) => bits[at..whole].iter().take_while(|b| **b == byte).count(),
            _ => 1,
        };
        if like >= RUN_BYTES {
            groups(&bits[pending..at], page);
            run(like * 8, bits[at] & 1, page);
            pending = at + like;
        }
        at += like;
    }
    groups(&bits[pending..], page);
}

/// Groups of eight bits as they are.
fn groups(bits: &[u8], page: &mut Vec<u8>) {
    if !bits.is_empty() {
        varint::append(bits.len() << 1 | 1, page);
        page.extend_from_slice(bits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(levels: &[bool]) -> Vec<u8> {
        let mut page = vec![7];
        append(levels.len(), Some(&levels.to_vec().into()), &mut page);
        assert_eq!(page[1..5], (page.len() as u32 - 5).to_le_bytes());
        page.split_off(5)
    }

    #[test]
    fn runs_and_groups() {
        let mut page = Vec::new();
        append(300, None, &mut page);
        assert_eq!(page, [3, 0, 0, 0, 0xd8, 0x04, 1]);
        assert_eq!(encoded(&[false; 5]), [5 << 1, 0]);
        assert_eq!(encoded(&[true, false, true]), [1 << 1 | 1, 0b101]);
        let mut levels = vec![true; 70];
        levels[69] = false;
        assert_eq!(encoded(&levels), [0x80, 0x01, 1, 1 << 1 | 1, 0b01_1111]);
        levels.splice(0..0, [false, true, true, true, true, true, true, true]);
        assert_eq!(
            encoded(&levels),
            [1 << 1 | 1, 0xfe, 0x80, 0x01, 1, 1 << 1 | 1, 0b01_1111]
        );
    }
}
