//! Parts of dates and timestamps, in UTC.

use crate::Error;
use arrow_arith::temporal::{DatePart, date_part};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use std::sync::Arc;

/// The part as Int64.
pub(super) fn part(array: &dyn Array, part: DatePart) -> Result<ArrayRef, Error> {
    Ok(cast(&date_part(array, part)?, &DataType::Int64)?)
}

/// Seconds since 1970 with their fraction, Float64.
pub(super) fn epoch(array: &dyn Array) -> Result<ArrayRef, Error> {
    let (whole, a_second) = match array.data_type() {
        DataType::Date32 => (
            cast(&cast(array, &DataType::Int32)?, &DataType::Int64)?,
            1.0 / 86_400.0,
        ),
        DataType::Timestamp(unit, _) => (cast(array, &DataType::Int64)?, per_second(*unit)),
        other => {
            return Err(Error::Evaluate(format!(
                "no epoch of a value of type {other}"
            )));
        }
    };
    let seconds = whole
        .as_primitive::<Int64Type>()
        .unary::<_, Float64Type>(|value| value as f64 / a_second);
    Ok(Arc::new(seconds))
}

fn per_second(unit: TimeUnit) -> f64 {
    match unit {
        TimeUnit::Second => 1.0,
        TimeUnit::Millisecond => 1e3,
        TimeUnit::Microsecond => 1e6,
        TimeUnit::Nanosecond => 1e9,
    }
}
