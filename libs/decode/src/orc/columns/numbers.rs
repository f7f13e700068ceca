//! Values of one width in the making, and which are nulls.

use super::{Progress, Values};
use crate::orc::stripe::Streams;
use crate::orc::trouble;
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

/// Reads values one by one.
pub(super) trait Next: Send {
    type Type: ArrowPrimitiveType;

    /// Goes on to the streams of the next stripe.
    fn open(&mut self, streams: &Streams) -> trouble::Result<()>;

    /// The next value.
    fn next(&mut self) -> trouble::Result<<Self::Type as ArrowPrimitiveType>::Native>;
}

/// A column of such values.
pub(super) struct Each<S: Next> {
    source: S,
    values: Numbers<S::Type>,
}

impl<S: Next> Each<S> {
    pub(super) fn new(source: S, data_type: DataType) -> Self {
        Each {
            source,
            values: Numbers::new(data_type),
        }
    }
}

impl<S: Next> Values for Each<S> {
    fn open(&mut self, streams: &Streams) -> trouble::Result<()> {
        self.source.open(streams)
    }

    fn read(&mut self, count: usize, progress: &mut Progress) -> trouble::Result<()> {
        for _ in 0..count {
            let value = self.source.next()?;
            self.values.push(value);
            progress.add(1, size_of_val(&value));
        }
        Ok(())
    }

    fn nulls(&mut self, count: usize) {
        self.values.nulls(count);
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        self.values.finish()
    }
}
