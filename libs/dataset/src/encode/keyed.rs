//! Strings or bytes that come as numbers of a dictionary of their own.

use arrow_array::types::{ByteArrayType, Int32Type};
use arrow_array::{Array, DictionaryArray, GenericByteArray};
use arrow_buffer::{ArrowNativeType, Buffer};

/// Rows, each the number of a value.
pub(super) struct Keyed<'a, T: ByteArrayType> {
    pub(super) keys: &'a [i32],
    pub(super) values: &'a GenericByteArray<T>,
}

impl<'a, T: ByteArrayType> Keyed<'a, T> {
    /// The rows of `array`, whose values are `values`.
    pub(super) fn new(
        array: &'a DictionaryArray<Int32Type>,
        values: &'a GenericByteArray<T>,
    ) -> Self {
        Keyed {
            keys: array.keys().values(),
            values,
        }
    }

    pub(super) fn value(&self, key: usize) -> &'a [u8] {
        let offsets = self.values.value_offsets();
        &self.values.value_data()[offsets[key].as_usize()..offsets[key + 1].as_usize()]
    }
}

/// What a column's dictionary calls the values of the one that rows came with last.
#[derive(Debug, Default)]
pub(super) struct Translation {
    /// Where the values stand: kept, so that no others stand there.
    of: Option<(Buffer, Buffer)>,
    numbers: Vec<u32>,
}

impl Translation {
    /// A value without a number: a dictionary is full long before it has so many.
    const NONE: u32 = u32::MAX;

    /// For rows with `values`.
    pub(super) fn turn_to<T: ByteArrayType>(&mut self, values: &GenericByteArray<T>) {
        let offsets = values.offsets().inner();
        let is_same = |(of, data): &(Buffer, Buffer)| {
            of.ptr_eq(offsets.inner()) && data.ptr_eq(values.values())
        };
        if !self.of.as_ref().is_some_and(is_same) || self.numbers.len() != values.len() {
            self.of = Some((offsets.inner().clone(), values.values().clone()));
            self.numbers.clear();
            self.numbers.resize(values.len(), Self::NONE);
        }
    }

    /// The number of value `key`, if it was seen.
    #[inline]
    pub(super) fn get(&self, key: usize) -> Option<u32> {
        Some(self.numbers[key]).filter(|number| *number != Self::NONE)
    }

    pub(super) fn put(&mut self, key: usize, number: u32) {
        self.numbers[key] = number;
    }
}
