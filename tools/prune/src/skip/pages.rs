//! Pages: rows of a row group that the page index rules out. Pages of different
//! columns end at different rows; between any two ends each column has one page.

use super::known::{Found, View, count, one};
use crate::layout::Layout;
use arrow_array::{ArrayRef, UInt64Array};
use arrow_schema::DataType;
use millrace_expr::{ColumnStatistics, Outcome, Statistics};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, RowSelection, RowSelector};
use std::collections::HashMap;

/// The rows of row group `group` (of a file of `partition`) that may pass; None when
/// nothing can be skipped. `metadata` has its page indexes.
pub(crate) fn pages(
    layout: &Layout,
    partition: usize,
    metadata: &ArrowReaderMetadata,
    group: usize,
) -> Option<RowSelection> {
    let predicate = layout.predicate.as_ref()?;
    let view = View {
        layout,
        partition,
        metadata,
    };
    let rows = u64::try_from(metadata.metadata().row_group(group).num_rows()).ok()?;
    let columns: HashMap<&str, Column> = predicate
        .columns()
        .map(|name| (name, Column::of(&view, name, group)))
        .collect();
    let mut ends: Vec<u64> = columns
        .values()
        .flat_map(Column::starts)
        .chain([rows])
        .filter(|end| *end > 0)
        .collect();
    ends.sort_unstable();
    ends.dedup();
    if ends.len() < 2 {
        return None;
    }
    let mut selectors: Vec<RowSelector> = Vec::new();
    let mut start = 0;
    for end in ends {
        let stretch = Stretch {
            columns: &columns,
            start,
            rows: end - start,
        };
        let length = usize::try_from(end - start).ok()?;
        selectors.push(match predicate.outcome(&stretch) {
            Outcome::Never => RowSelector::skip(length),
            _ => RowSelector::select(length),
        });
        start = end;
    }
    selectors
        .iter()
        .any(|selector| selector.skip)
        .then(|| selectors.into())
}

/// What the page index says of a column in one row group.
enum Column {
    Constant(ArrayRef),
    Unknown,
    Pages {
        starts: Vec<u64>,
        mins: Option<ArrayRef>,
        maxes: Option<ArrayRef>,
        nulls: Option<UInt64Array>,
        data_type: DataType,
    },
}

impl Column {
    fn of(view: &View, name: &str, group: usize) -> Column {
        match view.find(name) {
            Found::Constant(value) => Column::Constant(value),
            Found::Unknown => Column::Unknown,
            Found::Stored(converter, data_type) => {
                Column::indexed(view, &converter, data_type, group).unwrap_or(Column::Unknown)
            }
        }
    }

    fn indexed(
        view: &View,
        converter: &parquet::arrow::arrow_reader::statistics::StatisticsConverter,
        data_type: &DataType,
        group: usize,
    ) -> Option<Column> {
        let metadata = view.metadata.metadata();
        let (columns, offsets) = (metadata.column_index()?, metadata.offset_index()?);
        let leaf = converter.parquet_column_index()?;
        let locations = offsets.get(group)?.get(leaf)?.page_locations();
        // An index with another number of pages is not this column's.
        columns.get(group)?.get(leaf)?;
        let starts: Option<Vec<u64>> = locations
            .iter()
            .map(|page| u64::try_from(page.first_row_index).ok())
            .collect();
        let starts = starts.filter(|starts| starts.is_sorted() && starts.first() == Some(&0))?;
        let ordered = view.is_ordered(leaf, false);
        let usable = |array: parquet::errors::Result<ArrayRef>| {
            array
                .ok()
                .filter(|array| ordered && arrow_array::Array::len(array) == starts.len())
        };
        let nulls = converter
            .data_page_null_counts(columns, offsets, [&group])
            .ok();
        Some(Column::Pages {
            mins: usable(converter.data_page_mins(columns, offsets, [&group])),
            maxes: usable(converter.data_page_maxes(columns, offsets, [&group])),
            nulls: nulls.filter(|nulls| arrow_array::Array::len(nulls) == starts.len()),
            starts,
            data_type: data_type.clone(),
        })
    }

    fn starts(&self) -> Vec<u64> {
        match self {
            // Without bounds its pages tell nothing apart.
            Column::Pages {
                starts,
                mins: Some(_),
                ..
            } => starts.clone(),
            _ => Vec::new(),
        }
    }
}

/// Rows between two page ends.
struct Stretch<'a> {
    columns: &'a HashMap<&'a str, Column>,
    start: u64,
    rows: u64,
}

impl Statistics for Stretch<'_> {
    fn column(&self, name: &str) -> Option<ColumnStatistics> {
        match self.columns.get(name)? {
            Column::Unknown => None,
            Column::Constant(value) => Some(ColumnStatistics::constant(value.clone(), self.rows)),
            Column::Pages {
                starts,
                mins,
                maxes,
                nulls,
                data_type,
            } => {
                let page = starts
                    .partition_point(|start| *start <= self.start)
                    .checked_sub(1)?;
                // Counts are those of the whole page: all null, or none, holds for a part.
                let length = starts.get(page + 1).map(|end| end - starts[page]);
                let nulls = nulls.as_ref().and_then(|nulls| count(nulls, page));
                let null_count = match nulls {
                    Some(0) => Some(0),
                    Some(nulls) if Some(nulls) == length => Some(self.rows),
                    _ => None,
                };
                Some(ColumnStatistics {
                    min: mins.as_ref().and_then(|mins| one(mins, page, data_type)),
                    max: maxes.as_ref().and_then(|maxes| one(maxes, page, data_type)),
                    null_count,
                    row_count: Some(self.rows),
                    nan_free: false,
                })
            }
        }
    }
}
