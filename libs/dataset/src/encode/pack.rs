//! Bits side by side, the lowest first.

/// Appends `values` of `width` bits each (0 to 64), and zeros up to a multiple of `group`
/// of them, which must fill whole bytes.
pub(super) fn pack(
    values: impl ExactSizeIterator<Item = u64>,
    width: u32,
    group: usize,
    page: &mut Vec<u8>,
) {
    if width == 0 {
        return;
    }
    let padded = values.len().next_multiple_of(group);
    let end = page.len() + padded * width as usize / 8;
    page.reserve(end - page.len() + 16);
    let (mut waiting, mut bits) = (0u64, 0);
    for value in values {
        waiting |= value << bits;
        bits += width;
        if bits >= 64 {
            page.extend_from_slice(&waiting.to_le_bytes());
            bits -= 64;
            // What did not fit: fewer bits than the value has, or none.
            waiting = value >> 1 >> (width - bits - 1);
        }
    }
    page.extend_from_slice(&waiting.to_le_bytes());
    page.resize(end, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width() {
        for width in 0..=64u32 {
            let mask = u64::MAX.checked_shr(64 - width).unwrap_or(0);
            let values: Vec<u64> = (0..37u64)
                .map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) & mask)
                .collect();
            let mut page = vec![9];
            pack(values.iter().copied(), width, 32, &mut page);
            assert_eq!(page.len(), 1 + 64 * width as usize / 8);
            let bit = |at: usize| u64::from(page[1 + at / 8] >> (at % 8) & 1);
            for (i, value) in values.iter().enumerate() {
                let start = i * width as usize;
                let found = (0..width as usize).fold(0, |n, b| n | bit(start + b) << b);
                assert_eq!(found, *value, "value {i} of {width} bits");
            }
            assert!((37 * width as usize..64 * width as usize).all(|at| bit(at) == 0));
        }
    }
}
