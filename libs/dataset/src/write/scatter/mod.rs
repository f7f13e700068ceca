//! Batches split by partition: exact copies, since a slice would pin its whole batch. With
//! dozens of partitions, parts of one copy, which are then let go of together.

mod deal;
mod slab;

use self::deal::Pieces;
use self::slab::Slab;
use super::limits::for_each_part;
use super::piece::Piece;
use super::size::raw_bytes;
use crate::parquet::WriterSettings;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, SchemaRef};
use millrace_parallel::side_by_side;

/// With fewer rows than this for each partition of a batch, batches are put together
/// before they are split: a piece of one row costs as much as one of hundreds.
const ROWS_PER_PIECE: usize = 256;

/// How much is put together at most.
const WINDOW_ROWS: usize = 1 << 20;
const WINDOW_BATCHES: usize = 256;

/// Bytes that are put together at most, and their share of the memory that the writer has.
/// Several windows are in memory at once, and a slab needs no large ones: what was gathered
/// and what is laid stay in the caches. Only with many pieces it does.
const WINDOW: (usize, u64) = (32 << 20, 8);
const SLAB_WINDOW: (usize, u64) = (16 << 20, 16);
const SMALL_WINDOW: (usize, u64) = (8 << 20, 32);

/// So many pieces pay for further threads, and for a slab. Fewer partitions have, within the
/// same memory, enough rows for an encoder each, and are not spilled at all.
const MANY_PIECES: usize = 32;

/// One piece of a slab has at most this part of the rows: were it encoded at once, as much
/// would be held for nothing.
const LARGEST_SHARE: usize = 4;

/// Runs of fewer rows than this, on average, are dealt value by value.
const ROWS_PER_RUN: usize = 8;

/// No piece of this row yet.
const NONE: u32 = u32::MAX;

/// Gathers batches to be split by the partitions of their rows, in order.
#[derive(Debug)]
pub struct Scatter {
    /// Bytes that are put together at most: with few pieces, and with many.
    limits: (usize, usize),
    window: Window,
    /// The piece of each partition in the window, by partition number.
    piece_of: Vec<u32>,
}

/// Batches that are split together.
#[derive(Debug)]
pub struct Window {
    schema: SchemaRef,
    threads: usize,
    batches: Vec<RecordBatch>,
    /// Bytes of their rows.
    bytes: usize,
    /// The piece of each row, and how often it is another one than the row's before.
    pieces: Vec<u32>,
    changes: usize,
    /// The partition of each piece, in order of appearance, and its rows.
    partitions: Vec<u32>,
    counts: Vec<usize>,
}

impl Scatter {
    /// For batches of `schema`, on their way to a writer with `settings`, whose threads
    /// copy many pieces side by side.
    pub fn new(schema: SchemaRef, settings: &WriterSettings) -> Self {
        let (few, many) = match slab::holds(&schema) {
            true => (SMALL_WINDOW, SLAB_WINDOW),
            false => (WINDOW, WINDOW),
        };
        let limit = |(most, part): (usize, u64)| {
            let share = usize::try_from(settings.memory / part).unwrap_or(usize::MAX);
            share.min(most)
        };
        Scatter {
            limits: (limit(few), limit(many)),
            window: Window::new(schema, settings.threads),
            piece_of: Vec::new(),
        }
    }

    /// Takes a batch with the partition of each row; gives the window that is due.
    pub fn push(&mut self, batch: RecordBatch, ids: &[u32]) -> Option<Window> {
        self.sort_in(ids);
        self.window.bytes += raw_bytes(&batch);
        self.window.batches.push(batch);
        self.is_due().then(|| self.end_window())
    }

    /// The window of what is left.
    pub fn finish(&mut self) -> Option<Window> {
        (!self.window.batches.is_empty()).then(|| self.end_window())
    }

    fn is_due(&self) -> bool {
        let (rows, pieces) = (self.window.pieces.len(), self.window.counts.len());
        let limit = for_each_part(pieces, self.limits);
        let full = rows >= WINDOW_ROWS || self.window.bytes >= limit;
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
            self.window.changes += usize::from(self.window.pieces.last() != Some(&piece));
            self.window.pieces.push(piece);
        }
    }

    fn end_window(&mut self) -> Window {
        for id in &self.window.partitions {
            self.piece_of[*id as usize] = NONE;
        }
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
            bytes: 0,
            pieces: Vec::new(),
            changes: 0,
            partitions: Vec::new(),
            counts: Vec::new(),
        }
    }

    /// The partitions that have rows in it, by number.
    pub fn partitions(&self) -> &[u32] {
        &self.partitions
    }

    /// Bytes of its rows.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The rows of each of [`Window::partitions`], by its place there: as they came, if it is
    /// the only one, else one copy.
    ///
    /// # Errors
    /// What arrow says of columns that are too long for their offsets.
    pub(super) fn deal(self) -> Result<Vec<(usize, Piece)>, ArrowError> {
        if self.counts.len() == 1 {
            let batches = self.batches.into_iter();
            return Ok(batches.map(|batch| (0, Piece::whole(batch))).collect());
        }
        let pieces = Pieces::new(&self.pieces, &self.counts, self.has_runs());
        match self.is_slab() {
            true => self.lay(&Slab::new(&pieces)),
            false => self.copy(&pieces),
        }
    }

    /// Whether the pieces are going to share their memory.
    pub(super) fn is_slab(&self) -> bool {
        let largest = self.counts.iter().max().copied().unwrap_or_default();
        self.counts.len() >= MANY_PIECES
            && !self.has_runs()
            && largest <= self.pieces.len() / LARGEST_SHARE
            && slab::holds(&self.schema)
    }

    /// Whether rows of one piece mostly come one after the other.
    fn has_runs(&self) -> bool {
        self.changes <= self.pieces.len() / ROWS_PER_RUN
    }

    /// Each piece a part of a slab.
    fn lay(&self, slab: &Slab) -> Result<Vec<(usize, Piece)>, ArrowError> {
        let columns = self.each_column(|arrays| slab.lay(arrays))?;
        let whole = RecordBatch::try_new(self.schema.clone(), columns)?;
        let pieces = Piece::parts(whole, slab.places());
        Ok(pieces.into_iter().enumerate().collect())
    }

    /// Each piece by itself.
    fn copy(&self, pieces: &Pieces) -> Result<Vec<(usize, Piece)>, ArrowError> {
        let dealt = self.each_column(|arrays| pieces.deal(arrays))?;
        let mut columns: Vec<_> = dealt.into_iter().map(Vec::into_iter).collect();
        let batch = |(piece, count): (usize, &usize)| {
            let columns: Vec<ArrayRef> = columns.iter_mut().filter_map(Iterator::next).collect();
            let options = RecordBatchOptions::new().with_row_count(Some(*count));
            let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
            Ok((piece, Piece::whole(batch)))
        };
        self.counts.iter().enumerate().map(batch).collect()
    }

    /// `work` on the arrays of every column, on several threads where there are many pieces.
    fn each_column<R: Send>(
        &self,
        work: impl Fn(&[ArrayRef]) -> Result<R, ArrowError> + Sync,
    ) -> Result<Vec<R>, ArrowError> {
        let threads = match self.counts.len() >= MANY_PIECES {
            true => self.threads,
            false => 1,
        };
        let columns: Vec<usize> = (0..self.schema.fields().len()).collect();
        side_by_side(&columns, threads, |column| {
            let arrays = self.batches.iter();
            let arrays: Vec<ArrayRef> = arrays.map(|batch| batch.column(*column).clone()).collect();
            work(&arrays)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_schema::{DataType, Field, Schema};
    use std::sync::Arc;

    fn window_of(data_type: DataType, ids: &[u32]) -> Window {
        let schema = Schema::new(vec![Field::new("x", data_type, true)]);
        let mut scatter = Scatter::new(Arc::new(schema), &WriterSettings::default());
        scatter.sort_in(ids);
        scatter.end_window()
    }

    /// A window of rows of these partitions.
    pub(super) fn window(ids: &[u32]) -> Window {
        window_of(DataType::Int64, ids)
    }

    #[test]
    fn slabs_are_for_rows_of_many_partitions_in_any_order() {
        let many: Vec<u32> = (0..4096).map(|row| row * 7919 % 256).collect();
        assert!(window(&many).is_slab());
        let list = DataType::new_list(DataType::Int64, true);
        assert!(!window_of(list, &many).is_slab(), "a slice counts them all");
        let few = MANY_PIECES as u32 - 1;
        let fewer: Vec<u32> = many.iter().map(|id| id % few).collect();
        assert!(!window(&fewer).is_slab());
        let mut sorted = many.clone();
        sorted.sort_unstable();
        assert!(!window(&sorted).is_slab(), "a run is one copy");
        let to_one = |share: usize| {
            let rows = many.iter().enumerate();
            rows.map(|(row, id)| if row / 256 % 8 < share { 0 } else { *id })
                .collect::<Vec<u32>>()
        };
        assert!(window(&to_one(1)).is_slab());
        assert!(
            !window(&to_one(3)).is_slab(),
            "most of it would be held for a few"
        );
    }
}
