//! Which rows of a column are null.

use super::shelf::Shelf;
use arrow_buffer::{BooleanBuffer, NullBuffer};

/// One bit a row, prefilled with ones so that only a null costs anything.
#[derive(Debug, Default)]
pub(crate) struct Validity {
    words: Vec<u64>,
    nulls: usize,
    shelf: Shelf<u64>,
}

impl Validity {
    /// Room for `rows` rows.
    pub(crate) fn reserve(&mut self, rows: usize) {
        let words = rows.div_ceil(64);
        if self.words.len() < words {
            self.words.resize(words, u64::MAX);
        }
    }

    #[inline(always)]
    pub(crate) fn null(&mut self, row: usize) {
        self.words[row / 64] &= !(1 << (row % 64));
        self.nulls += 1;
    }

    pub(crate) fn is_null(&self, row: usize) -> bool {
        self.words[row / 64] >> (row % 64) & 1 == 0
    }

    /// Forgets what was said about rows `from..to`.
    pub(crate) fn restore(&mut self, from: usize, to: usize) {
        for row in from..to {
            if self.nulls > 0 && self.is_null(row) {
                self.words[row / 64] |= 1 << (row % 64);
                self.nulls -= 1;
            }
        }
    }

    /// The first `rows` rows, None where none of them is null. Starts anew.
    pub(crate) fn take(&mut self, rows: usize) -> Option<NullBuffer> {
        if self.nulls == 0 {
            return None;
        }
        let mut next = self.shelf.take();
        next.fill(u64::MAX);
        next.resize(self.words.len().max(next.len()), u64::MAX);
        let words = std::mem::replace(&mut self.words, next);
        self.nulls = 0;
        let lent = self.shelf.lend(words, rows.div_ceil(64));
        Some(NullBuffer::new(BooleanBuffer::new(lent, 0, rows)))
    }
}
