//! Encoders for the values that arrow-json would cut or refuse: floats beyond the
//! finite, binary (base64), timestamps with a named zone, dates beyond the calendar,
//! dictionaries whose values hold nulls, maps whose keys are not text, unions.

use arrow_array::cast::AsArray;
use arrow_array::temporal_conversions::{as_datetime, as_time};
use arrow_array::types::{
    ArrowTemporalType, Date32Type, Date64Type, Float16Type, Float32Type, Float64Type,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow_array::{Array, ArrowPrimitiveType, MapArray, PrimitiveArray};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_json::writer::{Encoder, EncoderFactory, EncoderOptions, NullableEncoder, make_encoder};
use arrow_schema::{ArrowError, DataType, FieldRef, TimeUnit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDateTime;
use std::io::Write;

/// The factory that puts these encoders in front of arrow-json's.
#[derive(Debug)]
pub(crate) struct Exact;

impl EncoderFactory for Exact {
    fn make_default_encoder<'a>(
        &self,
        field: &'a FieldRef,
        array: &'a dyn Array,
        options: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        let encoder: Box<dyn Encoder + 'a> = match array.data_type() {
            DataType::Float16 => each(array.as_primitive::<Float16Type>(), |v, out| {
                float(v.to_f64(), v.to_f32(), out)
            }),
            DataType::Float32 => each(array.as_primitive::<Float32Type>(), |v, out| {
                float(f64::from(v), v, out)
            }),
            DataType::Float64 => each(array.as_primitive::<Float64Type>(), |v, out| {
                float(v, v, out)
            }),
            DataType::Binary => bytes(|at| array.as_binary::<i32>().value(at)),
            DataType::LargeBinary => bytes(|at| array.as_binary::<i64>().value(at)),
            DataType::BinaryView => bytes(|at| array.as_binary_view().value(at)),
            DataType::FixedSizeBinary(_) => bytes(|at| array.as_fixed_size_binary().value(at)),
            DataType::Dictionary(..) => dictionary(field, array, options)?,
            DataType::Map(entry, _) if !has_text_keys(entry) => {
                pairs(entry, array.as_map(), options)?
            }
            DataType::Union(..) => Box::new(Shown(ArrayFormatter::try_new(
                array,
                &FormatOptions::new(),
            )?)),
            _ => match temporal(array) {
                Some(encoder) => encoder,
                None => return Ok(None),
            },
        };
        Ok(Some(NullableEncoder::new(encoder, array.logical_nulls())))
    }
}

/// An encoder made of a function of the row.
struct By<F>(F);

impl<F: FnMut(usize, &mut Vec<u8>)> Encoder for By<F> {
    fn encode(&mut self, at: usize, out: &mut Vec<u8>) {
        (self.0)(at, out);
    }
}

fn each<'a, T: ArrowPrimitiveType>(
    array: &'a PrimitiveArray<T>,
    write: impl Fn(T::Native, &mut Vec<u8>) + 'a,
) -> Box<dyn Encoder + 'a> {
    Box::new(By(move |at, out: &mut Vec<u8>| write(array.value(at), out)))
}

fn bytes<'a>(value: impl Fn(usize) -> &'a [u8] + 'a) -> Box<dyn Encoder + 'a> {
    Box::new(By(move |at, out: &mut Vec<u8>| {
        text(out, STANDARD.encode(value(at)))
    }))
}

/// Text that needs no escapes.
fn text(out: &mut Vec<u8>, plain: impl std::fmt::Display) {
    // Writing to memory cannot fail.
    let _ = write!(out, "\"{plain}\"");
}

/// JSON has no words for what is not finite: these are the usual strings.
fn float(value: f64, shown: impl serde::Serialize, out: &mut Vec<u8>) {
    if value.is_nan() {
        text(out, "NaN");
    } else if value.is_infinite() {
        text(out, if value > 0.0 { "Infinity" } else { "-Infinity" });
    } else {
        let _ = serde_json::to_writer(out, &shown);
    }
}

/// The options' encoders apply to the values; a null value makes its rows null.
fn dictionary<'a>(
    field: &'a FieldRef,
    array: &'a dyn Array,
    options: &'a EncoderOptions,
) -> Result<Box<dyn Encoder + 'a>, ArrowError> {
    let dictionary = array.as_any_dictionary();
    let values = dictionary.values();
    let keys = if values.is_empty() {
        Vec::new()
    } else {
        dictionary.normalized_keys()
    };
    let mut encoder = make_encoder(field, values.as_ref(), options)?;
    Ok(Box::new(By(move |at: usize, out: &mut Vec<u8>| {
        encoder.encode(keys[at], out)
    })))
}

fn has_text_keys(entry: &FieldRef) -> bool {
    match entry.data_type() {
        DataType::Struct(fields) => {
            matches!(
                fields.first().map(|key| key.data_type()),
                Some(DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
            )
        }
        _ => false,
    }
}

/// A map as a list of its entries.
fn pairs<'a>(
    entry: &'a FieldRef,
    map: &'a MapArray,
    options: &'a EncoderOptions,
) -> Result<Box<dyn Encoder + 'a>, ArrowError> {
    let mut encoder = make_encoder(entry, map.entries(), options)?;
    Ok(Box::new(By(move |at: usize, out: &mut Vec<u8>| {
        let (from, to) = (
            map.value_offsets()[at] as usize,
            map.value_offsets()[at + 1] as usize,
        );
        out.push(b'[');
        for entry in from..to {
            if entry > from {
                out.push(b',');
            }
            encoder.encode(entry, out);
        }
        out.push(b']');
    })))
}

/// What has no form in JSON, as the text that people would be shown.
struct Shown<'a>(ArrayFormatter<'a>);

impl Encoder for Shown<'_> {
    fn encode(&mut self, at: usize, out: &mut Vec<u8>) {
        let shown = self.0.value(at).try_to_string().unwrap_or_default();
        let _ = serde_json::to_writer(out, &shown);
    }
}

fn temporal<'a>(array: &'a dyn Array) -> Option<Box<dyn Encoder + 'a>> {
    Some(match array.data_type() {
        DataType::Date32 => moments::<Date32Type>(array, |at| at.date().to_string()),
        DataType::Date64 => moments::<Date64Type>(array, date_or_moment),
        DataType::Time32(TimeUnit::Second) => times::<Time32SecondType>(array),
        DataType::Time32(_) => times::<Time32MillisecondType>(array),
        DataType::Time64(TimeUnit::Microsecond) => times::<Time64MicrosecondType>(array),
        DataType::Time64(_) => times::<Time64NanosecondType>(array),
        DataType::Timestamp(TimeUnit::Second, zone) => {
            stamps::<TimestampSecondType>(array, zone.is_some())
        }
        DataType::Timestamp(TimeUnit::Millisecond, zone) => {
            stamps::<TimestampMillisecondType>(array, zone.is_some())
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            stamps::<TimestampMicrosecondType>(array, zone.is_some())
        }
        DataType::Timestamp(TimeUnit::Nanosecond, zone) => {
            stamps::<TimestampNanosecondType>(array, zone.is_some())
        }
        _ => return None,
    })
}

fn date_or_moment(at: NaiveDateTime) -> String {
    if at.time() == chrono::NaiveTime::MIN {
        at.date().to_string()
    } else {
        stamp(at, "")
    }
}

/// An instant is written in UTC whatever its column's zone is: exact, and RFC 3339.
fn stamps<'a, T: ArrowTemporalType>(array: &'a dyn Array, zoned: bool) -> Box<dyn Encoder + 'a>
where
    i64: From<T::Native>,
{
    moments::<T>(array, move |at| stamp(at, if zoned { "Z" } else { "" }))
}

fn stamp(at: NaiveDateTime, end: &str) -> String {
    format!("{}{end}", at.format("%Y-%m-%dT%H:%M:%S%.f"))
}

/// Moments as text; what is beyond the calendar as its number.
fn moments<'a, T: ArrowTemporalType>(
    array: &'a dyn Array,
    show: impl Fn(NaiveDateTime) -> String + 'a,
) -> Box<dyn Encoder + 'a>
where
    i64: From<T::Native>,
{
    shown::<T>(array, move |value| as_datetime::<T>(value).map(&show))
}

/// Times of day as text; what is none as its number.
fn times<'a, T: ArrowTemporalType>(array: &'a dyn Array) -> Box<dyn Encoder + 'a>
where
    i64: From<T::Native>,
{
    shown::<T>(array, |value| {
        as_time::<T>(value).map(|time| time.to_string())
    })
}

fn shown<'a, T: ArrowTemporalType>(
    array: &'a dyn Array,
    show: impl Fn(i64) -> Option<String> + 'a,
) -> Box<dyn Encoder + 'a>
where
    i64: From<T::Native>,
{
    each(array.as_primitive::<T>(), move |value, out| {
        match show(i64::from(value)) {
            Some(moment) => text(out, moment),
            None => drop(write!(out, "{}", i64::from(value))),
        }
    })
}
