//! Rows into bytes.

use super::bytes::{self, Trials};
use super::numbers::{self, Whole};
use super::shape::Shape;
use crate::write::piece::Piece;
use arrow_buffer::BooleanBuffer;
use arrow_data::ArrayData;
use std::io;
use std::ops::Range;

/// Packs pieces of one schema, one after the other.
pub(in crate::write::spill) struct Writer<'a> {
    trials: &'a Trials,
    /// Texts of the piece so far.
    texts: usize,
    out: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    /// A writer that appends to `out`.
    pub(in crate::write::spill) fn new(trials: &'a Trials, out: &'a mut Vec<u8>) -> Self {
        Writer {
            trials,
            texts: 0,
            out,
        }
    }

    /// Appends `piece`, whose types are all packed ([`super::holds`]).
    pub(in crate::write::spill) fn add(&mut self, piece: &Piece) -> io::Result<()> {
        let rows = u32::try_from(piece.num_rows()).map_err(io::Error::other)?;
        self.out.extend_from_slice(&rows.to_le_bytes());
        self.texts = 0;
        let mut columns = piece.columns().iter();
        columns.try_for_each(|data| self.array(data, piece.rows()))
    }

    /// Appends some `rows` of an array.
    fn array(&mut self, data: &ArrayData, rows: Range<usize>) -> io::Result<()> {
        let shape = Shape::of(data.data_type())
            .ok_or_else(|| io::Error::other(format!("{} is not packed", data.data_type())))?;
        self.validity(data, &rows);
        let start = data.offset() + rows.start;
        match shape {
            Shape::Null => {}
            Shape::Bits => self.bits(&BooleanBuffer::new(
                data.buffers()[0].clone(),
                start,
                rows.len(),
            )),
            Shape::Fixed(size) => {
                let values = start * size..(start + rows.len()) * size;
                self.out.extend_from_slice(&data.buffers()[0][values]);
            }
            Shape::Whole(4) => self.whole::<i32>(data, rows),
            Shape::Whole(8) => self.whole::<i64>(data, rows),
            Shape::Whole(_) => self.whole::<i128>(data, rows),
            Shape::Bytes { large: false } => self.text::<i32>(data, rows),
            Shape::Bytes { large: true } => self.text::<i64>(data, rows),
            Shape::List { large: false } => return self.list::<i32>(data, rows),
            Shape::List { large: true } => return self.list::<i64>(data, rows),
            Shape::FixedList(size) => {
                let items = start * size..(start + rows.len()) * size;
                return self.array(&data.child_data()[0], items);
            }
            Shape::Struct => {
                let mut fields = data.child_data().iter();
                return fields.try_for_each(|field| self.array(field, rows.clone()));
            }
        }
        Ok(())
    }

    fn validity(&mut self, data: &ArrayData, rows: &Range<usize>) {
        let nulls = data
            .nulls()
            .map(|nulls| nulls.slice(rows.start, rows.len()))
            .filter(|nulls| nulls.null_count() > 0);
        self.out.push(u8::from(nulls.is_some()));
        if let Some(nulls) = nulls {
            self.bits(nulls.inner());
        }
    }

    fn bits(&mut self, bits: &BooleanBuffer) {
        let bytes = bits.sliced();
        self.out.extend_from_slice(&bytes[..bits.len().div_ceil(8)]);
    }

    fn whole<T: Whole>(&mut self, data: &ArrayData, rows: Range<usize>) {
        let values = &data.buffer::<T>(0)[rows];
        numbers::append(values.iter().copied(), self.out);
    }

    /// Appends the lengths of a row's items; gives where the first begins and the last ends.
    fn lengths<T: Whole + std::ops::Sub<Output = T>>(
        &mut self,
        data: &ArrayData,
        rows: Range<usize>,
    ) -> Range<usize> {
        if rows.is_empty() {
            return 0..0;
        }
        let offsets = &data.buffer::<T>(0)[rows.start..=rows.end];
        let lengths = offsets.windows(2).map(|ends| ends[1] - ends[0]);
        numbers::append(lengths, self.out);
        offsets[0].as_usize()..offsets[rows.len()].as_usize()
    }

    fn text<T: Whole + std::ops::Sub<Output = T>>(&mut self, data: &ArrayData, rows: Range<usize>) {
        let bytes = self.lengths::<T>(data, rows);
        let text = &data.buffers()[1][bytes];
        bytes::append(text, self.texts, self.trials, self.out);
        self.texts += 1;
    }

    fn list<T: Whole + std::ops::Sub<Output = T>>(
        &mut self,
        data: &ArrayData,
        rows: Range<usize>,
    ) -> io::Result<()> {
        let items = self.lengths::<T>(data, rows);
        self.out
            .extend_from_slice(&(items.len() as u64).to_le_bytes());
        self.array(&data.child_data()[0], items)
    }
}
