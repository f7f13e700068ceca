//! What rows weigh in memory.

use arrow_array::{Array, ArrayRef, OffsetSizeTrait, RecordBatch};
use arrow_data::ArrayData;
use arrow_schema::DataType;
use std::ops::Range;

/// What an array costs beside its values: handles, bookkeeping, alignment.
const ARRAY_OVERHEAD: usize = 192;

/// Bytes that the rows of `batch` take, however large the buffers are that they lie in.
pub(super) fn raw_bytes(batch: &RecordBatch) -> usize {
    let columns = batch.columns().iter();
    columns
        .map(|array| array_bytes(array, &array.to_data()))
        .sum()
}

/// [`raw_bytes`] of a batch whose arrays are made of `data`.
pub(super) fn raw_bytes_of(batch: &RecordBatch, data: &[ArrayData]) -> usize {
    let columns = batch.columns().iter().zip(data);
    columns.map(|(array, data)| array_bytes(array, data)).sum()
}

/// Bytes of a row of `batch`, on average.
pub(super) fn row_bytes(batch: &RecordBatch) -> usize {
    raw_bytes(batch) / batch.num_rows().max(1) + 1
}

fn array_bytes(array: &ArrayRef, data: &ArrayData) -> usize {
    data.get_slice_memory_size()
        .unwrap_or_else(|_| array.get_array_memory_size())
        + ARRAY_OVERHEAD
}

/// Bytes of some `rows` of an array of numbers, booleans, texts or bytes, as a slice of them
/// would be measured, without making one.
pub(super) fn part_bytes(data: &ArrayData, rows: &Range<usize>) -> usize {
    let count = rows.len();
    let validity = data.nulls().map_or(0, |_| count.div_ceil(8));
    let values = match data.data_type() {
        DataType::Boolean => count.div_ceil(8),
        DataType::Utf8 | DataType::Binary => texts::<i32>(data, rows),
        DataType::LargeUtf8 | DataType::LargeBinary => texts::<i64>(data, rows),
        other => count * other.primitive_width().unwrap_or_default(),
    };
    validity + values
}

fn texts<O: OffsetSizeTrait>(data: &ArrayData, rows: &Range<usize>) -> usize {
    let offsets = data.buffer::<O>(0);
    let bytes = offsets[rows.end].as_usize() - offsets[rows.start].as_usize();
    bytes + (rows.len() + 1) * size_of::<O>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{BooleanArray, Int64Array, LargeBinaryArray, StringArray};
    use std::sync::Arc;

    #[test]
    fn parts_are_measured_as_slices_are() {
        let words = [
            "", "a", "bb", "Straße", "", "five5", "sixsix", "7", "8", "99",
        ];
        let arrays: [ArrayRef; 4] = [
            Arc::new(Int64Array::from_iter(
                (0..10).map(|n| (n % 3 > 0).then_some(n)),
            )),
            Arc::new(BooleanArray::from_iter((0..10).map(|n| Some(n % 3 > 0)))),
            Arc::new(StringArray::from_iter_values(words)),
            Arc::new(LargeBinaryArray::from_iter_values(words)),
        ];
        for array in arrays {
            for rows in [0..10, 0..1, 3..9, 9..10] {
                let slice = array.slice(rows.start, rows.len()).to_data();
                let measured = part_bytes(&array.to_data(), &rows);
                assert_eq!(
                    measured,
                    slice.get_slice_memory_size().unwrap(),
                    "{rows:?} of {array:?}"
                );
            }
        }
    }
}
