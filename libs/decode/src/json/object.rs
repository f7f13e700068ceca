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
    let opening = object.keys.opening();
    let (mut at, mut before, mut expected, mut seen) = (at, opening, opening, 0);
    loop {
        let (index, from) = match object.keys.expect(isa, expected, text, at) {
            Some(found) => found,
            None if text.byte(at) == b'}' => {
                at += 1;
                break;
            }
            None => match isa.next_key(object, before, text, at, cx) {
                Next::Column(index, from) => (index, from),
                Next::End(end) => {
                    at = end;
                    break;
                }
                Next::Refused(refused) => return Err(refused),
            },
        };
        let column = &mut object.columns[index];
        if column.rows != row {
            return Err(key::twice(object, index, from, cx));
        }
        at = match value(isa, column, row, text, from, cx) {
            Ok(end) => end,
            Err(refused) => return Err(cx.inside(&column.name, refused)),
        };
        column.rows = row + 1;
        seen += 1;
        before = index;
        expected = object.keys.after(index);
    }
    key::end(text, strangers, cx)?;
    object.end_row(seen);
    Ok(at)
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
