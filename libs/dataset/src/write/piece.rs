//! Rows that wait: a batch of their own, or a part of one that holds other rows too.

use super::size::{part_bytes, raw_bytes_of};
use arrow_array::{Array, RecordBatch};
use arrow_data::ArrayData;
use std::ops::Range;
use std::sync::Arc;

/// Some rows of a batch. Taking one costs nothing: with thousands of partitions there are
/// so many that a slice of every column would cost more than the values.
#[derive(Debug)]
pub(super) struct Piece {
    batch: Arc<Columns>,
    rows: Range<usize>,
    bytes: usize,
    in_slab: bool,
}

#[derive(Debug)]
struct Columns {
    batch: RecordBatch,
    /// What the arrays are made of.
    data: Vec<ArrayData>,
}

impl Columns {
    fn of(batch: RecordBatch) -> Columns {
        let columns = batch.columns().iter();
        Columns {
            data: columns.map(|column| column.to_data()).collect(),
            batch,
        }
    }
}

impl Piece {
    /// All of `batch`.
    pub(super) fn whole(batch: RecordBatch) -> Piece {
        let rows = 0..batch.num_rows();
        let batch = Columns::of(batch);
        Piece {
            bytes: raw_bytes_of(&batch.batch, &batch.data),
            batch: Arc::new(batch),
            rows,
            in_slab: false,
        }
    }

    /// Parts of a slab, at `places`.
    pub(super) fn parts(
        slab: RecordBatch,
        places: impl Iterator<Item = Range<usize>>,
    ) -> Vec<Piece> {
        let batch = Arc::new(Columns::of(slab));
        let part = |rows: Range<usize>| Piece {
            bytes: batch.data.iter().map(|data| part_bytes(data, &rows)).sum(),
            batch: batch.clone(),
            rows,
            in_slab: true,
        };
        places.map(part).collect()
    }

    /// How many rows.
    pub(super) fn num_rows(&self) -> usize {
        self.rows.len()
    }

    /// Bytes that they take in memory.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether their memory is free only once the other parts are gone too.
    pub(super) fn is_in_slab(&self) -> bool {
        self.in_slab
    }

    /// The rows as a batch.
    pub(super) fn batch(&self) -> RecordBatch {
        match self.rows.len() == self.batch.batch.num_rows() {
            true => self.batch.batch.clone(),
            false => self.batch.batch.slice(self.rows.start, self.rows.len()),
        }
    }

    /// Which rows of [`columns`](Piece::columns).
    pub(super) fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// The columns, with the rows of others.
    pub(super) fn columns(&self) -> &[ArrayData] {
        &self.batch.data
    }
}
