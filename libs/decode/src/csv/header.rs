//! The first record as names of columns, and records as plain cells.

use super::Dialect;
use super::scan;
use crate::chunk::Chunk;
use crate::kernel::{Portable, Text};
use std::borrow::Cow;

/// The records of a chunk as cells without quotes: for headers and inference, where no
/// schema is known yet. Comments and empty lines are passed over.
pub struct Records<'a> {
    text: Option<Text<'a>>,
    dialect: Dialect,
    at: usize,
    misquoted: Option<(usize, &'static str)>,
}

impl<'a> Records<'a> {
    /// The records of `chunk`, which begins at the start of one.
    pub fn new(chunk: &'a Chunk, dialect: &Dialect) -> Self {
        Records {
            text: Text::of(chunk),
            dialect: *dialect,
            at: 0,
            misquoted: None,
        }
    }

    /// Where the quoting of the record returned last goes wrong, and what was expected there.
    pub fn misquoted(&self) -> Option<(usize, &'static str)> {
        self.misquoted
    }

    /// Where the next record, or the white space before it, begins.
    pub fn position(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Records<'a> {
    /// The cells of one record.
    type Item = Vec<Cow<'a, [u8]>>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.text?;
        while let Some(next) = super::record::passed_over(&self.dialect, false, text, self.at) {
            self.at = next;
        }
        if self.at >= text.end() {
            return None;
        }
        let mut cells = Vec::new();
        self.misquoted = None;
        loop {
            let cell = scan::cell(Portable, &self.dialect, text, self.at);
            cells.push(content(&self.dialect, text, &cell));
            let fault = cell.fault.map(|at| (at, cell.misquoted(at)));
            self.misquoted = self.misquoted.or(fault);
            self.at = (cell.end + 1).min(text.end());
            if cell.end >= text.end() || text.byte(cell.end) != self.dialect.delimiter {
                return Some(cells);
            }
        }
    }
}

fn content<'a>(dialect: &Dialect, text: Text<'a>, cell: &scan::Cell) -> Cow<'a, [u8]> {
    match cell.escaped {
        false => Cow::Borrowed(text.slice(cell.from, cell.to)),
        true => {
            let mut bytes = Vec::new();
            scan::unescape(dialect, text, cell, &mut bytes);
            Cow::Owned(bytes)
        }
    }
}
