//! Parquet's statistics as those of `millrace-expr`, in the types of the query.

use crate::layout::Layout;
use arrow_array::{Array, ArrayRef, UInt64Array, new_null_array};
use arrow_schema::{DataType, Field};
use millrace_dataset::evolution::adapt;
use millrace_expr::{ColumnStatistics, Statistics};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::basic::{ColumnOrder, LogicalType, SortOrder, Type};
use parquet::schema::types::ColumnDescriptor;

/// A file of a partition, as the predicate sees it.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) layout: &'a Layout,
    pub(super) partition: usize,
    pub(super) metadata: &'a ArrowReaderMetadata,
}

/// What a column is in one file.
pub(super) enum Found<'a> {
    /// The same in every row: a column of the path, or one that the file lacks.
    Constant(ArrayRef),
    /// Stored; its type in the query.
    Stored(StatisticsConverter<'a>, &'a DataType),
    /// Stored, but nothing is known of it.
    Unknown,
}

impl<'a> View<'a> {
    pub(super) fn find(&self, name: &str) -> Found<'a> {
        if let Some(value) = self.layout.path_value(self.partition, name) {
            return Found::Constant(value);
        }
        let Ok(wanted) = self.layout.stored.field_with_name(name) else {
            return Found::Unknown;
        };
        if self.metadata.schema().field_with_name(name).is_err() {
            return Found::Constant(new_null_array(wanted.data_type(), 1));
        }
        match self.converter(name, wanted) {
            Some(converter) => Found::Stored(converter, wanted.data_type()),
            None => Found::Unknown,
        }
    }

    fn converter(&self, name: &str, wanted: &Field) -> Option<StatisticsConverter<'a>> {
        let converter = StatisticsConverter::try_new(
            name,
            self.metadata.schema(),
            self.metadata.parquet_schema(),
        )
        .ok()?;
        converter.parquet_column_index()?;
        (!wanted.data_type().is_nested()).then(|| converter.with_missing_null_counts_as_zero(false))
    }

    /// Whether least and greatest values of the leaf column `index` mean what they say:
    /// old writers compared bytes as signed, and some types have no order.
    pub(super) fn is_ordered(&self, index: usize, deprecated: bool) -> bool {
        let column = self.metadata.parquet_schema().column(index);
        match self.metadata.metadata().file_metadata().column_orders() {
            Some(orders) if !deprecated => {
                orders.get(index).is_some_and(|order| matches!(order, ColumnOrder::TYPE_DEFINED_ORDER(sort) if *sort != SortOrder::UNDEFINED))
            }
            _ => is_signed_number(&column),
        }
    }
}

/// Types that every writer has always ordered alike.
fn is_signed_number(column: &ColumnDescriptor) -> bool {
    let unsigned = matches!(column.logical_type_ref(), Some(LogicalType::Integer(integer)) if !integer.is_signed)
        || column.sort_order() == SortOrder::UNSIGNED;
    matches!(
        column.physical_type(),
        Type::INT32 | Type::INT64 | Type::FLOAT | Type::DOUBLE | Type::BOOLEAN
    ) && !unsigned
}

/// The statistics of one row group.
pub(super) struct OfGroup<'a> {
    pub(super) view: View<'a>,
    pub(super) group: usize,
}

impl Statistics for OfGroup<'_> {
    fn column(&self, name: &str) -> Option<ColumnStatistics> {
        let group = self.view.metadata.metadata().row_group(self.group);
        let rows = u64::try_from(group.num_rows()).ok()?;
        match self.view.find(name) {
            Found::Unknown => Some(ColumnStatistics {
                row_count: Some(rows),
                ..Default::default()
            }),
            Found::Constant(value) => Some(ColumnStatistics::constant(value, rows)),
            Found::Stored(converter, data_type) => {
                let index = converter.parquet_column_index()?;
                let deprecated = group
                    .column(index)
                    .statistics()
                    .is_some_and(|known| known.is_min_max_deprecated());
                let ordered = self.view.is_ordered(index, deprecated);
                let bound = |array: parquet::errors::Result<ArrayRef>| {
                    array
                        .ok()
                        .filter(|_| ordered)
                        .and_then(|array| one(&array, 0, data_type))
                };
                Some(ColumnStatistics {
                    min: bound(converter.row_group_mins([group])),
                    max: bound(converter.row_group_maxes([group])),
                    null_count: converter
                        .row_group_null_counts([group])
                        .ok()
                        .and_then(|counts| count(&counts, 0)),
                    row_count: Some(rows),
                    nan_free: false,
                })
            }
        }
    }
}

/// Element `index` in the type of the query; None when it is null there.
pub(super) fn one(array: &ArrayRef, index: usize, data_type: &DataType) -> Option<ArrayRef> {
    if index >= array.len() || array.is_null(index) {
        return None;
    }
    let value = adapt(&array.slice(index, 1), data_type).ok()?;
    value.is_valid(0).then_some(value)
}

pub(super) fn count(array: &UInt64Array, index: usize) -> Option<u64> {
    (index < array.len() && array.is_valid(index)).then(|| array.value(index))
}
