//! Values that no column reads: checked to the last byte, kept nowhere.

use super::{behind_space, string};
use crate::context::{At, Context, Refused};
use crate::kernel::{Isa, Text};
use crate::literal::number_end;
use crate::problem::Problem;
use crate::sink::constraint;

/// An object or array that is open.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Open {
    /// With the number of keys that were open before it.
    Object(usize),
    Array,
}

/// Checks the value at `at`, inside `depth` objects and arrays; the position behind it.
/// Nesting is kept on a stack of our own, so depth costs memory of ours, never the
/// thread's stack.
#[inline(always)]
pub(crate) fn skip<I: Isa>(
    isa: I,
    text: Text<'_>,
    at: usize,
    depth: usize,
    cx: &mut Context,
) -> At {
    let floor = cx.open.len();
    let mut at = at;
    loop {
        at = begin_value(isa, text, at, floor, depth, cx)?;
        // Behind a value, or inside an object or array that was just opened.
        loop {
            if cx.open.len() == floor {
                return Ok(at);
            }
            match go_on(isa, text, at, cx)? {
                Step::Value(next) => {
                    at = next;
                    break;
                }
                Step::Closed(next) => at = next,
            }
        }
    }
}

/// What comes after a value or an opening bracket.
enum Step {
    /// A value begins here.
    Value(usize),
    /// The innermost object or array has ended.
    Closed(usize),
}

/// Reads a scalar, or opens an object or array and stays right behind its bracket.
#[inline(always)]
fn begin_value(
    isa: impl Isa,
    text: Text<'_>,
    at: usize,
    floor: usize,
    depth: usize,
    cx: &mut Context,
) -> At {
    let open = match text.byte(at) {
        b'"' => return string::skip(isa, text, at + 1, cx),
        b'{' => Open::Object(cx.strangers.len()),
        b'[' => Open::Array,
        _ => return scalar(text, at, cx),
    };
    if depth + cx.open.len() - floor >= cx.max_depth {
        return Err(too_deep(at, cx));
    }
    cx.open.push(open);
    Ok(at + 1)
}

/// Between values: separators, keys and closing brackets.
#[inline(always)]
fn go_on(isa: impl Isa, text: Text<'_>, at: usize, cx: &mut Context) -> Result<Step, Refused> {
    // No value ends with an opening bracket.
    let first = matches!(text.byte(at - 1), b'{' | b'[');
    let at = behind_space(text, at, cx.lines);
    match (cx.open.last(), text.byte(at)) {
        (Some(Open::Array), b']') => {
            cx.open.pop();
            Ok(Step::Closed(at + 1))
        }
        (Some(&Open::Object(begin)), b'}') => end_object(text, at, begin, cx),
        (Some(Open::Array), _) if first => Ok(Step::Value(at)),
        (Some(Open::Object(_)), b'"') if first => key(isa, text, at, cx),
        (Some(Open::Array), b',') => Ok(Step::Value(behind_space(text, at + 1, cx.lines))),
        (Some(Open::Object(_)), b',') if !first => {
            key(isa, text, behind_space(text, at + 1, cx.lines), cx)
        }
        (Some(Open::Array), _) => Err(cx.malformed(at, "',' or ']'")),
        (_, _) if first => Err(cx.malformed(at, "a key or '}'")),
        (_, _) => Err(cx.malformed(at, "',' or '}'")),
    }
}

/// Reads a key and its colon; stays before its value.
#[inline(always)]
fn key(isa: impl Isa, text: Text<'_>, at: usize, cx: &mut Context) -> Result<Step, Refused> {
    if text.byte(at) != b'"' {
        return Err(cx.malformed(at, "a key in quotes"));
    }
    let end = string::skip(isa, text, at + 1, cx)?;
    remember(text, at + 1, end - 1, cx);
    Ok(Step::Value(behind_colon(text, end, cx)?))
}

/// Puts the key that stands between quotes at `from..to` among the strangers.
pub(super) fn remember(text: Text<'_>, from: usize, to: usize, cx: &mut Context) {
    if !text.slice(from, to).contains(&b'\\') {
        return cx.strangers.push(text, from, to);
    }
    let mut name = Vec::new();
    string::unescape(text, from, to, cx, &mut name);
    cx.strangers.push_unescaped(&name, from);
}

/// Behind the colon that is next, and the white space around it.
#[inline(always)]
pub(super) fn behind_colon(text: Text<'_>, at: usize, cx: &mut Context) -> At {
    if text.byte(at) == b':' && text.byte(at + 1) > b' ' {
        return Ok(at + 1);
    }
    let at = behind_space(text, at, cx.lines);
    match text.byte(at) {
        b':' => Ok(behind_space(text, at + 1, cx.lines)),
        _ => Err(cx.malformed(at, "':'")),
    }
}

#[inline(always)]
fn end_object(text: Text<'_>, at: usize, begin: usize, cx: &mut Context) -> Result<Step, Refused> {
    cx.open.pop();
    check_strangers(text, begin, cx)?;
    Ok(Step::Closed(at + 1))
}

/// No key of the object that began with `begin` strangers before it may occur twice.
#[inline(always)]
pub(super) fn check_strangers(
    text: Text<'_>,
    begin: usize,
    cx: &mut Context,
) -> Result<(), Refused> {
    match cx.strangers.end_object(text, begin) {
        None => Ok(()),
        Some(at) => Err(duplicate(at, cx)),
    }
}

/// The key whose first character is at `at` occurs a second time.
#[cold]
#[inline(never)]
pub(super) fn duplicate(at: usize, cx: &mut Context) -> Refused {
    cx.refuse(at, Problem::new(constraint::DUPLICATE, "each key once"))
}

#[cold]
#[inline(never)]
pub(super) fn too_deep(at: usize, cx: &mut Context) -> Refused {
    let most = cx.max_depth;
    cx.refuse(
        at,
        Problem::new(
            constraint::DEPTH,
            format!("at most {most} objects and arrays inside each other"),
        ),
    )
}

/// A number, `true`, `false` or `null`.
#[inline(always)]
fn scalar(text: Text<'_>, at: usize, cx: &mut Context) -> At {
    let end = match text.byte(at) {
        b't' => literal(text, at, b"true"),
        b'f' => literal(text, at, b"false"),
        b'n' => literal(text, at, b"null"),
        _ => number_end(text, at),
    };
    end.ok_or_else(|| cx.malformed(at, "a JSON value"))
}

#[inline(always)]
fn literal(text: Text<'_>, at: usize, word: &[u8]) -> Option<usize> {
    let end = at + word.len();
    (text.slice(at, end) == word).then_some(end)
}
