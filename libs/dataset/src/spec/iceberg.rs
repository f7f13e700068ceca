//! Iceberg's bucket hash and truncation (Iceberg table spec, appendix B and
//! "Partition transforms").

/// Murmur3, x86 variant, 32 bits, seed 0, as signed integer.
pub fn murmur3(bytes: &[u8]) -> i32 {
    let mut hash = 0u32;
    let mut blocks = bytes.chunks_exact(4);
    for block in &mut blocks {
        let word = u32::from_le_bytes([block[0], block[1], block[2], block[3]]);
        hash = (hash ^ scramble(word))
            .rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xe654_6b64);
    }
    let tail = blocks
        .remainder()
        .iter()
        .rev()
        .fold(0u32, |word, &byte| word << 8 | u32::from(byte));
    if !blocks.remainder().is_empty() {
        hash ^= scramble(tail);
    }
    finish(hash ^ bytes.len() as u32) as i32
}

fn scramble(word: u32) -> u32 {
    word.wrapping_mul(0xcc9e_2d51)
        .rotate_left(15)
        .wrapping_mul(0x1b87_3593)
}

fn finish(mut hash: u32) -> u32 {
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

/// The bucket of a hash: its lower 31 bits modulo `n`.
pub(super) fn bucket(hash: i32, n: u32) -> u32 {
    (hash & i32::MAX) as u32 % n
}

/// The hash of integers of any width, days, and microseconds: as eight bytes.
pub(super) fn hash_integer(value: i64) -> i32 {
    murmur3(&value.to_le_bytes())
}

/// The hash of a decimal's unscaled value: its shortest two's complement, big-endian.
pub(super) fn hash_decimal(unscaled: i128) -> i32 {
    let bytes = unscaled.to_be_bytes();
    let fill = if unscaled < 0 { 0xff } else { 0 };
    let same_sign = |byte: u8| (byte & 0x80 != 0) == (unscaled < 0);
    let mut start = 0;
    while start < 15 && bytes[start] == fill && same_sign(bytes[start + 1]) {
        start += 1;
    }
    murmur3(&bytes[start..])
}

/// The greatest multiple of `width` that is not above `value`; None on overflow.
pub(super) fn truncate_number(value: i128, width: u32) -> i128 {
    value - value.rem_euclid(i128::from(width))
}

/// The first `width` characters.
pub(super) fn truncate_text(value: &str, width: u32) -> &str {
    match value.char_indices().nth(width as usize) {
        None => value,
        Some((cut, _)) => &value[..cut],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of the Iceberg spec, appendix B.
    #[test]
    fn published_hashes() {
        assert_eq!(hash_integer(34), 2017239379);
        assert_eq!(hash_decimal(1420), -500754589);
        let day = 17_486; // 2017-11-16
        assert_eq!(hash_integer(day), -653330422);
        let time = ((22 * 60 + 31) * 60 + 8) * 1_000_000;
        assert_eq!(hash_integer(time), -662762989);
        let instant = day * 86_400_000_000 + time;
        assert_eq!(hash_integer(instant), -2047944441);
        assert_eq!(hash_integer(instant + 1), -1207196810);
        assert_eq!(murmur3(b"iceberg"), 1210000089);
        let uuid = 0xf79c3e09_677c_4bbd_a479_3f349cb785e7_u128.to_be_bytes();
        assert_eq!(murmur3(&uuid), 1488055340);
        assert_eq!(murmur3(&[0, 1, 2, 3]), -188683207);
    }

    #[test]
    fn decimals_are_hashed_in_their_shortest_form() {
        assert_eq!(hash_decimal(0), murmur3(&[0]));
        assert_eq!(hash_decimal(-1), murmur3(&[0xff]));
        assert_eq!(hash_decimal(127), murmur3(&[0x7f]));
        assert_eq!(hash_decimal(128), murmur3(&[0, 0x80]));
        assert_eq!(hash_decimal(-128), murmur3(&[0x80]));
        assert_eq!(hash_decimal(-129), murmur3(&[0xff, 0x7f]));
    }

    /// The examples of the Iceberg spec, "Truncate transform details".
    #[test]
    fn published_truncations() {
        assert_eq!(truncate_number(1, 10), 0);
        assert_eq!(truncate_number(-1, 10), -10);
        assert_eq!(truncate_number(1065, 50), 1050);
        assert_eq!(truncate_text("iceberg", 3), "ice");
        assert_eq!(truncate_text("äöü€", 3), "äöü");
        assert_eq!(truncate_text("ab", 3), "ab");
    }

    #[test]
    fn buckets_are_never_negative() {
        assert_eq!(
            bucket(-500754589, 16),
            ((-500754589i32) & i32::MAX) as u32 % 16
        );
        assert!(bucket(i32::MIN, 7) < 7);
    }
}
