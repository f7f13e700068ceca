//! Columns of texts, which are decoded as bytes and checked by a faster check than Arrow's.

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use millrace_fault::quoted;
use std::sync::Arc;

/// `schema` with columns of bytes in place of those of texts. Texts within other types,
/// and in dictionaries, stay what they are.
pub(crate) fn as_bytes(schema: &Schema) -> SchemaRef {
    let retyped = |field: &FieldRef, data_type| {
        let field = Field::clone(field).with_data_type(data_type);
        FieldRef::new(field)
    };
    let raw = |field: &FieldRef| match field.data_type() {
        DataType::Utf8 => retyped(field, DataType::Binary),
        DataType::LargeUtf8 => retyped(field, DataType::LargeBinary),
        _ => Arc::clone(field),
    };
    let fields: Vec<FieldRef> = schema.fields().iter().map(raw).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// `batch`, decoded with the raw form of `schema`, with its texts.
pub(crate) fn from_bytes(batch: RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, String> {
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let (_, columns, _) = batch.into_parts();
    let columns = columns.into_iter().zip(schema.fields());
    let columns: Result<Vec<ArrayRef>, String> = columns
        .map(|(column, field)| column_of(column, field))
        .collect();
    RecordBatch::try_new_with_options(Arc::clone(schema), columns?, &rows)
        .map_err(|error| error.to_string())
}

fn column_of(column: ArrayRef, field: &Field) -> Result<ArrayRef, String> {
    let texts: Result<ArrayRef, _> = match field.data_type() {
        DataType::Utf8 => millrace_text::texts(column.as_binary::<i32>().clone())
            .map(|texts| Arc::new(texts) as _),
        DataType::LargeUtf8 => millrace_text::texts(column.as_binary::<i64>().clone())
            .map(|texts| Arc::new(texts) as _),
        _ => return Ok(column),
    };
    texts.map_err(|error| format!("column {}: {error}", quoted(field.name())))
}
