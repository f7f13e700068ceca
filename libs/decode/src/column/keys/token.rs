//! A key as it is expected to stand in the text.

use crate::kernel::{Block, Isa, Text};

/// The text expected before a value, and what to expect after it.
#[derive(Clone, Debug)]
#[repr(align(32))]
pub(super) struct Token {
    /// The first 32 bytes.
    head: Block,
    /// One bit for each byte of `head` that counts.
    mask: u32,
    pub(super) len: u32,
    /// The column that it names.
    pub(super) column: u32,
    /// The token to expect next.
    pub(super) next: u32,
    /// What does not fit `head`.
    rest: Box<[u8]>,
}

impl Token {
    pub(super) fn new(text: &str, column: usize, next: usize) -> Token {
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

    /// Stands nowhere: no text has these bytes.
    pub(super) fn never(next: usize) -> Token {
        Token {
            head: [0xff; 32],
            mask: u32::MAX,
            len: 0,
            column: 0,
            next: next as u32,
            rest: Box::default(),
        }
    }

    #[inline(always)]
    pub(super) fn stands(&self, isa: impl Isa, text: Text<'_>, at: usize) -> bool {
        let same = isa.equal(text.block(at), &self.head);
        same & self.mask == self.mask && (self.rest.is_empty() || self.rest_stands(text, at))
    }

    #[inline(never)]
    fn rest_stands(&self, text: Text<'_>, at: usize) -> bool {
        let (from, to) = (at + 32, at + self.len as usize);
        to <= text.end() && *text.slice(from, to) == *self.rest
    }
}
