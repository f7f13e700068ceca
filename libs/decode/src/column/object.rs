//! Objects: the record itself, and structs inside it.

use super::keys::Keys;
use super::store::Store;
use super::{Column, Place};
use crate::options::Error;
use arrow_array::{ArrayRef, StructArray};
use arrow_buffer::NullBuffer;
use arrow_schema::Fields;
use millrace_schema::Field;
use std::sync::Arc;

/// Columns side by side. All of them have `rows` rows between two objects; during one,
/// those whose key was seen have one more.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) columns: Vec<Column>,
    pub(crate) keys: Keys,
    pub(crate) rows: usize,
    /// Objects and arrays around this one and itself.
    pub(crate) depth: usize,
    /// JSON pointer to this object, `-` standing for the items of an array.
    pub(crate) pointer: String,
    capacity: usize,
    arrow: Fields,
}

/// About so many cells there is room for at first, however many columns share it.
const FIRST_CELLS: usize = 1 << 17;

impl Object {
    pub(crate) fn new(fields: &[Field], place: &Place<'_>) -> Result<Self, Error> {
        let columns: Result<Vec<Column>, Error> = fields
            .iter()
            .map(|field| Column::new(field, &place.inside(&field.name)))
            .collect();
        Ok(Object {
            columns: columns?,
            keys: Keys::new(fields.iter().map(|field| field.name.as_str())),
            rows: 0,
            depth: place.depth,
            pointer: place.pointer.clone(),
            capacity: 0,
            arrow: fields.iter().map(Field::to_arrow).collect(),
        })
    }

    /// Room for one more row; its index.
    #[inline(always)]
    pub(crate) fn begin_row(&mut self) -> usize {
        if self.rows == self.capacity {
            self.grow();
        }
        self.rows
    }

    /// Ends the row; `seen` columns of it have a value.
    #[inline(always)]
    pub(crate) fn end_row(&mut self, seen: usize) {
        if seen != self.columns.len() {
            self.fill_missing();
        }
        self.rows += 1;
    }

    /// A missing key is a null.
    #[inline(never)]
    fn fill_missing(&mut self) {
        let row = self.rows;
        for column in &mut self.columns {
            if column.rows == row {
                column.null(row);
                column.rows = row + 1;
            }
        }
    }

    /// A whole row of nulls: the place of an object that is null itself.
    pub(crate) fn null_row(&mut self) {
        self.begin_row();
        self.end_row(0);
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let first = (FIRST_CELLS / self.columns.len().max(1)).clamp(16, 1024);
        self.capacity = (2 * self.capacity).max(first);
        for column in &mut self.columns {
            column.reserve(self.capacity);
        }
    }

    /// Undoes what a refused record left behind, down to `rows` rows.
    pub(crate) fn truncate(&mut self, rows: usize) {
        for column in &mut self.columns {
            column.truncate(rows);
        }
        self.rows = rows;
    }

    /// About how many bytes a row takes before it has any content.
    pub(crate) fn row_bytes(&self) -> usize {
        self.columns
            .iter()
            .map(|column| column.values.row_bytes())
            .sum()
    }

    /// About how many bytes all rows hold.
    pub(crate) fn all_bytes(&self) -> usize {
        self.columns
            .iter()
            .map(|column| column.bytes(self.rows))
            .sum()
    }

    /// Each column's rows as arrays; starts anew.
    pub(crate) fn take_columns(&mut self) -> Vec<ArrayRef> {
        let rows = std::mem::take(&mut self.rows);
        self.columns
            .iter_mut()
            .map(|column| column.take(rows))
            .collect()
    }
}

impl Store for Object {
    fn reserve(&mut self, _rows: usize) {
        // Rows are counted here, and room is made when one begins.
    }

    fn null(&mut self, _row: usize) {
        self.null_row();
    }

    fn truncate(&mut self, rows: usize) {
        Object::truncate(self, rows);
    }

    fn take(&mut self, rows: usize, nulls: Option<NullBuffer>) -> ArrayRef {
        let arrays = self.take_columns();
        match arrays.is_empty() {
            true => Arc::new(StructArray::new_empty_fields(rows, nulls)),
            false => Arc::new(StructArray::new(self.arrow.clone(), arrays, nulls)),
        }
    }

    fn bytes(&self, _rows: usize) -> usize {
        self.all_bytes()
    }
}
