//! The values of one column, dealt out to the pieces of a window.
//!
//! Values are read in their order and appended to the piece that they belong to: a gather
//! piece by piece would touch a cache line, and with thousands of pieces a page, for each.
//! Where rows mostly come piece after piece, as hours do, a run of them is one copy.

use arrow_array::builder::BooleanBufferBuilder;
use arrow_array::types::{
    ArrowPrimitiveType, BinaryType, ByteArrayType, LargeBinaryType, LargeUtf8Type, Utf8Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, GenericBinaryArray, GenericByteArray, OffsetSizeTrait,
    PrimitiveArray, UInt32Array, downcast_primitive,
};
use arrow_buffer::{ArrowNativeType, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType};
use arrow_select::concat::concat;
use arrow_select::filter::filter;
use arrow_select::take::take;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// Which piece each row of a window belongs to.
pub(super) struct Pieces<'a> {
    /// The piece of each row.
    of: &'a [u32],
    /// Rows of each piece.
    counts: &'a [usize],
    /// The first row of each run of rows of one piece; none where runs are short.
    runs: Option<Vec<usize>>,
    /// Row numbers of each piece, for columns that are not dealt out value by value.
    rows: OnceLock<Vec<UInt32Array>>,
}

impl<'a> Pieces<'a> {
    /// `of` has a number below `counts.len()` for each row, `counts` how often each comes.
    /// `in_runs`: rows of one piece mostly come one after the other.
    pub(super) fn new(of: &'a [u32], counts: &'a [usize], in_runs: bool) -> Self {
        Pieces {
            of,
            counts,
            runs: in_runs.then(|| runs(of)),
            rows: OnceLock::new(),
        }
    }

    /// The piece of each row.
    pub(super) fn of(&self) -> &[u32] {
        self.of
    }

    /// Rows of each piece.
    pub(super) fn counts(&self) -> &[usize] {
        self.counts
    }

    /// The row numbers of each piece, rising.
    fn rows(&self) -> &[UInt32Array] {
        self.rows.get_or_init(|| {
            let mut rows = vectors(self.counts);
            for (row, piece) in (0u32..).zip(self.of) {
                rows[*piece as usize].push(row);
            }
            rows.into_iter().map(UInt32Array::from).collect()
        })
    }

    /// The arrays of a column with the rows of the window that they have.
    pub(super) fn beside<'b>(
        &self,
        arrays: &'b [ArrayRef],
    ) -> impl Iterator<Item = (&'b dyn Array, Range<usize>)> {
        let mut end = 0;
        arrays.iter().map(move |array| {
            let start = end;
            end += array.len();
            (array.as_ref(), start..end)
        })
    }

    /// Calls `deal` with the piece of every run of `rows`, and the run, counted from the
    /// first of `rows`. A run of one row where they are short: inlined, it costs nothing.
    #[inline]
    fn each(&self, rows: Range<usize>, mut deal: impl FnMut(usize, Range<usize>)) {
        let Some(runs) = &self.runs else {
            for (row, piece) in self.of[rows].iter().enumerate() {
                deal(*piece as usize, row..row + 1);
            }
            return;
        };
        let mut start = rows.start;
        let next = runs.partition_point(|first| *first <= start);
        let ends = runs[next..].iter().copied().chain([self.of.len()]);
        for end in ends {
            let end = end.min(rows.end);
            if start < end {
                deal(
                    self.of[start] as usize,
                    start - rows.start..end - rows.start,
                );
            }
            if end == rows.end {
                return;
            }
            start = end;
        }
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
            DataType::Utf8 => texts(self.bytes::<Utf8Type>(arrays)?),
            DataType::LargeUtf8 => texts(self.bytes::<LargeUtf8Type>(arrays)?),
            DataType::Binary => Ok(refs(self.bytes::<BinaryType>(arrays)?)),
            DataType::LargeBinary => Ok(refs(self.bytes::<LargeBinaryType>(arrays)?)),
            _ => self.others(arrays),
        }
    }

    fn numbers<T: ArrowPrimitiveType>(
        &self,
        arrays: &[ArrayRef],
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        let mut dealt = vectors::<T::Native>(self.counts);
        for (array, rows) in self.beside(arrays) {
            let values = typed::<PrimitiveArray<T>>(array)?.values();
            self.each(rows, |piece, run| {
                dealt[piece].extend_from_slice(&values[run]);
            });
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

    /// The bytes of values, which may be texts.
    fn bytes<T: ByteArrayType>(
        &self,
        arrays: &[ArrayRef],
    ) -> Result<Vec<GenericBinaryArray<T::Offset>>, ArrowError> {
        let lengths = self.lengths::<T>(arrays)?;
        let overflow = |length: &&usize| T::Offset::from_usize(**length).is_none();
        if let Some(length) = lengths.iter().find(overflow) {
            return Err(ArrowError::OffsetOverflowError(*length));
        }
        let mut dealt = vectors::<u8>(&lengths);
        let mut offsets_of = self.counts.iter().map(offsets).collect::<Vec<_>>();
        for (array, rows) in self.beside(arrays) {
            let array = typed::<GenericByteArray<T>>(array)?;
            let (bytes, offsets) = (array.value_data(), array.value_offsets());
            self.each(rows, |piece, run| {
                let (first, held) = (offsets[run.start].as_usize(), dealt[piece].len());
                let ends = &offsets[run.start + 1..=run.end];
                dealt[piece].extend_from_slice(&bytes[first..offsets[run.end].as_usize()]);
                let moved = |end: &T::Offset| T::Offset::usize_as(end.as_usize() - first + held);
                offsets_of[piece].extend(ends.iter().map(moved));
            });
        }
        let array = |((bytes, offsets), valid): ((Vec<u8>, Vec<T::Offset>), _)| {
            let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
            GenericBinaryArray::try_new(offsets, Buffer::from_vec(bytes), valid)
        };
        let parts = dealt.into_iter().zip(offsets_of).zip(self.validity(arrays));
        parts.map(array).collect()
    }

    /// The bytes of the values of each piece.
    pub(super) fn lengths<T: ByteArrayType>(
        &self,
        arrays: &[ArrayRef],
    ) -> Result<Vec<usize>, ArrowError> {
        let mut lengths = vec![0; self.counts.len()];
        for (array, rows) in self.beside(arrays) {
            let offsets = typed::<GenericByteArray<T>>(array)?.value_offsets();
            self.each(rows, |piece, run| {
                lengths[piece] += offsets[run.end].as_usize() - offsets[run.start].as_usize();
            });
        }
        Ok(lengths)
    }

    /// The validity of each piece; none where all its values are there.
    fn validity(&self, arrays: &[ArrayRef]) -> Vec<Option<NullBuffer>> {
        if arrays.iter().all(|array| array.null_count() == 0) {
            return vec![None; self.counts.len()];
        }
        let builder = |count: &usize| BooleanBufferBuilder::new(*count);
        let mut dealt: Vec<BooleanBufferBuilder> = self.counts.iter().map(builder).collect();
        for (array, rows) in self.beside(arrays) {
            let nulls = array.nulls().map(NullBuffer::inner);
            self.each(rows, |piece, run| match nulls {
                Some(valid) if run.len() == 1 => dealt[piece].append(valid.value(run.start)),
                Some(valid) => {
                    let (first, bits) = (valid.offset() + run.start, valid.values());
                    dealt[piece].append_packed_range(first..first + run.len(), bits);
                }
                None => dealt[piece].append_n(run.len(), true),
            });
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
        self.rows().iter().map(|rows| copy(&whole, rows)).collect()
    }
}

/// The first row of each run of rows of one piece.
fn runs(of: &[u32]) -> Vec<usize> {
    let begins = |row: &usize| *row == 0 || of[*row] != of[*row - 1];
    (0..of.len()).filter(begins).collect()
}

/// Room for the offsets of `count` values; the first one.
fn offsets<O: OffsetSizeTrait>(count: &usize) -> Vec<O> {
    let mut offsets = Vec::with_capacity(count + 1);
    offsets.push(O::default());
    offsets
}

/// The texts whose bytes are `arrays`.
fn texts<O: OffsetSizeTrait>(
    arrays: Vec<GenericBinaryArray<O>>,
) -> Result<Vec<ArrayRef>, ArrowError> {
    arrays.into_iter().map(text).collect()
}

/// The texts whose bytes are `array`.
pub(super) fn text<O: OffsetSizeTrait>(
    array: GenericBinaryArray<O>,
) -> Result<ArrayRef, ArrowError> {
    match millrace_text::texts(array) {
        Ok(texts) => Ok(Arc::new(texts)),
        Err(error) => Err(ArrowError::InvalidArgumentError(error.to_string())),
    }
}

fn refs<A: Array + 'static>(arrays: Vec<A>) -> Vec<ArrayRef> {
    let array = |array| Arc::new(array) as ArrayRef;
    arrays.into_iter().map(array).collect()
}

/// `rows` of `whole`; where these are most of it, run by run.
fn copy(whole: &ArrayRef, rows: &UInt32Array) -> Result<ArrayRef, ArrowError> {
    if rows.len() < whole.len() / 5 * 4 {
        return take(whole, rows, None);
    }
    let mut kept = BooleanBufferBuilder::new(whole.len());
    kept.append_n(whole.len(), false);
    for row in rows.values() {
        kept.set_bit(*row as usize, true);
    }
    filter(whole, &BooleanArray::from(kept.finish()))
}

fn vectors<T>(lengths: &[usize]) -> Vec<Vec<T>> {
    lengths
        .iter()
        .map(|length| Vec::with_capacity(*length))
        .collect()
}

pub(super) fn typed<A: Array + 'static>(array: &dyn Array) -> Result<&A, ArrowError> {
    let other = || ArrowError::SchemaError(format!("a column is of type {}", array.data_type()));
    array.as_any().downcast_ref().ok_or_else(other)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::window;
    use super::*;
    use arrow_array::types::Int32Type;
    use arrow_array::{
        BinaryArray, BooleanArray, Decimal128Array, DictionaryArray, Float32Array, Int64Array,
        LargeStringArray, ListArray, StringArray, TimestampMillisecondArray,
    };

    fn third<T>(row: usize, value: T) -> Option<T> {
        (row % 3 != 1).then_some(value)
    }

    /// Arrays of types that are dealt in different ways.
    pub(in super::super) fn arrays(rows: usize) -> Vec<ArrayRef> {
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

    /// `whole` in the arrays of a window.
    pub(in super::super) fn cut(whole: &ArrayRef) -> [ArrayRef; 4] {
        [
            whole.slice(0, 1),
            whole.slice(1, 0),
            whole.slice(1, 60),
            whole.slice(61, whole.len() - 61),
        ]
    }

    /// Against the kernel that it stands in for, for slices and empty arrays as well.
    #[test]
    fn values_are_those_that_take_gives() {
        let mixed: Vec<u32> = (0..100).map(|row| row * row % 7).collect();
        let runs: Vec<u32> = (0..100).map(|row| row / 15).collect();
        // One piece has nearly all rows.
        let most: Vec<u32> = (0..100).map(|row| row % 17 / 16 * row / 16).collect();
        for (of, has_runs) in [(mixed, false), (runs, true), (most, true)] {
            let mut counts = vec![0; 7];
            of.iter().for_each(|piece| counts[*piece as usize] += 1);
            assert_eq!(window(&of).has_runs(), has_runs);
            let pieces = Pieces::new(&of, &counts, has_runs);
            for array in arrays(130) {
                check(&pieces, &array.slice(11, 100));
            }
        }
    }

    fn check(pieces: &Pieces, whole: &ArrayRef) {
        let dealt = pieces.deal(&cut(whole)).unwrap();
        assert_eq!(dealt.len(), pieces.counts.len());
        for (piece, rows) in dealt.iter().zip(pieces.rows()) {
            let taken = take(whole, rows, None).unwrap();
            assert_eq!(piece.to_data(), taken.to_data(), "{}", whole.data_type());
            let nulls = piece.nulls().map_or(0, NullBuffer::null_count);
            assert_eq!(piece.nulls().is_some(), nulls > 0, "{}", whole.data_type());
        }
    }
}
