//! Which key comes next, and which column any key names.
//!
//! Records of one file mostly have the same keys in the same order. So each key
//! remembers which one followed it last time, and the text expected next, `,"key":`, is
//! compared in one step. A surprise goes through a hash table, and the memory follows.
//! Where there is nothing but surprises, the first bytes of a key tell its column.

mod order;
mod prefixes;
mod table;
mod token;

use crate::kernel::{Isa, Text};
use order::Order;
use prefixes::Prefixes;
use table::Table;
use token::Token;

/// The keys of one object.
#[derive(Debug)]
pub(crate) struct Keys {
    /// One for each column; then one that stands nowhere, and [`Keys::opening`].
    tokens: Vec<Token>,
    names: Vec<Box<str>>,
    table: Table,
    /// Made when it is first needed: most keys come in order.
    prefixes: Option<Prefixes>,
    pub(crate) order: Order,
    spaced: bool,
    /// How often the style may still change.
    restyles: usize,
    /// The column that began the last object in which it was not the expected one.
    first: u32,
}

impl Keys {
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Keys {
        let names: Vec<Box<str>> = names.map(Box::from).collect();
        let table = Table::new(&names);
        let mut keys = Keys {
            tokens: Vec::new(),
            names,
            table,
            prefixes: None,
            order: Order::default(),
            spaced: false,
            restyles: 64,
            first: 0,
        };
        let columns = keys.names.len();
        let nexts = (1..=columns).chain([0, 0]);
        keys.tokens = nexts.map(Token::never).collect();
        keys.write_tokens();
        keys
    }

    /// The token that begins an object.
    #[inline(always)]
    pub(crate) fn opening(&self) -> usize {
        self.tokens.len() - 1
    }

    /// If the object at `at` begins with the key that is expected first: its column, and
    /// where the value begins.
    #[inline(always)]
    pub(crate) fn expect_first(
        &self,
        isa: impl Isa,
        text: Text<'_>,
        at: usize,
    ) -> Option<(usize, usize)> {
        let opening = self.opening();
        let from = self.expect(isa, opening, text, at)?;
        Some((self.tokens[opening].column as usize, from))
    }

    /// If the member of `column` begins at `at`: where its value begins. (Its column is not
    /// read from the token: what comes next would wait for it.)
    #[inline(always)]
    pub(crate) fn expect(
        &self,
        isa: impl Isa,
        column: usize,
        text: Text<'_>,
        at: usize,
    ) -> Option<usize> {
        let token = &self.tokens[column];
        token
            .stands(isa, text, at)
            .then_some(at + token.len as usize)
    }

    /// Makes ready for [`Keys::look_up`].
    pub(crate) fn prepare(&mut self) {
        self.prefixes
            .get_or_insert_with(|| Prefixes::new(&self.names));
    }

    /// The column of the member whose comma is at `at` and where its value begins. None
    /// may also mean that it is written another way than members before.
    #[inline(always)]
    pub(crate) fn look_up(
        &self,
        isa: impl Isa,
        text: Text<'_>,
        at: usize,
    ) -> Option<(usize, usize)> {
        let name = at + 2 + usize::from(self.spaced);
        let column = self.prefixes.as_ref()?.guess(text, name);
        Some((column, self.expect(isa, column, text, at)?))
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
        self.table.find(isa, text, from, to)
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
                false => Token::never(next),
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
