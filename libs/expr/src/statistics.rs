//! What is known of a column over a set of rows, and what follows for a predicate.

use arrow_array::ArrayRef;

/// What is known of columns over one set of rows (a file, a row group, a page).
pub trait Statistics {
    /// What is known of the top-level column `name` (spelt as in the schema that the
    /// predicate was bound to); None when nothing is.
    fn column(&self, name: &str) -> Option<ColumnStatistics>;
}

/// Bounds and counts of one column. Whatever is None is unknown.
#[derive(Clone, Debug, Default)]
pub struct ColumnStatistics {
    /// One element, not null, of the column's type: no value that is neither null nor
    /// NaN is less than it. It need not occur (truncated statistics are welcome).
    pub min: Option<ArrayRef>,
    /// Likewise, no value is greater than it.
    pub max: Option<ArrayRef>,
    /// How many values are null.
    pub null_count: Option<u64>,
    /// How many rows there are.
    pub row_count: Option<u64>,
    /// Whether a floating-point column is known to hold no NaN. Parquet's bounds leave
    /// NaN out, so there it is false.
    pub nan_free: bool,
}

impl ColumnStatistics {
    /// The statistics of a column that is `value` (one element) in every row.
    pub fn constant(value: ArrayRef, rows: u64) -> Self {
        let null = value.is_null(0);
        ColumnStatistics {
            min: (!null).then(|| value.clone()),
            max: (!null).then_some(value),
            null_count: Some(if null { rows } else { 0 }),
            row_count: Some(rows),
            nan_free: false,
        }
    }

    /// Whether rows are known to be all null.
    pub(crate) fn all_null(&self) -> bool {
        self.null_count.is_some() && self.null_count == self.row_count
    }

    /// Whether a null is known to be absent.
    pub(crate) fn no_null(&self) -> bool {
        self.null_count == Some(0)
    }
}

/// For how many of some rows a predicate is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// For none of them.
    Never,
    /// Not known.
    Maybe,
    /// For all of them.
    Always,
}
