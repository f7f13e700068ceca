//! Values of one width in the making, and which are nulls.

use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{ArrayRef, PrimitiveArray};
use arrow_buffer::{NullBufferBuilder, ScalarBuffer};
use arrow_schema::{ArrowError, DataType};
use std::sync::Arc;

pub(super) struct Numbers<T: ArrowPrimitiveType> {
    data_type: DataType,
    values: Vec<T::Native>,
    validity: NullBufferBuilder,
}

impl<T: ArrowPrimitiveType> Numbers<T> {
    pub(super) fn new(data_type: DataType) -> Self {
        Numbers {
            data_type,
            values: Vec::new(),
            validity: NullBufferBuilder::new(0),
        }
    }

    #[inline]
    pub(super) fn extend(&mut self, values: impl ExactSizeIterator<Item = T::Native>) {
        self.validity.append_n_non_nulls(values.len());
        self.values.extend(values);
    }

    #[inline]
    pub(super) fn push(&mut self, value: T::Native) {
        self.validity.append_non_null();
        self.values.push(value);
    }

    pub(super) fn nulls(&mut self, count: usize) {
        self.validity.append_n_nulls(count);
        let end = self.values.len() + count;
        self.values.resize(end, T::Native::default());
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        // The next batch is as long, most of the time.
        let next = Vec::with_capacity(self.values.len());
        let values = ScalarBuffer::from(std::mem::replace(&mut self.values, next));
        let array = PrimitiveArray::<T>::try_new(values, self.validity.finish())?;
        Ok(Arc::new(array.with_data_type(self.data_type.clone())))
    }
}
