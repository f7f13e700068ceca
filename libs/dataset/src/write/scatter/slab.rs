//! The values of one column in one array, piece after piece: with thousands of pieces, one
//! buffer for all costs far less than one for each, and a piece is a slice of it.

use super::deal::{Pieces, text, typed};
use arrow_array::builder::BooleanBufferBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, BinaryType, ByteArrayType, LargeBinaryType, LargeUtf8Type, Utf8Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, GenericBinaryArray, GenericByteArray, PrimitiveArray,
    downcast_primitive,
};
use arrow_buffer::{
    ArrowNativeType, BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer,
};
use arrow_schema::{ArrowError, DataType, Schema};
use std::ops::Range;
use std::sync::Arc;

/// Bytes that are copied at once, where a piece has room for them.
const STEP: usize = 16;

/// Texts of at most so many bytes are copied in such steps.
const SHORT: usize = 4 * STEP;

/// What places hold until their values come. Not zeros: for many of them the allocator gives
/// its pages back to the kernel, and every one faults again.
const FILL: u8 = 1;

/// Whether all columns of `schema` can be laid piece after piece: those whose slices are
/// measured by what they hold.
pub(super) fn holds(schema: &Schema) -> bool {
    schema.fields().iter().all(|field| {
        let data_type = field.data_type();
        let bytes = matches!(
            data_type,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Binary | DataType::LargeBinary
        );
        bytes || *data_type == DataType::Boolean || data_type.is_primitive()
    })
}

/// The places of pieces in an array that holds one after the other.
pub(super) struct Slab<'a> {
    pieces: &'a Pieces<'a>,
    /// The first row of each piece; the end of the last one.
    starts: Vec<usize>,
}

impl<'a> Slab<'a> {
    /// With a place for each of `pieces`.
    pub(super) fn new(pieces: &'a Pieces<'a>) -> Self {
        Slab {
            starts: sums(pieces.counts()),
            pieces,
        }
    }

    /// The rows of each piece.
    pub(super) fn places(&self) -> impl Iterator<Item = Range<usize>> {
        self.starts.windows(2).map(|ends| ends[0]..ends[1])
    }

    fn rows(&self) -> usize {
        self.starts.last().copied().unwrap_or_default()
    }

    /// A column in the order of the pieces; `arrays` are the window's, of a type that
    /// [`holds`] admits.
    ///
    /// # Errors
    /// What arrow says of arrays whose offsets overflow.
    pub(super) fn lay(&self, arrays: &[ArrayRef]) -> Result<ArrayRef, ArrowError> {
        macro_rules! numbers {
            ($type:ty) => {
                self.numbers::<$type>(arrays)
            };
        }
        downcast_primitive! {
            arrays[0].data_type() => (numbers),
            DataType::Boolean => self.booleans(arrays),
            DataType::Utf8 => text(self.bytes::<Utf8Type>(arrays)?),
            DataType::LargeUtf8 => text(self.bytes::<LargeUtf8Type>(arrays)?),
            DataType::Binary => Ok(Arc::new(self.bytes::<BinaryType>(arrays)?)),
            DataType::LargeBinary => Ok(Arc::new(self.bytes::<LargeBinaryType>(arrays)?)),
            other => Err(ArrowError::SchemaError(format!("{other} is not laid out"))),
        }
    }

    fn numbers<T: ArrowPrimitiveType>(&self, arrays: &[ArrayRef]) -> Result<ArrayRef, ArrowError> {
        let mut laid = vec![T::Native::usize_as(FILL.into()); self.rows()];
        let mut next = self.starts.clone();
        for (array, rows) in self.pieces.beside(arrays) {
            let values = typed::<PrimitiveArray<T>>(array)?.values();
            for (value, piece) in values.iter().zip(&self.pieces.of()[rows]) {
                let place = &mut next[*piece as usize];
                laid[*place] = *value;
                *place += 1;
            }
        }
        let array = PrimitiveArray::<T>::try_new(ScalarBuffer::from(laid), self.validity(arrays))?;
        Ok(Arc::new(
            array.with_data_type(arrays[0].data_type().clone()),
        ))
    }

    fn booleans(&self, arrays: &[ArrayRef]) -> Result<ArrayRef, ArrowError> {
        let values = |array: &dyn Array| array.as_boolean_opt().map(|array| array.values().clone());
        let (laid, valid) = (self.bits(arrays, values), self.validity(arrays));
        Ok(Arc::new(BooleanArray::new(laid, valid)))
    }

    /// Where values are missing; none where all are there.
    fn validity(&self, arrays: &[ArrayRef]) -> Option<NullBuffer> {
        if arrays.iter().all(|array| array.null_count() == 0) {
            return None;
        }
        let valid = |array: &dyn Array| array.nulls().map(|nulls| nulls.inner().clone());
        Some(NullBuffer::new(self.bits(arrays, valid)))
    }

    /// The bits that `bits_of` finds in an array; ones where it has none.
    fn bits(
        &self,
        arrays: &[ArrayRef],
        bits_of: impl Fn(&dyn Array) -> Option<BooleanBuffer>,
    ) -> BooleanBuffer {
        let mut laid = BooleanBufferBuilder::new(self.rows());
        laid.append_n(self.rows(), true);
        let mut next = self.starts.clone();
        for (array, rows) in self.pieces.beside(arrays) {
            let bits = bits_of(array);
            for (row, piece) in self.pieces.of()[rows].iter().enumerate() {
                let place = &mut next[*piece as usize];
                if bits.as_ref().is_some_and(|bits| !bits.value(row)) {
                    laid.set_bit(*place, false);
                }
                *place += 1;
            }
        }
        laid.finish()
    }

    /// The bytes of values, which may be texts.
    fn bytes<T: ByteArrayType>(
        &self,
        arrays: &[ArrayRef],
    ) -> Result<GenericBinaryArray<T::Offset>, ArrowError> {
        let starts = sums(&self.pieces.lengths::<T>(arrays)?);
        let length = starts.last().copied().unwrap_or_default();
        if T::Offset::from_usize(length).is_none() {
            return Err(ArrowError::OffsetOverflowError(length));
        }
        let mut laid = vec![FILL; length];
        let mut ends = vec![T::Offset::usize_as(FILL.into()); self.rows() + 1];
        ends[0] = T::Offset::default();
        let mut next: Vec<Next> = starts.iter().zip(&self.starts).map(Next::at).collect();
        for (array, rows) in self.pieces.beside(arrays) {
            let array = typed::<GenericByteArray<T>>(array)?;
            let (bytes, offsets) = (array.value_data(), array.value_offsets());
            for (value, piece) in offsets.windows(2).zip(&self.pieces.of()[rows]) {
                let value = value[0].as_usize()..value[1].as_usize();
                let limit = starts[*piece as usize + 1];
                let next = &mut next[*piece as usize];
                copy(bytes, value.clone(), &mut laid[..limit], next.byte);
                next.byte += value.len();
                next.row += 1;
                ends[next.row] = T::Offset::usize_as(next.byte);
            }
        }
        let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
        GenericBinaryArray::try_new(offsets, Buffer::from_vec(laid), self.validity(arrays))
    }
}

/// Where a piece goes on.
struct Next {
    byte: usize,
    row: usize,
}

impl Next {
    fn at((byte, row): (&usize, &usize)) -> Next {
        Next {
            byte: *byte,
            row: *row,
        }
    }
}

/// Copies `value` of `from` to `at`, in whole steps where both sides have room for them:
/// what lies behind it in its piece is still to come.
#[inline]
fn copy(from: &[u8], value: Range<usize>, to: &mut [u8], at: usize) {
    let steps = value.len().next_multiple_of(STEP);
    if steps > SHORT || value.start + steps > from.len() || at + steps > to.len() {
        to[at..at + value.len()].copy_from_slice(&from[value]);
        return;
    }
    let (from, to) = (&from[value.start..], &mut to[at..]);
    for (from, to) in from
        .chunks_exact(STEP)
        .zip(to.chunks_exact_mut(STEP))
        .take(steps / STEP)
    {
        to.copy_from_slice(from);
    }
}

/// Zero, and the sum of the first, the first two, and so on.
fn sums(counts: &[usize]) -> Vec<usize> {
    let mut sum = 0;
    let add = |count: &usize| {
        sum += count;
        sum
    };
    std::iter::once(0).chain(counts.iter().map(add)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::deal::tests::{arrays, cut};
    use super::*;
    use arrow_array::UInt32Array;
    use arrow_schema::Field;
    use arrow_select::take::take;

    fn is_held(array: &ArrayRef) -> bool {
        holds(&Schema::new(vec![Field::new(
            "x",
            array.data_type().clone(),
            true,
        )]))
    }

    /// Against the kernel that it stands in for, for slices and empty arrays as well.
    #[test]
    fn columns_are_those_that_take_gives() {
        let of: Vec<u32> = (0..500).map(|row| row * row % 23).collect();
        let mut counts = vec![0; 23];
        of.iter().for_each(|piece| counts[*piece as usize] += 1);
        let pieces = Pieces::new(&of, &counts, false);
        let slab = Slab::new(&pieces);
        let mut order: Vec<u32> = (0..500).collect();
        order.sort_by_key(|row| of[*row as usize]);
        let order = UInt32Array::from(order);
        let all = arrays(530);
        let (held, others): (Vec<_>, Vec<_>) = all.iter().partition(|array| is_held(array));
        assert_eq!(
            (held.len(), others.len()),
            (8, 2),
            "lists and dictionaries are not"
        );
        for array in held {
            let whole = array.slice(11, 500);
            let laid = slab.lay(&cut(&whole)).unwrap();
            let taken = take(&whole, &order, None).unwrap();
            assert_eq!(laid.to_data(), taken.to_data(), "{}", whole.data_type());
        }
    }

    #[test]
    fn places_follow_each_other() {
        let pieces = Pieces::new(&[0, 2, 2], &[1, 0, 2], false);
        let places: Vec<_> = Slab::new(&pieces).places().collect();
        assert_eq!(places, [0..1, 1..1, 1..3]);
    }

    /// Values of every length beside each other, at the ends of either side as well.
    #[test]
    fn copies_touch_nothing_but_their_own_place_and_what_is_to_come() {
        let from: Vec<u8> = (0..200).map(|n| n as u8).collect();
        for start in [0, 1, 100, 130, 199, 200] {
            for end in start..=200 {
                for room in [0, 1, 15, 16, 40, 200] {
                    let length = end - start;
                    let mut to = vec![0xee; 7 + length + room];
                    copy(&from, start..end, &mut to, 7);
                    assert_eq!(to[..7], [0xee; 7]);
                    assert_eq!(to[7..7 + length], from[start..end]);
                }
            }
        }
    }
}
