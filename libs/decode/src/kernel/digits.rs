//! Eight digits in a handful of instructions.

/// Powers of ten that fit eight digits.
pub(crate) const POWERS: [u64; 9] = [
    1,
    10,
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
];

/// The value and the count of the digits that `word` (first byte lowest) begins with, up
/// to eight of them.
#[inline(always)]
pub(crate) fn digits(word: u64) -> (u64, usize) {
    let x = word ^ 0x3030_3030_3030_3030;
    // The high bit of each byte that is not 0..=9 now.
    let other = ((x & 0x7f7f_7f7f_7f7f_7f7f).wrapping_add(0x7676_7676_7676_7676) | x)
        & 0x8080_8080_8080_8080;
    let count = (other.trailing_zeros() / 8) as usize;
    // The digits move to the high bytes, zeros lead. (A shift by 64 would be undefined.)
    let y = if count == 0 { 0 } else { x << (64 - 8 * count) };
    let y = y.wrapping_mul(10).wrapping_add(y >> 8) & 0x00ff_00ff_00ff_00ff;
    let y = y.wrapping_mul(100).wrapping_add(y >> 16) & 0x0000_ffff_0000_ffff;
    let value = (y & 0xffff)
        .wrapping_mul(10_000)
        .wrapping_add(y >> 32 & 0xffff);
    (value, count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The slow, obvious twin.
    fn one_by_one(bytes: [u8; 8]) -> (u64, usize) {
        let count = bytes
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        (
            bytes[..count]
                .iter()
                .fold(0, |value, byte| value * 10 + u64::from(byte - b'0')),
            count,
        )
    }

    proptest! {
        #[test]
        fn agrees_with_one_digit_at_a_time(bytes: [u8; 8]) {
            prop_assert_eq!(digits(u64::from_le_bytes(bytes)), one_by_one(bytes));
        }

        #[test]
        fn agrees_on_mostly_digits(digit in prop::collection::vec(b'/'..=b':', 8)) {
            let bytes: [u8; 8] = digit.try_into().unwrap();
            prop_assert_eq!(digits(u64::from_le_bytes(bytes)), one_by_one(bytes));
        }
    }
}
