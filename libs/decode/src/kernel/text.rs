//! A padded text and loads from it.
#![allow(unsafe_code)]
// A load reads up to 32 bytes at any position for which one comparison holds:
// `at + 32 <= padded.len()`. Decoders stay below the text's end or just behind it, where
// the padding begins, so the comparison never fails; it is there so that a mistake is a
// panic (which the caller turns into a refusal), never a read outside.

use super::Block;
use crate::chunk::{Chunk, PADDING};

/// The content of a [`Chunk`] as decoders see it: positions may run up to its end, where
/// a zero byte stands, and loads may run into the padding.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    /// The content and exactly [`PADDING`] zeros.
    padded: &'a [u8],
}

impl<'a> Text<'a> {
    /// None for a chunk that never had content.
    pub(crate) fn of(chunk: &'a Chunk) -> Option<Self> {
        let padded = chunk.padded().get(..chunk.len() + PADDING)?;
        Some(Text { padded })
    }

    /// Where the content ends.
    #[inline(always)]
    pub(crate) fn end(self) -> usize {
        self.padded.len() - PADDING
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
        const { assert!(N <= 32 && PADDING >= 32) };
        if at > self.padded.len() - 32 {
            out_of_bounds(at);
        }
        // SAFETY: `at + N <= at + 32 <= padded.len()`, and an array of bytes needs no
        // alignment. (The subtraction cannot wrap: the padding alone is longer.)
        unsafe { &*self.padded.as_ptr().add(at).cast() }
    }
}

#[cold]
#[inline(never)]
fn out_of_bounds(at: usize) -> ! {
    panic!("decoder ran past its text, to byte {at}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_agree_with_slices_at_every_position() {
        let chunk = Chunk::from("0123456789abcdefghijklmnopqrstuvwxyz");
        let text = Text::of(&chunk).unwrap();
        let padded = &chunk.padded()[..text.end() + PADDING];
        for at in 0..=padded.len() - 32 {
            assert_eq!(text.block(at)[..], padded[at..at + 32]);
            assert_eq!(text.word(at).to_le_bytes(), padded[at..at + 8]);
            assert_eq!(text.half(at).to_le_bytes(), padded[at..at + 4]);
            assert_eq!(text.pair(at).to_le_bytes(), padded[at..at + 2]);
        }
    }

    #[test]
    #[should_panic(expected = "ran past its text")]
    fn a_load_too_far_panics() {
        Text::of(&Chunk::from("{}")).unwrap().word(2 + PADDING - 31);
    }
}
