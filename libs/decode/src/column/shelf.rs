//! Buffers that come back: a column lends its buffer to a batch, and gets it again when
//! the batch is dropped, wherever that is. No page is zeroed twice.

use arrow_buffer::{ArrowNativeType, Buffer, ToByteSlice};
use bytes::Bytes;
use std::sync::{Arc, Mutex};

/// Most buffers kept for reuse; more are in flight only where a writer lags far behind.
const KEPT: usize = 16;

/// Where one column's buffers wait between batches.
#[derive(Debug, Default)]
pub(crate) struct Shelf<T>(Arc<Mutex<Vec<Vec<T>>>>);

impl<T: ArrowNativeType> Shelf<T> {
    /// A buffer that came back, else an empty one.
    pub(crate) fn take(&self) -> Vec<T> {
        self.0
            .lock()
            .ok()
            .and_then(|mut kept| kept.pop())
            .unwrap_or_default()
    }

    /// The first `len` values as an Arrow buffer, without a copy. The memory returns to
    /// this shelf when the last reference is gone.
    pub(crate) fn lend(&self, values: Vec<T>, len: usize) -> Buffer {
        let lent = Lent {
            values,
            shelf: Shelf(self.0.clone()),
        };
        Buffer::from(Bytes::from_owner(lent)).slice_with_length(0, len * size_of::<T>())
    }

    fn give_back(&self, values: Vec<T>) {
        if let Ok(mut kept) = self.0.lock()
            && kept.len() < KEPT
        {
            kept.push(values);
        }
    }
}

struct Lent<T: ArrowNativeType> {
    values: Vec<T>,
    shelf: Shelf<T>,
}

impl<T: ArrowNativeType> AsRef<[u8]> for Lent<T> {
    fn as_ref(&self) -> &[u8] {
        self.values.to_byte_slice()
    }
}

impl<T: ArrowNativeType> Drop for Lent<T> {
    fn drop(&mut self) {
        self.shelf.give_back(std::mem::take(&mut self.values));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_returns_when_its_last_reader_is_gone() {
        let shelf = Shelf::default();
        let lent = shelf.lend(vec![1_i64, 2, 3], 2);
        let reader = lent.clone();
        assert_eq!(lent.typed_data::<i64>(), [1, 2]);
        drop(lent);
        assert_eq!(shelf.take(), Vec::<i64>::new());
        drop(reader);
        assert_eq!(shelf.take(), [1, 2, 3]);
    }
}
