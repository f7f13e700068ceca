//! Columns in a form that every printer understands: dictionaries and runs spelled
//! out, times with a named zone in UTC. Values stay what they are.

use arrow_array::{ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, FieldRef, Schema};
use millrace_fault::{Failure, guarded, quoted};
use std::sync::Arc;

/// The batch with plain columns.
pub(crate) fn batch(batch: &RecordBatch) -> Result<RecordBatch, Failure> {
    let schema = batch.schema();
    let fields: Vec<FieldRef> = schema.fields().iter().map(field).collect();
    if fields
        .iter()
        .zip(schema.fields())
        .all(|(plain, field)| plain == field)
    {
        return Ok(batch.clone());
    }
    let columns = fields
        .iter()
        .zip(batch.columns())
        .map(|(field, column)| column_as(field, column));
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
        .map_err(|error| Failure::data("cannot print a batch").because(error))
}

fn column_as(field: &Field, column: &ArrayRef) -> Result<ArrayRef, Failure> {
    let name = quoted(field.name());
    guarded(&name, || {
        cast(column, field.data_type())
            .map_err(|error| Failure::data(format!("cannot print column {name}")).because(error))
    })
}

fn field(field: &FieldRef) -> FieldRef {
    let data_type = plain(field.data_type());
    if data_type == *field.data_type() {
        return FieldRef::clone(field);
    }
    // Missing values may sit in a dictionary or a run.
    let encoded = matches!(
        field.data_type(),
        DataType::Dictionary(_, _) | DataType::RunEndEncoded(_, _)
    );
    Arc::new(Field::new(
        field.name(),
        data_type,
        field.is_nullable() || encoded,
    ))
}

fn plain(data_type: &DataType) -> DataType {
    use DataType::*;
    match data_type {
        Dictionary(_, values) => plain(values),
        RunEndEncoded(_, values) => plain(values.data_type()),
        Timestamp(unit, Some(zone)) if !is_offset(zone) => Timestamp(*unit, Some("+00:00".into())),
        List(items) => List(field(items)),
        LargeList(items) => LargeList(field(items)),
        FixedSizeList(items, size) => FixedSizeList(field(items), *size),
        Map(entries, sorted) => Map(field(entries), *sorted),
        Struct(fields) => Struct(fields.iter().map(field).collect()),
        other => other.clone(),
    }
}

/// `+05:30` and `Z` need no time zone database.
fn is_offset(zone: &str) -> bool {
    zone.starts_with(['+', '-'])
}
