//! Columns in other types.

use arrow_schema::{DataType, Field, FieldRef, Fields};
use std::sync::Arc;

/// `all` with what `leaf` makes of each leaf's type, in the order of Parquet's leaves.
pub fn retyped(all: &Fields, leaf: &mut impl FnMut(&DataType) -> DataType) -> Fields {
    all.iter().map(|one| field(one, leaf)).collect()
}

fn field(field: &Field, leaf: &mut impl FnMut(&DataType) -> DataType) -> FieldRef {
    use DataType::{FixedSizeList, LargeList, LargeListView, List, ListView, Map, Struct};
    let data_type = match field.data_type() {
        Struct(all) => Struct(retyped(all, leaf)),
        List(item) => List(self::field(item, leaf)),
        LargeList(item) => LargeList(self::field(item, leaf)),
        ListView(item) => ListView(self::field(item, leaf)),
        LargeListView(item) => LargeListView(self::field(item, leaf)),
        FixedSizeList(item, size) => FixedSizeList(self::field(item, leaf), *size),
        Map(entries, sorted) => Map(self::field(entries, leaf), *sorted),
        other => leaf(other),
    };
    Arc::new(field.clone().with_data_type(data_type))
}
