//! True and false.

use super::numbers::Numbers;
use super::store::Store;
use crate::kernel::Text;
use crate::problem::Problem;
use arrow_array::{ArrayRef, BooleanArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use millrace_schema::TextRules;
use std::sync::Arc;

/// A column of booleans, one bit a row.
#[derive(Debug)]
pub(crate) struct Booleans {
    words: Numbers<u64>,
    /// What a text cell says for true, and for false.
    truths: Vec<String>,
    falsehoods: Vec<String>,
}

const TRUE: u32 = u32::from_le_bytes(*b"true");
const FALS: u32 = u32::from_le_bytes(*b"fals");

impl Booleans {
    pub(crate) fn new(rules: &TextRules) -> Self {
        let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
        Booleans {
            words: Numbers::default(),
            truths: owned(rules.truths()),
            falsehoods: owned(rules.falsehoods()),
        }
    }

    /// Takes the content of a cell.
    pub(crate) fn text(&mut self, row: usize, cell: &str) -> Result<(), Problem> {
        let truth = self.truths.iter().any(|text| text == cell);
        if !truth && !self.falsehoods.iter().any(|text| text == cell) {
            let known = [self.truths.join(", "), self.falsehoods.join(", ")];
            return Err(Problem::of_type(format!(
                "one of {}, or {}",
                known[0], known[1]
            )));
        }
        self.set(row, truth);
        Ok(())
    }

    /// Reads `true` or `false` at `at`.
    #[inline(always)]
    pub(crate) fn json(&mut self, row: usize, text: Text<'_>, at: usize) -> Option<usize> {
        let (value, end) = read(text, at)?;
        self.set(row, value);
        Some(end)
    }

    #[inline(always)]
    pub(crate) fn set(&mut self, row: usize, value: bool) {
        let others = self.words.at(row / 64) & !(1 << (row % 64));
        self.words
            .set(row / 64, others | u64::from(value) << (row % 64));
    }
}

#[inline(always)]
fn read(text: Text<'_>, at: usize) -> Option<(bool, usize)> {
    let word = text.half(at);
    if word == TRUE {
        return Some((true, at + 4));
    }
    (word == FALS && text.byte(at + 4) == b'e').then_some((false, at + 5))
}

impl Store for Booleans {
    fn reserve(&mut self, rows: usize) {
        self.words.reserve(rows.div_ceil(64));
    }

    #[inline(always)]
    fn null(&mut self, row: usize) {
        self.set(row, false);
    }

    fn take(&mut self, rows: usize, nulls: Option<NullBuffer>) -> ArrayRef {
        // Bits behind the last row would carry what an earlier batch left there.
        if !rows.is_multiple_of(64) {
            let last = self.words.at(rows / 64) & !(u64::MAX << (rows % 64));
            self.words.set(rows / 64, last);
        }
        let bits = self.words.take(rows.div_ceil(64)).into_inner();
        Arc::new(BooleanArray::new(BooleanBuffer::new(bits, 0, rows), nulls))
    }

    fn bytes(&self, rows: usize) -> usize {
        rows.div_ceil(8)
    }
}
