//! A padded text and loads from it.

use super::Block;
use crate::chunk::{Chunk, PADDING};

/// The content of a [`Chunk`] as decoders see it: positions may run up to its end, where
/// a zero byte stands, and loads may run into the padding.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    padded: &'a [u8],
    end: usize,
}

impl<'a> Text<'a> {
    /// None for a chunk that never had content.
    pub(crate) fn of(chunk: &'a Chunk) -> Option<Self> {
        let padded = chunk.padded();
        (padded.len() >= chunk.len() + PADDING).then_some(Text { padded, end: chunk.len() })
    }

    /// Where the content ends.
    #[inline(always)]
    pub(crate) fn end(self) -> usize {
        self.end
    }

    #[inline(always)]
    pub(crate) fn byte(self, at: usize) -> u8 {
        self.padded[at]
    }

    /// Eight bytes, the first one lowest.
    #[inline(always)]
    pub(crate) fn word(self, at: usize) -> u64 {
        u64::from_le_bytes(*self.array(at))
    }

    /// Four bytes, the first one lowest.
    #[inline(always)]
    pub(crate) fn half(self, at: usize) -> u32 {
        u32::from_le_bytes(*self.array(at))
    }

    /// Two bytes, the first one lowest.
    #[inline(always)]
    pub(crate) fn pair(self, at: usize) -> u16 {
        u16::from_le_bytes(*self.array(at))
    }

    #[inline(always)]
    pub(crate) fn block(self, at: usize) -> &'a Block {
        self.array(at)
    }

    #[inline(always)]
    pub(crate) fn slice(self, from: usize, to: usize) -> &'a [u8] {
        &self.padded[from..to]
    }

    #[inline(always)]
    fn array<const N: usize>(self, at: usize) -> &'a [u8; N] {
        match self.padded.get(at..).and_then(|rest| rest.first_chunk()) {
            Some(array) => array,
            None => out_of_bounds(at),
        }
    }
}

#[cold]
#[inline(never)]
fn out_of_bounds(at: usize) -> ! {
    panic!("decoder ran past its text, to byte {at}")
}
