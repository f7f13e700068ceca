//! Bytes back into one batch.

use super::bytes;
use super::numbers::{self, Whole};
use super::shape::{Shape, items};
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, make_array};
use arrow_buffer::{BooleanBufferBuilder, MutableBuffer, NullBuffer};
use arrow_data::ArrayData;
use arrow_schema::{ArrowError, DataType, SchemaRef};
use std::io;

/// The rows of all pieces in `bytes`, about `expected`, as one batch of `schema`.
///
/// # Errors
/// Bytes that no writer of `schema` made; more text than the offsets of its type can say.
pub(in crate::write::spill) fn read(
    schema: &SchemaRef,
    bytes: &[u8],
    expected: usize,
) -> io::Result<RecordBatch> {
    let mut from = Cursor { bytes };
    let fields = schema.fields().iter();
    let mut columns = fields
        .map(|field| Builder::new(field.data_type(), expected))
        .collect::<io::Result<Vec<_>>>()?;
    let mut count = 0;
    while !from.bytes.is_empty() {
        let rows = u32::from_le_bytes(from.array()?) as usize;
        columns
            .iter_mut()
            .try_for_each(|column| column.read(rows, &mut from))?;
        count += rows;
    }
    let columns = columns
        .into_iter()
        .map(|column| column.finish().map(make_array));
    let columns: Result<Vec<ArrayRef>, ArrowError> = columns.collect();
    let options = RecordBatchOptions::new().with_row_count(Some(count));
    columns
        .and_then(|columns| RecordBatch::try_new_with_options(schema.clone(), columns, &options))
        .map_err(io::Error::other)
}

/// An array that grows piece by piece.
struct Builder {
    data_type: DataType,
    shape: Shape,
    rows: usize,
    /// Rows that are to come in all, if they are known.
    expected: usize,
    /// Once a row is null.
    valid: Option<BooleanBufferBuilder>,
    bits: BooleanBufferBuilder,
    /// Values of one size, or offsets.
    values: MutableBuffer,
    /// Where the last item ends.
    end: usize,
    text: MutableBuffer,
    items: Vec<Builder>,
}

impl Builder {
    /// With room for so many rows.
    fn new(data_type: &DataType, expected: usize) -> io::Result<Builder> {
        let shape = Shape::of(data_type).ok_or_else(corrupt)?;
        let size = match shape {
            Shape::Fixed(size) | Shape::Whole(size) => size,
            Shape::Bytes { large: false } | Shape::List { large: false } => 4,
            Shape::Bytes { large: true } | Shape::List { large: true } => 8,
            Shape::Null | Shape::Bits | Shape::FixedList(_) | Shape::Struct => 0,
        };
        let mut values = MutableBuffer::with_capacity(size * (expected + 1));
        match shape {
            Shape::Bytes { large: false } | Shape::List { large: false } => values.push(0i32),
            Shape::Bytes { large: true } | Shape::List { large: true } => values.push(0i64),
            _ => {}
        }
        Ok(Builder {
            data_type: data_type.clone(),
            shape,
            rows: 0,
            expected,
            valid: None,
            bits: BooleanBufferBuilder::new(0),
            values,
            end: 0,
            text: MutableBuffer::new(0),
            items: items(data_type)
                .into_iter()
                .map(|item| Builder::new(item, 0))
                .collect::<io::Result<_>>()?,
        })
    }

    fn read(&mut self, rows: usize, from: &mut Cursor) -> io::Result<()> {
        self.validity(rows, from)?;
        self.rows += rows;
        match self.shape {
            Shape::Null => {}
            Shape::Bits => append_bits(rows, from, &mut self.bits)?,
            Shape::Fixed(size) => self.values.extend_from_slice(from.take(rows * size)?),
            Shape::Whole(4) => numbers::read::<i32>(rows, from, &mut self.values)?,
            Shape::Whole(8) => numbers::read::<i64>(rows, from, &mut self.values)?,
            Shape::Whole(_) => numbers::read::<i128>(rows, from, &mut self.values)?,
            Shape::Bytes { large } => {
                self.offsets(large, rows, from)?;
                // What the first piece tells is about what all have.
                let parts = match self.text.is_empty() {
                    true => self.expected.div_ceil(rows.max(1)),
                    false => 1,
                };
                bytes::read(from, &mut self.text, parts)?;
            }
            Shape::List { large } => {
                self.offsets(large, rows, from)?;
                let items = from.length()?;
                return self.items[0].read(items, from);
            }
            Shape::FixedList(size) => return self.items[0].read(rows * size, from),
            Shape::Struct => {
                return self
                    .items
                    .iter_mut()
                    .try_for_each(|field| field.read(rows, from));
            }
        }
        Ok(())
    }

    fn validity(&mut self, rows: usize, from: &mut Cursor) -> io::Result<()> {
        if from.byte()? == 0 {
            if let Some(valid) = &mut self.valid {
                valid.append_n(rows, true);
            }
            return Ok(());
        }
        let before = self.rows;
        let valid = self.valid.get_or_insert_with(|| {
            let mut valid = BooleanBufferBuilder::new(before + rows);
            valid.append_n(before, true);
            valid
        });
        append_bits(rows, from, valid)
    }

    fn offsets(&mut self, large: bool, rows: usize, from: &mut Cursor) -> io::Result<()> {
        match large {
            false => self.ends::<i32>(rows, from),
            true => self.ends::<i64>(rows, from),
        }
    }

    fn ends<T: Whole>(&mut self, rows: usize, from: &mut Cursor) -> io::Result<()> {
        self.values.reserve(rows * size_of::<T>());
        let (values, mut end) = (&mut self.values, self.end);
        numbers::each::<T>(rows, from, |length| {
            end += length.as_usize();
            values.push(T::usize_as(end));
        })?;
        self.end = end;
        T::from_usize(end).map(drop).ok_or_else(|| {
            let most = if size_of::<T>() == 4 {
                "2 GiB"
            } else {
                "memory"
            };
            io::Error::other(format!("values of a column take more than {most} at once"))
        })
    }

    fn finish(mut self) -> Result<ArrayData, ArrowError> {
        let nulls = self.valid.map(|mut valid| NullBuffer::new(valid.finish()));
        let data = ArrayData::builder(self.data_type)
            .len(self.rows)
            .nulls(nulls);
        let items = self.items.into_iter().map(Builder::finish);
        let items: Vec<ArrayData> = items.collect::<Result<_, _>>()?;
        let data = match self.shape {
            Shape::Null | Shape::Struct | Shape::FixedList(_) => data,
            Shape::Bits => data.add_buffer(self.bits.finish().into_inner()),
            Shape::Fixed(_) | Shape::Whole(_) | Shape::List { .. } => {
                data.add_buffer(self.values.into())
            }
            Shape::Bytes { .. } => data
                .add_buffer(self.values.into())
                .add_buffer(self.text.into()),
        };
        data.child_data(items).build()
    }
}

fn append_bits(count: usize, from: &mut Cursor, bits: &mut BooleanBufferBuilder) -> io::Result<()> {
    let bytes = from.take(count.div_ceil(8))?;
    bits.append_packed_range(0..count, bytes);
    Ok(())
}

/// Bytes that are not read yet.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn take(&mut self, count: usize) -> io::Result<&'a [u8]> {
        let (head, rest) = self.bytes.split_at_checked(count).ok_or_else(corrupt)?;
        self.bytes = rest;
        Ok(head)
    }

    pub(super) fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let (head, rest) = self.bytes.split_first_chunk().ok_or_else(corrupt)?;
        self.bytes = rest;
        Ok(*head)
    }

    pub(super) fn byte(&mut self) -> io::Result<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A length of eight bytes.
    pub(super) fn length(&mut self) -> io::Result<usize> {
        usize::try_from(u64::from_le_bytes(self.array()?)).map_err(|_| corrupt())
    }
}

pub(super) fn corrupt() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "rows in the temporary file are damaged",
    )
}
