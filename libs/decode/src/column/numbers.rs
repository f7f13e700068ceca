//! Values of one width, by row.

use super::shelf::Shelf;
use arrow_array::{ArrowPrimitiveType, PrimitiveArray};
use arrow_buffer::{ArrowNativeType, NullBuffer, ScalarBuffer};

/// A buffer of numbers. Rows are written by index; a refused record's row is simply
/// written again.
#[derive(Debug, Default)]
pub(crate) struct Numbers<T> {
    values: Vec<T>,
    shelf: Shelf<T>,
}

impl<T: ArrowNativeType> Numbers<T> {
    /// Room for `rows` rows.
    pub(crate) fn reserve(&mut self, rows: usize) {
        if self.values.len() < rows {
            self.values.resize(rows, T::default());
        }
    }

    #[inline(always)]
    pub(crate) fn set(&mut self, row: usize, value: T) {
        self.values[row] = value;
    }

    #[inline(always)]
    pub(crate) fn at(&self, row: usize) -> T {
        self.values[row]
    }

    #[inline(always)]
    pub(crate) fn null(&mut self, row: usize) {
        self.values[row] = T::default();
    }

    /// The first `rows` values; starts anew with as much room.
    pub(crate) fn take(&mut self, rows: usize) -> ScalarBuffer<T> {
        let mut next = self.shelf.take();
        if next.len() < self.values.len() {
            next.resize(self.values.len(), T::default());
        }
        let values = std::mem::replace(&mut self.values, next);
        ScalarBuffer::new(self.shelf.lend(values, rows), 0, rows)
    }

    /// The first `rows` values as an array.
    pub(crate) fn array<P>(&mut self, rows: usize, nulls: Option<NullBuffer>) -> PrimitiveArray<P>
    where
        P: ArrowPrimitiveType<Native = T>,
    {
        PrimitiveArray::new(self.take(rows), nulls)
    }
}
