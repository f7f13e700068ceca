//! One value into its column.

use super::{behind_space, string};
use crate::column::{Column, Values};
use crate::context::{At, Context, Refused};
use crate::kernel::{Isa, Text};
use crate::literal::Literal;
use std::ops::Range;

const NULL: u32 = u32::from_le_bytes(*b"null");

/// Reads the value at `at` as `row` of the column.
#[inline(always)]
pub(crate) fn value<I: Isa>(
    isa: I,
    column: &mut Column,
    row: usize,
    text: Text<'_>,
    at: usize,
    cx: &mut Context,
) -> At {
    let quoted = text.byte(at) == b'"';
    let end = match &mut column.values {
        Values::Integer(integers) => integers.json(row, text, at),
        Values::Number(floats) => floats.json(row, text, at),
        Values::Decimal(decimals) => decimals.json(row, text, at),
        Values::Boolean(booleans) => booleans.json(row, text, at),
        Values::Year(years) => years.json(row, text, at),
        Values::String(strings) if quoted => {
            let end = string::read(isa, strings, row, text, at + 1, cx)?;
            if !column.missing_in_json.is_empty() {
                null_if_missing(column, row);
            }
            return Ok(end);
        }
        Values::Datetime(times) if quoted => closing(text, times.quick(row, text, at + 1)),
        Values::Date(dates) if quoted => closing(text, dates.quick(row, text, at + 1)),
        Values::Time(times) if quoted => closing(text, times.quick(row, text, at + 1)),
        Values::Object(object) if text.byte(at) == b'{' => return isa.object(object, text, at, cx),
        Values::List(list) if text.byte(at) == b'[' => return isa.list(list, row, text, at, cx),
        _ => None,
    };
    if let Some(end) = end {
        return Ok(end);
    }
    if text.half(at) == NULL {
        column.null(row);
        return Ok(at + 4);
    }
    seldom(isa, column, row, text, at, cx)
}

/// Behind the closing quote, if it stands where the value ends.
#[inline(always)]
fn closing(text: Text<'_>, end: Option<usize>) -> Option<usize> {
    end.filter(|end| text.byte(*end) == b'"').map(|end| end + 1)
}

/// What [`value`] does not read in one go: white space before a value, strings with
/// escapes or unusual forms, missing values, raw text; and what is refused.
#[inline(never)]
fn seldom<I: Isa>(
    isa: I,
    column: &mut Column,
    row: usize,
    text: Text<'_>,
    at: usize,
    cx: &mut Context,
) -> At {
    let begin = behind_space(text, at, cx.lines);
    if begin != at {
        return isa.value(column, row, text, begin, cx);
    }
    let end = isa.skip(text, at, column.depth, cx)?;
    match &mut column.values {
        Values::Any(raw) if raw.begins.is_none_or(|first| first == text.byte(at)) => {
            raw.strings.set(row, text.slice(at, end));
            Ok(end)
        }
        _ if text.byte(at) == b'"' => quoted(column, row, text, at..end, cx),
        _ => Err(mismatch(column, text, at..end, cx)),
    }
}

/// A text that stands for null becomes it.
#[inline(never)]
fn null_if_missing(column: &mut Column, row: usize) {
    let Values::String(strings) = &column.values else {
        return;
    };
    let content = strings.row(row);
    if column
        .missing_in_json
        .iter()
        .any(|missing| missing.as_bytes() == content)
    {
        column.null(row);
    }
}

/// A string whose content is to be interpreted.
fn quoted(
    column: &mut Column,
    row: usize,
    text: Text<'_>,
    place: Range<usize>,
    cx: &mut Context,
) -> At {
    let mut bytes = Vec::new();
    string::unescape(text, place.start + 1, place.end - 1, cx, &mut bytes);
    let content = String::from_utf8_lossy(&bytes);
    if column
        .missing_in_json
        .iter()
        .any(|missing| *missing == *content)
    {
        column.null(row);
        return Ok(place.end);
    }
    match column.text(row, &content) {
        Ok(()) => Ok(place.end),
        Err(problem) => Err(cx.refuse_value(place.start, place.end, problem)),
    }
}

/// The value is well-formed and not what the column holds.
#[cold]
fn mismatch(column: &Column, text: Text<'_>, place: Range<usize>, cx: &mut Context) -> Refused {
    let number = Literal::read(text, place.start).map(|literal| (text, literal));
    let problem = column.values.problem(number);
    cx.refuse_value(place.start, place.end, problem)
}
