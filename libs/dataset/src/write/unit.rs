//! What a column is handed at a time.

use arrow_array::RecordBatch;

/// Bytes of rows in memory that are worth handing over.
pub(super) const UNIT_BYTES: usize = 2 << 20;

/// Rows that are handed to the columns at once.
#[derive(Default)]
pub(super) struct Unit {
    pub(super) batches: Vec<RecordBatch>,
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

impl Unit {
    pub(super) fn add(&mut self, batch: RecordBatch, bytes: usize) {
        self.rows += batch.num_rows();
        self.bytes += bytes;
        self.batches.push(batch);
    }
}

/// Takes rows of about `limit` bytes, at least one, off the front of `batch`, of which
/// `left` bytes are left. A slice is not measured itself: one of lists or of a dictionary
/// would count all that it shares.
pub(super) fn cut(batch: &mut RecordBatch, left: &mut usize, limit: usize) -> (RecordBatch, usize) {
    let rows = batch.num_rows();
    let share = limit as f64 / *left as f64;
    let count = match *left <= limit {
        true => rows,
        false => ((share * rows as f64) as usize).clamp(1, rows),
    };
    let bytes = (*left as f64 * count as f64 / rows as f64) as usize;
    let head = batch.slice(0, count);
    *batch = batch.slice(count, rows - count);
    *left -= bytes;
    (head, bytes)
}
