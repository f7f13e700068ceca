//! `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`.
//!
//! Whole and decimal numbers and moments are compared exactly, as whole numbers of the
//! column's own unit; floats as floats, NaN within no bounds; `yearmonth` as text,
//! which sorts like the months.

use crate::check::number::Whole;
use crate::check::text::each_text;
use crate::check::{Compiled, Test};
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrowPrimitiveType};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, i256};
use arrow_schema::{DataType, TimeUnit};
use millrace_fault::Failure;
use millrace_schema::{Constraints, Field, Kind, temporal};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    AtLeast,
    AtMost,
    Above,
    Below,
}

/// The tests of a field's bounds on a column of this plain type.
pub(crate) fn compile(field: &Field, arrow: &DataType) -> Result<Vec<Compiled>, Failure> {
    let Constraints {
        minimum,
        maximum,
        exclusive_minimum,
        exclusive_maximum,
        ..
    } = &field.constraints;
    let bounds = [
        ("minimum", "at least", Side::AtLeast, minimum),
        ("maximum", "at most", Side::AtMost, maximum),
        (
            "exclusiveMinimum",
            "more than",
            Side::Above,
            exclusive_minimum,
        ),
        (
            "exclusiveMaximum",
            "less than",
            Side::Below,
            exclusive_maximum,
        ),
    ];
    let mut compiled = Vec::new();
    for (name, words, side, text) in bounds {
        let Some(text) = text else { continue };
        let test = test(field, arrow, side, text)?;
        compiled.push(Compiled {
            name,
            expected: format!("{words} {text}"),
            test,
        });
    }
    Ok(compiled)
}

fn test(field: &Field, arrow: &DataType, side: Side, text: &str) -> Result<Test, Failure> {
    use DataType as T;
    if let (T::Float16 | T::Float32 | T::Float64, Ok(bound)) = (arrow, text.parse()) {
        return Ok(float(arrow, side, bound, text));
    }
    if let (T::Utf8 | T::LargeUtf8, Kind::YearMonth) = (arrow, &field.kind) {
        return Ok(month(side, text.to_owned()));
    }
    let whole = whole(field, arrow, text)?;
    let limit = match side {
        Side::AtLeast => whole.ceil(),
        Side::Above => whole.floor.wrapping_add(i256::ONE),
        Side::AtMost => whole.floor,
        Side::Below => whole.ceil().wrapping_sub(i256::ONE),
    };
    let lower = matches!(side, Side::AtLeast | Side::Above);
    within(arrow, lower, limit).ok_or_else(|| impossible(field, text, arrow))
}

/// The bound as a whole number of the column's unit.
pub(crate) fn whole(field: &Field, arrow: &DataType, text: &str) -> Result<Whole, Failure> {
    if let Some(scale) = scale(arrow) {
        return Whole::scaled(text, scale).ok_or_else(|| impossible(field, text, arrow));
    }
    let nanos = nanos(&field.kind, text).ok_or_else(|| impossible(field, text, arrow))?;
    let unit = unit_nanos(arrow).ok_or_else(|| impossible(field, text, arrow))?;
    Ok(Whole::quotient(nanos, unit))
}

fn impossible(field: &Field, text: &str, arrow: &DataType) -> Failure {
    Failure::usage(format!(
        "field '{}': '{text}' cannot be compared with a column of Arrow type {arrow}",
        field.name
    ))
}

/// Digits after the point of a column of exact numbers.
fn scale(arrow: &DataType) -> Option<i32> {
    match arrow {
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => Some(i32::from(*scale)),
        _ if arrow.is_integer() => Some(0),
        _ => None,
    }
}

/// A moment or a length of time in nanoseconds. Months have no fixed length: None.
fn nanos(kind: &Kind, text: &str) -> Option<i128> {
    match kind {
        Kind::Date | Kind::Datetime => {
            temporal::datetime_any(text).map(|moment| moment.epoch_nanos())
        }
        Kind::Time => temporal::time_any(text).map(i128::from),
        Kind::Duration => {
            let duration = temporal::duration(text).filter(|duration| duration.months == 0)?;
            Some(i128::from(duration.days) * DAY + duration.nanos)
        }
        _ => None,
    }
}

const DAY: i128 = 86_400_000_000_000;

fn unit_nanos(arrow: &DataType) -> Option<i128> {
    match arrow {
        DataType::Date32 => Some(DAY),
        DataType::Date64 => Some(1_000_000),
        DataType::Timestamp(unit, _)
        | DataType::Time32(unit)
        | DataType::Time64(unit)
        | DataType::Duration(unit) => Some(match unit {
            TimeUnit::Second => 1_000_000_000,
            TimeUnit::Millisecond => 1_000_000,
            TimeUnit::Microsecond => 1_000,
            TimeUnit::Nanosecond => 1,
        }),
        _ => None,
    }
}

/// Values less than a lower limit, or greater than an upper one, break it.
fn within(arrow: &DataType, lower: bool, limit: i256) -> Option<Test> {
    use DataType as T;
    use TimeUnit as U;
    Some(match arrow {
        T::Int8 => native::<Int8Type>(lower, limit),
        T::Int16 => native::<Int16Type>(lower, limit),
        T::Int32 => native::<Int32Type>(lower, limit),
        T::Int64 => native::<Int64Type>(lower, limit),
        T::UInt8 => native::<UInt8Type>(lower, limit),
        T::UInt16 => native::<UInt16Type>(lower, limit),
        T::UInt32 => native::<UInt32Type>(lower, limit),
        T::UInt64 => native::<UInt64Type>(lower, limit),
        T::Decimal32(..) => native::<Decimal32Type>(lower, limit),
        T::Decimal64(..) => native::<Decimal64Type>(lower, limit),
        T::Decimal128(..) => native::<Decimal128Type>(lower, limit),
        T::Decimal256(..) => {
            values::<Decimal256Type>(move |value| if lower { value < limit } else { value > limit })
        }
        T::Date32 => native::<Date32Type>(lower, limit),
        T::Date64 => native::<Date64Type>(lower, limit),
        T::Time32(U::Second) => native::<Time32SecondType>(lower, limit),
        T::Time32(_) => native::<Time32MillisecondType>(lower, limit),
        T::Time64(U::Microsecond) => native::<Time64MicrosecondType>(lower, limit),
        T::Time64(_) => native::<Time64NanosecondType>(lower, limit),
        T::Timestamp(U::Second, _) => native::<TimestampSecondType>(lower, limit),
        T::Timestamp(U::Millisecond, _) => native::<TimestampMillisecondType>(lower, limit),
        T::Timestamp(U::Microsecond, _) => native::<TimestampMicrosecondType>(lower, limit),
        T::Timestamp(U::Nanosecond, _) => native::<TimestampNanosecondType>(lower, limit),
        T::Duration(U::Second) => native::<DurationSecondType>(lower, limit),
        T::Duration(U::Millisecond) => native::<DurationMillisecondType>(lower, limit),
        T::Duration(U::Microsecond) => native::<DurationMicrosecondType>(lower, limit),
        T::Duration(U::Nanosecond) => native::<DurationNanosecondType>(lower, limit),
        _ => return None,
    })
}

fn native<T>(lower: bool, limit: i256) -> Test
where
    T: ArrowPrimitiveType,
    T::Native: TryFrom<i128>,
{
    match limit
        .to_i128()
        .and_then(|limit| T::Native::try_from(limit).ok())
    {
        Some(limit) if lower => values::<T>(move |value| value < limit),
        Some(limit) => values::<T>(move |value| value > limit),
        // Beyond what the type holds: no value reaches it, or every one does.
        None => constant(lower == (limit > i256::ZERO)),
    }
}

pub(crate) fn values<T: ArrowPrimitiveType>(
    breaks: impl Fn(T::Native) -> bool + Send + 'static,
) -> Test {
    Box::new(move |array| {
        let values = array.as_primitive::<T>().values();
        BooleanBuffer::collect_bool(values.len(), |at| breaks(values[at]))
    })
}

fn constant(breaks: bool) -> Test {
    Box::new(move |array: &dyn Array| {
        if breaks {
            BooleanBuffer::new_set(array.len())
        } else {
            BooleanBuffer::new_unset(array.len())
        }
    })
}

/// In the column's own width: a bound of 0.1 is the float that is written 0.1.
fn float(arrow: &DataType, side: Side, bound: f64, text: &str) -> Test {
    match arrow {
        DataType::Float64 => values::<Float64Type>(move |value| outside(side, value, bound)),
        DataType::Float32 => {
            let bound = text.parse::<f32>().unwrap_or(bound as f32);
            values::<Float32Type>(move |value| outside(side, value, bound))
        }
        _ => {
            let bound = <Float16Type as ArrowPrimitiveType>::Native::from_f64(bound);
            values::<Float16Type>(move |value| outside(side, value, bound))
        }
    }
}

/// Written so that a value which does not compare (NaN) is outside.
fn outside<T: ArrowNativeType + PartialOrd>(side: Side, value: T, bound: T) -> bool {
    let inside = match side {
        Side::AtLeast => value >= bound,
        Side::AtMost => value <= bound,
        Side::Above => value > bound,
        Side::Below => value < bound,
    };
    !inside
}

fn month(side: Side, bound: String) -> Test {
    each_text(move |text| match side {
        Side::AtLeast => text < bound.as_str(),
        Side::AtMost => text > bound.as_str(),
        Side::Above => text <= bound.as_str(),
        Side::Below => text >= bound.as_str(),
    })
}
