//! CAST, and the casts between types that meet in a comparison.

use crate::Error;
use crate::types::{self, Class, class};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, make_array};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_cast::{CastOptions, can_cast_types, cast_with_options};
use arrow_schema::DataType;
use millrace_fault::{clip, quoted};
use std::sync::Arc;

/// Whether values of `from` can be cast to `to`, at least some of them.
pub(crate) fn is_castable(from: &DataType, to: &DataType) -> bool {
    let (a, b) = (class(from), class(to));
    let unlike = matches!((a, b), (Class::Date | Class::Timestamp | Class::Time, other) | (other, Class::Date | Class::Timestamp | Class::Time)
        if other.is_number() || other == Class::Boolean);
    !unlike && can_cast_types(from, to)
}

/// `array` as `target`. A value that has no equal there is an error, or (`lenient`)
/// null. Fractions are rounded, halves to even from a float and away from zero from
/// a decimal.
pub(crate) fn value(
    array: &dyn Array,
    target: &DataType,
    lenient: bool,
) -> Result<ArrayRef, Error> {
    let source = whole(array, target);
    let strict = CastOptions {
        safe: lenient,
        format_options: FormatOptions::new(),
    };
    cast_with_options(&source, target, &strict).map_err(|_| {
        let from = types::name(source.data_type());
        let culprit = culprit(&source, target).map_or_else(
            || format!("a value of type {from}"),
            |text| quoted(clip(&text, 80)),
        );
        Error::Evaluate(format!("cannot cast {culprit} to {}", types::name(target)))
    })
}

/// Rounds what is about to become an integer: arrow would cut.
fn whole(array: &dyn Array, target: &DataType) -> ArrayRef {
    let array = make_array(array.to_data());
    if class(target) != Class::Integer {
        return array;
    }
    match array.data_type() {
        DataType::Float32 => Arc::new(
            array
                .as_primitive::<Float32Type>()
                .unary::<_, Float32Type>(f32::round_ties_even),
        ),
        DataType::Float64 => Arc::new(
            array
                .as_primitive::<Float64Type>()
                .unary::<_, Float64Type>(f64::round_ties_even),
        ),
        DataType::Decimal128(precision, scale) if *scale > 0 => {
            let rounded = DataType::Decimal128(*precision, 0);
            cast_with_options(&array, &rounded, &CastOptions::default()).unwrap_or(array)
        }
        _ => array,
    }
}

/// The first value that cannot be cast, as text.
fn culprit(array: &ArrayRef, target: &DataType) -> Option<String> {
    let cast = cast_with_options(array, target, &CastOptions::default()).ok()?;
    let row = (0..array.len()).find(|&row| array.is_valid(row) && cast.is_null(row))?;
    let options = FormatOptions::new();
    let formatter = ArrayFormatter::try_new(array, &options).ok()?;
    formatter.value(row).try_to_string().ok()
}
