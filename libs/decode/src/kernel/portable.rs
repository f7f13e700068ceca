//! Masks over 32 bytes in plain 64-bit arithmetic: for every machine, and the safe twin
//! that the instruction-set versions are tested against.

use super::{Block, Isa};

/// No instructions beyond the target's baseline.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

impl Isa for Portable {
    #[inline(always)]
    fn special(self, block: &Block) -> u32 {
        mask(block, |word| {
            equal_bytes(word, b'"') | equal_bytes(word, b'\\') | below_space(word)
        })
    }

    #[inline(always)]
    fn equal(self, left: &Block, right: &Block) -> u32 {
        let mut mask = 0;
        for i in 0..4 {
            mask |= gather(zero_bytes(word(left, i) ^ word(right, i))) << (8 * i);
        }
        mask
    }

    #[inline(always)]
    fn any(self, block: &Block, bytes: [u8; 4]) -> u32 {
        mask(block, |word| {
            bytes
                .iter()
                .fold(0, |found, byte| found | equal_bytes(word, *byte))
        })
    }

    super::isa::entries!();
}

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

#[inline(always)]
fn mask(block: &Block, find: impl Fn(u64) -> u64) -> u32 {
    let mut mask = 0;
    for i in 0..4 {
        mask |= gather(find(word(block, i))) << (8 * i);
    }
    mask
}

#[inline(always)]
fn word(block: &Block, index: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&block[8 * index..8 * index + 8]);
    u64::from_le_bytes(bytes)
}

/// The high bit of each byte that is zero, and no other bit.
#[inline(always)]
fn zero_bytes(word: u64) -> u64 {
    !(((word & !HIGH) + !HIGH) | word) & HIGH
}

/// The high bit of each byte that is `byte`.
#[inline(always)]
pub(crate) fn equal_bytes(word: u64, byte: u8) -> u64 {
    zero_bytes(word ^ (LOW * u64::from(byte)))
}

/// The high bit of each byte below 0x20.
#[inline(always)]
fn below_space(word: u64) -> u64 {
    zero_bytes(word & (LOW * 0xe0))
}

/// The high bits of eight bytes as eight bits.
#[inline(always)]
fn gather(high: u64) -> u32 {
    ((high >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one_by_one(block: &Block, test: impl Fn(usize, u8) -> bool) -> u32 {
        block
            .iter()
            .enumerate()
            .map(|(i, byte)| u32::from(test(i, *byte)) << i)
            .sum()
    }

    /// Bytes near every limit that the masks have.
    fn blocks() -> impl Strategy<Value = Block> {
        let byte = prop_oneof![
            any::<u8>(),
            prop::sample::select(
                b"\0\x1f\x20\x21\x22\x23\x5b\x5c\x5d,\n\r\x7f\x80\x9f\xa2\xdc\xff".to_vec()
            )
        ];
        prop::collection::vec(byte, 32).prop_map(|bytes| bytes.try_into().unwrap())
    }

    fn check(isa: impl Isa, left: &Block, right: &Block) {
        let special = one_by_one(left, |_, byte| matches!(byte, b'"' | b'\\') || byte < 0x20);
        assert_eq!(isa.special(left), special);
        assert_eq!(
            isa.equal(left, right),
            one_by_one(left, |i, byte| byte == right[i])
        );
        let any = one_by_one(left, |_, byte| b",\"\n\r".contains(&byte));
        assert_eq!(isa.any(left, *b",\"\n\r"), any);
    }

    proptest! {
        #[test]
        fn masks_agree_with_one_byte_at_a_time(left in blocks(), right in blocks()) {
            check(Portable, &left, &right);
            #[cfg(target_arch = "x86_64")]
            if let Some(avx2) = crate::kernel::Avx2::detect() {
                check(avx2, &left, &right);
            }
        }
    }
}
