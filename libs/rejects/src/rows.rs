//! Rows of any Arrow type as JSON, exactly: arrow-json with [`values`](crate::values)
//! for the types that it would cut.

use crate::values::Exact;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StructArray};
use arrow_json::writer::{EncoderOptions, NullableEncoder, make_encoder};
use arrow_schema::{ArrowError, DataType, Field, FieldRef};
use millrace_fault::{Coded, Exit};
use std::sync::Arc;
use thiserror::Error;

/// Rows that have no form in JSON.
#[derive(Debug, Error)]
#[error("cannot write column '{column}' as JSON: {reason}")]
pub struct RowsError {
    column: String,
    reason: String,
}

impl Coded for RowsError {
    fn exit(&self) -> Exit {
        Exit::DATA
    }
}

/// Renders rows of one batch, or values of one column, as JSON text.
///
/// Integers and decimals have all their digits; floats are the shortest text that
/// reads back equal, and the strings `"NaN"`, `"Infinity"`, `"-Infinity"`; timestamps
/// with a zone are RFC 3339 in UTC, those without one lack the `Z`; binary is base64;
/// structs are objects, with nulls; maps with text keys too.
pub struct RowEncoder {
    field: FieldRef,
    array: ArrayRef,
    options: EncoderOptions,
}

impl RowEncoder {
    /// Rows of a batch, as objects.
    pub fn of_rows(batch: &RecordBatch) -> RowEncoder {
        let rows = StructArray::from(batch.clone());
        let field = Field::new("", rows.data_type().clone(), false);
        RowEncoder::new(Arc::new(field), Arc::new(rows))
    }

    /// Values of one column.
    pub fn of_column(field: FieldRef, column: ArrayRef) -> RowEncoder {
        RowEncoder::new(field, column)
    }

    fn new(field: FieldRef, array: ArrayRef) -> RowEncoder {
        let options = EncoderOptions::default().with_explicit_nulls(true).with_encoder_factory(Arc::new(Exact));
        RowEncoder { field, array, options }
    }

    /// Calls `with` with each of these rows' JSON text, in order.
    pub fn each<E: From<RowsError>>(
        &self,
        rows: impl IntoIterator<Item = usize>,
        mut with: impl FnMut(usize, &str) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut encoder = self.encoder()?;
        let mut text = Vec::new();
        for row in rows {
            text.clear();
            match encoder.is_null(row) {
                true => text.extend_from_slice(b"null"),
                false => encoder.encode(row, &mut text),
            }
            with(row, &String::from_utf8_lossy(&text))?;
        }
        Ok(())
    }

    /// One row's JSON text.
    pub fn row(&self, row: usize) -> Result<String, RowsError> {
        let mut out = String::new();
        self.each([row], |_, text| {
            out.push_str(text);
            Ok::<(), RowsError>(())
        })?;
        Ok(out)
    }

    fn encoder(&self) -> Result<NullableEncoder<'_>, RowsError> {
        make_encoder(&self.field, self.array.as_ref(), &self.options).map_err(|error| self.refused(&error))
    }

    /// Names the column that cannot be written.
    fn refused(&self, error: &ArrowError) -> RowsError {
        let column = match self.array.data_type() {
            DataType::Struct(fields) => {
                let columns = self.array.as_struct().columns();
                let at = fields.iter().zip(columns).find(|(field, array)| {
                    make_encoder(field, array.as_ref(), &self.options).is_err()
                });
                at.map_or("", |(field, _)| field.name())
            }
            _ => self.field.name(),
        };
        RowsError { column: column.to_owned(), reason: error.to_string() }
    }
}
