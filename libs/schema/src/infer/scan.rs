//! A cursor's steps over JSON text (RFC 8259), shared by all who read it here. Each
//! takes the position at which something is expected to stand, and says where it ends;
//! None if it does not stand there.

use super::numbers::Number;
use std::borrow::Cow;

/// Text that may be JSON.
#[derive(Clone, Copy)]
pub(super) struct Scan<'a>(pub(super) &'a [u8]);

impl<'a> Scan<'a> {
    /// The byte at `at`; zero, which no JSON holds, behind the end.
    #[inline(always)]
    pub(super) fn byte(self, at: usize) -> u8 {
        self.0.get(at).copied().unwrap_or(0)
    }

    /// The text from `from` to `to`, or as much of it as there is.
    #[inline(always)]
    pub(super) fn slice(self, from: usize, to: usize) -> &'a [u8] {
        self.0.get(from..to).unwrap_or_default()
    }

    #[inline(always)]
    pub(super) fn behind_space(self, mut at: usize) -> usize {
        while matches!(self.byte(at), b' ' | b'\t' | b'\n' | b'\r') {
            at += 1;
        }
        at
    }

    /// Behind `byte`, white space before it passed over.
    #[inline(always)]
    pub(super) fn behind(self, at: usize, byte: u8) -> Option<usize> {
        let at = self.behind_space(at);
        (self.byte(at) == byte).then_some(at + 1)
    }

    /// Behind `true`, `false` or `null`.
    #[inline(always)]
    pub(super) fn word(self, at: usize) -> Option<usize> {
        let word: &[u8] = match self.byte(at) {
            b't' => b"true",
            b'f' => b"false",
            _ => b"null",
        };
        (self.slice(at, at + word.len()) == word).then_some(at + word.len())
    }

    #[inline(always)]
    pub(super) fn number(self, at: usize) -> Option<Number<'a>> {
        Number::read(self.0.get(at..)?)
    }

    /// The closing quote of the string whose first character is at `at`.
    #[inline(always)]
    pub(super) fn string(self, mut at: usize) -> Option<usize> {
        loop {
            let stops = stops(self.eight(at));
            if stops == 0 {
                at += 8;
                continue;
            }
            at += stops.trailing_zeros() as usize / 8;
            match self.byte(at) {
                b'"' => return Some(at),
                b'\\' => at += escape(self.0.get(at..)?)?,
                _ => return None,
            }
        }
    }

    /// The eight bytes at `at`, the first one lowest, zeros behind the end.
    #[inline(always)]
    fn eight(self, at: usize) -> u64 {
        let rest = self.0.get(at..).unwrap_or_default();
        match rest.first_chunk() {
            Some(bytes) => u64::from_le_bytes(*bytes),
            None => rest
                .iter()
                .rev()
                .fold(0, |word, byte| word << 8 | u64::from(*byte)),
        }
    }

    /// The key whose opening quote is at `at`, without escapes, and the position of its
    /// value.
    #[inline(always)]
    pub(super) fn key(self, at: usize) -> Option<(Cow<'a, [u8]>, usize)> {
        if self.byte(at) != b'"' {
            return None;
        }
        let close = self.string(at + 1)?;
        let key = unescaped(self.slice(at + 1, close));
        Some((key, self.behind(close + 1, b':')?))
    }
}

/// Marks the first quote, backslash or control character of eight: its high bit is the
/// lowest bit that is set. (Bits above it may mark bytes that are none.)
#[inline(always)]
fn stops(word: u64) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    let zero = |word: u64| word.wrapping_sub(LOW) & !word;
    let quote = zero(word ^ (LOW * u64::from(b'"')));
    let backslash = zero(word ^ (LOW * u64::from(b'\\')));
    let control = word.wrapping_sub(LOW * 0x20) & !word;
    (quote | backslash | control) & (LOW << 7)
}

/// The length of the escape at the front of `text`; None if there is no such escape,
/// or half a surrogate pair.
fn escape(text: &[u8]) -> Option<usize> {
    match text.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => match hex(text)? {
            0xd800..=0xdbff => matches!(hex(&text[6..])?, 0xdc00..=0xdfff).then_some(12),
            0xdc00..=0xdfff => None,
            _ => Some(6),
        },
        _ => None,
    }
}

fn hex(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |value, digit| {
        Some(value * 16 + char::from(*digit).to_digit(16)? as u16)
    })
}

fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\\') {
        return Cow::Borrowed(text);
    }
    let quoted = [b"\"", text, b"\""].concat();
    let string: String = serde_json::from_slice(&quoted).unwrap_or_default();
    Cow::Owned(string.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The slow, obvious twin; escapes apart.
    fn one_by_one(text: &[u8]) -> Option<usize> {
        let stop = text
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
        (text[stop] == b'"').then_some(stop)
    }

    proptest! {
        #[test]
        fn strings_end_at_the_first_quote(
            text in prop::collection::vec(prop_oneof![
                20 => any::<u8>().prop_filter("escapes apart", |byte| *byte != b'\\'),
                1 => Just(b'"'),
            ], 0..40),
        ) {
            prop_assert_eq!(Scan(&text).string(0), one_by_one(&text));
        }

        #[test]
        fn near_the_limits_too(text in prop::collection::vec(
            prop::sample::select(b"\x1f\x20\x21\x22\x23\x5b\x5d\x7f\x80\xa2\xdc\xff".to_vec()), 0..40,
        )) {
            prop_assert_eq!(Scan(&text).string(0), one_by_one(&text));
        }
    }
}
