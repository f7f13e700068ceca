//! True and false.

use super::numbers::Numbers;
use super::store::Store;
use crate::kernel::Text;
use arrow_array::{ArrayRef, BooleanArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use std::sync::Arc;

/// A column of booleans, one bit a row.
#[derive(Debug, Default)]
pub(crate) struct Booleans {
    words: Numbers<u64>,
}

const TRUE: u32 = u32::from_le_bytes(*b"true");
const FALS: u32 = u32::from_le_bytes(*b"fals");

impl Booleans {
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
        self.words.set(row / 64, others | u64::from(value) << (row % 64));
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
        let bits = self.words.take(rows.div_ceil(64)).into_inner();
        Arc::new(BooleanArray::new(BooleanBuffer::new(bits, 0, rows), nulls))
    }

    fn bytes(&self, rows: usize) -> usize {
        rows.div_ceil(8)
    }
}
