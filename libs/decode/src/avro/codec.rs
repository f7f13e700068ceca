//! Blocks as they are stored.

use crate::inflate::{inflate, within};
use std::io::Read;

/// How blocks are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    Null,
    Deflate,
    Snappy,
    Zstandard,
    Bzip2,
    Xz,
}

/// What the decoder of xz may allocate: more than the highest preset takes.
const XZ_MEMORY: u64 = 128 << 20;

impl Codec {
    /// The codec of this name; none where the header has none.
    pub(super) fn named(name: &[u8]) -> Option<Codec> {
        Some(match name {
            b"" | b"null" => Codec::Null,
            b"deflate" => Codec::Deflate,
            b"snappy" => Codec::Snappy,
            b"zstandard" => Codec::Zstandard,
            b"bzip2" => Codec::Bzip2,
            b"xz" => Codec::Xz,
            _ => return None,
        })
    }

    /// The content of a block, of which there may be `most` bytes.
    pub(super) fn decompress(self, stored: Vec<u8>, most: usize) -> Result<Vec<u8>, String> {
        let stream = |reader: &mut dyn Read| {
            let mut content = Vec::new();
            let read = reader.take(most as u64 + 1).read_to_end(&mut content);
            read.map_err(|error| format!("cannot decompress it: {error}"))?;
            within(content.len(), most)?;
            Ok(content)
        };
        match self {
            Codec::Null => Ok(stored),
            Codec::Deflate => {
                let content = inflate(&stored, most);
                let content =
                    content.map_err(|reason| format!("cannot decompress it: {reason}"))?;
                within(content.len(), most)?;
                Ok(content)
            }
            Codec::Snappy => snappy(&stored, most),
            Codec::Zstandard => match zstd::Decoder::with_buffer(&stored[..]) {
                Ok(mut decoder) => stream(&mut decoder),
                Err(error) => Err(error.to_string()),
            },
            Codec::Bzip2 => stream(&mut bzip2::read::MultiBzDecoder::new(&stored[..])),
            Codec::Xz => match liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY, 0) {
                Ok(decoder) => stream(&mut liblzma::read::XzDecoder::new_stream(
                    &stored[..],
                    decoder,
                )),
                Err(error) => Err(error.to_string()),
            },
        }
    }
}

/// A raw snappy block, and the CRC-32 of its content behind it.
fn snappy(stored: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let damaged = |error: snap::Error| format!("cannot decompress it: {error}");
    let Some((block, sum)) = stored.split_last_chunk::<4>() else {
        return Err("cannot decompress it: it has no checksum".to_owned());
    };
    within(snap::raw::decompress_len(block).map_err(damaged)?, most)?;
    let content = snap::raw::Decoder::new()
        .decompress_vec(block)
        .map_err(damaged)?;
    match crc32fast::hash(&content) == u32::from_be_bytes(*sum) {
        true => Ok(content),
        false => Err("cannot decompress it: the checksum is wrong".to_owned()),
    }
}
