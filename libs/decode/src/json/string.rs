//! Strings and their escapes.

use crate::column::Strings;
use crate::context::{At, Context};
use crate::kernel::{Isa, Text};

/// Reads the string whose first character is at `at` as the whole of `row`; returns the
/// position behind the closing quote.
#[inline(always)]
pub(crate) fn read(
    isa: impl Isa,
    strings: &mut Strings,
    row: usize,
    text: Text<'_>,
    at: usize,
    cx: &mut Context,
) -> At {
    let start = strings.begin_row(row);
    let block = text.block(at);
    *strings.block(start) = *block;
    let stops = isa.special(block);
    let len = stops.trailing_zeros() as usize;
    if stops != 0 && text.byte(at + len) == b'"' {
        strings.end_row(row, start + len);
        return Ok(at + len + 1);
    }
    let known = if stops == 0 { 32 } else { 0 };
    let (to, end) = read_long(isa, strings, start + known, text, at + known, cx)?;
    strings.end_row(row, to);
    Ok(end)
}

/// Copies characters and resolved escapes to `to` until the closing quote; returns both
/// ends.
#[inline(always)]
fn read_long(
    isa: impl Isa,
    strings: &mut Strings,
    mut to: usize,
    text: Text<'_>,
    mut at: usize,
    cx: &mut Context,
) -> Result<(usize, usize), crate::context::Refused> {
    loop {
        let block = text.block(at);
        *strings.block(to) = *block;
        let stops = isa.special(block);
        if stops == 0 {
            (at, to) = (at + 32, to + 32);
            continue;
        }
        let len = stops.trailing_zeros() as usize;
        (at, to) = (at + len, to + len);
        match text.byte(at) {
            b'"' => return Ok((to, at + 1)),
            b'\\' => {
                let (character, end) = escape(text, at, cx)?;
                let mut encoded = [0; 4];
                let bytes = character.encode_utf8(&mut encoded).len();
                strings.block(to)[..4].copy_from_slice(&encoded);
                (at, to) = (end, to + bytes);
            }
            _ => return Err(raw_control(text, at, cx)),
        }
    }
}

/// Checks the string whose first character is at `at`; the position behind its closing
/// quote.
#[inline(always)]
pub(crate) fn skip(isa: impl Isa, text: Text<'_>, mut at: usize, cx: &mut Context) -> At {
    loop {
        let stops = isa.special(text.block(at));
        if stops == 0 {
            at += 32;
            continue;
        }
        at += stops.trailing_zeros() as usize;
        match text.byte(at) {
            b'"' => return Ok(at + 1),
            b'\\' => at = escape(text, at, cx)?.1,
            _ => return Err(raw_control(text, at, cx)),
        }
    }
}

/// The text between quotes that [`skip`] has checked, without its escapes, appended to
/// `out`.
pub(crate) fn unescape(
    text: Text<'_>,
    from: usize,
    to: usize,
    cx: &mut Context,
    out: &mut Vec<u8>,
) {
    let mut at = from;
    while at < to {
        match text.byte(at) {
            b'\\' => {
                let Ok((character, end)) = escape(text, at, cx) else {
                    return;
                };
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                at = end;
            }
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
}

/// The character that the escape at `at` stands for, and the position behind it.
#[inline(never)]
fn escape(
    text: Text<'_>,
    at: usize,
    cx: &mut Context,
) -> Result<(char, usize), crate::context::Refused> {
    let character = match text.byte(at + 1) {
        quoted @ (b'"' | b'\\' | b'/') => char::from(quoted),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(text, at, cx),
        _ => return Err(cx.malformed(at, r#"one of \" \\ \/ \b \f \n \r \t \u"#)),
    };
    Ok((character, at + 2))
}

fn unicode(
    text: Text<'_>,
    at: usize,
    cx: &mut Context,
) -> Result<(char, usize), crate::context::Refused> {
    let Some(unit) = four_hex(text, at + 2) else {
        return Err(cx.malformed(at, r"four hexadecimal digits after \u"));
    };
    match char::from_u32(unit) {
        Some(character) => Ok((character, at + 6)),
        None => surrogates(text, at, unit)
            .ok_or_else(|| cx.malformed(at, "both halves of a surrogate pair")),
    }
}

/// The character of the pair whose first half, `high`, stands at `at`.
fn surrogates(text: Text<'_>, at: usize, high: u32) -> Option<(char, usize)> {
    if high >= 0xdc00 || text.byte(at + 6) != b'\\' || text.byte(at + 7) != b'u' {
        return None;
    }
    let low = four_hex(text, at + 8).filter(|low| (0xdc00..0xe000).contains(low))?;
    let character = char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))?;
    Some((character, at + 12))
}

fn four_hex(text: Text<'_>, at: usize) -> Option<u32> {
    text.slice(at, at + 4).iter().try_fold(0, |value, byte| {
        Some(value * 16 + char::from(*byte).to_digit(16)?)
    })
}

#[cold]
fn raw_control(text: Text<'_>, at: usize, cx: &mut Context) -> crate::context::Refused {
    match at >= text.end() || text.byte(at) == b'\n' {
        true => cx.malformed(at, "a closing quote"),
        false => cx.malformed(at, "an escape instead of a control character"),
    }
}
