//! Fewer columns of a file that knows its own.

use arrow_schema::{Fields, Schema, SchemaRef};
use millrace_fault::Failure;
use std::sync::Arc;

/// The schema of the columns at `indices` (ascending) of a file with the fields `full`.
///
/// # Errors
/// If there is no such column.
pub(crate) fn project(full: Fields, indices: &[usize]) -> Result<SchemaRef, Failure> {
    let schema = Schema::new(full).project(indices);
    let schema = schema.map_err(|error| Failure::data(error.to_string()))?;
    Ok(Arc::new(schema))
}
