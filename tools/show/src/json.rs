//! Rows as NDJSON, and nested values as JSON text.

use crate::cell::{self, OPTIONS};
use crate::limit::Limited;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float16Type, Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, RecordBatch, StructArray};
use arrow_cast::display::ArrayFormatter;
use arrow_json::writer::{Encoder, EncoderFactory, EncoderOptions, NullableEncoder, make_encoder};
use arrow_schema::{ArrowError, DataType, Field, FieldRef};
use millrace_cli::Stdout;
use millrace_fault::{Failure, guarded};
use std::io::Write;
use std::sync::Arc;

/// Prints one object a row.
pub(crate) fn print(rows: &mut Limited<'_>, out: &mut Stdout) -> Result<(), Failure> {
    let mut lines = Vec::new();
    while let Some(batch) = rows.next()? {
        lines.clear();
        encode(&batch, &mut lines)?;
        out.text(&lines)?;
        out.flush()
            .map_err(|error| Failure::io("write", "standard output", error))?;
    }
    Ok(())
}

fn encode(batch: &RecordBatch, lines: &mut Vec<u8>) -> Result<(), Failure> {
    let rows: ArrayRef = Arc::new(StructArray::from(batch.clone()));
    each(&rows, |encoder| {
        for row in 0..batch.num_rows() {
            encoder.encode(row, lines);
            lines.push(b'\n');
        }
    })
}

/// The values of a nested column as JSON text, one after the other: the bytes of
/// all, and where each ends. A missing value is left empty.
pub(crate) fn texts(array: &ArrayRef) -> Result<Vec<Option<String>>, Failure> {
    let mut texts = Vec::with_capacity(array.len());
    each(array, |encoder| {
        for row in 0..array.len() {
            let mut text = Vec::new();
            if !encoder.is_null(row) {
                encoder.encode(row, &mut text);
            }
            texts.push((!text.is_empty()).then(|| String::from_utf8_lossy(&text).into_owned()));
        }
    })?;
    Ok(texts)
}

fn each(array: &ArrayRef, encode: impl FnOnce(&mut NullableEncoder<'_>)) -> Result<(), Failure> {
    let options = EncoderOptions::default()
        .with_explicit_nulls(true)
        .with_encoder_factory(Arc::new(Exact));
    let field: FieldRef = Arc::new(Field::new("", array.data_type().clone(), true));
    guarded("a batch", || {
        let mut encoder = make_encoder(&field, array, &options).map_err(unprintable)?;
        encode(&mut encoder);
        Ok(())
    })
}

fn unprintable(error: ArrowError) -> Failure {
    Failure::data("cannot print as JSON").because(error)
}

/// Encoders for what arrow-json would lose: floats that are no numbers, times beyond
/// the calendar; and for the types that it does not know.
#[derive(Debug)]
struct Exact;

impl EncoderFactory for Exact {
    fn make_default_encoder<'a>(
        &self,
        _field: &'a FieldRef,
        array: &'a dyn Array,
        _options: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        let encoder: Box<dyn Encoder + 'a> = match array.data_type() {
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Box::new(Float(array)),
            data_type if data_type.is_temporal() || matches!(data_type, DataType::Union(_, _)) => {
                Box::new(Text {
                    array,
                    formatter: ArrayFormatter::try_new(array, &OPTIONS)?,
                    text: String::new(),
                })
            }
            _ => return Ok(None),
        };
        Ok(Some(NullableEncoder::new(encoder, array.logical_nulls())))
    }
}

struct Float<'a>(&'a dyn Array);

impl Encoder for Float<'_> {
    /// The shortest digits that give the same float again.
    fn encode(&mut self, row: usize, out: &mut Vec<u8>) {
        let (value, shortest) = match self.0.data_type() {
            DataType::Float16 => {
                let value = self.0.as_primitive::<Float16Type>().value(row).to_f32();
                (f64::from(value), serde_json::to_string(&value))
            }
            DataType::Float32 => {
                let value = self.0.as_primitive::<Float32Type>().value(row);
                (f64::from(value), serde_json::to_string(&value))
            }
            _ => {
                let value = self.0.as_primitive::<Float64Type>().value(row);
                (value, serde_json::to_string(&value))
            }
        };
        let text = match value {
            _ if value.is_nan() => "\"NaN\"".to_owned(),
            f64::INFINITY => "\"Infinity\"".to_owned(),
            f64::NEG_INFINITY => "\"-Infinity\"".to_owned(),
            _ => shortest.unwrap_or_default(),
        };
        out.extend(text.into_bytes());
    }
}

struct Text<'a> {
    array: &'a dyn Array,
    formatter: ArrayFormatter<'a>,
    text: String,
}

impl Encoder for Text<'_> {
    fn encode(&mut self, row: usize, out: &mut Vec<u8>) {
        self.text.clear();
        if self.formatter.value(row).write(&mut self.text).is_err() {
            self.text.clear();
            cell::write_number(self.array, row, &mut self.text);
        }
        // Writing to memory does not fail.
        let _ = serde_json::to_writer(out, &self.text);
    }
}
