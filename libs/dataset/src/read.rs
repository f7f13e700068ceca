//! A Parquet file's bytes, footer and rows, with the path in every error.

use arrow_schema::ArrowError;
use bytes::{Buf, Bytes};
use millrace_fault::{Coded, Exit, Failure, guarded, quoted};
use millrace_pages::{footer, reason};
use millrace_storage::{self as storage, Location, ReadAt, open_read_at};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::errors::ParquetError;
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::reader::{ChunkReader, Length};
use std::fmt::Display;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file that cannot be read as Parquet.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system said no.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// The system said no, in the middle.
    #[error("cannot read {}", quoted(.path.to_string_lossy()))]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The bytes are no Parquet file, or a damaged one.
    #[error("cannot read {}: {reason}", quoted(.path.to_string_lossy()))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl ReadError {
    /// An error of the Parquet library while reading `path`. An I/O error stays one.
    pub fn parquet(path: &Path, error: ParquetError) -> Self {
        let damaged = |error: &dyn Display| ReadError::Damaged {
            path: path.to_owned(),
            reason: reason(error),
        };
        let cause = match error {
            ParquetError::External(cause) => cause,
            other => return damaged(&other),
        };
        match cause.downcast::<io::Error>() {
            Ok(source) => ReadError::Io {
                path: path.to_owned(),
                source: *source,
            },
            Err(cause) => match cause.downcast::<ArrowError>() {
                Ok(error) => ReadError::arrow(path, *error),
                Err(cause) => damaged(&cause),
            },
        }
    }

    /// An error of the Arrow reader on `path`.
    pub fn arrow(path: &Path, error: ArrowError) -> Self {
        match error {
            ArrowError::ExternalError(cause) => match cause.downcast::<ParquetError>() {
                Ok(error) => ReadError::parquet(path, *error),
                Err(cause) => ReadError::Damaged {
                    path: path.to_owned(),
                    reason: reason(cause),
                },
            },
            ArrowError::IoError(_, source) => ReadError::Io {
                path: path.to_owned(),
                source,
            },
            ArrowError::ParquetError(text) => ReadError::Damaged {
                path: path.to_owned(),
                reason: reason(text),
            },
            other => ReadError::Damaged {
                path: path.to_owned(),
                reason: reason(other),
            },
        }
    }

    /// Whether the file was not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, ReadError::Storage(error) if error.is_not_found())
    }
}

impl Coded for ReadError {
    fn exit(&self) -> Exit {
        match self {
            ReadError::Storage(error) => error.exit(),
            ReadError::Io { .. } => Exit::ENVIRONMENT,
            ReadError::Damaged { .. } => Exit::DATA,
        }
    }
}

/// An open Parquet file. Cheap to clone; bytes that are read are counted.
#[derive(Clone)]
pub struct Source {
    bytes: Arc<dyn ReadAt>,
    path: PathBuf,
    read: Arc<AtomicU64>,
}

impl Source {
    /// Opens the file at `path`.
    pub fn open(path: &Path) -> Result<Source, ReadError> {
        let bytes = open_read_at(&Location::from(path))?;
        Ok(Source {
            bytes,
            path: path.to_owned(),
            read: Arc::default(),
        })
    }

    /// A file that is open already.
    pub fn opened(bytes: Arc<dyn ReadAt>) -> Source {
        let path = bytes.location().path().to_owned();
        Source {
            bytes,
            path,
            read: Arc::default(),
        }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes read so far, by all clones.
    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Bytes of the file.
    pub fn size(&self) -> u64 {
        self.bytes.len()
    }

    /// The footer; with `pages` also the page indexes, as far as there are any.
    pub fn metadata(&self, pages: bool) -> Result<ArrowReaderMetadata, Failure> {
        let policy = if pages {
            PageIndexPolicy::Optional
        } else {
            PageIndexPolicy::Skip
        };
        self.guarded(|| footer(self, policy))
    }

    /// Runs a step of the Parquet library on this file: its errors, and its panics on
    /// damaged bytes, name the file.
    pub fn guarded<T>(&self, step: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, Failure> {
        let run = || step().map_err(|error| ReadError::parquet(&self.path, error).into());
        guarded(&quoted(self.path.to_string_lossy()), run)
    }
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.bytes.len()
    }
}

impl ChunkReader for Source {
    type T = BufReader<Cursor>;

    fn get_read(&self, start: u64) -> Result<BufReader<Cursor>, ParquetError> {
        // Page headers are read this way: small ones.
        Ok(BufReader::with_capacity(
            512,
            Cursor {
                source: self.clone(),
                position: start,
            },
        ))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let end = start
            .checked_add(length as u64)
            .filter(|end| *end <= self.bytes.len());
        if end.is_none() {
            let text = format!(
                "{length} bytes at offset {start} lie beyond its end ({} bytes)",
                self.bytes.len()
            );
            return Err(ParquetError::EOF(text));
        }
        let bytes = self.bytes.read_at(start, length).map_err(external)?;
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(bytes)
    }
}

fn external(error: storage::Error) -> ParquetError {
    let source = match error {
        storage::Error::Io { source, .. } => source,
        other => io::Error::other(other.to_string()),
    };
    ParquetError::External(Box::new(source))
}

/// Reads on from a position.
pub struct Cursor {
    source: Source,
    position: u64,
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.source.bytes.len().saturating_sub(self.position))
            .unwrap_or(usize::MAX);
        let length = buffer.len().min(left);
        let mut bytes = self
            .source
            .get_bytes(self.position, length)
            .map_err(io::Error::other)?;
        bytes.copy_to_slice(&mut buffer[..length]);
        self.position += length as u64;
        Ok(length)
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    #[test]
    fn damaged_files_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in [
            ("empty", &b""[..]),
            ("short", b"PAR1"),
            ("junk", b"PAR1xxxxxxxxxxxxxxxx\x10\0\0\0PAR1"),
            ("other", &[7; 100]),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let failure = Source::open(&path).unwrap().metadata(true).unwrap_err();
            assert_eq!(failure.exit(), Exit::DATA, "{name}");
            assert!(
                failure.to_string().contains(&format!("/{name}'")),
                "{failure}"
            );
        }
        let error = Source::open(&folder.path().join("gone")).err().unwrap();
        assert!(error.is_not_found());
        assert_eq!(error.exit(), Exit::ENVIRONMENT);
    }
}
