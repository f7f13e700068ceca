//! Batches split by partition: exact copies, since a slice would pin its whole batch.

use super::size::raw_bytes;
use arrow_array::{BooleanArray, RecordBatch, UInt32Array};
use arrow_buffer::BooleanBufferBuilder;
use arrow_schema::{ArrowError, SchemaRef};
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use arrow_select::take::take_record_batch;
use millrace_parallel::side_by_side;

/// With fewer rows than this for each partition of a batch, batches are put together
/// before they are split: a piece of one row costs as much as one of hundreds.
const ROWS_PER_PIECE: usize = 128;

/// How much is put together at most.
const WINDOW_ROWS: usize = 256 << 10;
const WINDOW_BATCHES: usize = 64;
const WINDOW_BYTES: usize = 16 << 20;

/// So many pieces pay for a further thread.
const PIECES_PER_THREAD: usize = 128;

/// Splits batches by the partitions of their rows, in order.
#[derive(Debug)]
pub struct Scatter {
    schema: SchemaRef,
    threads: usize,
    window: Vec<RecordBatch>,
    /// Rows in the window, and their bytes.
    count: usize,
    bytes: usize,
    /// Row numbers by partition number, reused.
    rows: Vec<Vec<u32>>,
    /// Partitions of the window, in order of appearance.
    seen: Vec<u32>,
}

/// Rows of one partition.
pub type Piece = (u32, RecordBatch);

impl Scatter {
    /// For batches of `schema`; many pieces are copied by up to `threads` threads.
    pub fn new(schema: SchemaRef, threads: usize) -> Self {
        Scatter {
            schema,
            threads,
            window: Vec::new(),
            count: 0,
            bytes: 0,
            rows: Vec::new(),
            seen: Vec::new(),
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
        self.count += ids.len();
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
        let full = self.count >= WINDOW_ROWS || self.bytes >= WINDOW_BYTES;
        full || self.window.len() >= WINDOW_BATCHES
            || self.count >= self.seen.len() * ROWS_PER_PIECE
    }

    /// Sorts row numbers of the window by partition.
    fn sort_in(&mut self, ids: &[u32]) {
        for (row, id) in (self.count as u32..).zip(ids) {
            let id = *id as usize;
            if id >= self.rows.len() {
                self.rows.resize_with(id + 1, Vec::new);
            }
            if self.rows[id].is_empty() {
                self.seen.push(id as u32);
            }
            self.rows[id].push(row);
        }
    }

    fn flush(&mut self) -> Result<Vec<Piece>, ArrowError> {
        let whole = match self.window.as_slice() {
            [batch] => batch.clone(),
            batches => concat_batches(&self.schema, batches)?,
        };
        self.window.clear();
        self.count = 0;
        self.bytes = 0;
        let rows = &mut self.rows;
        let ids = self.seen.drain(..);
        let all: Vec<(u32, UInt32Array)> = ids
            .map(|id| (id, std::mem::take(&mut rows[id as usize]).into()))
            .collect();
        let threads = self.threads.min(all.len() / PIECES_PER_THREAD).max(1);
        let shares: Vec<_> = all.chunks(all.len().div_ceil(threads).max(1)).collect();
        let pieces = side_by_side(&shares, threads, |share| copies(&whole, share))?;
        Ok(pieces.into_iter().flatten().collect())
    }
}

/// The rows of each partition.
fn copies(whole: &RecordBatch, share: &[(u32, UInt32Array)]) -> Result<Vec<Piece>, ArrowError> {
    let piece = |(id, rows): &(u32, UInt32Array)| Ok((*id, copy(whole, rows)?));
    share.iter().map(piece).collect()
}

/// `rows` of `whole`; where these are most of it, run by run: rows mostly come in order,
/// and the late ones among them leave long runs.
fn copy(whole: &RecordBatch, rows: &UInt32Array) -> Result<RecordBatch, ArrowError> {
    if rows.len() < whole.num_rows() / 5 * 4 {
        return take_record_batch(whole, rows);
    }
    let mut kept = BooleanBufferBuilder::new(whole.num_rows());
    kept.append_n(whole.num_rows(), false);
    for row in rows.values() {
        kept.set_bit(*row as usize, true);
    }
    filter_record_batch(whole, &BooleanArray::from(kept.finish()))
}
