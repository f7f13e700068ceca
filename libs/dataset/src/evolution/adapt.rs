//! Values of one file in the types of the common schema.

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, FixedSizeListArray, GenericListArray, OffsetSizeTrait, RecordBatch,
    RecordBatchOptions, StructArray, new_null_array,
};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, FieldRef, Fields, Schema, SchemaRef};
use millrace_fault::quoted;
use millrace_pages::reason;
use std::sync::Arc;

/// `array` as `target`, a type that [`widened`](super::widened) made of its own: structs by field name.
pub fn adapt(array: &ArrayRef, target: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == target {
        return Ok(array.clone());
    }
    match (array.data_type(), target) {
        (DataType::Struct(_), DataType::Struct(fields)) => structure(array.as_struct(), fields),
        (DataType::List(_), DataType::List(item)) => list(array.as_list::<i32>(), item),
        (DataType::LargeList(_), DataType::LargeList(item)) => list(array.as_list::<i64>(), item),
        (DataType::FixedSizeList(..), DataType::FixedSizeList(item, size)) => {
            let list = array.as_fixed_size_list();
            let values = adapt(list.values(), item.data_type())?;
            Ok(Arc::new(FixedSizeListArray::try_new(
                item.clone(),
                *size,
                values,
                list.nulls().cloned(),
            )?))
        }
        (DataType::Date64, DataType::Date32) => days(array),
        _ => strictly(array, target),
    }
}

fn strictly(array: &ArrayRef, target: &DataType) -> Result<ArrayRef, ArrowError> {
    let strict = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    cast_with_options(array, target, &strict)
}

/// Dates of 64 bits, which are whole days or no dates.
fn days(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let days = strictly(array, &DataType::Date32)?;
    match strictly(&days, &DataType::Date64)?.as_ref() == array.as_ref() {
        true => Ok(days),
        false => {
            let text = "a date64 has a time of day".to_owned();
            Err(ArrowError::InvalidArgumentError(text))
        }
    }
}

fn structure(array: &StructArray, fields: &Fields) -> Result<ArrayRef, ArrowError> {
    let child = |field: &FieldRef| match array.column_by_name(field.name()) {
        Some(child) => adapt(child, field.data_type()),
        None => Ok(new_null_array(field.data_type(), array.len())),
    };
    let children = fields.iter().map(child).collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(StructArray::try_new_with_length(
        fields.clone(),
        children,
        array.nulls().cloned(),
        array.len(),
    )?))
}

fn list<O: OffsetSizeTrait>(
    array: &GenericListArray<O>,
    item: &FieldRef,
) -> Result<ArrayRef, ArrowError> {
    let values = adapt(array.values(), item.data_type())?;
    let list = GenericListArray::try_new(
        item.clone(),
        array.offsets().clone(),
        values,
        array.nulls().cloned(),
    )?;
    Ok(Arc::new(list))
}

/// The columns of a batch of one file as the common `schema` has them.
pub fn adapt_batch(columns: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let arrays = adapt_columns(columns, schema, |array, field| {
        adapt(array, field.data_type())
    })?;
    batch(schema.clone(), arrays, columns.num_rows())
}

/// The same, but values that come with a dictionary, whose keys have 32 bits, keep it, and
/// so does their field.
pub fn adapt_batch_keyed(
    columns: &RecordBatch,
    schema: &SchemaRef,
) -> Result<RecordBatch, ArrowError> {
    let arrays = adapt_columns(columns, schema, |array, field| match array.data_type() {
        DataType::Dictionary(key, value)
            if **key == DataType::Int32 && **value == *field.data_type() =>
        {
            whole(array)
        }
        _ => adapt(array, field.data_type()),
    })?;
    let field =
        |(field, array): (&FieldRef, &ArrayRef)| match field.data_type() == array.data_type() {
            true => field.clone(),
            false => {
                let data_type = array.data_type().clone();
                Arc::new(field.as_ref().clone().with_data_type(data_type))
            }
        };
    let fields: Fields = schema.fields().iter().zip(&arrays).map(field).collect();
    batch(Arc::new(Schema::new(fields)), arrays, columns.num_rows())
}

/// `array`, if its dictionary has a value for every row that is not null: of an empty one,
/// the parquet crate does not look.
fn whole(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let values = array.as_any_dictionary().values();
    let has_all = match values.is_empty() {
        true => array.null_count() == array.len(),
        false => values.null_count() == 0,
    };
    let lacks = || ArrowError::InvalidArgumentError("a dictionary lacks values".to_owned());
    has_all.then(|| array.clone()).ok_or_else(lacks)
}

fn adapt_columns(
    columns: &RecordBatch,
    schema: &SchemaRef,
    adapted: impl Fn(&ArrayRef, &FieldRef) -> Result<ArrayRef, ArrowError>,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let named = |field: &FieldRef, error| {
        let (name, reason) = (quoted(field.name()), reason(error));
        ArrowError::InvalidArgumentError(format!("column {name}: {reason}"))
    };
    let column = |field: &FieldRef| match columns.column_by_name(field.name()) {
        Some(array) => adapted(array, field).map_err(|error| named(field, error)),
        None => Ok(new_null_array(field.data_type(), columns.num_rows())),
    };
    schema.fields().iter().map(column).collect()
}

/// Of so many rows, also without a column.
fn batch(schema: SchemaRef, arrays: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch, ArrowError> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema, arrays, &options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::Int32Array;
    use arrow_schema::Field;

    #[test]
    fn dictionaries_are_kept_where_they_are_whole() {
        use arrow_array::types::{Int8Type, Int32Type};
        use arrow_array::{DictionaryArray, StringArray};
        let texts = ["a", "b", "a"].map(Some);
        let wide: DictionaryArray<Int32Type> = texts.into_iter().collect();
        let narrow: DictionaryArray<Int8Type> = texts.into_iter().collect();
        let lacking = StringArray::from(vec![Some("a"), None]);
        let lacking = DictionaryArray::new(Int32Array::from(vec![0, 1]), Arc::new(lacking));
        let text = Field::new("text", DataType::Utf8, true);
        let schema: SchemaRef = Arc::new(Schema::new(vec![text]));
        let adapted = |array: ArrayRef| {
            let batch = RecordBatch::try_from_iter([("text", array)]).unwrap();
            adapt_batch_keyed(&batch, &schema).map(|batch| batch.column(0).data_type().clone())
        };
        let kept = wide.data_type().clone();
        assert_eq!(adapted(Arc::new(wide)).unwrap(), kept);
        assert_eq!(adapted(Arc::new(narrow)).unwrap(), DataType::Utf8);
        let told = adapted(Arc::new(lacking)).unwrap_err().to_string();
        assert!(told.contains("a dictionary lacks values"), "{told}");
    }
}
