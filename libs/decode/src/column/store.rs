//! What every kind of column buffer can do.

use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;

/// Buffers of one column, written by row index.
pub(crate) trait Store {
    /// Room for `rows` rows.
    fn reserve(&mut self, rows: usize);

    /// Row `row` holds nothing.
    fn null(&mut self, row: usize);

    /// Forgets the rows of children that belong to no row below `rows`.
    fn truncate(&mut self, rows: usize) {
        let _ = rows;
    }

    /// The first `rows` rows as an Arrow array; starts anew.
    fn take(&mut self, rows: usize, nulls: Option<NullBuffer>) -> ArrayRef;

    /// About how many bytes the first `rows` rows hold.
    fn bytes(&self, rows: usize) -> usize;
}

/// `array` as the exact type that the schema asks for. The values were checked to fit
/// when they were read; what cannot be cast stays as it is and fails when the batch is
/// put together.
pub(crate) fn cast(array: ArrayRef, arrow_type: &DataType) -> ArrayRef {
    if array.data_type() == arrow_type {
        return array;
    }
    arrow_cast::cast(&array, arrow_type).unwrap_or(array)
}
