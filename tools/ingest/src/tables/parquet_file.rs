//! Parquet, read column chunk by column chunk, only the columns asked for; by several
//! threads a share of the columns each, in batches of the same rows.

use super::reader::Stored;
use crate::plan::Sizes;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, SchemaRef};
use bytes::{Buf, Bytes};
use millrace_fault::{Failure, guarded, quoted};
use millrace_pages::{Rows, footer};
use millrace_parallel::{Hand, abreast};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};
use std::io::{self, Read};
use std::sync::Arc;

/// What a reader of pages fetches at a time.
const FETCH: usize = 256 << 10;

/// An open Parquet file.
pub(crate) struct ParquetFile {
    stored: Stored,
    metadata: ArrowReaderMetadata,
    sizes: Sizes,
    /// The columns to read, ascending.
    columns: Vec<usize>,
}

impl ParquetFile {
    pub(crate) fn open(stored: Stored, sizes: Sizes) -> Result<ParquetFile, Failure> {
        let metadata =
            footer(&stored, PageIndexPolicy::Skip).map_err(|error| stored.corrupt(error))?;
        Ok(ParquetFile {
            columns: (0..metadata.schema().fields().len()).collect(),
            stored,
            metadata,
            sizes,
        })
    }

    /// All columns of the file.
    pub(crate) fn schema(&self) -> SchemaRef {
        SchemaRef::clone(self.metadata.schema())
    }

    /// Reads only these columns (ascending indices).
    pub(crate) fn project(&mut self, columns: &[usize]) {
        self.columns = columns.to_vec();
    }

    /// Hands over all batches in order. Neither their rows nor the first failure depend on
    /// the number of threads.
    pub(crate) fn each(
        self,
        threads: usize,
        mut take: impl FnMut(RecordBatch) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let shares = shares(&self.columns, &self.weights(), threads);
        let batch_rows = self.batch_rows();
        let readers = shares
            .iter()
            .map(|columns| self.reader(columns, batch_rows));
        let mut readers = readers.collect::<Result<Vec<_>, _>>()?;
        if let [reader] = &mut readers[..] {
            return reader.try_for_each(|batch| take(self.sound(batch)?));
        }
        let schema = self.schema().project(&self.columns);
        let schema = Arc::new(schema.map_err(|error| self.stored.corrupt(error))?);
        let works = readers.into_iter().map(|mut reader| {
            let name = quoted(&self.stored.name);
            let file = &self;
            move |hand: &Hand<RecordBatch>| {
                while let Some(batch) = guarded(&name, || file.next(&mut reader))? {
                    if !hand.over(batch) {
                        break;
                    }
                }
                Ok(())
            }
        });
        abreast(works.collect(), |parts| {
            let batch = joined(&schema, &shares, parts);
            take(batch.map_err(|error| self.stored.corrupt(error))?)
        })
    }

    fn reader(
        &self,
        columns: &[usize],
        batch_rows: usize,
    ) -> Result<ParquetRecordBatchReader, Failure> {
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), columns.iter().copied());
        let rows = Rows::new(self.stored.clone(), &self.metadata).columns(mask);
        let reader = rows.batch_rows(batch_rows).read();
        reader.map_err(|error| self.stored.corrupt(error))
    }

    fn next(&self, reader: &mut ParquetRecordBatchReader) -> Result<Option<RecordBatch>, Failure> {
        let next = reader.next();
        next.map(|batch| self.sound(batch)).transpose()
    }

    fn sound(&self, batch: Result<RecordBatch, ArrowError>) -> Result<RecordBatch, Failure> {
        batch.map_err(|error| self.stored.corrupt(error))
    }

    /// Rows of a batch: as few as the row group with the widest ones needs, so that no batch
    /// is far larger than it may be.
    fn batch_rows(&self) -> usize {
        let groups = self.metadata.metadata().row_groups().iter();
        let width = |group: &RowGroupMetaData| {
            let rows = u64::try_from(group.num_rows()).unwrap_or(0).max(1);
            self.sizes_of(group).iter().sum::<u64>() / rows
        };
        let most = self.sizes.batch_bytes as u64 / groups.map(width).max().unwrap_or(1).max(1);
        usize::try_from(most)
            .unwrap_or(usize::MAX)
            .clamp(1, self.sizes.batch_rows)
    }

    /// About what it takes to decode each of the columns to read.
    fn weights(&self) -> Vec<u64> {
        let mut weights = vec![0u64; self.columns.len()];
        for group in self.metadata.metadata().row_groups() {
            let sizes = self.sizes_of(group);
            let each = weights.iter_mut().zip(sizes);
            each.for_each(|(weight, size)| *weight = weight.saturating_add(size));
        }
        weights
    }

    /// Bytes of each of the columns to read in a row group, decoded.
    fn sizes_of(&self, group: &RowGroupMetaData) -> Vec<u64> {
        let mut sizes = vec![0u64; self.metadata.schema().fields().len()];
        for (leaf, chunk) in group.columns().iter().enumerate() {
            let column = self.metadata.parquet_schema().get_column_root_idx(leaf);
            sizes[column] = sizes[column].saturating_add(size(chunk));
        }
        self.columns.iter().map(|column| sizes[*column]).collect()
    }
}

/// Bytes of a column chunk, decoded: of texts, where the writer says how many they are.
fn size(chunk: &ColumnChunkMetaData) -> u64 {
    let texts = chunk.unencoded_byte_array_data_bytes().unwrap_or(0);
    u64::try_from(chunk.uncompressed_size().max(texts)).unwrap_or(0)
}

/// Divides columns among threads, so that each has about the same to do: the heaviest
/// first, each to whom has least. At least one share, and none that is empty beside others.
fn shares(columns: &[usize], weights: &[u64], threads: usize) -> Vec<Vec<usize>> {
    let count = threads.clamp(1, columns.len().max(1));
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|place| std::cmp::Reverse(weights[*place]));
    let mut shares = vec![(0, Vec::new()); count];
    for place in order {
        // Of equals the first: with as many shares as columns, none remains empty.
        if let Some((weight, share)) = shares.iter_mut().min_by_key(|share| share.0) {
            *weight = u64::saturating_add(*weight, weights[place].max(1));
            share.push(columns[place]);
        }
    }
    let sorted = |(_, mut share): (u64, Vec<usize>)| {
        share.sort_unstable();
        share
    };
    shares.into_iter().map(sorted).collect()
}

/// One batch of `schema` of what the shares have.
fn joined(
    schema: &SchemaRef,
    shares: &[Vec<usize>],
    parts: Vec<Option<RecordBatch>>,
) -> Result<RecordBatch, ArrowError> {
    let ended = || ArrowError::ParquetError("its columns end at different rows".to_owned());
    let parts = parts.into_iter().collect::<Option<Vec<_>>>();
    let parts = parts.ok_or_else(ended)?;
    let rows = parts.first().map_or(0, RecordBatch::num_rows);
    let numbered = shares.iter().zip(&parts).flat_map(|(share, part)| {
        let columns = part.columns().iter().cloned();
        share.iter().copied().zip(columns)
    });
    let mut columns: Vec<(usize, ArrayRef)> = numbered.collect();
    columns.sort_by_key(|(index, _)| *index);
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(SchemaRef::clone(schema), columns, &options)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_divided_by_what_they_weigh() {
        let of = |weights: &[u64], threads| {
            let columns: Vec<usize> = (10..10 + weights.len()).collect();
            shares(&columns, weights, threads)
        };
        assert_eq!(of(&[1, 9, 2, 3, 4], 2), [vec![10, 11], vec![12, 13, 14]]);
        assert_eq!(of(&[0, 0, 0], 3), [[10], [11], [12]]);
        assert_eq!(of(&[5, u64::MAX, u64::MAX], 2), [vec![10, 11], vec![12]]);
        assert_eq!(of(&[1, 2], 8).len(), 2);
        assert_eq!(of(&[1, 2], 1), [[10, 11]]);
        assert_eq!(of(&[], 4), [Vec::<usize>::new()]);
    }
}
