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

/// Splits batches by the partitions of their rows, in order.
#[derive(Debug)]
pub struct Scatter {
    schema: SchemaRef,
    threads: usize,
    /// Bytes that are put together at most.
    limit: usize,
    window: Vec<RecordBatch>,
    /// Bytes of the window's rows.
    bytes: usize,
    /// The piece of each row of the window.
    pieces: Vec<u32>,
    /// The piece of each partition in the window, by partition number.
    piece_of: Vec<u32>,
    /// Partitions of the window, in order of appearance, and their rows.
    seen: Vec<u32>,
    counts: Vec<usize>,
}

/// Rows of one partition.
pub type Piece = (u32, RecordBatch);

impl Scatter {
    /// For batches of `schema`, on their way to a writer with `settings`, whose threads
    /// copy many pieces side by side.
    pub fn new(schema: SchemaRef, settings: &WriterSettings) -> Self {
        let share = usize::try_from(settings.memory / 8).unwrap_or(usize::MAX);
        Scatter {
            schema,
            threads: settings.threads,
            limit: share.min(WINDOW_BYTES),
            window: Vec::new(),
            bytes: 0,
            pieces: Vec::new(),
            piece_of: Vec::new(),
            seen: Vec::new(),
            counts: Vec::new(),
        }
    }

    /// Takes a batch with the partition of each row; gives the pieces that are due.
    pub fn push(&mut self, batch: RecordBatch, ids: &[u32]) -> Result<Vec<Piece>, ArrowError> {
        let only = ids
            .first()
            .filter(|first| ids.iter().all(|id| id == *first));
        if let (true, Some(only)) = (self.window.is_empty(), only) {
            return Ok(vec![(*only, batch)]);
        }
        self.sort_in(ids);
        self.bytes += raw_bytes(&batch);
        self.window.push(batch);
        match self.is_due() {
            true => self.flush(),
            false => Ok(Vec::new()),
        }
    }

    /// The pieces of what is left.
    pub fn finish(&mut self) -> Result<Vec<Piece>, ArrowError> {
        if self.window.is_empty() {
            Ok(Vec::new())
        } else {
            self.flush()
        }
    }

    fn is_due(&self) -> bool {
        let count = self.pieces.len();
        let full = count >= WINDOW_ROWS || self.bytes >= self.limit;
        full || self.window.len() >= WINDOW_BATCHES || count >= self.seen.len() * ROWS_PER_PIECE
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
                piece = self.seen.len() as u32;
                self.piece_of[index] = piece;
                self.seen.push(*id);
                self.counts.push(0);
            }
            self.counts[piece as usize] += 1;
            self.pieces.push(piece);
        }
    }

    fn flush(&mut self) -> Result<Vec<Piece>, ArrowError> {
        let batches = self.deal(&Pieces::new(&self.pieces, &self.counts))?;
        let pieces = self.seen.iter().copied().zip(batches).collect();
        self.forget();
        Ok(pieces)
    }

    /// The rows of each piece, column by column.
    fn deal(&self, pieces: &Pieces) -> Result<Vec<RecordBatch>, ArrowError> {
        let threads = match self.seen.len() >= MANY_PIECES {
            true => self.threads,
            false => 1,
        };
        let columns: Vec<usize> = (0..self.schema.fields().len()).collect();
        let dealt = side_by_side(&columns, threads, |column| {
            let arrays = self
                .window
                .iter()
                .map(|batch| batch.column(*column).clone());
            pieces.deal(&arrays.collect::<Vec<_>>())
        })?;
        let mut columns: Vec<_> = dealt.into_iter().map(Vec::into_iter).collect();
        let batch = |count: &usize| {
            let columns: Vec<ArrayRef> = columns.iter_mut().filter_map(Iterator::next).collect();
            let options = RecordBatchOptions::new().with_row_count(Some(*count));
            RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
        };
        self.counts.iter().map(batch).collect()
    }

    /// Begins a new window.
    fn forget(&mut self) {
        for id in self.seen.drain(..) {
            self.piece_of[id as usize] = NONE;
        }
        self.window.clear();
        self.bytes = 0;
        self.pieces.clear();
        self.counts.clear();
    }
}
