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
        let options = EncoderOptions::default()
            .with_explicit_nulls(true)
            .with_encoder_factory(Arc::new(Exact));
        RowEncoder {
            field,
            array,
            options,
        }
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
        make_encoder(&self.field, self.array.as_ref(), &self.options)
            .map_err(|error| self.refused(&error))
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
        RowsError {
            column: column.to_owned(),
            reason: error.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::types::{Int8Type, Int32Type};
    use arrow_array::{
        BinaryArray, Date32Array, Decimal128Array, Decimal256Array, DictionaryArray,
        DurationSecondArray, Float32Array, Float64Array, Int8Array, Int32Array, ListArray,
        MapArray, RunArray, StringArray, Time64MicrosecondArray, TimestampMicrosecondArray,
        TimestampNanosecondArray, UInt64Array, UnionArray,
    };
    use arrow_buffer::{OffsetBuffer, i256};
    use arrow_schema::Fields;

    fn values(array: impl Array + 'static) -> Vec<String> {
        let field = Arc::new(Field::new("x", array.data_type().clone(), true));
        let encoder = RowEncoder::of_column(field, Arc::new(array));
        (0..encoder.array.len())
            .map(|row| encoder.row(row).unwrap())
            .collect()
    }

    #[test]
    fn numbers_keep_their_digits() {
        assert_eq!(
            values(UInt64Array::from(vec![Some(u64::MAX), None])),
            ["18446744073709551615", "null"]
        );
        let decimals = Decimal128Array::from(vec![-10, i128::pow(10, 38) - 1])
            .with_precision_and_scale(38, 2)
            .unwrap();
        assert_eq!(
            values(decimals),
            ["-0.10", "999999999999999999999999999999999999.99"]
        );
        let wide = Decimal256Array::from(vec![i256::from_i128(7)])
            .with_precision_and_scale(76, 3)
            .unwrap();
        assert_eq!(wide.data_type(), &DataType::Decimal256(76, 3));
        assert_eq!(values(wide), ["0.007"]);
    }

    #[test]
    fn floats_are_the_shortest_text_that_reads_back_equal() {
        let floats = [
            0.1,
            -0.0,
            1.0,
            1e300,
            f64::MIN_POSITIVE,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ];
        let texts = values(Float64Array::from(floats.to_vec()));
        for (value, text) in floats.iter().zip(&texts).take(5) {
            assert_eq!(
                serde_json::from_str::<f64>(text).unwrap().to_bits(),
                value.to_bits(),
                "{text}"
            );
        }
        assert_eq!(texts[5..], ["\"NaN\"", "\"Infinity\"", "\"-Infinity\""]);
        assert_eq!(values(Float32Array::from(vec![0.1])), ["0.1"]);
    }

    #[test]
    fn moments() {
        let micros = 1_773_709_200_000_001;
        let naive = TimestampMicrosecondArray::from(vec![micros]);
        assert_eq!(values(naive.clone()), ["\"2026-03-17T01:00:00.000001\""]);
        assert_eq!(
            values(naive.with_timezone("Europe/Berlin")),
            ["\"2026-03-17T01:00:00.000001Z\""]
        );
        assert_eq!(
            values(TimestampNanosecondArray::from(vec![0, -1]).with_timezone("UTC")),
            [
                "\"1970-01-01T00:00:00Z\"",
                "\"1969-12-31T23:59:59.999999999Z\""
            ]
        );
        // Beyond the calendar there is only the number.
        assert_eq!(
            values(TimestampMicrosecondArray::from(vec![i64::MAX])),
            [i64::MAX.to_string()]
        );
        assert_eq!(
            values(Date32Array::from(vec![20_529, i32::MAX])),
            ["\"2026-03-17\"".to_owned(), i32::MAX.to_string()]
        );
        assert_eq!(
            values(Time64MicrosecondArray::from(vec![3_600_000_001, -1])),
            ["\"01:00:00.000001\"", "-1"]
        );
        assert_eq!(values(DurationSecondArray::from(vec![90])), ["\"PT90S\""]);
    }

    #[test]
    fn text_bytes_and_dictionaries() {
        assert_eq!(
            values(StringArray::from(vec!["ä\"\n\u{1}"])),
            [r#""ä\"\n\u0001""#]
        );
        assert_eq!(
            values(BinaryArray::from_vec(vec![b"\xff\x00", b""])),
            ["\"/wA=\"", "\"\""]
        );
        let keys = Int8Array::from(vec![Some(0), Some(1), None]);
        let nulls_in_values = StringArray::from(vec![Some("a"), None]);
        let dictionary = DictionaryArray::<Int8Type>::new(keys, Arc::new(nulls_in_values));
        assert_eq!(values(dictionary), ["\"a\"", "null", "null"]);
        let empty = DictionaryArray::<Int8Type>::new(
            Int8Array::new_null(2),
            Arc::new(StringArray::new_null(0)),
        );
        assert_eq!(values(empty), ["null", "null"]);
        let runs = RunArray::<Int32Type>::try_new(
            &Int32Array::from(vec![2, 3]),
            &Float64Array::from(vec![Some(0.5), None]),
        );
        assert_eq!(values(runs.unwrap()), ["0.5", "0.5", "null"]);
    }

    #[test]
    fn nested_values_keep_their_nulls() {
        let list = ListArray::from_iter_primitive::<Int32Type, _, _>([
            Some(vec![Some(1), None]),
            None,
            Some(vec![]),
        ]);
        assert_eq!(values(list), ["[1,null]", "null", "[]"]);
        let fields: Fields = vec![
            Field::new("keys", DataType::Int32, false),
            Field::new("values", DataType::Utf8, true),
        ]
        .into();
        let entries = StructArray::new(
            fields.clone(),
            vec![
                Arc::new(Int32Array::from(vec![7, 8])),
                Arc::new(StringArray::from(vec![Some("a"), None])),
            ],
            None,
        );
        let entry = Arc::new(Field::new("entries", DataType::Struct(fields), false));
        let map = MapArray::new(
            entry,
            OffsetBuffer::new(vec![0, 2].into()),
            entries,
            None,
            false,
        );
        assert_eq!(
            values(map),
            [r#"[{"keys":7,"values":"a"},{"keys":8,"values":null}]"#]
        );
    }

    #[test]
    fn a_union_is_shown_as_text() {
        let fields = [(0, Arc::new(Field::new("i", DataType::Int32, true)))]
            .into_iter()
            .collect();
        let union = UnionArray::try_new(
            fields,
            vec![0].into(),
            None,
            vec![Arc::new(Int32Array::from(vec![5]))],
        )
        .unwrap();
        assert_eq!(values(union), ["\"{i=5}\""]);
    }

    #[test]
    fn rows_are_objects() {
        let batch = RecordBatch::try_from_iter([
            (
                "a",
                Arc::new(Int32Array::from(vec![Some(1), None])) as ArrayRef,
            ),
            (
                "b\"",
                Arc::new(StringArray::from(vec!["x", "y"])) as ArrayRef,
            ),
        ])
        .unwrap();
        assert_eq!(
            RowEncoder::of_rows(&batch).row(1).unwrap(),
            r#"{"a":null,"b\"":"y"}"#
        );
    }
}
