//! The encoding of each column, decided from the first rows of the data.
//!
//! A dictionary pays where values repeat. Where they do not, it costs twice (the hash
//! table, then the fallback): rising or dense integers and timestamps become
//! DELTA_BINARY_PACKED, long lists of distinct strings DELTA_LENGTH_BYTE_ARRAY. Columns
//! whose sample is in order also get statistics for each page, since a reader can skip
//! by them; elsewhere pages overlap and the index would only cost.

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, BinaryArray, LargeStringArray, RecordBatch, StringArray, StringViewArray,
};
use arrow_data::ArrayData;
use arrow_schema::{DataType, Schema};
use foldhash::fast::FixedState;
use parquet::arrow::ArrowSchemaConverter;
use parquet::basic::Type as Physical;
use parquet::errors::ParquetError;
use parquet::schema::types::ColumnPath;
use std::collections::HashSet;
use std::hash::BuildHasher;

/// Rows that are looked at; more would not change the answer.
const SAMPLE_ROWS: usize = 32 << 10;

/// A dictionary pays while at most one value in so many is new.
const REPEATS: usize = 3;

/// How a column's values are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// RLE_DICTIONARY; what follows a dictionary that grew too large goes without.
    Dictionary,
    /// PLAIN.
    Plain,
    /// DELTA_BINARY_PACKED.
    Delta,
    /// DELTA_LENGTH_BYTE_ARRAY.
    DeltaLength,
}

/// What was decided for one leaf column.
#[derive(Clone, Debug)]
pub struct ColumnEncoding {
    /// The leaf's path.
    pub path: ColumnPath,
    /// Its encoding.
    pub encoded: Encoded,
    /// Whether each page has its own least and greatest value.
    pub page_statistics: bool,
}

/// What was decided for every leaf column.
#[derive(Clone, Debug)]
pub struct Encodings {
    /// Leaf columns, in Parquet's order.
    pub columns: Vec<ColumnEncoding>,
}

impl Encodings {
    /// Decides from the first rows of `sample`; the same batches give the same answer.
    /// Without rows, everything is a dictionary.
    pub fn decide(schema: &Schema, sample: &[RecordBatch]) -> Result<Encodings, ParquetError> {
        let descriptor = ArrowSchemaConverter::new().convert(schema)?;
        let mut columns: Vec<ColumnEncoding> = descriptor
            .columns()
            .iter()
            .map(|leaf| ColumnEncoding {
                path: leaf.path().clone(),
                encoded: Encoded::Dictionary,
                page_statistics: false,
            })
            .collect();
        let leaves = sampled_leaves(schema, sample);
        // A type that this walk does not know leaves the defaults in place.
        if leaves.len() == columns.len() {
            for ((column, leaf), pieces) in
                columns.iter_mut().zip(descriptor.columns()).zip(&leaves)
            {
                let profile = Profile::of(pieces);
                column.encoded = profile.encoding(leaf.physical_type());
                column.page_statistics = profile.rows > 0 && profile.in_order;
            }
        }
        Ok(Encodings { columns })
    }
}

/// The arrays of each leaf, in Parquet's depth-first order, cut to the sample.
fn sampled_leaves(schema: &Schema, sample: &[RecordBatch]) -> Vec<Vec<ArrayRef>> {
    let mut leaves: Vec<Vec<ArrayRef>> = Vec::new();
    let mut left = SAMPLE_ROWS;
    for batch in sample {
        let batch = batch.slice(0, left.min(batch.num_rows()));
        left -= batch.num_rows();
        let mut found = Vec::new();
        for i in 0..schema.fields().len() {
            flatten(batch.column(i), &mut found);
        }
        leaves.resize_with(found.len(), Vec::new);
        for (pieces, array) in leaves.iter_mut().zip(found) {
            pieces.push(array);
        }
    }
    leaves
}

/// The leaves below `array`.
fn flatten(array: &ArrayRef, found: &mut Vec<ArrayRef>) {
    match array.data_type() {
        DataType::Struct(_) => array
            .as_struct()
            .columns()
            .iter()
            .for_each(|child| flatten(child, found)),
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            let (start, end) = ends(list.value_offsets());
            flatten(&list.values().slice(start, end - start), found);
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            let (start, end) = ends(list.value_offsets());
            flatten(&list.values().slice(start, end - start), found);
        }
        DataType::FixedSizeList(..) => flatten(array.as_fixed_size_list().values(), found),
        DataType::Map(..) => {
            let entries = array.as_map().entries();
            entries
                .columns()
                .iter()
                .for_each(|child| flatten(child, found));
        }
        _ => found.push(array.clone()),
    }
}

fn ends<T: Copy + TryInto<usize>>(offsets: &[T]) -> (usize, usize) {
    let at = |offset: Option<&T>| offset.and_then(|o| (*o).try_into().ok()).unwrap_or(0);
    (at(offsets.first()), at(offsets.last()))
}

/// What a sample of one leaf looks like.
#[derive(Debug, Default)]
struct Profile {
    rows: usize,
    distinct: HashSet<u64, FixedState>,
    in_order: bool,
}

impl Profile {
    fn of(pieces: &[ArrayRef]) -> Profile {
        let mut profile = Profile {
            in_order: true,
            ..Profile::default()
        };
        let mut last = None;
        for array in pieces {
            profile.see(array, &mut last);
        }
        profile
    }

    fn see(&mut self, array: &ArrayRef, last: &mut Option<i128>) {
        let hash = FixedState::default();
        let values = Values::of(array);
        for row in (0..array.len()).filter(|row| array.is_valid(*row)) {
            self.rows += 1;
            if let Some(bytes) = values.bytes(row) {
                self.in_order = false;
                self.distinct.insert(hash.hash_one(bytes));
            } else if let Some(number) = values.number(row) {
                self.in_order &= last.is_none_or(|last| last <= number);
                *last = Some(number);
                self.distinct.insert(hash.hash_one(number));
            } else {
                self.in_order = false;
            }
        }
    }

    fn encoding(&self, physical: Physical) -> Encoded {
        let repeats = self.distinct.len() * REPEATS <= self.rows;
        match physical {
            _ if self.rows == 0 => Encoded::Dictionary,
            Physical::INT32 | Physical::INT64 if !repeats || self.rises() => Encoded::Delta,
            _ if repeats => Encoded::Dictionary,
            Physical::BYTE_ARRAY => Encoded::DeltaLength,
            Physical::FLOAT | Physical::DOUBLE | Physical::FIXED_LEN_BYTE_ARRAY => Encoded::Plain,
            _ => Encoded::Dictionary,
        }
    }

    /// In order, and with more values than a dictionary could hold well.
    fn rises(&self) -> bool {
        self.in_order && self.distinct.len() * 64 > self.rows
    }
}

/// An array's values as the profile compares them.
enum Values<'a> {
    Utf8(&'a StringArray),
    LargeUtf8(&'a LargeStringArray),
    Utf8View(&'a StringViewArray),
    Binary(&'a BinaryArray),
    /// Fixed width: by their bytes; signed integers keep their order.
    Fixed {
        data: ArrayData,
        width: usize,
        number: bool,
    },
    Other,
}

impl<'a> Values<'a> {
    fn of(array: &'a ArrayRef) -> Values<'a> {
        match array.data_type() {
            DataType::Utf8 => Values::Utf8(array.as_string()),
            DataType::LargeUtf8 => Values::LargeUtf8(array.as_string()),
            DataType::Utf8View => Values::Utf8View(array.as_string_view()),
            DataType::Binary => Values::Binary(array.as_binary()),
            DataType::FixedSizeBinary(width) => {
                fixed(array, usize::try_from(*width).unwrap_or(0), false)
            }
            other => other
                .primitive_width()
                .map_or(Values::Other, |width| fixed(array, width, true)),
        }
    }

    fn bytes(&self, row: usize) -> Option<&[u8]> {
        Some(match self {
            Values::Utf8(array) => array.value(row).as_bytes(),
            Values::LargeUtf8(array) => array.value(row).as_bytes(),
            Values::Utf8View(array) => array.value(row).as_bytes(),
            Values::Binary(array) => array.value(row),
            Values::Fixed {
                data,
                width,
                number: false,
            } => cell(data, *width, row)?,
            _ => return None,
        })
    }

    fn number(&self, row: usize) -> Option<i128> {
        let Values::Fixed { data, width, .. } = self else {
            return None;
        };
        let bytes = cell(data, *width, row)?;
        Some(match width {
            1 => i8::from_le_bytes(bytes.try_into().ok()?).into(),
            2 => i16::from_le_bytes(bytes.try_into().ok()?).into(),
            4 => i32::from_le_bytes(bytes.try_into().ok()?).into(),
            8 => i64::from_le_bytes(bytes.try_into().ok()?).into(),
            16 => i128::from_le_bytes(bytes.try_into().ok()?),
            _ => return None,
        })
    }
}

fn fixed(array: &ArrayRef, width: usize, number: bool) -> Values<'_> {
    Values::Fixed {
        data: array.to_data(),
        width,
        number,
    }
}

fn cell(data: &ArrayData, width: usize, row: usize) -> Option<&[u8]> {
    let start = (data.offset() + row) * width;
    data.buffers().first()?.as_slice().get(start..start + width)
}
