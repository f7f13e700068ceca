//! Objects and arrays that the schema knows.

use super::key::{self, Next};
use super::skip::too_deep;
use super::{behind_space, value};
use crate::column::{List, Object};
use crate::context::{At, Context};
use crate::kernel::{Isa, Text};

/// Reads the object at `at`, whose opening brace is checked here, as one more row.
#[inline(always)]
pub(crate) fn object<I: Isa>(
    isa: I,
    object: &mut Object,
    text: Text<'_>,
    at: usize,
    cx: &mut Context,
) -> At {
    if text.byte(at) != b'{' {
        return Err(cx.malformed(at, "'{'"));
    }
    if object.depth > cx.max_depth {
        return Err(too_deep(at, cx));
    }
    let row = object.begin_row();
    let strangers = cx.strangers.len();
    let (mut index, mut from) = match first_key(isa, object, text, at, cx) {
        Next::Column(index, from) => (index, from),
        Next::End(end) => return end_object(object, 0, strangers, text, end, cx),
        Next::Refused(refused) => return Err(refused),
    };
    let mut seen = 0;
    loop {
        let column = &mut object.columns[index];
        if column.rows != row {
            return Err(key::twice(object, index, from, cx));
        }
        let at = match value(isa, column, row, text, from, cx) {
            Ok(end) => end,
            Err(refused) => return Err(cx.inside(&column.name, refused)),
        };
        column.rows = row + 1;
        seen += 1;
        let expected = object.keys.after(index);
        (index, from) = match object.keys.expect(isa, expected, text, at) {
            Some(from) => (expected, from),
            None if text.byte(at) == b'}' => {
                return end_object(object, seen, strangers, text, at + 1, cx);
            }
            None => match isa.next_key(object, index, text, at, cx) {
                Next::Column(index, from) => (index, from),
                Next::End(end) => return end_object(object, seen, strangers, text, end, cx),
                Next::Refused(refused) => return Err(refused),
            },
        };
    }
}

/// The first key of the object whose opening brace is at `at`.
#[inline(always)]
fn first_key<I: Isa>(
    isa: I,
    object: &mut Object,
    text: Text<'_>,
    at: usize,
    cx: &mut Context,
) -> Next {
    let opening = object.keys.opening();
    match object.keys.expect_first(isa, text, at) {
        Some((index, from)) => Next::Column(index, from),
        None => isa.next_key(object, opening, text, at, cx),
    }
}

/// Ends the object, of which `seen` columns have a value, in front of `end`.
#[inline(always)]
fn end_object(
    object: &mut Object,
    seen: usize,
    strangers: usize,
    text: Text<'_>,
    end: usize,
    cx: &mut Context,
) -> At {
    key::end(text, strangers, cx)?;
    object.end_row(seen);
    Ok(end)
}

/// Reads the array at `at`, whose opening bracket was seen, as `row`.
#[inline(always)]
pub(crate) fn list<I: Isa>(
    isa: I,
    list: &mut List,
    row: usize,
    text: Text<'_>,
    at: usize,
    cx: &mut Context,
) -> At {
    if list.depth > cx.max_depth {
        return Err(too_deep(at, cx));
    }
    let mut at = behind_space(text, at + 1, cx.lines);
    if text.byte(at) == b']' {
        list.end_row(row);
        return Ok(at + 1);
    }
    loop {
        let item = list.begin_item();
        at = match value(isa, &mut list.item, item, text, at, cx) {
            Ok(end) => end,
            Err(refused) => {
                let index = item - list.begin_row(row);
                return Err(cx.inside(&index.to_string(), refused));
            }
        };
        list.item.rows = item + 1;
        at = behind_space(text, at, cx.lines);
        match text.byte(at) {
            b',' => at = behind_space(text, at + 1, cx.lines),
            b']' => break,
            _ => return Err(cx.malformed(at, "',' or ']'")),
        }
    }
    list.end_row(row);
    Ok(at + 1)
}
