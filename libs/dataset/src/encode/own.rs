//! A column that is encoded here, by the type of its values.

use super::bytes::Bytes;
use super::chunk::OwnChunk;
use super::column::{Column, Form};
use super::keyed::Keyed;
use super::numbers::Numbers;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int32Type};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::ArrowNativeType;
use arrow_schema::DataType;
use parquet::basic::Type as Physical;
use parquet::errors::ParquetError;
use std::sync::Arc;

/// A column chunk in work.
pub(super) enum OwnColumn {
    Bytes(Column<Bytes>),
    Int32(Column<Numbers<i32>>),
    Int64(Column<Numbers<i64>>),
    Float(Column<Numbers<f32>>),
    Double(Column<Numbers<f64>>),
}

impl OwnColumn {
    pub(super) fn new(form: Arc<Form>) -> Self {
        match form.descriptor.physical_type() {
            Physical::INT32 => OwnColumn::Int32(Column::new(form.clone(), Numbers::new(&form))),
            Physical::INT64 => OwnColumn::Int64(Column::new(form.clone(), Numbers::new(&form))),
            Physical::FLOAT => OwnColumn::Float(Column::new(form.clone(), Numbers::new(&form))),
            Physical::DOUBLE => OwnColumn::Double(Column::new(form.clone(), Numbers::new(&form))),
            _ => OwnColumn::Bytes(Column::new(form.clone(), Bytes::new(&form))),
        }
    }

    /// Adds the rows of `array`, of the column's type, strings and bytes also with a dictionary.
    pub(super) fn write(&mut self, array: &ArrayRef) -> Result<(), ParquetError> {
        match (self, array.data_type()) {
            (OwnColumn::Bytes(column), DataType::Utf8) => {
                column.add(array, array.as_string::<i32>())
            }
            (OwnColumn::Bytes(column), DataType::LargeUtf8) => {
                column.add(array, array.as_string::<i64>())
            }
            (OwnColumn::Bytes(column), DataType::Binary) => {
                column.add(array, array.as_binary::<i32>())
            }
            (OwnColumn::Bytes(column), DataType::LargeBinary) => {
                column.add(array, array.as_binary::<i64>())
            }
            (OwnColumn::Bytes(column), DataType::Dictionary(..)) => write_keyed(column, array),
            (OwnColumn::Int32(column), DataType::Decimal128(..)) => {
                let values: Vec<i32> = decimals(array).iter().map(|v| *v as i32).collect();
                column.add(array, values.as_slice())
            }
            (OwnColumn::Int64(column), DataType::Decimal128(..)) => {
                let values: Vec<i64> = decimals(array).iter().map(|v| *v as i64).collect();
                column.add(array, values.as_slice())
            }
            (OwnColumn::Int32(column), _) => with_values(array, |values| column.add(array, values)),
            (OwnColumn::Int64(column), _) => with_values(array, |values| column.add(array, values)),
            (OwnColumn::Float(column), _) => with_values(array, |values| column.add(array, values)),
            (OwnColumn::Double(column), _) => {
                with_values(array, |values| column.add(array, values))
            }
            (OwnColumn::Bytes(_), other) => Err(unfit(other)),
        }
    }

    pub(super) fn close(self) -> Result<OwnChunk, ParquetError> {
        match self {
            OwnColumn::Bytes(column) => column.close(),
            OwnColumn::Int32(column) => column.close(),
            OwnColumn::Int64(column) => column.close(),
            OwnColumn::Float(column) => column.close(),
            OwnColumn::Double(column) => column.close(),
        }
    }
}

/// Adds rows that come with a dictionary, which has a value for each that is not null.
fn write_keyed(column: &mut Column<Bytes>, array: &ArrayRef) -> Result<(), ParquetError> {
    let Some(rows) = array.as_dictionary_opt::<Int32Type>() else {
        return Err(unfit(array.data_type()));
    };
    let values = rows.values();
    match values.data_type() {
        DataType::Utf8 => column.add(array, &Keyed::new(rows, values.as_string::<i32>())),
        DataType::LargeUtf8 => column.add(array, &Keyed::new(rows, values.as_string::<i64>())),
        DataType::Binary => column.add(array, &Keyed::new(rows, values.as_binary::<i32>())),
        DataType::LargeBinary => column.add(array, &Keyed::new(rows, values.as_binary::<i64>())),
        other => Err(unfit(other)),
    }
}

/// Of at most 18 digits, which Parquet has in its integers.
fn decimals(array: &ArrayRef) -> &[i128] {
    array.as_primitive::<Decimal128Type>().values()
}

/// The values of an array of numbers of the width of `T`, null ones included.
fn with_values<T: ArrowNativeType>(
    array: &ArrayRef,
    add: impl FnOnce(&[T]) -> Result<(), ParquetError>,
) -> Result<(), ParquetError> {
    if array.data_type().primitive_width() != Some(size_of::<T>()) {
        return Err(unfit(array.data_type()));
    }
    let data = array.to_data();
    add(&data.buffer::<T>(0)[..array.len()])
}

fn unfit(found: &DataType) -> ParquetError {
    ParquetError::General(format!("a column of another type got values of {found}"))
}
