//! `enum`: the values allowed.
//!
//! A value is allowed if it equals one of the list in the field's type: 1 and 1.0 are
//! one number, `2026-03-17T00:00:00Z` and `…T01:00:00+01:00` one instant.

use crate::check::bounds::{values, whole};
use crate::check::text::each_text;
use crate::check::{Compiled, Test};
use arrow_array::ArrowPrimitiveType;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder, i256};
use arrow_schema::{DataType, TimeUnit};
use foldhash::fast::RandomState;
use millrace_fault::{Failure, clip};
use millrace_rejects::{RowEncoder, RowsError};
use millrace_schema::{Field, Kind};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;

/// The test of a field's `enum` on a column of this plain type.
pub(crate) fn compile(field: &Field, arrow: &DataType) -> Result<Option<Compiled>, Failure> {
    let Some(allowed) = &field.constraints.enumeration else {
        return Ok(None);
    };
    let listed: Vec<String> = allowed.iter().map(Value::to_string).collect();
    let expected = format!("one of {}", clip(&listed.join(", "), 200));
    let test = test(field, arrow, allowed)?;
    Ok(Some(Compiled {
        name: "enum",
        expected,
        test,
    }))
}

fn test(field: &Field, arrow: &DataType, allowed: &[Value]) -> Result<Test, Failure> {
    use DataType as T;
    let allowed: Vec<&Value> = allowed.iter().filter(|value| !value.is_null()).collect();
    match arrow {
        T::Utf8 | T::LargeUtf8 if field.kind == Kind::Any => Ok(json_text(allowed)),
        T::Utf8 | T::LargeUtf8 => text(field, &allowed),
        T::Boolean => truth(field, &allowed),
        T::Float16 | T::Float32 | T::Float64 => float(field, arrow, &allowed),
        T::Struct(_) | T::LargeList(_) | T::Map(..) | T::Binary | T::LargeBinary => {
            Ok(json(&allowed))
        }
        _ => exact(field, arrow, &allowed),
    }
}

fn wrong(field: &Field, value: &Value) -> Failure {
    Failure::usage(format!(
        "field '{}': {} in its enum is not of type {}",
        field.name,
        clip(&value.to_string(), 80),
        field.declared
    ))
}

fn text(field: &Field, allowed: &[&Value]) -> Result<Test, Failure> {
    let texts = allowed.iter().map(|value| {
        value
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| wrong(field, value))
    });
    let texts: HashSet<String, RandomState> = texts.collect::<Result<_, _>>()?;
    Ok(each_text(move |text| !texts.contains(text)))
}

fn truth(field: &Field, allowed: &[&Value]) -> Result<Test, Failure> {
    let truths = allowed.iter().map(|value| match value {
        Value::Bool(value) => Ok(*value),
        Value::String(text) if field.text.truths().contains(&text.as_str()) => Ok(true),
        Value::String(text) if field.text.falsehoods().contains(&text.as_str()) => Ok(false),
        _ => Err(wrong(field, value)),
    });
    let truths: HashSet<bool> = truths.collect::<Result<_, _>>()?;
    Ok(Box::new(move |array| {
        let array = array.as_boolean();
        BooleanBuffer::collect_bool(array.len(), |at| !truths.contains(&array.value(at)))
    }))
}

/// The text of a number or of a string.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn float(field: &Field, arrow: &DataType, allowed: &[&Value]) -> Result<Test, Failure> {
    let words: Vec<String> = allowed
        .iter()
        .map(|value| word(value).ok_or_else(|| wrong(field, value)))
        .collect::<Result<_, _>>()?;
    let parsed = words
        .iter()
        .zip(allowed)
        .map(|(word, value)| word.parse::<f64>().map_err(|_| wrong(field, value)));
    let numbers: Vec<f64> = parsed.collect::<Result<_, _>>()?;
    Ok(match arrow {
        DataType::Float64 => values::<Float64Type>(move |value| !numbers.contains(&value)),
        DataType::Float32 => {
            // In the column's own width: 0.1 is the float that is written 0.1.
            let numbers: Vec<f32> = words.iter().filter_map(|word| word.parse().ok()).collect();
            values::<Float32Type>(move |value| !numbers.contains(&value))
        }
        _ => {
            let numbers: Vec<_> = numbers
                .into_iter()
                .map(<Float16Type as ArrowPrimitiveType>::Native::from_f64)
                .collect();
            values::<Float16Type>(move |value| !numbers.contains(&value))
        }
    })
}

/// Whole and decimal numbers and moments, in units of the column. A value that the unit
/// cannot hold (half a cent) allows nothing.
fn exact(field: &Field, arrow: &DataType, allowed: &[&Value]) -> Result<Test, Failure> {
    let mut units: HashSet<i256> = HashSet::new();
    for value in allowed {
        let word = word(value).ok_or_else(|| wrong(field, value))?;
        let whole = whole(field, arrow, &word).map_err(|_| wrong(field, value))?;
        units.extend(whole.exact.then_some(whole.floor));
    }
    among(arrow, units).ok_or_else(|| {
        Failure::data(format!(
            "field '{}': values of Arrow type {arrow} cannot be listed in an enum",
            field.name
        ))
    })
}

fn among(arrow: &DataType, units: HashSet<i256>) -> Option<Test> {
    use DataType as T;
    use TimeUnit as U;
    Some(match arrow {
        T::Int8 => listed::<Int8Type>(units),
        T::Int16 => listed::<Int16Type>(units),
        T::Int32 => listed::<Int32Type>(units),
        T::Int64 => listed::<Int64Type>(units),
        T::UInt8 => listed::<UInt8Type>(units),
        T::UInt16 => listed::<UInt16Type>(units),
        T::UInt32 => listed::<UInt32Type>(units),
        T::UInt64 => listed::<UInt64Type>(units),
        T::Decimal32(..) => listed::<Decimal32Type>(units),
        T::Decimal64(..) => listed::<Decimal64Type>(units),
        T::Decimal128(..) => listed::<Decimal128Type>(units),
        T::Decimal256(..) => values::<Decimal256Type>(move |value| !units.contains(&value)),
        T::Date32 => listed::<Date32Type>(units),
        T::Date64 => listed::<Date64Type>(units),
        T::Time32(U::Second) => listed::<Time32SecondType>(units),
        T::Time32(_) => listed::<Time32MillisecondType>(units),
        T::Time64(U::Microsecond) => listed::<Time64MicrosecondType>(units),
        T::Time64(_) => listed::<Time64NanosecondType>(units),
        T::Timestamp(U::Second, _) => listed::<TimestampSecondType>(units),
        T::Timestamp(U::Millisecond, _) => listed::<TimestampMillisecondType>(units),
        T::Timestamp(U::Microsecond, _) => listed::<TimestampMicrosecondType>(units),
        T::Timestamp(U::Nanosecond, _) => listed::<TimestampNanosecondType>(units),
        T::Duration(U::Second) => listed::<DurationSecondType>(units),
        T::Duration(U::Millisecond) => listed::<DurationMillisecondType>(units),
        T::Duration(U::Microsecond) => listed::<DurationMicrosecondType>(units),
        T::Duration(U::Nanosecond) => listed::<DurationNanosecondType>(units),
        _ => return None,
    })
}

fn listed<T>(units: HashSet<i256>) -> Test
where
    T: ArrowPrimitiveType,
    T::Native: TryFrom<i128> + Ord,
{
    let mut natives: Vec<T::Native> = units
        .iter()
        .filter_map(|unit| T::Native::try_from(unit.to_i128()?).ok())
        .collect();
    natives.sort_unstable();
    values::<T>(move |value| natives.binary_search(&value).is_err())
}

/// A JSON value kept as its text.
fn json_text(allowed: Vec<&Value>) -> Test {
    let allowed: Vec<Value> = allowed.into_iter().cloned().collect();
    each_text(move |text| match serde_json::from_str::<Value>(text) {
        Ok(value) => !allowed.contains(&value),
        Err(_) => !allowed.iter().any(|value| value.as_str() == Some(text)),
    })
}

/// Nested values, compared as JSON.
fn json(allowed: &[&Value]) -> Test {
    let allowed: Vec<Value> = allowed.iter().map(|value| (*value).clone()).collect();
    Box::new(move |array| {
        let field = Arc::new(arrow_schema::Field::new(
            "",
            array.data_type().clone(),
            true,
        ));
        let rows = RowEncoder::of_column(field, arrow_array::make_array(array.to_data()));
        let mut broken = BooleanBufferBuilder::new(array.len());
        let listed = rows.each(0..array.len(), |_, text| {
            let value = serde_json::from_str::<Value>(text);
            broken.append(value.map_or(true, |value| !allowed.contains(&value)));
            Ok::<(), RowsError>(())
        });
        match listed {
            Ok(()) => broken.finish(),
            Err(_) => BooleanBuffer::new_set(array.len()),
        }
    })
}
