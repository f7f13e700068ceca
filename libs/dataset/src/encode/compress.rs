//! Pages compressed, with one context and one buffer a thread: one a column and file costs
//! more than the pages of a small file.

use parquet::basic::Compression;
use parquet::errors::ParquetError;
use std::cell::RefCell;
use zstd::bulk::Compressor;
use zstd::zstd_safe::compress_bound;

/// A buffer that a huge value made larger than this is not kept.
const MOST_KEPT: usize = 4 << 20;

thread_local! {
    static ZSTD: RefCell<Option<Zstd>> = const { RefCell::new(None) };
}

struct Zstd {
    level: i32,
    context: Compressor<'static>,
    /// Where a page is compressed: what is kept of it is as long as it turns out to be.
    buffer: Vec<u8>,
}

impl Zstd {
    fn new(level: i32) -> Result<Self, ParquetError> {
        Ok(Zstd {
            level,
            context: Compressor::new(level)?,
            buffer: Vec::new(),
        })
    }

    fn compress(&mut self, body: &[u8]) -> Result<Vec<u8>, ParquetError> {
        self.buffer.clear();
        self.buffer.reserve(compress_bound(body.len()));
        self.context.compress_to_buffer(body, &mut self.buffer)?;
        let compressed = self.buffer.as_slice().into();
        if self.buffer.capacity() > MOST_KEPT {
            self.buffer = Vec::new();
        }
        Ok(compressed)
    }
}

/// The compressions that are ours.
#[derive(Clone, Copy, Debug)]
pub(super) enum Codec {
    /// Zstandard at a level.
    Zstd(i32),
    /// None.
    Plain,
}

impl Codec {
    /// None for one that is the parquet crate's.
    pub(super) fn of(compression: Compression) -> Option<Codec> {
        match compression {
            Compression::ZSTD(level) => Some(Codec::Zstd(level.compression_level())),
            Compression::UNCOMPRESSED => Some(Codec::Plain),
            _ => None,
        }
    }

    /// The compressed form of `body`.
    pub(super) fn compress(self, body: &[u8]) -> Result<Vec<u8>, ParquetError> {
        match self {
            Codec::Plain => Ok(body.to_vec()),
            Codec::Zstd(level) => ZSTD.with_borrow_mut(|kept| {
                let kept = match kept {
                    Some(kept) if kept.level == level => kept,
                    other => other.insert(Zstd::new(level)?),
                };
                kept.compress(body)
            }),
        }
    }
}
