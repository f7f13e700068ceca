//! Text to values: numbers, dates, timestamps, times, intervals.

use crate::types::{Class, class};
use arrow_array::types::{Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, DurationNanosecondArray, Float64Array,
    Int64Array, PrimitiveArray, StringArray, TimestampMicrosecondArray, TimestampNanosecondArray,
};
use arrow_cast::parse::{parse_interval_month_day_nano, string_to_datetime};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, TimeUnit};
use chrono::Utc;
use std::sync::Arc;

/// A number in its own type: Int64, else an exact decimal, else (an exponent, or more
/// than 38 digits) Float64.
pub(crate) fn number(digits: &str) -> Option<ArrayRef> {
    let float = || {
        digits
            .parse::<f64>()
            .ok()
            .map(|value| Arc::new(Float64Array::from(vec![value])) as ArrayRef)
    };
    match exact(digits) {
        _ if digits.contains(['e', 'E']) => float(),
        Some((value, 0)) if i64::try_from(value).is_ok() => {
            Some(Arc::new(Int64Array::from(vec![value as i64])))
        }
        Some((value, scale)) => decimal(value, scale),
        None => float(),
    }
}

/// `digits` as a value of the number type `target`, if that can hold it: exactly, but
/// rounded to the nearest where `target` is a float.
pub(crate) fn number_as(digits: &str, target: &DataType) -> Option<ArrayRef> {
    match class(target) {
        Class::Float => {
            let value = digits.trim().parse::<f64>().ok()?;
            // Straight to the target: rounding twice may end beside the nearest float.
            Some(match target {
                DataType::Float32 => Arc::new(arrow_array::Float32Array::from(vec![
                    digits.trim().parse::<f32>().ok()?,
                ])),
                _ => Arc::new(Float64Array::from(vec![value])),
            })
        }
        Class::Integer | Class::Decimal => {
            let (value, scale) = exact(digits)?;
            exactly(&decimal(value, scale)?, target)
        }
        _ => None,
    }
}

/// The one element of `value` as `target` if that loses nothing.
pub(crate) fn exactly(value: &ArrayRef, target: &DataType) -> Option<ArrayRef> {
    let cast = |value: &ArrayRef, target: &DataType| {
        let cast = cast_with_options(value, target, &CastOptions::default()).ok()?;
        (!cast.is_null(0)).then_some(cast)
    };
    let there = cast(value, target)?;
    let back = cast(&there, value.data_type())?;
    (back.to_data() == value.to_data()).then_some(there)
}

fn decimal(value: i128, scale: i8) -> Option<ArrayRef> {
    let digits = value
        .unsigned_abs()
        .checked_ilog10()
        .map_or(1, |log| log as u8 + 1);
    let precision = digits.max(scale.unsigned_abs()).max(1);
    let array = Decimal128Array::from(vec![value])
        .with_precision_and_scale(precision, scale)
        .ok()?;
    Some(Arc::new(array))
}

/// A decimal numeral as (value, scale): `-12.50e1` is (-1250, 1) less its trailing zeros.
fn exact(text: &str) -> Option<(i128, i8)> {
    let text = text.trim();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if fraction.contains(['-', '+']) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let digits = format!("{whole}{fraction}");
    let mut value: i128 = digits.parse().ok()?;
    let mut scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    while scale < 0 {
        value = value.checked_mul(10)?;
        scale += 1;
    }
    let fits = value.unsigned_abs() < 10_u128.pow(38) && scale <= 38;
    fits.then_some((value, scale as i8))
}

/// A date and time, with or without a zone (then it is UTC). Microseconds unless it
/// has a finer fraction.
pub(crate) fn timestamp(text: &str) -> Option<ArrayRef> {
    let moment = string_to_datetime(&Utc, text.trim()).ok()?;
    if moment.timestamp_subsec_nanos() % 1000 == 0 {
        Some(Arc::new(TimestampMicrosecondArray::from(vec![
            moment.timestamp_micros(),
        ])))
    } else {
        Some(Arc::new(TimestampNanosecondArray::from(vec![
            moment.timestamp_nanos_opt()?,
        ])))
    }
}

/// `1 day`, `90 minutes`, `1 year 2 months`.
pub(crate) fn interval(text: &str) -> Option<ArrayRef> {
    let value: IntervalMonthDayNano = parse_interval_month_day_nano(text).ok()?;
    Some(Arc::new(PrimitiveArray::<IntervalMonthDayNanoType>::from(
        vec![value],
    )))
}

/// An interval without months as the length of time that two timestamps differ by.
pub(crate) fn duration(interval: &ArrayRef, target: &DataType) -> Option<ArrayRef> {
    let interval = interval
        .as_any()
        .downcast_ref::<PrimitiveArray<IntervalMonthDayNanoType>>()?
        .value(0);
    let days = i64::from(interval.days).checked_mul(86_400_000_000_000)?;
    let nanoseconds = days
        .checked_add(interval.nanoseconds)
        .filter(|_| interval.months == 0)?;
    let value: ArrayRef = Arc::new(DurationNanosecondArray::from(vec![nanoseconds]));
    Some(exactly(&value, target).unwrap_or(value))
}

/// `text` as a value of `target`, or of a type that meets it without loss.
pub(crate) fn parse_text(text: &str, target: &DataType) -> Option<ArrayRef> {
    match class(target) {
        Class::Integer | Class::Decimal | Class::Float => {
            number_as(text, target).or_else(|| exact(text).and_then(|_| number(text.trim())))
        }
        Class::Timestamp => timestamp(text),
        Class::Date => date(text, target).or_else(|| timestamp(text)),
        Class::Interval => interval(text),
        Class::Boolean => boolean(text),
        Class::Text => Some(Arc::new(StringArray::from(vec![text]))),
        Class::Binary | Class::Time => cast_text(text, target),
        _ => None,
    }
}

fn boolean(text: &str) -> Option<ArrayRef> {
    let value = match text.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "on" | "1" => true,
        "false" | "f" | "no" | "off" | "0" => false,
        _ => return None,
    };
    Some(Arc::new(BooleanArray::from(vec![value])))
}

/// A bare date: arrow would also take a timestamp and drop its time.
fn date(text: &str, target: &DataType) -> Option<ArrayRef> {
    let text = text.trim();
    (!text.contains([':', 'T', ' ']))
        .then(|| cast_text(text, target))
        .flatten()
}

fn cast_text(text: &str, target: &DataType) -> Option<ArrayRef> {
    let text = StringArray::from(vec![text]);
    let value = cast_with_options(&text, target, &CastOptions::default()).ok()?;
    (!value.is_null(0)).then_some(value)
}

/// What a text literal for `target` looks like, in messages.
pub(crate) fn expected(target: &DataType) -> &'static str {
    match class(target) {
        Class::Boolean => "true or false",
        Class::Integer => "an integer",
        Class::Decimal | Class::Float => "a number",
        Class::Date => "a date such as '2026-03-17'",
        Class::Timestamp => "a timestamp such as '2026-03-17 05:00:00' or '2026-03-17T05:00:00Z'",
        Class::Time => "a time such as '05:00:00'",
        Class::Interval | Class::Duration => "an interval such as '1 day'",
        _ => "a literal of that type",
    }
}

/// An integer constant, for arguments such as SUBSTR's.
pub(crate) fn integer(value: &ArrayRef) -> Option<i64> {
    let cast = cast_with_options(value, &DataType::Int64, &CastOptions::default()).ok()?;
    let cast = cast.as_any().downcast_ref::<PrimitiveArray<Int64Type>>()?;
    cast.is_valid(0).then(|| cast.value(0))
}

/// Microseconds, the unit that SQL's time types are given.
pub(crate) const UNIT: TimeUnit = TimeUnit::Microsecond;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact() {
        assert_eq!(exact("-12.50"), Some((-125, 1)));
        assert_eq!(exact("1e3"), Some((1000, 0)));
        assert_eq!(exact("1.25e1"), Some((125, 1)));
        assert_eq!(exact(".5"), Some((5, 1)));
        assert_eq!(
            exact("99999999999999999999999999999999999999"),
            Some((10_i128.pow(38) - 1, 0))
        );
        for bad in [
            "",
            ".",
            "1.-5",
            "1e99999999999",
            "x",
            "1e50",
            "100000000000000000000000000000000000000",
        ] {
            assert_eq!(exact(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_number_takes_the_type_it_meets_only_if_it_fits() {
        assert!(number_as("300", &DataType::Int8).is_none());
        assert!(number_as("1.5", &DataType::Int8).is_none());
        assert!(number_as("1.50", &DataType::Decimal128(3, 1)).is_some());
        assert!(number_as("0.1", &DataType::Float32).is_some());
    }

    #[test]
    fn timestamps_far_away_and_fine() {
        assert_eq!(
            timestamp("9999-12-31 00:00:00").unwrap().data_type(),
            &DataType::Timestamp(TimeUnit::Microsecond, None)
        );
        assert_eq!(
            timestamp("2026-03-17T05:00:00.000000001Z")
                .unwrap()
                .data_type(),
            &DataType::Timestamp(TimeUnit::Nanosecond, None)
        );
        assert!(timestamp("17.3.2026").is_none());
    }
}
