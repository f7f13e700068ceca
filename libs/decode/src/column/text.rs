//! Text values, one after the other, with an offset a row.

use super::numbers::Numbers;
use super::shelf::Shelf;
use super::store::{Store, cast};
use crate::kernel::{Block, Text, utf8_array};
use arrow_array::ArrayRef;
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::DataType;
use std::sync::Arc;

/// Bytes that a kernel may store past the end of the text.
const SLACK: usize = 64;

/// A column of text. A row's bytes begin at the offset where the row before ended, and
/// nothing counts until [`Strings::end_row`] says where they end.
#[derive(Debug)]
pub(crate) struct Strings {
    offsets: Numbers<i32>,
    data: Vec<u8>,
    shelf: Shelf<u8>,
    arrow_type: DataType,
}

impl Strings {
    pub(crate) fn new(arrow_type: DataType) -> Self {
        let mut offsets = Numbers::default();
        offsets.reserve(1);
        Strings {
            offsets,
            data: vec![0; SLACK],
            shelf: Shelf::default(),
            arrow_type,
        }
    }

    /// Where the bytes of `row` begin.
    #[inline(always)]
    pub(crate) fn begin_row(&self, row: usize) -> usize {
        self.offsets.at(row) as usize
    }

    /// The bytes of `row` end at `end`. (Batches end long before `i32::MAX`: see
    /// [`crate::Chunk`]'s limit in `ndjson`.)
    #[inline(always)]
    pub(crate) fn end_row(&mut self, row: usize, end: usize) {
        self.offsets.set(row + 1, end as i32);
    }

    /// 32 bytes to write at `at`; what lies behind the later end does not count.
    #[inline(always)]
    pub(crate) fn block(&mut self, at: usize) -> &mut Block {
        if self.data.len() < at + size_of::<Block>() {
            self.grow(at);
        }
        let block = &mut self.data[at..at + size_of::<Block>()];
        match block.try_into() {
            Ok(block) => block,
            Err(_) => unreachable!("a slice of as many bytes"),
        }
    }

    /// Copies `from..to` of the text as the whole of `row`, 32 bytes at a time.
    #[inline(always)]
    pub(crate) fn copy(&mut self, text: Text<'_>, row: usize, from: usize, to: usize) {
        let start = self.begin_row(row);
        let mut done = 0;
        while done < to - from {
            *self.block(start + done) = *text.block(from + done);
            done += 32;
        }
        self.end_row(row, start + to - from);
    }

    /// Writes `bytes` as the whole of `row`.
    #[inline(always)]
    pub(crate) fn set(&mut self, row: usize, bytes: &[u8]) {
        let start = self.begin_row(row);
        let end = start + bytes.len();
        while self.data.len() < end + SLACK {
            self.grow(end);
        }
        self.data[start..end].copy_from_slice(bytes);
        self.end_row(row, end);
    }

    /// The bytes of `row`, which has ended.
    pub(crate) fn row(&self, row: usize) -> &[u8] {
        &self.data[self.begin_row(row)..self.begin_row(row + 1)]
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, at: usize) {
        let len = (2 * self.data.len()).max(at + 2 * SLACK);
        self.data.resize(len, 0);
    }
}

impl Store for Strings {
    fn reserve(&mut self, rows: usize) {
        self.offsets.reserve(rows + 1);
    }

    fn null(&mut self, row: usize) {
        let end = self.begin_row(row);
        self.end_row(row, end);
    }

    fn take(&mut self, rows: usize, nulls: Option<NullBuffer>) -> ArrayRef {
        let len = self.begin_row(rows);
        let mut next = self.shelf.take();
        if next.len() < SLACK {
            next = vec![0; self.data.len()];
        }
        let data = std::mem::replace(&mut self.data, next);
        let offsets = OffsetBuffer::new(self.offsets.take(rows + 1));
        let array = utf8_array(offsets, self.shelf.lend(data, len), nulls);
        cast(Arc::new(array), &self.arrow_type)
    }

    fn bytes(&self, rows: usize) -> usize {
        self.begin_row(rows) + 4 * rows
    }
}
