//! Fewer columns of a file that knows its own.

use arrow_schema::{Fields, Schema, SchemaRef};
use millrace_fault::Failure;
use std::sync::Arc;

/// Drops all of a file's `columns` but those at `indices` (ascending); the schema of these,
/// of a file with the fields `full`.
///
/// # Errors
/// If there is no such column.
pub(crate) fn project<T>(
    full: Fields,
    columns: &mut [Option<T>],
    indices: &[usize],
) -> Result<SchemaRef, Failure> {
    let schema = Schema::new(full).project(indices);
    let schema = schema.map_err(|error| Failure::data(error.to_string()))?;
    for (index, column) in columns.iter_mut().enumerate() {
        if !indices.contains(&index) {
            *column = None;
        }
    }
    Ok(Arc::new(schema))
}
