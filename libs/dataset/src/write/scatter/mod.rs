//! Batches split by partition: exact copies, since a slice would pin its whole batch.

mod deal;

use self::deal::Pieces;
use super::size::raw_bytes;
use crate::parquet::WriterSettings;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, SchemaRef};
use millrace_parallel::side_by_side;

/// With fewer rows than this for each partition of a batch, batches are put together
/// before they are split: a piece of one row costs as much as one of hundreds.
const ROWS_PER_PIECE: usize = 256;

/// How much is put together at most; of the memory that the writer has, an eighth.
const WINDOW_ROWS: usize = 1 << 20;
const WINDOW_BATCHES: usize = 256;
const WINDOW_BYTES: usize = 32 << 20;

/// So many pieces pay for further threads.
const MANY_PIECES: usize = 256;

/// No piece of this row yet.
const NONE: u32 = u32::MAX;

/// Gathers batches to be split by the partitions of their rows, in order.
#[derive(Debug)]
pub struct Scatter {
    /// Bytes that are put together at most.
    limit: usize,
    window: Window,
    /// Bytes of the window's rows.
    bytes: usize,
    /// The piece of each partition in the window, by partition number.
    piece_of: Vec<u32>,
}

/// Batches that are split together.
#[derive(Debug)]
pub struct Window {
    schema: SchemaRef,
    threads: usize,
    batches: Vec<RecordBatch>,
    /// The piece of each row.
    pieces: Vec<u32>,
    /// The partition of each piece, in order of appearance, and its rows.
    partitions: Vec<u32>,
    counts: Vec<usize>,
}

impl Scatter {
    /// For batches of `schema`, on their way to a writer with `settings`, whose threads
    /// copy many pieces side by side.
    pub fn new(schema: SchemaRef, settings: &WriterSettings) -> Self {
        let share = usize::try_from(settings.memory / 8).unwrap_or(usize::MAX);
        Scatter {
            limit: share.min(WINDOW_BYTES),
            window: Window::new(schema, settings.threads),
            bytes: 0,
            piece_of: Vec::new(),
        }
    }

    /// Takes a batch with the partition of each row; gives the window that is due.
    pub fn push(&mut self, batch: RecordBatch, ids: &[u32]) -> Option<Window> {
        self.sort_in(ids);
        self.bytes += raw_bytes(&batch);
        self.window.batches.push(batch);
        self.is_due().then(|| self.end_window())
    }

    /// The window of what is left.
    pub fn finish(&mut self) -> Option<Window> {
        (!self.window.batches.is_empty()).then(|| self.end_window())
    }

    fn is_due(&self) -> bool {
        let (rows, pieces) = (self.window.pieces.len(), self.window.counts.len());
        let full = rows >= WINDOW_ROWS || self.bytes >= self.limit;
        full || self.window.batches.len() >= WINDOW_BATCHES || rows >= pieces * ROWS_PER_PIECE
    }

    /// Gives each row its piece.
    fn sort_in(&mut self, ids: &[u32]) {
        for id in ids {
            let index = *id as usize;
            if index >= self.piece_of.len() {
                self.piece_of.resize(index + 1, NONE);
            }
            let mut piece = self.piece_of[index];
            if piece == NONE {
                piece = self.window.counts.len() as u32;
                self.piece_of[index] = piece;
                self.window.partitions.push(*id);
                self.window.counts.push(0);
            }
            self.window.counts[piece as usize] += 1;
            self.window.pieces.push(piece);
        }
    }

    fn end_window(&mut self) -> Window {
        for id in &self.window.partitions {
            self.piece_of[*id as usize] = NONE;
        }
        self.bytes = 0;
        let next = Window::new(self.window.schema.clone(), self.window.threads);
        std::mem::replace(&mut self.window, next)
    }
}

impl Window {
    fn new(schema: SchemaRef, threads: usize) -> Self {
        Window {
            schema,
            threads,
            batches: Vec::new(),
            pieces: Vec::new(),
            partitions: Vec::new(),
            counts: Vec::new(),
        }
    }

    /// The partitions that have rows in it, by number.
    pub fn partitions(&self) -> &[u32] {
        &self.partitions
    }

    /// The rows of each of [`Window::partitions`], by its place there: as they came, if
    /// it is the only one, else in one copy.
    ///
    /// # Errors
    /// What arrow says of columns that are too long for their offsets.
    pub fn deal(self) -> Result<Vec<(usize, RecordBatch)>, ArrowError> {
        if self.counts.len() == 1 {
            return Ok(self.batches.into_iter().map(|batch| (0, batch)).collect());
        }
        let threads = match self.counts.len() >= MANY_PIECES {
            true => self.threads,
            false => 1,
        };
        let pieces = Pieces::new(&self.pieces, &self.counts);
        let columns: Vec<usize> = (0..self.schema.fields().len()).collect();
        let dealt = side_by_side(&columns, threads, |column| {
            let arrays = self
                .batches
                .iter()
                .map(|batch| batch.column(*column).clone());
            pieces.deal(&arrays.collect::<Vec<_>>())
        })?;
        let mut columns: Vec<_> = dealt.into_iter().map(Vec::into_iter).collect();
        let batch = |(piece, count): (usize, &usize)| {
            let columns: Vec<ArrayRef> = columns.iter_mut().filter_map(Iterator::next).collect();
            let options = RecordBatchOptions::new().with_row_count(Some(*count));
            let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
            Ok((piece, batch))
        };
        self.counts.iter().enumerate().map(batch).collect()
    }
}
