//! Stored files as the readers of Parquet and Arrow files want them.

use bytes::Bytes;
use millrace_storage::ReadAt;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

/// A stored file as parquet reads it.
pub(crate) struct Stored(pub(crate) Arc<dyn ReadAt>);

impl Length for Stored {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for Stored {
    type T = From;

    fn get_read(&self, start: u64) -> Result<From> {
        Ok(From {
            file: self.0.clone(),
            at: start,
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.0
            .read_at(start, length)
            .map_err(|error| ParquetError::External(Box::new(error)))
    }
}

impl Stored {
    /// The file from its start.
    pub(crate) fn reader(self) -> From {
        From {
            file: self.0,
            at: 0,
        }
    }
}

/// Reads on from an offset.
pub(crate) struct From {
    file: Arc<dyn ReadAt>,
    at: u64,
}

impl Read for From {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.file.len().saturating_sub(self.at)).unwrap_or(usize::MAX);
        let bytes = self
            .file
            .read_at(self.at, into.len().min(left))
            .map_err(io::Error::other)?;
        into[..bytes.len()].copy_from_slice(&bytes);
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }
}

impl Seek for From {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let sought = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.file.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = sought.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
