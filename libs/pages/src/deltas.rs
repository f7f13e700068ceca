//! DELTA_BINARY_PACKED numbers without decoding them: how many there are said to be, and
//! where they end.
//! Source: Apache Parquet format, Encodings.md, "Delta Encoding (DELTA_BINARY_PACKED = 5)".

/// A run of numbers at the start of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Deltas {
    /// Numbers, as the header says.
    pub(crate) count: u64,
    /// Bytes of the header.
    header: usize,
    miniblocks: usize,
    /// Numbers of a miniblock.
    each: u64,
}

impl Deltas {
    /// Reads the header; None if it ends early or is none.
    pub(crate) fn begin(bytes: &[u8]) -> Option<Deltas> {
        let mut rest = bytes;
        let block = varint(&mut rest)?;
        let miniblocks = varint(&mut rest)?;
        let count = varint(&mut rest)?;
        let _first = varint(&mut rest)?;
        let each = block.checked_div(miniblocks)?;
        (each > 0 && each.is_multiple_of(8)).then_some(Deltas {
            count,
            header: bytes.len() - rest.len(),
            miniblocks: usize::try_from(miniblocks).ok()?,
            each,
        })
    }

    /// Where the bytes of these numbers end; None if there are fewer.
    pub(crate) fn end(&self, bytes: &[u8]) -> Option<usize> {
        let mut rest = bytes.get(self.header..)?;
        // The first number stands in the header.
        let mut left = self.count.saturating_sub(1);
        while left > 0 {
            let _least = varint(&mut rest)?;
            let (widths, packed) = rest.split_at_checked(self.miniblocks)?;
            rest = packed;
            for width in widths {
                if left == 0 {
                    break;
                }
                let bytes = (self.each / 8).checked_mul(u64::from(*width))?;
                rest = rest.get(usize::try_from(bytes).ok()?..)?;
                left = left.saturating_sub(self.each);
            }
        }
        Some(bytes.len() - rest.len())
    }
}

/// Takes an unsigned LEB128 number.
fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for place in 0..10 {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of 128 numbers in 4 miniblocks, `count` numbers that begin with 7.
    fn header(count: u8) -> Vec<u8> {
        vec![0x80, 0x01, 4, count, 14]
    }

    #[test]
    fn numbers_end_after_the_last_miniblock_that_has_some() {
        // 40 numbers: one in the header, 32 of 3 bits, 7 of 1 bit; the other two miniblocks
        // have widths, but no bytes.
        let block = [&[2u8, 3, 1, 9, 9][..], &[0xff; 12], &[0xff; 4], b"rest"].concat();
        let bytes = [header(40), block].concat();
        let deltas = Deltas::begin(&bytes).unwrap();
        assert_eq!(deltas.count, 40);
        assert_eq!(deltas.end(&bytes), Some(5 + 5 + 12 + 4));
        for cut in 0..5 + 5 + 12 + 4 {
            let cut = &bytes[..cut];
            let end = Deltas::begin(cut).and_then(|deltas| deltas.end(cut));
            assert_eq!(end, None, "{cut:?}");
        }
    }

    #[test]
    fn one_number_or_none_is_a_header_alone() {
        for count in [0, 1] {
            let bytes = [header(count), vec![9; 3]].concat();
            let deltas = Deltas::begin(&bytes).unwrap();
            assert_eq!(deltas.end(&bytes), Some(5));
        }
    }

    #[test]
    fn what_is_no_header() {
        for bytes in [&[][..], &[0x80], &[0x80; 11], &[0x80, 1, 0, 1, 1]] {
            assert_eq!(Deltas::begin(bytes), None, "{bytes:?}");
        }
        // No numbers a block: nothing would ever be taken off.
        assert_eq!(Deltas::begin(&[0, 4, 9, 9]), None);
    }
}
