//! Integers in seven bits a byte, the lowest first (ULEB128).

/// Appends a length or a header.
pub(super) fn append(value: usize, page: &mut Vec<u8>) {
    append_bits(value as u64, page);
}

/// Appends a number of either sign, so that small ones of both are short.
pub(super) fn append_signed(value: i64, page: &mut Vec<u8>) {
    append_bits((value << 1 ^ value >> 63) as u64, page);
}

fn append_bits(mut left: u64, page: &mut Vec<u8>) {
    while left >= 0x80 {
        page.push(left as u8 | 0x80);
        left >>= 7;
    }
    page.push(left as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms() {
        let mut page = Vec::new();
        append(300, &mut page);
        for value in [0, -1, 1, -2, i64::MAX, i64::MIN] {
            append_signed(value, &mut page);
        }
        let mut expected = vec![0xac, 0x02, 0, 1, 2, 3, 0xfe];
        expected.extend(
            [0xff; 8]
                .into_iter()
                .chain([0x01])
                .chain([0xff; 9])
                .chain([0x01]),
        );
        assert_eq!(page, expected);
    }
}
