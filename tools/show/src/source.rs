//! What is looked at: told apart by its first bytes, read batch by batch.

use crate::parquet::{self, Rows};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use millrace_cli::Job;
use millrace_fault::{Failure, guarded, quoted};
use millrace_storage::{Location, ReadAt, open_read, open_read_at};
use millrace_stream::{FileReader, Kind, Reader};
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

const PARQUET: &[u8] = b"PAR1";

/// Rows to look at.
pub(crate) enum Source {
    /// A stream: how much follows is known at its end.
    Stream(Box<Reader>),
    /// An Arrow file and the number of its rows.
    Arrow(Box<FileReader>, u64),
    /// A Parquet file.
    Parquet(Box<Rows>),
}

impl Source {
    /// Opens `file`, `-` and none being standard input. Of a Parquet file no more
    /// than `most` rows are decoded.
    pub(crate) fn open(file: Option<&str>, most: Option<u64>) -> Result<Source, Failure> {
        let file = match file {
            None | Some("-") => return Ok(Source::Stream(Box::new(Reader::stdin()?))),
            Some(file) => file,
        };
        let location = Location::parse(file)?;
        if !is_regular(&location) {
            return Ok(Source::Stream(Box::new(Reader::new(
                open_read(&location)?,
                file,
                Kind::Pipe,
            )?)));
        }
        let stored = open_read_at(&location)?;
        let magic = stored.read_at(0, stored.len().min(6) as usize)?;
        if magic.starts_with(PARQUET) {
            return parquet::open(stored, file, most).map(|rows| Source::Parquet(Box::new(rows)));
        }
        let cursor = Cursor { stored, at: 0 };
        if magic.starts_with(&FileReader::MAGIC) {
            let mut reader = FileReader::new(cursor, file)?;
            let rows = reader.rows()?;
            return Ok(Source::Arrow(Box::new(reader), rows));
        }
        Reader::new(cursor, file, Kind::File)
            .map(|reader| Source::Stream(Box::new(reader)))
            .map_err(|error| with_hint(error, file))
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        match self {
            Source::Stream(reader) => reader.schema(),
            Source::Arrow(reader, _) => reader.schema(),
            Source::Parquet(rows) => rows.schema(),
        }
    }

    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>, Failure> {
        match self {
            Source::Stream(reader) => Ok(reader.next()?),
            Source::Arrow(reader, _) => Ok(reader.next()?),
            Source::Parquet(rows) => rows.next(),
        }
    }

    /// The number of rows, where it is known beforehand.
    pub(crate) fn total(&self) -> Option<u64> {
        match self {
            Source::Stream(_) => None,
            Source::Arrow(_, rows) => Some(*rows),
            Source::Parquet(rows) => Some(rows.total()),
        }
    }

    /// The number of rows, found out by reading to the end where need be.
    pub(crate) fn count(&mut self, job: &Job) -> Result<u64, Failure> {
        if let Some(total) = self.total() {
            return Ok(total);
        }
        while let Some(batch) = self.next()? {
            job.metrics.records_in.add(batch.num_rows() as u64);
            job.metrics.bytes_in.set(self.bytes_read());
        }
        Ok(job.metrics.records_in.value())
    }

    /// Bytes read of a stream.
    pub(crate) fn bytes_read(&self) -> u64 {
        match self {
            Source::Stream(reader) => reader.bytes_read(),
            _ => 0,
        }
    }
}

/// A pipe that the shell made of a command, or a device, is read from the front.
/// What does not exist is for storage to refuse.
fn is_regular(location: &Location) -> bool {
    std::fs::metadata(location.path())
        .map_or(true, |metadata| metadata.is_file() || metadata.is_dir())
}

fn with_hint(error: millrace_stream::Error, file: &str) -> Failure {
    let raw = matches!(error, millrace_stream::Error::NotAStream { .. });
    let failure = Failure::from(error);
    if raw {
        failure.hint(format!("'ingest {file} | show' reads raw files"))
    } else {
        failure
    }
}

/// A stored file, read in order or anywhere.
pub(crate) struct Cursor {
    pub(crate) stored: Arc<dyn ReadAt>,
    pub(crate) at: u64,
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.stored.len().saturating_sub(self.at);
        let length = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let bytes = self
            .stored
            .read_at(self.at, length)
            .map_err(io::Error::other)?;
        buffer[..length].copy_from_slice(&bytes);
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for Cursor {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.stored.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// A decoder's panic on bytes of `file` is a refusal of the file.
pub(crate) fn decoding<T>(
    file: &str,
    decode: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    guarded(&quoted(file), decode)
}
