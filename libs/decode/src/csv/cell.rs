//! One cell into its column.

use super::scan::{self, Cell};
use super::{Dialect, number};
use crate::chunk::Chunk;
use crate::column::{Column, Values};
use crate::context::{Context, Refused};
use crate::kernel::{Isa, Text};
use crate::literal::Literal;
use crate::problem::Problem;

/// Reads the cell as `row` of the column.
#[inline(always)]
pub(crate) fn read(
    isa: impl Isa,
    dialect: &Dialect,
    column: &mut Column,
    row: usize,
    text: Text<'_>,
    cell: &Cell,
    cx: &mut Context,
) -> Result<(), Refused> {
    let (from, to) = (cell.from, cell.to);
    if from == to
        && column.empty_is_null
        && !(cell.quoted && matches!(column.values, Values::String(_)))
    {
        column.null(row);
        return Ok(());
    }
    let unusual = cell.escaped || may_be_missing(column, text, cell);
    let end = match &mut column.values {
        _ if unusual => None,
        Values::String(strings) => {
            strings.copy(text, row, from, to);
            return Ok(());
        }
        Values::Integer(integers) => integers.json(row, text, from),
        Values::Number(floats) => floats.json(row, text, from),
        Values::Decimal(decimals) => decimals.json(row, text, from),
        Values::Date(dates) => dates.quick(row, text, from),
        Values::Datetime(times) => times.quick(row, text, from),
        Values::Time(times) => times.quick(row, text, from),
        _ => None,
    };
    match end {
        Some(end) if end == to => Ok(()),
        _ => seldom(isa, dialect, column, row, text, cell, cx),
    }
}

/// Whether the cell could be one of the texts that mean null, other than the empty one.
#[inline(always)]
fn may_be_missing(column: &Column, text: Text<'_>, cell: &Cell) -> bool {
    !column.missing_in_text.is_empty() && column.has_missing(text.slice(cell.from, cell.to))
}

/// What [`read`] does not read in one go: escapes, missing values, unusual spellings,
/// JSON in cells; and what is refused.
#[inline(never)]
fn seldom(
    isa: impl Isa,
    dialect: &Dialect,
    column: &mut Column,
    row: usize,
    text: Text<'_>,
    cell: &Cell,
    cx: &mut Context,
) -> Result<(), Refused> {
    let mut bytes = Vec::new();
    match cell.escaped {
        true => scan::unescape(dialect, text, cell, &mut bytes),
        false => bytes.extend_from_slice(text.slice(cell.from, cell.to)),
    }
    let content = String::from_utf8_lossy(&bytes);
    let is_string = matches!(column.values, Values::String(_));
    if !(cell.quoted && is_string) && column.is_missing(&content) {
        column.null(row);
        return Ok(());
    }
    match interpret(isa, column, row, &content, cx) {
        Ok(()) => Ok(()),
        Err(problem) => Err(cx.refuse_value(cell.from, cell.to, problem)),
    }
}

fn interpret(
    isa: impl Isa,
    column: &mut Column,
    row: usize,
    content: &str,
    cx: &mut Context,
) -> Result<(), Problem> {
    let trimmed = content.trim_matches([' ', '\t']);
    match &mut column.values {
        Values::String(strings) => strings.set(row, content.as_bytes()),
        Values::Any(raw) if raw.begins.is_none() => raw.strings.set(row, content.as_bytes()),
        Values::Boolean(booleans) => booleans.text(row, trimmed)?,
        Values::Integer(_) | Values::Number(_) | Values::Decimal(_) => {
            return numeric(column, row, trimmed);
        }
        Values::Object(_) | Values::List(_) | Values::Any(_) => {
            return json(isa, column, row, content, cx);
        }
        _ => return column.text(row, trimmed),
    }
    Ok(())
}

fn numeric(column: &mut Column, row: usize, cell: &str) -> Result<(), Problem> {
    if let (Values::Number(floats), Some(value)) = (&mut column.values, number::special(cell)) {
        floats.accept(row, value);
        return Ok(());
    }
    let literal = number::literal(cell, &column.rules).unwrap_or_default();
    let chunk = Chunk::from(literal.as_str());
    let Some(text) = Text::of(&chunk) else {
        return Err(column.values.problem(None));
    };
    let end = match &mut column.values {
        Values::Integer(integers) => integers.json(row, text, 0),
        Values::Number(floats) => floats.json(row, text, 0),
        Values::Decimal(decimals) => decimals.json(row, text, 0),
        _ => None,
    };
    match end {
        Some(end) if end == text.end() => Ok(()),
        _ => {
            let whole = Literal::read(text, 0).filter(|literal| literal.end == text.end());
            Err(column.values.problem(whole.map(|literal| (text, literal))))
        }
    }
}

/// A cell that holds JSON. Its own faults are told as the cell's.
fn json(
    isa: impl Isa,
    column: &mut Column,
    row: usize,
    content: &str,
    cx: &mut Context,
) -> Result<(), Problem> {
    let chunk = Chunk::from(content);
    let Some(text) = Text::of(&chunk) else {
        return Err(column.values.problem(None));
    };
    match isa.value(column, row, text, 0, cx) {
        Ok(end)
            if text
                .slice(end, text.end())
                .iter()
                .all(u8::is_ascii_whitespace) =>
        {
            Ok(())
        }
        Ok(_) => Err(column.values.problem(None)),
        Err(Refused) => {
            let fault = cx.fault.take();
            cx.abandon();
            Err(fault.map_or_else(|| column.values.problem(None), |fault| fault.problem))
        }
    }
}
