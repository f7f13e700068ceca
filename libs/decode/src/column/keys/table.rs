//! Which column any text names.

use super::token::Token;
use crate::Chunk;
use crate::kernel::{Isa, Text};

/// Open addressing, a quarter full at most.
#[derive(Debug)]
pub(super) struct Table {
    slots: Vec<u32>,
    mask: usize,
    names: Vec<Token>,
}

/// Multiplied by it, words that differ little differ in their high bits.
pub(super) const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

const EMPTY: u32 = u32::MAX;

impl Table {
    pub(super) fn new(names: &[Box<str>]) -> Table {
        let size = (4 * names.len()).next_power_of_two();
        let tokens = names
            .iter()
            .enumerate()
            .map(|(column, name)| Token::new(name, column, 0))
            .collect();
        let mut table = Table {
            slots: vec![EMPTY; size],
            mask: size - 1,
            names: tokens,
        };
        for (column, name) in names.iter().enumerate() {
            let chunk = Chunk::from(&**name);
            let mut slot =
                Text::of(&chunk).map_or(0, |text| hash(text, 0, name.len()) as usize) & table.mask;
            while table.slots[slot] != EMPTY {
                slot = (slot + 1) & table.mask;
            }
            table.slots[slot] = column as u32;
        }
        table
    }

    /// The column whose name stands at `from..to`.
    #[inline(always)]
    pub(super) fn find(
        &self,
        isa: impl Isa,
        text: Text<'_>,
        from: usize,
        to: usize,
    ) -> Option<usize> {
        let mut slot = hash(text, from, to - from) as usize;
        loop {
            let column = *self.slots.get(slot & self.mask)?;
            let name = self.names.get(column as usize)?;
            if name.len as usize == to - from && name.stands(isa, text, from) {
                return Some(column as usize);
            }
            slot += 1;
        }
    }
}

/// Of the `len` bytes at `at`: the first and the last eight without a branch, and those
/// between only where there are any. The names come from the schema, so nobody can
/// choose keys that collide among them.
#[inline(always)]
fn hash(text: Text<'_>, at: usize, len: usize) -> u64 {
    let short = len.min(8);
    let counts = if short == 0 {
        0
    } else {
        u64::MAX >> (64 - 8 * short)
    };
    let first = text.word(at) & counts;
    let last = text.word(at + len - short) & counts;
    let mut hash = (first ^ last.rotate_left(23) ^ len as u64).wrapping_mul(SPREAD);
    let mut done = 8;
    while done + 8 < len {
        hash = (hash ^ hash >> 32 ^ text.word(at + done)).wrapping_mul(SPREAD);
        done += 8;
    }
    hash >> 32
}
