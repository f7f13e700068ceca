//! Blocks of Avro and ORC files that are in memory as a whole, decompressed within bounds.

use flate2::{Decompress, FlushDecompress, Status};

/// How much larger the content is taken to be, at first.
const USUAL: usize = 4;

/// Whether a content of `length` bytes is one of at most `most`.
pub(crate) fn within(length: usize, most: usize) -> Result<(), String> {
    match length <= most {
        true => Ok(()),
        false => Err(format!("it is larger than {most} bytes")),
    }
}

/// The content of `stored`, deflate without a header. Of one that is larger than `most`
/// bytes, a byte more than these: see [`within`]. Memory is taken as it grows.
///
/// # Errors
/// If it is damaged or cut short.
pub(crate) fn inflate(stored: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let mut decoder = Decompress::new(false);
    let mut content = Vec::new();
    loop {
        let room = content.len().max(stored.len().saturating_mul(USUAL));
        let room = room.min((most - content.len()).saturating_add(1));
        content.reserve_exact(room.max(1));
        let rest = stored
            .get(decoder.total_in() as usize..)
            .unwrap_or_default();
        let before = (decoder.total_in(), content.len());
        let status = decoder
            .decompress_vec(rest, &mut content, FlushDecompress::Finish)
            .map_err(|error| error.to_string())?;
        if status == Status::StreamEnd || content.len() > most {
            return Ok(content);
        }
        if before == (decoder.total_in(), content.len()) {
            return Err("it is cut short".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn deflated(content: &[u8]) -> Vec<u8> {
        let mut stored = Vec::new();
        let mut encoder =
            flate2::read::DeflateEncoder::new(content, flate2::Compression::default());
        encoder.read_to_end(&mut stored).unwrap();
        stored
    }

    #[test]
    fn content_comes_back_within_its_bound() {
        let mixed: Vec<u8> = (0..200_000u32)
            .map(|n| (n.wrapping_mul(n) >> 7) as u8)
            .collect();
        for content in [&b""[..], b"a", &[7; 100_000], &mixed] {
            let stored = deflated(content);
            for most in [content.len(), content.len() + 1, 1 << 30] {
                assert_eq!(inflate(&stored, most).as_deref(), Ok(content));
            }
            if let Some(less) = content.len().checked_sub(1) {
                let length = inflate(&stored, less).unwrap().len();
                let told = within(length, less).unwrap_err();
                assert_eq!(told, format!("it is larger than {less} bytes"));
            }
            for cut in [0, stored.len() / 2, stored.len() - 1] {
                assert!(inflate(&stored[..cut], 1 << 30).is_err(), "{cut}");
            }
        }
        assert!(inflate(&[0xff; 100], 1000).is_err());
    }
}
