//! A part of a file that is in memory.

use bytes::{Buf, Bytes};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// Bytes at their place in the file that they come from; the file ends with them.
#[derive(Clone, Debug)]
pub struct Extent {
    start: u64,
    bytes: Bytes,
}

impl Extent {
    /// The bytes from offset `start` on.
    pub fn new(start: u64, bytes: Bytes) -> Extent {
        Extent { start, bytes }
    }
}

impl Length for Extent {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for Extent {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let offset = start
            .checked_sub(self.start)
            .and_then(|offset| usize::try_from(offset).ok());
        let offset = offset.filter(|offset| *offset <= self.bytes.len());
        let offset = offset.ok_or_else(|| {
            ParquetError::General("a column chunk begins before its bytes".to_owned())
        })?;
        Ok(self.bytes.slice(offset..).reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let mut rest = self.get_read(start)?.into_inner();
        if rest.len() < length {
            return Err(ParquetError::EOF("a column chunk ends early".to_owned()));
        }
        Ok(rest.split_to(length))
    }
}
