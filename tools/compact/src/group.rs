//! The row group in work: rows are encoded as they come, some megabytes at a time, so that
//! what waits in memory is little beside what is encoded already.

use arrow_array::{Array, RecordBatch};
use millrace_dataset::encode::{Chunk, Encoders, FieldEncoder};
use millrace_parallel::side_by_side;
use parquet::errors::ParquetError;
use std::cmp::Reverse;
use std::sync::{Mutex, PoisonError};

/// Bytes of rows in memory that are encoded together.
const TOGETHER: u64 = 2 << 20;

pub(crate) struct Group {
    columns: Vec<Column>,
    threads: usize,
    waiting: Vec<RecordBatch>,
    waiting_bytes: u64,
    /// Bytes in memory of all its rows.
    bytes: u64,
}

struct Column {
    index: usize,
    /// Locked by the one thread that encodes the column's next rows; none when it is closed.
    encoder: Mutex<Option<FieldEncoder>>,
}

impl Group {
    /// An empty one, whose columns are encoded on `threads` threads.
    pub(crate) fn new(encoders: &Encoders, threads: usize) -> Result<Group, ParquetError> {
        let encoders = encoders.row_group()?.into_iter().enumerate();
        let columns = encoders.map(|(index, encoder)| Column {
            index,
            encoder: Mutex::new(Some(encoder)),
        });
        Ok(Group {
            columns: columns.collect(),
            threads,
            waiting: Vec::new(),
            waiting_bytes: 0,
            bytes: 0,
        })
    }

    /// Bytes in memory of the rows that were added.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds rows that take `bytes` in memory.
    pub(crate) fn push(&mut self, batch: RecordBatch, bytes: u64) -> Result<(), ParquetError> {
        self.bytes += bytes;
        self.waiting_bytes += bytes;
        self.waiting.push(batch);
        match self.waiting_bytes >= TOGETHER {
            true => self
                .encode(|column, batches| column.write(batches))
                .map(drop),
            false => Ok(()),
        }
    }

    /// The chunks of all columns.
    pub(crate) fn close(mut self) -> Result<Vec<Chunk>, ParquetError> {
        let mut chunks = self.encode(|column, batches| {
            column.write(batches)?;
            Ok((column.index, column.close()?))
        })?;
        chunks.sort_unstable_by_key(|(index, _)| *index);
        Ok(chunks.into_iter().flat_map(|(_, chunks)| chunks).collect())
    }

    /// Does `work` on every column with the rows that wait. The largest first: begun last,
    /// it would leave one thread at work alone.
    fn encode<R: Send>(
        &mut self,
        work: impl Fn(&Column, &[RecordBatch]) -> Result<R, ParquetError> + Sync,
    ) -> Result<Vec<R>, ParquetError> {
        let batches = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        let bytes = |column: &Column| -> usize {
            let arrays = batches.iter().map(|batch| batch.column(column.index));
            arrays.map(|array| array.get_buffer_memory_size()).sum()
        };
        self.columns
            .sort_by_cached_key(|column| Reverse(bytes(column)));
        side_by_side(&self.columns, self.threads, |column| work(column, &batches))
    }
}

impl Column {
    fn write(&self, batches: &[RecordBatch]) -> Result<(), ParquetError> {
        let mut encoder = self.encoder.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(encoder) = encoder.as_mut() else {
            return Ok(());
        };
        let mut arrays = batches.iter().map(|batch| batch.column(self.index));
        arrays.try_for_each(|array| encoder.write(array))
    }

    fn close(&self) -> Result<Vec<Chunk>, ParquetError> {
        let mut encoder = self.encoder.lock().unwrap_or_else(PoisonError::into_inner);
        encoder.take().map_or(Ok(Vec::new()), FieldEncoder::close)
    }
}
