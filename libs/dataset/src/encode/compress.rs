//! Pages compressed, with one context a thread: one a column and file costs more than
//! the pages of a small file.

use parquet::basic::Compression;
use parquet::errors::ParquetError;
use std::cell::RefCell;
use zstd::bulk::Compressor;

thread_local! {
    /// The level, and its context.
    static ZSTD: RefCell<Option<(i32, Compressor<'static>)>> = const { RefCell::new(None) };
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
                    Some(kept) if kept.0 == level => kept,
                    other => other.insert((level, Compressor::new(level)?)),
                };
                Ok(kept.1.compress(body)?)
            }),
        }
    }
}
