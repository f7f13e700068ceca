//! Rows of a Parquet file.

use crate::source::{Cursor, decoding};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::Bytes;
use millrace_fault::{Failure, quoted};
use millrace_pages::{Rows as Pages, footer, reason};
use millrace_storage::ReadAt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::reader::{ChunkReader, Length};
use std::fmt::Display;
use std::io::BufReader;
use std::sync::Arc;

/// Rows decoded at a time.
const BATCH_ROWS: usize = 1024;

/// Decodes a file row group by row group.
pub(crate) struct Rows {
    reader: ParquetRecordBatchReader,
    schema: SchemaRef,
    total: u64,
    file: String,
}

/// Opens a Parquet file, of which no more than `most` rows will be decoded.
pub(crate) fn open(
    stored: Arc<dyn ReadAt>,
    file: &str,
    most: Option<u64>,
) -> Result<Rows, Failure> {
    decoding(file, || {
        let damaged = |error| damaged(file, error);
        let stored = Chunks(stored);
        let footer = footer(&stored, PageIndexPolicy::Skip).map_err(damaged)?;
        let total = u64::try_from(footer.metadata().file_metadata().num_rows()).unwrap_or(0);
        let mut rows = Pages::new(stored, &footer).batch_rows(BATCH_ROWS);
        if let Some(most) = most {
            rows = rows.limited(usize::try_from(most).unwrap_or(usize::MAX));
        }
        Ok(Rows {
            reader: rows.read().map_err(damaged)?,
            schema: SchemaRef::clone(footer.schema()),
            total,
            file: file.to_owned(),
        })
    })
}

impl Rows {
    pub(crate) fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    /// Rows in the whole file.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>, Failure> {
        let Rows { reader, file, .. } = self;
        decoding(file, || {
            reader
                .next()
                .transpose()
                .map_err(|error| damaged(file, error))
        })
    }
}

fn damaged(file: &str, error: impl Display) -> Failure {
    Failure::data(format!("cannot decode {}", quoted(file))).because(reason(error))
}

struct Chunks(Arc<dyn ReadAt>);

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for Chunks {
    type T = BufReader<Cursor>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(BufReader::new(Cursor {
            stored: Arc::clone(&self.0),
            at: start,
        }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        self.0
            .read_at(start, length)
            .map_err(|error| ParquetError::External(Box::new(error)))
    }
}
