//! Arrays.

use super::numbers::Numbers;
use super::store::Store;
use super::{Column, Place};
use crate::options::Error;
use arrow_array::{ArrayRef, ListArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, FieldRef};
use millrace_schema::Field;
use std::sync::Arc;

/// A column of arrays: the items of all rows one after the other, with an offset a row.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) item: Column,
    pub(crate) depth: usize,
    offsets: Numbers<i32>,
    capacity: usize,
    arrow: FieldRef,
}

impl List {
    pub(crate) fn new(
        arrow_type: &DataType,
        item: &Field,
        place: &Place<'_>,
    ) -> Result<Option<Self>, Error> {
        let DataType::List(arrow) = arrow_type else {
            return Ok(None);
        };
        let mut offsets = Numbers::default();
        offsets.reserve(1);
        let item = Column::new(item, &place.inside("-"))?;
        Ok(Some(List {
            item,
            depth: place.depth,
            offsets,
            capacity: 0,
            arrow: arrow.clone(),
        }))
    }

    /// The row of the item column at which the items of `row` begin.
    #[inline(always)]
    pub(crate) fn begin_row(&self, row: usize) -> usize {
        self.offsets.at(row) as usize
    }

    #[inline(always)]
    pub(crate) fn end_row(&mut self, row: usize) {
        self.offsets.set(row + 1, self.item.rows as i32);
    }

    /// Room for one more item; its row.
    #[inline(always)]
    pub(crate) fn begin_item(&mut self) -> usize {
        if self.item.rows == self.capacity {
            self.grow();
        }
        self.item.rows
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        self.capacity = (2 * self.capacity).max(1024);
        self.item.reserve(self.capacity);
    }
}

impl Store for List {
    fn reserve(&mut self, rows: usize) {
        self.offsets.reserve(rows + 1);
    }

    fn null(&mut self, row: usize) {
        self.end_row(row);
    }

    fn truncate(&mut self, rows: usize) {
        let items = self.begin_row(rows);
        self.item.truncate(items);
    }

    fn take(&mut self, rows: usize, nulls: Option<NullBuffer>) -> ArrayRef {
        let items = self.begin_row(rows);
        let values = self.item.take(items);
        let offsets = OffsetBuffer::new(self.offsets.take(rows + 1));
        Arc::new(ListArray::new(self.arrow.clone(), offsets, values, nulls))
    }

    fn bytes(&self, rows: usize) -> usize {
        4 * rows + self.item.bytes(self.item.rows)
    }
}
