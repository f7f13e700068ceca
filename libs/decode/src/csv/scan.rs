//! The extent of one cell.

use super::Dialect;
use crate::kernel::{Isa, Text};

/// A cell and how it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    /// The content, quotes left out.
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Where the delimiter or the line end stands, or the text ends.
    pub(crate) end: usize,
    pub(crate) quoted: bool,
    /// Quotes inside are doubled or escaped.
    pub(crate) escaped: bool,
    /// Where the quoting goes wrong, if it does.
    pub(crate) fault: Option<usize>,
}

impl Cell {
    /// What was expected at the fault `at`.
    pub(crate) fn misquoted(&self, at: usize) -> &'static str {
        match at {
            _ if at < self.from => "a closing quote",
            _ if at < self.to => "a quote, a delimiter, a line end or an escape behind the escape",
            _ => "a delimiter or the end of the record after the closing quote",
        }
    }
}

/// Reads the extent of the cell at `at`.
#[inline(always)]
pub(crate) fn cell(isa: impl Isa, dialect: &Dialect, text: Text<'_>, at: usize) -> Cell {
    match dialect.quote {
        Some(quote) if text.byte(at) == quote && at < text.end() => {
            quoted(isa, dialect, quote, text, at)
        }
        _ => {
            let end = unquoted_end(isa, dialect, text, at);
            let to = without_return(text, at, end);
            Cell {
                from: at,
                to,
                end,
                quoted: false,
                escaped: false,
                fault: None,
            }
        }
    }
}

/// The next delimiter or line end, or the end of the text.
#[inline(always)]
fn unquoted_end(isa: impl Isa, dialect: &Dialect, text: Text<'_>, mut at: usize) -> usize {
    let delimiter = dialect.delimiter;
    while at < text.end() {
        let stops = isa.any(text.block(at), [delimiter, b'\n', b'\n', delimiter]);
        if stops != 0 {
            return (at + stops.trailing_zeros() as usize).min(text.end());
        }
        at += 32;
    }
    text.end()
}

/// A carriage return before the line end, or at the end of the text, is part of it.
#[inline(always)]
fn without_return(text: Text<'_>, from: usize, end: usize) -> usize {
    let ends_line = text.byte(end) == b'\n' || end == text.end();
    match ends_line && end > from && text.byte(end - 1) == b'\r' {
        true => end - 1,
        false => end,
    }
}

#[inline(always)]
fn quoted(isa: impl Isa, dialect: &Dialect, quote: u8, text: Text<'_>, begin: usize) -> Cell {
    let escape = dialect.escape.unwrap_or(quote);
    let (mut at, mut escaped, mut stray) = (begin + 1, false, None);
    while at < text.end() {
        let stops = isa.any(text.block(at), [quote, escape, quote, escape]);
        if stops == 0 {
            at += 32;
            continue;
        }
        at += stops.trailing_zeros() as usize;
        if at >= text.end() {
            break;
        }
        if text.byte(at) == quote && text.byte(at + 1) != quote {
            let cell = closed(isa, dialect, text, begin, at, escaped);
            return Cell {
                fault: stray.or(cell.fault),
                ..cell
            };
        }
        if text.byte(at) != quote && !dialect.escapes(text.byte(at + 1)) {
            stray = stray.or(Some(at));
        }
        escaped = true;
        at += 2;
    }
    // The quote is never closed.
    Cell {
        from: begin + 1,
        to: text.end(),
        end: text.end(),
        quoted: true,
        escaped,
        fault: Some(begin),
    }
}

/// The cell that opens at `begin` and closes at `close`.
#[inline(always)]
fn closed(
    isa: impl Isa,
    dialect: &Dialect,
    text: Text<'_>,
    begin: usize,
    close: usize,
    escaped: bool,
) -> Cell {
    let after = close + 1;
    let clean = Cell {
        from: begin + 1,
        to: close,
        end: after,
        quoted: true,
        escaped,
        fault: None,
    };
    let byte = text.byte(after);
    if byte == dialect.delimiter || byte == b'\n' || after >= text.end() {
        return clean;
    }
    let end = unquoted_end(isa, dialect, text, after);
    match end == after + 1 && without_return(text, after, end) == after {
        true => Cell { end, ..clean },
        false => Cell {
            end,
            fault: Some(after),
            ..clean
        },
    }
}

/// The content of an escaped cell as it is meant, appended to `out`.
pub(crate) fn unescape(dialect: &Dialect, text: Text<'_>, cell: &Cell, out: &mut Vec<u8>) {
    let mut bytes = text.slice(cell.from, cell.to).iter();
    while let Some(byte) = bytes.next() {
        let doubled = Some(*byte) == dialect.quote || Some(*byte) == dialect.escape;
        match doubled {
            true => out.extend(bytes.next()),
            false => out.push(*byte),
        }
    }
}
