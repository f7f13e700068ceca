//! A file of few rows as one piece of work: read what was spilled, encode every column,
//! write. With thousands of partitions this keeps all threads busy and only as many
//! encoders in memory as there are threads.

use super::WriteError;
use super::file::{OpenFile, Rows, Template, write_pieces};
use super::pool::Task;
use super::spill::{Segment, Spill};
use crate::encode::Chunk;
use arrow_array::RecordBatch;
use parquet::errors::ParquetError;
use std::sync::{Arc, Mutex, PoisonError};

/// One row group, which is the whole file.
pub(super) struct WholeFile {
    template: Arc<Template>,
    file: Arc<OpenFile>,
    spill: Arc<Spill>,
    parts: Mutex<Option<Parts>>,
}

/// The rows in their order: first what was spilled.
struct Parts {
    spilled: Vec<Segment>,
    rows: Rows,
}

impl WholeFile {
    /// The file `file` of the rows in `spilled`, then those in `rows`.
    pub(super) fn new(
        template: Arc<Template>,
        file: Arc<OpenFile>,
        spill: Arc<Spill>,
        spilled: Vec<Segment>,
        rows: Rows,
    ) -> Self {
        WholeFile {
            template,
            file,
            spill,
            parts: Mutex::new(Some(Parts { spilled, rows })),
        }
    }

    fn write(&self, parts: Parts) -> Result<(), WriteError> {
        let Rows {
            batches: waited,
            _permit,
        } = parts.rows;
        let mut batches = self.spill.read(parts.spilled)?;
        batches.extend(waited);
        let chunks = self
            .encode(&batches)
            .map_err(|error| self.file.failed(error))?;
        self.file.end_at(1)?;
        self.file.append(0, chunks)
    }

    fn encode(&self, batches: &[RecordBatch]) -> Result<Vec<Chunk>, ParquetError> {
        let mut chunks = Vec::new();
        for (index, mut encoder) in self.template.row_group()?.into_iter().enumerate() {
            write_pieces(index, batches, &mut encoder)?;
            chunks.extend(encoder.close()?);
        }
        Ok(chunks)
    }
}

impl Task for WholeFile {
    fn run(&self) -> Result<(), WriteError> {
        let parts = self
            .parts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        parts.map_or(Ok(()), |parts| self.write(parts))
    }
}
