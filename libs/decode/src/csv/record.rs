//! Records one after the other.

use super::scan::{self, Cell};
use super::{Dialect, cell};
use crate::column::Object;
use crate::context::{Context, Refused};
use crate::kernel::{Isa, Text};
use crate::problem::Problem;
use crate::sink::constraint;

/// Which column each cell of a record belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) dialect: Dialect,
    /// None for a cell that the schema does not have.
    pub(crate) columns: Vec<Option<usize>>,
    /// How many of them are some.
    pub(crate) known: usize,
}

/// How far decoding has got in a chunk.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// Where the next record begins.
    pub(crate) at: usize,
    /// The record at hand.
    pub(crate) record: usize,
    pub(crate) record_end: usize,
    pub(crate) record_line: u64,
    /// Line ends passed.
    pub(crate) lines: u64,
    /// A byte that is no UTF-8: its record is refused.
    pub(crate) barrier: usize,
    pub(crate) most_rows: usize,
    pub(crate) check_at: usize,
}

/// Reads records until there is a reason to pause.
#[inline(always)]
pub(crate) fn rows<I: Isa>(
    isa: I,
    object: &mut Object,
    layout: &Layout,
    text: Text<'_>,
    rows: &mut Rows,
    cx: &mut Context,
) -> crate::json::Pause {
    use crate::json::Pause;
    loop {
        if rows.at >= text.end() {
            return Pause::End;
        }
        if let Some(next) = passed_over(&layout.dialect, layout.columns.len() == 1, text, rows.at) {
            rows.at = next;
            rows.lines += 1;
            continue;
        }
        if object.rows >= rows.most_rows || rows.at >= rows.check_at || rows.at > rows.barrier {
            return Pause::Check;
        }
        let row = object.rows;
        match record(isa, object, layout, text, rows, cx) {
            Ok(()) if rows.at <= rows.barrier => cx.note_line(rows.record_line),
            Ok(()) => {
                object.truncate(row);
                return Pause::Barrier;
            }
            Err(Refused) => {
                object.truncate(row);
                return if rows.at <= rows.barrier {
                    Pause::Refused
                } else {
                    Pause::Barrier
                };
            }
        }
    }
}

/// Behind the line at `at`, if it is a comment, or empty and that does not count.
#[inline(always)]
pub(super) fn passed_over(
    dialect: &Dialect,
    empty_counts: bool,
    text: Text<'_>,
    at: usize,
) -> Option<usize> {
    let byte = text.byte(at);
    if dialect.comment == Some(byte) {
        let rest = text.slice(at, text.end());
        return Some(memchr::memchr(b'\n', rest).map_or(text.end(), |newline| at + newline + 1));
    }
    let ends = match byte {
        b'\n' => 1,
        b'\r' if text.byte(at + 1) == b'\n' => 2,
        _ => return None,
    };
    (!empty_counts).then_some(at + ends)
}

/// Reads the record at `rows.at`, to its end in any case.
#[inline(always)]
fn record<I: Isa>(
    isa: I,
    object: &mut Object,
    layout: &Layout,
    text: Text<'_>,
    rows: &mut Rows,
    cx: &mut Context,
) -> Result<(), Refused> {
    rows.record = rows.at;
    rows.record_line = rows.lines;
    let row = object.begin_row();
    let (mut at, mut count) = (rows.at, 0);
    let mut result = Ok(());
    loop {
        let cell = scan::cell(isa, &layout.dialect, text, at);
        if cell.quoted {
            rows.lines += count_lines(text, &cell);
        }
        if result.is_ok() {
            result = keep(isa, object, layout, (row, count), text, &cell, cx);
        }
        count += 1;
        at = cell.end + 1;
        if text.byte(cell.end) != layout.dialect.delimiter || cell.end >= text.end() {
            rows.record_end = cell.end;
            break;
        }
    }
    rows.lines += u64::from(at <= text.end());
    rows.at = at.min(text.end());
    if count != layout.columns.len()
        && cx
            .fault
            .as_ref()
            .is_none_or(|fault| fault.problem.constraint != constraint::SYNTAX)
    {
        return Err(ragged(layout, rows.record, count, cx));
    }
    result?;
    object.end_row(layout.known);
    Ok(())
}

#[inline(always)]
fn keep<I: Isa>(
    isa: I,
    object: &mut Object,
    layout: &Layout,
    (row, index): (usize, usize),
    text: Text<'_>,
    cell: &Cell,
    cx: &mut Context,
) -> Result<(), Refused> {
    if let Some(at) = cell.fault {
        return Err(misquoted(cell, at, cx));
    }
    let Some(Some(column)) = layout.columns.get(index) else {
        return Ok(());
    };
    let column = &mut object.columns[*column];
    match cell::read(isa, &layout.dialect, column, row, text, cell, cx) {
        Ok(()) => {
            column.rows = row + 1;
            Ok(())
        }
        Err(refused) => Err(cx.inside(&column.name, refused)),
    }
}

#[cold]
#[inline(never)]
fn misquoted(cell: &Cell, at: usize, cx: &mut Context) -> Refused {
    cx.malformed(at, cell.misquoted(at))
}

#[cold]
#[inline(never)]
fn ragged(layout: &Layout, record: usize, count: usize, cx: &mut Context) -> Refused {
    let expected = format!("{} cells, not {count}", layout.columns.len());
    cx.refuse_value(record, record, Problem::new(constraint::CELLS, expected))
}

#[inline(never)]
fn count_lines(text: Text<'_>, cell: &Cell) -> u64 {
    memchr::memchr_iter(b'\n', text.slice(cell.from, cell.to)).count() as u64
}
