//! Types that Parquet has no name for.

use arrow_schema::{DataType, Schema, SchemaRef, TimeUnit};
use millrace_pages::retyped;
use std::sync::Arc;

/// `schema` in types that Parquet knows: seconds become milliseconds, dates of 64 bits those
/// of 32. As they are, readers would find plain integers.
/// Source: Apache Parquet format, LogicalTypes.md, "DATE", "TIME", "TIMESTAMP".
pub fn known(schema: &Schema) -> SchemaRef {
    let fields = retyped(schema.fields(), &mut |leaf| match leaf {
        DataType::Dictionary(_, values) => match of(values) {
            same if same == **values => leaf.clone(),
            other => other,
        },
        _ => of(leaf),
    });
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

fn of(leaf: &DataType) -> DataType {
    match leaf {
        DataType::Timestamp(TimeUnit::Second, zone) => {
            DataType::Timestamp(TimeUnit::Millisecond, zone.clone())
        }
        DataType::Time32(TimeUnit::Second) => DataType::Time32(TimeUnit::Millisecond),
        DataType::Date64 => DataType::Date32,
        other => other.clone(),
    }
}
