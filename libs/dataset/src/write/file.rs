//! One Parquet file in work: row groups are encoded column by column on any thread and
//! appended in their order.

use super::pool::{Permit, Shared, Task};
use super::{StagedFile, WriteError};
use crate::encode::{Chunk, Encoders, FieldEncoder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::Schema;
use arrow_select::concat::concat;
use millrace_storage::{GrowingFile, WriteBehind};
use parquet::arrow::ArrowSchemaConverter;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::ChunkReader;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::TypePtr;
use std::collections::{BTreeMap, VecDeque};
use std::convert;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Pieces smaller than this are put together before they are encoded.
const SMALL_PIECE_ROWS: usize = 2048;

/// What all files of a writer have in common.
pub(super) struct Template {
    root: TypePtr,
    encoders: Encoders,
    properties: Arc<WriterProperties>,
    behind: WriteBehind,
}

impl Template {
    /// For files of `schema`.
    pub(super) fn new(
        schema: &Schema,
        properties: Arc<WriterProperties>,
        behind: WriteBehind,
    ) -> Result<Self, ParquetError> {
        Ok(Template {
            root: ArrowSchemaConverter::new()
                .convert(schema)?
                .root_schema_ptr(),
            encoders: Encoders::new(schema, &properties)?,
            properties,
            behind,
        })
    }

    /// Encoders of every column of a row group.
    pub(super) fn row_group(&self) -> Result<Vec<FieldEncoder>, ParquetError> {
        self.encoders.row_group()
    }
}

/// Rows on their way to every column of a row group.
pub(super) struct Rows {
    pub(super) batches: Vec<RecordBatch>,
    pub(super) _permit: Permit,
}

/// A file in work.
pub(super) struct OpenFile {
    path: PathBuf,
    name: String,
    state: Mutex<State>,
}

struct State {
    writer: Option<SerializedFileWriter<GrowingFile>>,
    /// Row groups that are complete but not at their turn.
    waiting: BTreeMap<usize, Vec<Chunk>>,
    /// Bytes of each appended row group.
    sizes: Vec<u64>,
    /// How many row groups there will be, once that is known.
    total: Option<usize>,
    finished: Option<StagedFile>,
}

impl OpenFile {
    /// A file at `path`; the file system sees nothing of it before its first row group.
    pub(super) fn new(
        template: &Template,
        path: PathBuf,
        name: String,
    ) -> Result<OpenFile, WriteError> {
        let failed = |error| WriteError::parquet(path.clone(), error);
        let sink = template.behind.file(path.clone());
        let writer =
            SerializedFileWriter::new(sink, template.root.clone(), template.properties.clone())
                .map_err(failed)?;
        let state = State {
            writer: Some(writer),
            waiting: BTreeMap::new(),
            sizes: Vec::new(),
            total: None,
            finished: None,
        };
        Ok(OpenFile {
            path,
            name,
            state: Mutex::new(state),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of row group `index`, once it is in the file.
    pub(super) fn size(&self, index: usize) -> Option<u64> {
        self.lock().sizes.get(index).copied()
    }

    /// No more than `total` row groups will come.
    pub(super) fn end_at(&self, total: usize) -> Result<(), WriteError> {
        let mut state = self.lock();
        state.total = Some(total);
        state
            .finish_if_complete(&self.name)
            .map_err(|error| self.failed(error))
    }

    /// The finished file.
    pub(super) fn finished(&self) -> Option<StagedFile> {
        self.lock().finished.clone()
    }

    /// Row group `index`, into the file when its turn comes.
    pub(super) fn append(&self, index: usize, chunks: Vec<Chunk>) -> Result<(), WriteError> {
        let mut state = self.lock();
        state.waiting.insert(index, chunks);
        state
            .append_ready()
            .and_then(|()| state.finish_if_complete(&self.name))
            .and_then(|()| state.flush())
            .map_err(|error| self.failed(error))
    }

    /// The next row group, of column chunks as they are; those before it are in the file.
    pub(super) fn copy<R: ChunkReader, E: From<WriteError>>(
        &self,
        columns: impl IntoIterator<Item = Result<(R, ColumnCloseResult), E>>,
    ) -> Result<(), E> {
        let failed = |error| E::from(self.failed(error));
        let mut state = self.lock();
        state.row_group(failed, |group| {
            columns.into_iter().try_for_each(|column| {
                let (chunk, close) = column?;
                group.append_column(&chunk, close).map_err(failed)
            })
        })?;
        state.flush().map_err(failed)
    }

    pub(super) fn failed(&self, error: ParquetError) -> WriteError {
        WriteError::parquet(self.path.clone(), error)
    }
}

impl State {
    /// Writes the next row group, whose chunks `fill` appends; `failed` names the file.
    fn row_group<E>(
        &mut self,
        failed: impl Fn(ParquetError) -> E,
        fill: impl FnOnce(&mut SerializedRowGroupWriter<'_, GrowingFile>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(writer) = self.writer.as_mut() else {
            return Ok(());
        };
        let before = writer.bytes_written();
        let mut group = writer.next_row_group().map_err(&failed)?;
        fill(&mut group)?;
        group.close().map_err(&failed)?;
        self.sizes.push((writer.bytes_written() - before) as u64);
        Ok(())
    }

    fn append_ready(&mut self) -> Result<(), ParquetError> {
        while let Some(chunks) = self.waiting.remove(&self.sizes.len()) {
            self.row_group(convert::identity, |group| {
                let mut chunks = chunks.into_iter();
                chunks.try_for_each(|chunk| chunk.append_to(group))
            })?;
        }
        Ok(())
    }

    /// A file that waits for more keeps no bytes in memory.
    fn flush(&mut self) -> Result<(), ParquetError> {
        let flushed = self.writer.as_mut().map_or(Ok(()), |writer| writer.flush());
        flushed.map_err(ParquetError::from)
    }

    fn finish_if_complete(&mut self, name: &str) -> Result<(), ParquetError> {
        if self.total != Some(self.sizes.len()) {
            return Ok(());
        }
        let Some(mut writer) = self.writer.take() else {
            return Ok(());
        };
        let metadata = writer.finish()?;
        let rows = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(0);
        let bytes = writer.bytes_written() as u64;
        self.finished = Some(StagedFile {
            name: name.to_owned(),
            rows,
            bytes,
        });
        Ok(())
    }
}

/// A row group in work: one queue a column.
pub(super) struct RowGroup {
    columns: Vec<Arc<Column>>,
}

/// What the columns of a row group share.
struct Assembly {
    file: Arc<OpenFile>,
    index: usize,
    /// Chunks by column, and how many columns are still open.
    chunks: Mutex<(Vec<Vec<Chunk>>, usize)>,
}

struct Column {
    index: usize,
    name: String,
    queue: Mutex<Queue>,
    /// Until it is closed.
    encoder: Mutex<Option<FieldEncoder>>,
    assembly: Arc<Assembly>,
}

#[derive(Default)]
struct Queue {
    work: VecDeque<Work>,
    /// Whether the column is in the pool's hands.
    submitted: bool,
}

enum Work {
    Write(Arc<Rows>),
    Close,
}

impl RowGroup {
    /// The file's row group number `index`.
    pub(super) fn new(
        template: &Template,
        file: &Arc<OpenFile>,
        index: usize,
    ) -> Result<RowGroup, WriteError> {
        let encoders = template.row_group().map_err(|error| file.failed(error))?;
        let count = encoders.len();
        let chunks = Mutex::new(((0..count).map(|_| Vec::new()).collect(), count));
        let assembly = Arc::new(Assembly {
            file: file.clone(),
            index,
            chunks,
        });
        let columns = encoders.into_iter().enumerate().map(|(index, encoder)| {
            Arc::new(Column {
                index,
                name: encoder.name().to_owned(),
                queue: Mutex::new(Queue::default()),
                encoder: Mutex::new(Some(encoder)),
                assembly: assembly.clone(),
            })
        });
        Ok(RowGroup {
            columns: columns.collect(),
        })
    }

    /// Rows for every column.
    pub(super) fn write(&self, rows: Rows, pool: &Shared) {
        let rows = Arc::new(rows);
        self.columns
            .iter()
            .for_each(|column| column.give(Work::Write(rows.clone()), pool));
    }

    /// No more rows: the last column to finish appends the row group to its file.
    pub(super) fn close(self, pool: &Shared) {
        self.columns
            .iter()
            .for_each(|column| column.give(Work::Close, pool));
    }
}

impl Column {
    fn give(self: &Arc<Self>, work: Work, pool: &Shared) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.work.push_back(work);
        if !queue.submitted {
            queue.submitted = true;
            drop(queue);
            pool.submit(self.clone());
        }
    }

    fn next(&self) -> Option<Work> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let work = queue.work.pop_front();
        queue.submitted = work.is_some();
        work
    }

    fn write(&self, rows: &Rows) -> Result<(), ParquetError> {
        let mut encoder = self.encoder.lock().unwrap_or_else(PoisonError::into_inner);
        encoder.as_mut().map_or(Ok(()), |encoder| {
            write_pieces(self.index, &rows.batches, encoder)
        })
    }

    fn close(&self) -> Result<(), WriteError> {
        let encoder = self
            .encoder
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let chunks = encoder.map_or(Ok(Vec::new()), FieldEncoder::close);
        let file = &self.assembly.file;
        self.assembly
            .complete(self.index, chunks.map_err(|error| file.failed(error))?)
    }

    fn encode_failed(&self, error: ParquetError) -> WriteError {
        WriteError::Encode {
            what: self.name.clone(),
            reason: error.to_string(),
        }
    }
}

impl Task for Column {
    fn run(&self) -> Result<(), WriteError> {
        while let Some(work) = self.next() {
            match work {
                Work::Write(rows) => self
                    .write(&rows)
                    .map_err(|error| self.encode_failed(error))?,
                Work::Close => self.close()?,
            }
        }
        Ok(())
    }
}

impl Assembly {
    fn complete(&self, column: usize, chunks: Vec<Chunk>) -> Result<(), WriteError> {
        let mut state = self.chunks.lock().unwrap_or_else(PoisonError::into_inner);
        state.0[column] = chunks;
        state.1 -= 1;
        if state.1 > 0 {
            return Ok(());
        }
        let all = std::mem::take(&mut state.0).into_iter().flatten().collect();
        drop(state);
        self.file.append(self.index, all)
    }
}

/// Column `index` of `batches` into its encoder, small pieces put together where it helps.
pub(super) fn write_pieces(
    index: usize,
    batches: &[RecordBatch],
    encoder: &mut FieldEncoder,
) -> Result<(), ParquetError> {
    let piece = |batch: &RecordBatch| encoder.fitted(batch.column(index));
    let pieces: Vec<ArrayRef> = batches.iter().map(piece).collect::<Result<_, _>>()?;
    let count: usize = pieces.iter().map(|piece| piece.len()).sum();
    let are_small = pieces.len() > 1 && count / pieces.len() < SMALL_PIECE_ROWS;
    if are_small && encoder.prefers_large() {
        let arrays: Vec<&dyn arrow_array::Array> =
            pieces.iter().map(|piece| piece.as_ref()).collect();
        return encoder.write(&concat(&arrays)?);
    }
    pieces.iter().try_for_each(|piece| encoder.write(piece))
}
