//! Columns of a row as the bytes of a key: equal keys have equal bytes and no others.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float16Type, Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, LargeBinaryArray, LargeStringArray, PrimitiveArray};
use arrow_array::{BinaryArray, StringArray};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_row::{RowConverter, Rows, SortField};
use arrow_schema::{ArrowError, DataType};
use std::sync::Arc;

/// Encodes the keys of batches whose key columns have these types.
pub(crate) enum Encoder {
    /// One column of text, bytes or a type of fixed width: its bytes.
    Plain,
    /// Anything else: arrow's comparable rows.
    Rows(RowConverter),
}

/// The keys of one batch.
pub(crate) struct Keys {
    bytes: Bytes,
    /// Rows with a null in the key: those have no key.
    nulls: Option<NullBuffer>,
}

enum Bytes {
    Text(StringArray),
    LargeText(LargeStringArray),
    Binary(BinaryArray),
    LargeBinary(LargeBinaryArray),
    /// Values of so many bytes each.
    Fixed(Buffer, usize),
    Rows(Rows),
}

impl Encoder {
    pub(crate) fn new(types: &[DataType]) -> Result<Encoder, ArrowError> {
        use DataType as T;
        if let [T::Utf8 | T::LargeUtf8 | T::Binary | T::LargeBinary] = types {
            return Ok(Encoder::Plain);
        }
        if types.len() == 1 && types[0].is_primitive() {
            return Ok(Encoder::Plain);
        }
        let fields = types.iter().cloned().map(SortField::new).collect();
        Ok(Encoder::Rows(RowConverter::new(fields)?))
    }

    pub(crate) fn encode(&self, columns: &[ArrayRef]) -> Result<Keys, ArrowError> {
        let nulls = columns.iter().fold(None, |all, column| {
            NullBuffer::union(all.as_ref(), column.logical_nulls().as_ref())
        });
        let bytes = match (self, columns) {
            (Encoder::Plain, [column]) => plain(&one_zero(column)),
            (Encoder::Rows(converter), _) => rows(converter, columns)?,
            (Encoder::Plain, _) => {
                return Err(ArrowError::InvalidArgumentError(
                    "one key column expected".into(),
                ));
            }
        };
        Ok(Keys { bytes, nulls })
    }
}

fn plain(column: &ArrayRef) -> Bytes {
    match column.data_type() {
        DataType::Utf8 => Bytes::Text(column.as_string().clone()),
        DataType::LargeUtf8 => Bytes::LargeText(column.as_string().clone()),
        DataType::Binary => Bytes::Binary(column.as_binary().clone()),
        DataType::LargeBinary => Bytes::LargeBinary(column.as_binary().clone()),
        _ => fixed(column),
    }
}

fn fixed(column: &ArrayRef) -> Bytes {
    let width = column.data_type().primitive_width().unwrap_or(1);
    let data = column.to_data();
    let values = data.buffers()[0].slice_with_length(data.offset() * width, data.len() * width);
    Bytes::Fixed(values, width)
}

fn rows(converter: &RowConverter, columns: &[ArrayRef]) -> Result<Bytes, ArrowError> {
    let columns: Vec<ArrayRef> = columns.iter().map(one_zero).collect();
    Ok(Bytes::Rows(converter.convert_columns(&columns)?))
}

/// Floats that are equal get equal bits: one zero, one NaN.
fn one_zero(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Float64 => {
            let column: PrimitiveArray<Float64Type> = column.as_primitive().clone();
            Arc::new(column.unary::<_, Float64Type>(|value| {
                if value.is_nan() {
                    f64::NAN
                } else {
                    value + 0.0
                }
            }))
        }
        DataType::Float32 => {
            let column: PrimitiveArray<Float32Type> = column.as_primitive().clone();
            Arc::new(column.unary::<_, Float32Type>(|value| {
                if value.is_nan() {
                    f32::NAN
                } else {
                    value + 0.0
                }
            }))
        }
        DataType::Float16 => {
            let wide = |value: <Float16Type as arrow_array::ArrowPrimitiveType>::Native| {
                f32::from(value) + 0.0
            };
            Arc::new(
                column
                    .as_primitive::<Float16Type>()
                    .unary::<_, Float32Type>(wide),
            )
        }
        _ => column.clone(),
    }
}

impl Keys {
    /// The key of this row; None where a column of it is null.
    pub(crate) fn key(&self, row: usize) -> Option<&[u8]> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return None;
        }
        Some(match &self.bytes {
            Bytes::Text(array) => array.value(row).as_bytes(),
            Bytes::LargeText(array) => array.value(row).as_bytes(),
            Bytes::Binary(array) => array.value(row),
            Bytes::LargeBinary(array) => array.value(row),
            Bytes::Fixed(values, width) => &values[row * width..(row + 1) * width],
            Bytes::Rows(rows) => rows.row(row).data(),
        })
    }

    pub(crate) fn len(&self) -> usize {
        match &self.bytes {
            Bytes::Text(array) => array.len(),
            Bytes::LargeText(array) => array.len(),
            Bytes::Binary(array) => array.len(),
            Bytes::LargeBinary(array) => array.len(),
            Bytes::Fixed(values, width) => values.len() / width,
            Bytes::Rows(rows) => rows.num_rows(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Float64Array, Int32Array};

    fn keys(columns: &[ArrayRef]) -> Vec<Option<Vec<u8>>> {
        let types: Vec<DataType> = columns.iter().map(|c| c.data_type().clone()).collect();
        let keys = Encoder::new(&types).unwrap().encode(columns).unwrap();
        (0..keys.len())
            .map(|row| keys.key(row).map(<[u8]>::to_vec))
            .collect()
    }

    #[test]
    fn equal_values_have_equal_keys_and_nulls_have_none() {
        let other_nan = f64::from_bits(f64::NAN.to_bits() | 1);
        let floats = keys(&[Arc::new(Float64Array::from(vec![
            Some(0.0),
            Some(-0.0),
            Some(f64::NAN),
            Some(other_nan),
            None,
        ]))]);
        assert_eq!(
            (&floats[0], &floats[2], &floats[4]),
            (&floats[1], &floats[3], &None)
        );
        assert_ne!(floats[0], floats[2]);
    }

    #[test]
    fn columns_of_a_key_do_not_run_into_each_other() {
        let a: ArrayRef = Arc::new(StringArray::from(vec![Some("ab"), Some("a"), None]));
        let b: ArrayRef = Arc::new(StringArray::from(vec![Some("c"), Some("bc"), Some("x")]));
        let both = keys(&[a, b]);
        assert_ne!(both[0], both[1]);
        assert_eq!(both[2], None);
    }

    #[test]
    fn fixed_widths_in_slices_too() {
        let ints: ArrayRef = Arc::new(Int32Array::from(vec![Some(9), Some(1), None, Some(-1)]));
        let bytes = |value: i32| Some(value.to_ne_bytes().to_vec());
        assert_eq!(keys(&[ints.slice(1, 3)]), [bytes(1), None, bytes(-1)]);
        let empty: ArrayRef = Arc::new(Int32Array::from(Vec::<i32>::new()));
        assert!(keys(&[empty]).is_empty());
    }

    #[test]
    fn text_is_its_own_key() {
        let text = keys(&[Arc::new(StringArray::from(vec!["", "é"]))]);
        assert_eq!(text, [Some(vec![]), Some("é".as_bytes().to_vec())]);
    }
}
