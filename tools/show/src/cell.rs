//! One value as text.

use arrow_array::{Array, ArrayRef};
use arrow_cast::display::{ArrayFormatter, DurationFormat, FormatOptions};
use arrow_schema::{DataType, TimeUnit};
use millrace_fault::{Failure, guarded, quoted};
use std::fmt::Write;

/// How values are printed: ISO durations, RFC 3339 times.
pub(crate) const OPTIONS: FormatOptions<'static> = FormatOptions::new()
    .with_display_error(false)
    .with_null("NULL")
    .with_duration_format(DurationFormat::ISO8601);

/// The values of one column, one by one.
pub(crate) struct Cells<'a> {
    array: &'a dyn Array,
    nulls: Option<arrow_buffer::NullBuffer>,
    formatter: ArrayFormatter<'a>,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(name: &str, array: &'a ArrayRef) -> Result<Self, Failure> {
        let formatter = guarded(&quoted(name), || {
            ArrayFormatter::try_new(array, &OPTIONS).map_err(|error| {
                Failure::data(format!("cannot print column {}", quoted(name))).because(error)
            })
        })?;
        Ok(Cells {
            array,
            nulls: array.logical_nulls(),
            formatter,
        })
    }

    /// Appends the value to `text`; false when it is missing.
    pub(crate) fn write(&self, row: usize, text: &mut String) -> bool {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return false;
        }
        let start = text.len();
        if self.formatter.value(row).write(text).is_err() {
            // A time that no calendar has: its number still tells something.
            text.truncate(start);
            write_number(self.array, row, text);
        }
        true
    }
}

/// The number behind a temporal value, with its unit.
pub(crate) fn write_number(array: &dyn Array, row: usize, text: &mut String) {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Int32Type, Int64Type};
    let number = |to: &DataType| arrow_cast::cast(&array.slice(row, 1), to).ok();
    let value = match array.data_type() {
        DataType::Date32 | DataType::Time32(_) => number(&DataType::Int32)
            .map(|array| i64::from(array.as_primitive::<Int32Type>().value(0))),
        _ => number(&DataType::Int64).map(|array| array.as_primitive::<Int64Type>().value(0)),
    };
    let _ = match value {
        Some(value) => write!(text, "{value} {}", unit(array.data_type())),
        None => write!(text, "?"),
    };
}

fn unit(data_type: &DataType) -> &'static str {
    use DataType::*;
    match data_type {
        Date32 => "days since 1970-01-01",
        Timestamp(unit, _) | Time32(unit) | Time64(unit) | Duration(unit) => match unit {
            TimeUnit::Second => "s",
            TimeUnit::Millisecond => "ms",
            TimeUnit::Microsecond => "us",
            TimeUnit::Nanosecond => "ns",
        },
        Date64 => "ms",
        _ => "",
    }
}
