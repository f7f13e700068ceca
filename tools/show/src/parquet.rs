//! Rows of a Parquet file.

use crate::source::{Cursor, decoding};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::Bytes;
use millrace_fault::{Failure, quoted};
use millrace_storage::ReadAt;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{ChunkReader, Length};
use std::io::BufReader;
use std::sync::Arc;

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
        let mut builder =
            ParquetRecordBatchReaderBuilder::try_new(Chunks(stored)).map_err(damaged)?;
        let schema = SchemaRef::clone(builder.schema());
        let total = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        if let Some(most) = most {
            builder = builder.with_limit(usize::try_from(most).unwrap_or(usize::MAX));
        }
        let reader = builder.build().map_err(damaged)?;
        Ok(Rows {
            reader,
            schema,
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

fn damaged(file: &str, error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::data(format!("cannot decode {}", quoted(file))).because(error)
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
