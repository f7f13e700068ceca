//! The values of one column, dealt out to the pieces of a window.
//!
//! Values are read in their order and appended to the piece that they belong to: a gather
//! piece by piece would touch a cache line, and with thousands of pieces a page, for each.

use arrow_array::builder::BooleanBufferBuilder;
use arrow_array::types::{
    ArrowPrimitiveType, BinaryType, ByteArrayType, LargeBinaryType, LargeUtf8Type, Utf8Type,
};
use arrow_array::{
    Array, ArrayRef, GenericByteArray, PrimitiveArray, UInt32Array, downcast_primitive,
};
use arrow_buffer::{ArrowNativeType, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType};
use arrow_select::concat::concat;
use arrow_select::take::take;
use std::sync::{Arc, OnceLock};

/// Which piece each row of a window belongs to.
pub(super) struct Pieces<'a> {
    /// The piece of each row.
    of: &'a [u32],
    /// Rows of each piece.
    counts: &'a [usize],
    /// Row numbers of each piece, for columns that are not dealt out value by value.
    rows: OnceLock<Vec<UInt32Array>>,
}

impl<'a> Pieces<'a> {
    /// `of` has a number below `counts.len()` for each row, `counts` how often each comes.
    pub(super) fn new(of: &'a [u32], counts: &'a [usize]) -> Self {
        Pieces {
            of,
            counts,
            rows: OnceLock::new(),
        }
    }

    /// The row numbers of each piece, rising.
    pub(super) fn rows(&self) -> &[UInt32Array] {
        self.rows.get_or_init(|| {
            let mut rows = vectors(self.counts);
            for (row, piece) in (0u32..).zip(self.of) {
                rows[*piece as usize].push(row);
            }
            rows.into_iter().map(UInt32Array::from).collect()
        })
    }

    /// The arrays of a column with the pieces of their rows.
    fn beside<'b>(
        &'b self,
        arrays: &'b [ArrayRef],
    ) -> impl Iterator<Item = (&'b dyn Array, &'b [u32])> {
        let mut rest = self.of;
        arrays.iter().map(move |array| {
            let (head, tail) = rest.split_at(array.len());
            rest = tail;
            (array.as_ref(), head)
        })
    }

    /// The part of a column that each piece gets; `arrays` are the window's, in order.
    ///
    /// # Errors
    /// What arrow says of arrays whose offsets overflow.
    pub(super) fn deal(&self, arrays: &[ArrayRef]) -> Result<Vec<ArrayRef>, ArrowError> {
        let Some(first) = arrays.first() else {
            return Ok(Vec::new());
        };
        macro_rules! numbers {
            ($type:ty) => {
                self.numbers::<$type>(arrays)
            };
        }
        downcast_primitive! {
            first.data_type() => (numbers),
            DataType::Utf8 => self.bytes::<Utf8Type>(arrays),
            DataType::LargeUtf8 => self.bytes::<LargeUtf8Type>(arrays),
            DataType::Binary => self.bytes::<BinaryType>(arrays),
            DataType::LargeBinary => self.bytes::<LargeBinaryType>(arrays),
            _ => self.others(arrays),
        }
    }

    fn numbers<T: ArrowPrimitiveType>(
        &self,
        arrays: &[ArrayRef],
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        let mut dealt = vectors::<T::Native>(self.counts);
        for (array, pieces) in self.beside(arrays) {
            let values = typed::<PrimitiveArray<T>>(array)?.values();
            for (value, piece) in values.iter().zip(pieces) {
                dealt[*piece as usize].push(*value);
            }
        }
        let data_type = arrays[0].data_type();
        let array = |(values, valid): (Vec<T::Native>, Option<NullBuffer>)| {
            let values = ScalarBuffer::from(values);
            let array =
                PrimitiveArray::<T>::try_new(values, valid)?.with_data_type(data_type.clone());
            Ok(Arc::new(array) as ArrayRef)
        };
        dealt
            .into_iter()
            .zip(self.validity(arrays))
            .map(array)
            .collect()
    }

    fn bytes<T: ByteArrayType>(&self, arrays: &[ArrayRef]) -> Result<Vec<ArrayRef>, ArrowError> {
        let mut lengths = vec![0; self.counts.len()];
        for (array, pieces) in self.beside(arrays) {
            let offsets = typed::<GenericByteArray<T>>(array)?.offsets();
            for (length, piece) in offsets.lengths().zip(pieces) {
                lengths[*piece as usize] += length;
            }
        }
        let overflow = |length: &&usize| T::Offset::from_usize(**length).is_none();
        if let Some(length) = lengths.iter().find(overflow) {
            return Err(ArrowError::OffsetOverflowError(*length));
        }
        let mut dealt = vectors::<u8>(&lengths);
        let mut ends = vectors::<T::Offset>(self.counts);
        for (array, pieces) in self.beside(arrays) {
            let array = typed::<GenericByteArray<T>>(array)?;
            let (bytes, offsets) = (array.value_data(), array.offsets());
            for (bounds, piece) in offsets.windows(2).zip(pieces) {
                let piece = *piece as usize;
                dealt[piece].extend_from_slice(&bytes[bounds[0].as_usize()..bounds[1].as_usize()]);
                ends[piece].push(T::Offset::usize_as(dealt[piece].len()));
            }
        }
        let array = |bytes, ends: Vec<T::Offset>, valid| -> Result<ArrayRef, ArrowError> {
            let offsets = std::iter::once(T::Offset::default()).chain(ends).collect();
            let (offsets, bytes) = (OffsetBuffer::new(offsets), Buffer::from_vec(bytes));
            Ok(Arc::new(GenericByteArray::<T>::try_new(
                offsets, bytes, valid,
            )?))
        };
        let parts = dealt.into_iter().zip(ends).zip(self.validity(arrays));
        parts
            .map(|((bytes, ends), valid)| array(bytes, ends, valid))
            .collect()
    }

    /// The validity of each piece; none where all its values are there.
    fn validity(&self, arrays: &[ArrayRef]) -> Vec<Option<NullBuffer>> {
        if arrays.iter().all(|array| array.null_count() == 0) {
            return vec![None; self.counts.len()];
        }
        let builder = |count: &usize| BooleanBufferBuilder::new(*count);
        let mut dealt: Vec<BooleanBufferBuilder> = self.counts.iter().map(builder).collect();
        for (array, pieces) in self.beside(arrays) {
            let nulls = array.nulls();
            for (row, piece) in pieces.iter().enumerate() {
                let is_valid = nulls.is_none_or(|nulls| nulls.is_valid(row));
                dealt[*piece as usize].append(is_valid);
            }
        }
        let finished = |mut bits: BooleanBufferBuilder| Some(NullBuffer::new(bits.finish()));
        let has_nulls = |valid: &NullBuffer| valid.null_count() > 0;
        dealt
            .into_iter()
            .map(|bits| finished(bits).filter(has_nulls))
            .collect()
    }

    fn others(&self, arrays: &[ArrayRef]) -> Result<Vec<ArrayRef>, ArrowError> {
        let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
        let whole = concat(&arrays)?;
        self.rows()
            .iter()
            .map(|rows| take(&whole, rows, None))
            .collect()
    }
}

fn vectors<T>(lengths: &[usize]) -> Vec<Vec<T>> {
    lengths
        .iter()
        .map(|length| Vec::with_capacity(*length))
        .collect()
}

fn typed<A: Array + 'static>(array: &dyn Array) -> Result<&A, ArrowError> {
    let other = || ArrowError::SchemaError(format!("a column is of type {}", array.data_type()));
    array.as_any().downcast_ref().ok_or_else(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::types::Int32Type;
    use arrow_array::{
        BinaryArray, BooleanArray, Decimal128Array, DictionaryArray, Float32Array, Int64Array,
        LargeStringArray, ListArray, StringArray, TimestampMillisecondArray,
    };

    fn third<T>(row: usize, value: T) -> Option<T> {
        (row % 3 != 1).then_some(value)
    }

    fn arrays(rows: usize) -> Vec<ArrayRef> {
        let all = 0..rows;
        let words: Vec<String> = all
            .clone()
            .map(|row| format!("{:a<1$}", row, row % 9))
            .collect();
        let optional = || {
            words
                .iter()
                .enumerate()
                .map(|(row, word)| third(row, word.as_str()))
        };
        let time = all
            .clone()
            .map(|row| third(row, row as i64))
            .collect::<TimestampMillisecondArray>();
        let lists = all
            .clone()
            .map(|row| third(row, vec![Some(row as i32); row % 4]));
        let money = all.clone().map(|row| row as i128 - 50).collect::<Vec<_>>();
        vec![
            Arc::new(all.clone().map(|row| row as i64).collect::<Int64Array>()),
            Arc::new(
                all.clone()
                    .map(|row| third(row, row as f32))
                    .collect::<Float32Array>(),
            ),
            Arc::new(time.with_timezone("Europe/Berlin")),
            Arc::new(
                Decimal128Array::from(money)
                    .with_precision_and_scale(12, 3)
                    .unwrap(),
            ),
            Arc::new(words.iter().map(Some).collect::<StringArray>()),
            Arc::new(optional().collect::<LargeStringArray>()),
            Arc::new(
                optional()
                    .map(|word| word.map(str::as_bytes))
                    .collect::<BinaryArray>(),
            ),
            Arc::new(
                all.map(|row| third(row, row % 2 == 0))
                    .collect::<BooleanArray>(),
            ),
            Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(lists)),
            Arc::new(
                words
                    .iter()
                    .map(String::as_str)
                    .collect::<DictionaryArray<Int32Type>>(),
            ),
        ]
    }

    /// Against the kernel that it stands in for, for slices and empty arrays as well.
    #[test]
    fn values_are_those_that_take_gives() {
        let of: Vec<u32> = (0..100).map(|row| row * row % 7).collect();
        let mut counts = vec![0; 7];
        of.iter().for_each(|piece| counts[*piece as usize] += 1);
        let pieces = Pieces::new(&of, &counts);
        for array in arrays(130) {
            let whole = array.slice(11, 100);
            let cut = [
                whole.slice(0, 1),
                whole.slice(1, 0),
                whole.slice(1, 60),
                whole.slice(61, 39),
            ];
            let dealt = pieces.deal(&cut).unwrap();
            assert_eq!(dealt.len(), 7);
            for (piece, rows) in dealt.iter().zip(pieces.rows()) {
                let taken = take(&whole, rows, None).unwrap();
                assert_eq!(piece.to_data(), taken.to_data(), "{}", array.data_type());
                let nulls = piece.nulls().map_or(0, NullBuffer::null_count);
                assert_eq!(piece.nulls().is_some(), nulls > 0, "{}", array.data_type());
            }
        }
    }
}
