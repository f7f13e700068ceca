//! Numbers in groups of seven bits, the lowest first, as Avro, ORC and Protocol Buffers
//! have them.

/// What a number is that [`read`] has none for.
pub(crate) const TOO_LONG: &str = "a number has more than 64 bits";

/// The number that begins with the `next` byte; None if it has more than 64 bits.
#[inline]
pub(crate) fn read<E>(mut next: impl FnMut() -> Result<u8, E>) -> Result<Option<u64>, E> {
    let (mut value, mut shift) = (0u64, 0);
    loop {
        let byte = next()?;
        if shift == 63 && byte > 1 {
            return Ok(None);
        }
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(Some(value));
        }
        shift += 7;
    }
}

/// The signed number that `value` stands for: 0, -1, 1, -2, …
#[inline]
pub(crate) fn zig_zag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}
