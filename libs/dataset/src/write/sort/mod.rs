//! Rows sorted within their partitions, in bounded memory.
//!
//! Rows gather until their share of the budget is full, are sorted by partition and key,
//! and go to an unnamed temporary file as a run; in the end the runs are merged. Equal
//! keys keep the order in which they came. The order does not depend on threads, nor on
//! the budget.

mod gather;
mod merge;
mod order;

pub use order::{OrderError, SortKey, SortOrder};

use super::WriteError;
use super::spill::{Segment, Spill};
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch, UInt32Array};
use arrow_row::{RowConverter, Rows, SortField};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use arrow_select::interleave::interleave_record_batch;
use gather::Gathered;
use std::path::PathBuf;
use std::sync::Arc;

/// Runs that are merged at once: their chunks fit half of what the sorter may use.
const FAN_IN: usize = 16;

/// A chunk is this share of what the sorter may use.
const CHUNKS: usize = 128;

/// Rows of a chunk at most.
const CHUNK_ROWS: usize = 8192;

/// How a [`Sorter`] works.
#[derive(Clone, Debug)]
pub struct SortSettings {
    /// Bytes that it may use.
    pub memory: u64,
    /// Threads that sort. The order does not depend on it.
    pub threads: usize,
    /// Where runs that do not fit go.
    pub temp_dir: PathBuf,
}

/// Sorts the rows of any number of partitions, each partition's by the same columns.
pub struct Sorter {
    keys: Keys,
    gathered: Gathered,
    /// Bytes of gathered rows at which they become a run.
    limit: usize,
    chunk: usize,
    threads: usize,
    spill: Spill,
    runs: Vec<Run>,
    /// The schema of a run: the rows, and their partition behind them.
    schema: SchemaRef,
}

/// A sorted run in the temporary file, chunk by chunk.
type Run = Vec<Segment>;

impl Sorter {
    /// A sorter of rows of `schema`.
    pub fn new(
        schema: &SchemaRef,
        order: &SortOrder,
        settings: SortSettings,
    ) -> Result<Sorter, SorterError> {
        let memory = usize::try_from(settings.memory)
            .unwrap_or(usize::MAX)
            .max(1 << 20);
        let partition = Arc::new(Field::new("", DataType::UInt32, false));
        let fields = schema.fields().iter().cloned().chain([partition]);
        let numbered = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Ok(Sorter {
            keys: Keys::new(schema, order)?,
            gathered: Gathered::default(),
            limit: memory / 2,
            chunk: (memory / CHUNKS).min(1 << 20),
            threads: settings.threads,
            spill: Spill::new(settings.temp_dir, numbered.clone()),
            runs: Vec::new(),
            schema: numbered,
        })
    }

    /// Bytes that went through the temporary folder.
    pub fn spilled_bytes(&self) -> u64 {
        self.spill.bytes()
    }

    /// Adds rows; `partitions` has the number of each one's partition.
    pub fn push(&mut self, batch: RecordBatch, partitions: &[u32]) -> Result<(), WriteError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let keys = self.keys.of(&batch)?;
        let more = Gathered::cost(&batch, &keys);
        if !self.gathered.is_empty() && self.gathered.held() + more > self.limit {
            self.spill_run()?;
        }
        self.gathered.add(batch, keys, partitions, more);
        Ok(())
    }

    /// Hands out every row, partition by partition in the order of their numbers, each
    /// sorted.
    pub fn finish<E: From<WriteError>>(
        mut self,
        mut take: impl FnMut(u32, RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.runs.is_empty() {
            self.gathered.sort(self.threads);
            return self
                .gathered
                .chunks(self.chunk, true, |partition, rows| {
                    take(partition, rows).map_err(Stop::Taker)
                })
                .map_err(Stop::failure);
        }
        self.spill_run()?;
        while self.runs.len() > FAN_IN {
            self.merge_some()?;
        }
        let runs = std::mem::take(&mut self.runs);
        let columns: Vec<usize> = (0..self.schema.fields().len() - 1).collect();
        merge::merge(
            &self.spill,
            &self.keys,
            runs,
            self.chunk,
            true,
            |partition, rows| {
                let rows = rows.project(&columns).map_err(failed)?;
                take(partition, rows).map_err(Stop::Taker)
            },
        )
        .map_err(Stop::failure)
    }

    fn spill_run(&mut self) -> Result<(), WriteError> {
        let mut gathered = std::mem::take(&mut self.gathered);
        if gathered.is_empty() {
            return Ok(());
        }
        gathered.sort(self.threads);
        let mut run = Run::new();
        let (spill, schema) = (&self.spill, &self.schema);
        gathered.numbered_chunks(self.chunk, |numbers, rows| {
            run.push(spill.put(numbered(schema, &rows, numbers)?)?);
            Ok(())
        })?;
        self.runs.push(run);
        Ok(())
    }

    /// Neighbouring runs become one, which takes their place: equal keys stay in order.
    fn merge_some(&mut self) -> Result<(), WriteError> {
        let mut merged = Vec::new();
        let mut runs = std::mem::take(&mut self.runs).into_iter().peekable();
        while runs.peek().is_some() {
            let group: Vec<Run> = runs.by_ref().take(FAN_IN).collect();
            let mut run = Run::new();
            let put = |_: u32, rows: RecordBatch| {
                run.push(self.spill.put(rows)?);
                Ok(())
            };
            merge::merge(&self.spill, &self.keys, group, self.chunk, false, put)
                .map_err(Stop::<WriteError>::failure)?;
            merged.push(run);
        }
        self.runs = merged;
        Ok(())
    }
}

/// Why rows stop coming out: the sorter's failure, or that of whoever takes them.
enum Stop<E> {
    Sorter(WriteError),
    Taker(E),
}

impl<E> From<WriteError> for Stop<E> {
    fn from(error: WriteError) -> Self {
        Stop::Sorter(error)
    }
}

impl<E: From<WriteError>> Stop<E> {
    fn failure(self) -> E {
        match self {
            Stop::Sorter(error) => error.into(),
            Stop::Taker(error) => error,
        }
    }
}

/// The columns that count, as bytes that compare as their values do.
struct Keys {
    columns: Vec<usize>,
    converter: RowConverter,
}

impl Keys {
    fn new(schema: &Schema, order: &SortOrder) -> Result<Keys, SorterError> {
        let columns = order.bind(schema)?;
        let field = |(key, at): (&SortKey, &usize)| {
            let data_type = schema.field(*at).data_type().clone();
            SortField::new_with_options(data_type, key.options())
        };
        let fields = order.keys.iter().zip(&columns).map(field).collect();
        let converter = RowConverter::new(fields).map_err(failed)?;
        Ok(Keys { columns, converter })
    }

    fn of(&self, batch: &RecordBatch) -> Result<Rows, WriteError> {
        let columns: Vec<ArrayRef> = self
            .columns
            .iter()
            .map(|at| batch.column(*at).clone())
            .collect();
        self.converter.convert_columns(&columns).map_err(failed)
    }
}

/// `rows` with their partitions as a last column.
fn numbered(
    schema: &SchemaRef,
    rows: &RecordBatch,
    numbers: Vec<u32>,
) -> Result<RecordBatch, WriteError> {
    let mut columns = rows.columns().to_vec();
    columns.push(Arc::new(UInt32Array::from(numbers)));
    RecordBatch::try_new(schema.clone(), columns).map_err(failed)
}

/// The rows at `places` (batch and row), in that order.
fn interleave(
    batches: &[&RecordBatch],
    places: &[(usize, usize)],
) -> Result<RecordBatch, WriteError> {
    let rows = interleave_record_batch(batches, places).map_err(failed)?;
    let columns = rows.columns().iter().map(own).collect();
    RecordBatch::try_new(rows.schema(), columns).map_err(failed)
}

/// Views would keep, and spill, everything that any of their rows lies in.
fn own(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Utf8View => Arc::new(array.as_string_view().gc()),
        DataType::BinaryView => Arc::new(array.as_binary_view().gc()),
        _ => array.clone(),
    }
}

fn failed(error: ArrowError) -> WriteError {
    WriteError::Encode {
        what: "sorted rows".to_owned(),
        reason: error.to_string(),
    }
}

/// A sorter that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum SorterError {
    /// Its columns.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// Their types.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl millrace_fault::Coded for SorterError {
    fn exit(&self) -> millrace_fault::Exit {
        match self {
            SorterError::Order(error) => error.exit(),
            SorterError::Write(error) => error.exit(),
        }
    }
}
