//! `--source-columns`: where each row came from.

use crate::places::Places;
use arrow_array::{ArrayRef, Int64Array, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use millrace_fault::Failure;
use std::sync::Arc;

const FILE: &str = "_source_file";
const LINE: &str = "_source_line";

/// `schema` with the source columns behind its own.
pub(crate) fn with_columns(schema: &SchemaRef) -> Result<SchemaRef, Failure> {
    let mut fields = schema.fields().to_vec();
    for (name, data_type) in [(FILE, DataType::Utf8), (LINE, DataType::Int64)] {
        if schema.field_with_name(name).is_ok() {
            return Err(Failure::usage(format!(
                "--source-columns: there is a column '{name}' already"
            )));
        }
        fields.push(Arc::new(Field::new(name, data_type, true)));
    }
    Ok(Arc::new(Schema::new_with_metadata(
        fields,
        schema.metadata().clone(),
    )))
}

/// The columns for rows that begin on these lines of a chunk.
pub(crate) fn of_lines(places: &Places<'_>, lines: &[u64]) -> Vec<ArrayRef> {
    let found = lines.iter().map(|line| places.line(*line));
    let (files, lines): (Vec<&str>, Vec<i64>) =
        found.map(|(part, line)| (&*part.file, line as i64)).unzip();
    vec![
        Arc::new(StringArray::from(files)),
        Arc::new(Int64Array::from(lines)),
    ]
}

/// The columns for `count` rows of `file`, the first being row `first`.
pub(crate) fn of_rows(file: &str, first: u64, count: usize) -> Vec<ArrayRef> {
    let rows = (first..).take(count).map(|row| row as i64);
    vec![
        Arc::new(StringArray::from_iter_values(std::iter::repeat_n(
            file, count,
        ))),
        Arc::new(Int64Array::from_iter_values(rows)),
    ]
}
