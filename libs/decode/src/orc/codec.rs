//! Chunks as they are stored.

use crate::inflate::{inflate, within};
use bytes::Bytes;

/// How chunks are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    Zlib,
    Snappy,
    Lz4,
    Zstandard,
}

impl Codec {
    /// The codec of this number in the postscript; None for files without chunks.
    pub(super) fn numbered(number: u64) -> Result<Option<Codec>, String> {
        Ok(Some(match number {
            0 => return Ok(None),
            1 => Codec::Zlib,
            2 => Codec::Snappy,
            3 => return unsupported("LZO"),
            4 => Codec::Lz4,
            5 => Codec::Zstandard,
            6 => return unsupported("Brotli"),
            _ => return Err(format!("compression {number} is unknown")),
        }))
    }

    /// The content of a chunk, of which there may be `most` bytes.
    pub(super) fn decompress(self, stored: &[u8], most: usize) -> Result<Bytes, String> {
        let content = match self {
            Codec::Zlib => zlib(stored, most),
            Codec::Snappy => snappy(stored, most),
            Codec::Lz4 => lz4(stored, most),
            Codec::Zstandard => zstd::bulk::decompress(stored, most).map_err(|e| e.to_string()),
        };
        content.map(Bytes::from)
    }
}

fn unsupported(name: &str) -> Result<Option<Codec>, String> {
    Err(format!(
        "compression by {name} is not supported: write the file anew with zlib or zstd"
    ))
}

fn zlib(stored: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let content = inflate(stored, most)?;
    within(content.len(), most)?;
    Ok(content)
}

fn snappy(stored: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let length = snap::raw::decompress_len(stored).map_err(|error| error.to_string())?;
    within(length, most)?;
    let content = snap::raw::Decoder::new().decompress_vec(stored);
    content.map_err(|error| error.to_string())
}

fn lz4(stored: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let mut content = vec![0; most];
    let length = lz4_flex::block::decompress_into(stored, &mut content);
    content.truncate(length.map_err(|error| error.to_string())?);
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn stored(codec: Codec, content: &[u8]) -> Vec<u8> {
        match codec {
            Codec::Zlib => {
                let level = flate2::Compression::default();
                let mut stored = Vec::new();
                let mut encoder = flate2::read::DeflateEncoder::new(content, level);
                encoder
                    .read_to_end(&mut stored)
                    .map(|_| stored)
                    .unwrap_or_default()
            }
            Codec::Snappy => snap::raw::Encoder::new()
                .compress_vec(content)
                .unwrap_or_default(),
            Codec::Lz4 => lz4_flex::block::compress(content),
            Codec::Zstandard => zstd::bulk::compress(content, 1).unwrap_or_default(),
        }
    }

    #[test]
    fn chunks_come_back_within_their_bound() {
        let content = [7; 1000];
        for codec in [Codec::Zlib, Codec::Snappy, Codec::Lz4, Codec::Zstandard] {
            let stored = stored(codec, &content);
            for most in [1000, 1001, 1 << 18] {
                let found = codec.decompress(&stored, most);
                assert_eq!(found.as_deref(), Ok(&content[..]), "{codec:?}");
            }
            assert!(codec.decompress(&stored, 999).is_err(), "{codec:?}");
            let cut = &stored[..stored.len() - 1];
            assert_ne!(codec.decompress(cut, 1000).as_deref(), Ok(&content[..]));
        }
    }

    #[test]
    fn codecs_have_numbers() {
        assert_eq!(Codec::numbered(0), Ok(None));
        assert_eq!(Codec::numbered(5), Ok(Some(Codec::Zstandard)));
        assert!(Codec::numbered(3).is_err_and(|problem| problem.contains("LZO")));
        assert!(Codec::numbered(7).is_err());
    }
}
