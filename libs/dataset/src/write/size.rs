//! What rows weigh in memory.

use arrow_array::{Array, ArrayRef, RecordBatch};

/// What an array costs beside its values: handles, bookkeeping, alignment.
const ARRAY_OVERHEAD: usize = 192;

/// Bytes that the rows of `batch` take, however large the buffers are that they lie in.
pub(super) fn raw_bytes(batch: &RecordBatch) -> usize {
    batch.columns().iter().map(array_bytes).sum()
}

/// Bytes of a row of `batch`, on average.
pub(super) fn row_bytes(batch: &RecordBatch) -> usize {
    raw_bytes(batch) / batch.num_rows().max(1) + 1
}

fn array_bytes(array: &ArrayRef) -> usize {
    let data = array.to_data();
    data.get_slice_memory_size()
        .unwrap_or_else(|_| array.get_array_memory_size())
        + ARRAY_OVERHEAD
}
