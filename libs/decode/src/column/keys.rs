//! Which key comes next, and which column any key names.
//!
//! Records of one file mostly have the same keys in the same order. So each key
//! remembers which one followed it last time, and the text expected next, `,"key":`, is
//! compared in one step. A surprise goes through a hash table, and the memory follows.

use crate::Chunk;
use crate::kernel::{Block, Isa, Text};

/// The keys of one object.
#[derive(Debug)]
pub(crate) struct Keys {
    /// One for each column; then one that stands nowhere, and [`Keys::opening`].
    tokens: Vec<Token>,
    names: Vec<Box<str>>,
    table: Table,
    spaced: bool,
    /// How often the style may still change.
    restyles: usize,
    /// The column that began the last object in which it was not the expected one.
    first: u32,
}

/// The text expected before a value, and what to expect after it.
#[derive(Clone, Debug)]
#[repr(align(32))]
struct Token {
    /// The first 32 bytes.
    head: Block,
    /// One bit for each byte of `head` that counts.
    mask: u32,
    len: u32,
    /// The column that it names.
    column: u32,
    /// The token to expect next.
    next: u32,
    /// What does not fit `head`.
    rest: Box<[u8]>,
}

impl Token {
    fn new(text: &str, column: usize, next: usize) -> Token {
        let bytes = text.as_bytes();
        let short = bytes.len().min(32);
        let mut head = [0; 32];
        head[..short].copy_from_slice(&bytes[..short]);
        Token {
            head,
            mask: (u64::from(u32::MAX) >> (32 - short)) as u32,
            len: bytes.len() as u32,
            column: column as u32,
            next: next as u32,
            rest: bytes[short..].into(),
        }
    }

    /// Expects nothing that a text can hold.
    fn never() -> Token {
        Token {
            head: [0xff; 32],
            mask: u32::MAX,
            len: 0,
            column: 0,
            next: 0,
            rest: Box::default(),
        }
    }

    #[inline(always)]
    fn stands(&self, isa: impl Isa, text: Text<'_>, at: usize) -> bool {
        let same = isa.equal(text.block(at), &self.head);
        same & self.mask == self.mask && (self.rest.is_empty() || self.rest_stands(text, at))
    }

    #[inline(never)]
    fn rest_stands(&self, text: Text<'_>, at: usize) -> bool {
        let (from, to) = (at + 32, at + self.len as usize);
        to <= text.end() && *text.slice(from, to) == *self.rest
    }
}

impl Keys {
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Keys {
        let names: Vec<Box<str>> = names.map(Box::from).collect();
        let table = Table::new(&names);
        let mut keys = Keys {
            tokens: Vec::new(),
            names,
            table,
            spaced: false,
            restyles: 64,
            first: 0,
        };
        keys.tokens = vec![Token::never(); keys.names.len() + 2];
        for column in 0..keys.names.len() {
            keys.tokens[column].next = column as u32 + 1;
        }
        keys.write_tokens();
        keys
    }

    /// The token that begins an object.
    #[inline(always)]
    pub(crate) fn opening(&self) -> usize {
        self.tokens.len() - 1
    }

    /// If `token` stands at `at`: its column, and where the value begins.
    #[inline(always)]
    pub(crate) fn expect(
        &self,
        isa: impl Isa,
        token: usize,
        text: Text<'_>,
        at: usize,
    ) -> Option<(usize, usize)> {
        let token = &self.tokens[token];
        token
            .stands(isa, text, at)
            .then_some((token.column as usize, at + token.len as usize))
    }

    /// The token to expect after this one.
    #[inline(always)]
    pub(crate) fn after(&self, token: usize) -> usize {
        self.tokens[token].next as usize
    }

    /// Remembers that the key of `column` followed `before`.
    pub(crate) fn learn(&mut self, before: usize, column: usize) {
        if before != self.opening() {
            self.tokens[before].next = column as u32;
        } else if self.first == column as u32 {
            // Twice the same: worth the writing, once.
            if self.tokens[before].column != self.first {
                self.write_opening(column);
            }
        } else {
            self.first = column as u32;
        }
    }

    /// Remembers whether a space follows commas and colons.
    pub(crate) fn learn_style(&mut self, spaced: bool) {
        if spaced != self.spaced && self.restyles > 0 {
            self.restyles -= 1;
            self.spaced = spaced;
            self.write_tokens();
        }
    }

    /// The column that the key between quotes at `from..to` names.
    #[inline(always)]
    pub(crate) fn find(
        &self,
        isa: impl Isa,
        text: Text<'_>,
        from: usize,
        to: usize,
    ) -> Option<usize> {
        let mut slot = hash(text, from, to - from) as usize;
        loop {
            let column = *self.table.slots.get(slot & self.table.mask)?;
            let name = self.table.names.get(column as usize)?;
            if name.len as usize == to - from && name.stands(isa, text, from) {
                return Some(column as usize);
            }
            slot += 1;
        }
    }

    fn write_tokens(&mut self) {
        let (comma, colon) = if self.spaced {
            (", ", ": ")
        } else {
            (",", ":")
        };
        for (column, name) in self.names.iter().enumerate() {
            let next = self.tokens[column].next as usize;
            self.tokens[column] = match is_plain(name) {
                true => Token::new(&format!("{comma}\"{name}\"{colon}"), column, next),
                false => Token {
                    next: next as u32,
                    ..Token::never()
                },
            };
        }
        let first = self.first as usize;
        self.write_opening(first);
    }

    fn write_opening(&mut self, column: usize) {
        let colon = if self.spaced { ": " } else { ":" };
        let opening = self.opening();
        if let Some(name) = self.names.get(column).filter(|name| is_plain(name)) {
            self.tokens[opening] = Token::new(&format!("{{\"{name}\"{colon}"), column, 0);
        }
    }
}

/// Whether JSON writes the name as it is.
fn is_plain(name: &str) -> bool {
    !name
        .bytes()
        .any(|byte| matches!(byte, b'"' | b'\\') || byte < b' ')
}

/// Open addressing, a quarter full at most.
#[derive(Debug)]
struct Table {
    slots: Vec<u32>,
    mask: usize,
    names: Vec<Token>,
}

const EMPTY: u32 = u32::MAX;

impl Table {
    fn new(names: &[Box<str>]) -> Table {
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
}

/// Of the `len` bytes at `at`: the first and the last eight without a branch, and those
/// between only where there are any. The names come from the schema, so nobody can
/// choose keys that collide among them.
#[inline(always)]
fn hash(text: Text<'_>, at: usize, len: usize) -> u64 {
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
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
