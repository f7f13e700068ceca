//! Parquet, read column chunk by column chunk, only the columns asked for.

use super::reader::Stored;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::{Buf, Bytes};
use millrace_fault::Failure;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use std::io::{self, Read};

/// What a reader of pages fetches at a time.
const FETCH: usize = 256 << 10;

/// An open Parquet file.
pub(crate) struct ParquetFile {
    stored: Stored,
    builder: Option<ParquetRecordBatchReaderBuilder<Stored>>,
    reader: Option<ParquetRecordBatchReader>,
    schema: SchemaRef,
}

impl ParquetFile {
    pub(crate) fn open(stored: Stored, batch_rows: usize) -> Result<ParquetFile, Failure> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(stored.clone())
            .map_err(|error| stored.corrupt(error))?;
        let builder = builder.with_batch_size(batch_rows);
        let schema = SchemaRef::clone(builder.schema());
        Ok(ParquetFile {
            stored,
            builder: Some(builder),
            reader: None,
            schema,
        })
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    pub(crate) fn project(&mut self, columns: &[usize]) -> Result<(), Failure> {
        if let Some(builder) = self.builder.take() {
            let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
            let reader = builder.with_projection(mask).build();
            self.reader = Some(reader.map_err(|error| self.stored.corrupt(error))?);
        }
        Ok(())
    }

    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>, Failure> {
        let next = self.reader.as_mut().and_then(Iterator::next);
        next.transpose().map_err(|error| self.stored.corrupt(error))
    }
}

impl Length for Stored {
    fn len(&self) -> u64 {
        Stored::len(self)
    }
}

impl ChunkReader for Stored {
    type T = Sequential;

    fn get_read(&self, start: u64) -> Result<Sequential, ParquetError> {
        Ok(Sequential {
            stored: self.clone(),
            offset: start,
            buffer: Bytes::new(),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.fetch(start, length).map_err(ParquetError::General)
    }
}

/// Reads on from an offset.
pub(crate) struct Sequential {
    stored: Stored,
    offset: u64,
    buffer: Bytes,
}

impl Read for Sequential {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if !self.buffer.has_remaining() {
            let left = self.stored.len().saturating_sub(self.offset);
            let length = usize::try_from(left).unwrap_or(FETCH).min(FETCH);
            self.buffer = self
                .stored
                .fetch(self.offset, length)
                .map_err(io::Error::other)?;
            self.offset += length as u64;
        }
        let count = space.len().min(self.buffer.remaining());
        self.buffer.copy_to_slice(&mut space[..count]);
        Ok(count)
    }
}
