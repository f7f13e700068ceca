//! The next key of an object, when it is not the one expected.

use super::skip::{behind_colon, check_strangers, duplicate, remember};
use super::{behind_space, string};
use crate::column::Object;
use crate::context::{Context, Refused};
use crate::kernel::{Isa, Text};
use crate::options::ExtraFields;
use crate::problem::Problem;
use crate::sink::constraint;
use std::ops::Range;

/// What [`next_key`] found.
pub(crate) enum Next {
    /// The value of this column begins here.
    Column(usize, usize),
    /// The object has ended; the position behind it.
    End(usize),
    /// The record is refused.
    Refused(Refused),
}

/// Reads on at `at`, where the token expected after `before` does not stand: white space,
/// a column out of order, keys that the schema does not have with their values, or the
/// end of the object.
#[inline(always)]
pub(crate) fn next_key<I: Isa>(
    isa: I,
    object: &mut Object,
    before: usize,
    text: Text<'_>,
    at: usize,
    cx: &mut Context,
) -> Next {
    // A key that was there last time is missing this time.
    if before != object.keys.opening() {
        let skipped = object.keys.after(object.keys.after(before));
        if let Some(value) = object.keys.expect(isa, skipped, text, at) {
            return Next::Column(skipped, value);
        }
    }
    match search(isa, object, before, text, at, cx) {
        Ok(next) => next,
        Err(refused) => Next::Refused(refused),
    }
}

#[inline(always)]
fn search<I: Isa>(
    isa: I,
    object: &mut Object,
    before: usize,
    text: Text<'_>,
    mut at: usize,
    cx: &mut Context,
) -> Result<Next, Refused> {
    let mut first = before == object.keys.opening();
    loop {
        let separator = at;
        let quote = match begin_member(text, at, first, cx)? {
            Member::Key(quote) => quote,
            Member::End(end) => return Ok(Next::End(end)),
        };
        let (column, end) = read_key(isa, object, text, quote, cx)?;
        let value = behind_colon(text, end, cx)?;
        match column {
            Some(column) => {
                object.keys.order.surprise();
                object.keys.learn(before, column);
                object
                    .keys
                    .learn_style(text.byte(separator + 1) == b' ' && text.byte(end + 1) == b' ');
                return Ok(Next::Column(column, value));
            }
            None => at = pass_over(isa, object, text, quote, (end, value), cx)?,
        }
        first = false;
    }
}

/// Reads the key of the member that `mark`, a comma or the opening brace, begins: its
/// column, its place between the quotes, and where the value begins. None if this is no
/// key.
#[inline(always)]
pub(super) fn read(
    isa: impl Isa,
    object: &Object,
    text: Text<'_>,
    mark: usize,
    cx: &mut Context,
) -> Option<(Option<usize>, Range<usize>, usize)> {
    let quote = behind_space(text, mark + 1, cx.lines);
    if text.byte(quote) != b'"' {
        return None;
    }
    let (column, end) = read_key(isa, object, text, quote, cx).ok()?;
    let value = behind_colon(text, end, cx).ok()?;
    Some((column, quote + 1..end - 1, value))
}

/// What comes after a value or an opening brace.
enum Member {
    /// The opening quote of a key.
    Key(usize),
    /// The position behind the closing brace.
    End(usize),
}

#[inline(always)]
fn begin_member(
    text: Text<'_>,
    at: usize,
    first: bool,
    cx: &mut Context,
) -> Result<Member, Refused> {
    if !first && text.byte(at) == b',' && text.byte(at + 1) == b'"' {
        return Ok(Member::Key(at + 1));
    }
    let at = match first {
        // `at` is at the opening brace.
        true => behind_space(text, at + 1, cx.lines),
        false => behind_space(text, at, cx.lines),
    };
    match text.byte(at) {
        b'}' => Ok(Member::End(at + 1)),
        b'"' if first => Ok(Member::Key(at)),
        b',' if !first => {
            let quote = behind_space(text, at + 1, cx.lines);
            match text.byte(quote) {
                b'"' => Ok(Member::Key(quote)),
                _ => Err(cx.malformed(quote, "a key in quotes")),
            }
        }
        _ if first => Err(cx.malformed(at, "a key or '}'")),
        _ => Err(cx.malformed(at, "',' or '}'")),
    }
}

/// The column that the key at `quote` names, and the position behind its closing quote. A
/// key without a column joins the strangers.
#[inline(always)]
fn read_key(
    isa: impl Isa,
    object: &Object,
    text: Text<'_>,
    quote: usize,
    cx: &mut Context,
) -> Result<(Option<usize>, usize), Refused> {
    let from = quote + 1;
    let stops = isa.special(text.block(from));
    let to = from + stops.trailing_zeros() as usize;
    if stops != 0 && text.byte(to) == b'"' {
        let column = object.keys.find(isa, text, from, to);
        if column.is_none() {
            cx.strangers.push(text, from, to);
        }
        return Ok((column, to + 1));
    }
    read_long_key(isa, object, text, from, cx)
}

#[inline(always)]
fn read_long_key(
    isa: impl Isa,
    object: &Object,
    text: Text<'_>,
    from: usize,
    cx: &mut Context,
) -> Result<(Option<usize>, usize), Refused> {
    let end = string::skip(isa, text, from, cx)?;
    let column = match text.slice(from, end - 1).contains(&b'\\') {
        true => find_unescaped(isa, object, text, from, end - 1, cx),
        false => object.keys.find(isa, text, from, end - 1),
    };
    if column.is_none() {
        remember(text, from, end - 1, cx);
    }
    Ok((column, end))
}

fn find_unescaped(
    isa: impl Isa,
    object: &Object,
    text: Text<'_>,
    from: usize,
    to: usize,
    cx: &mut Context,
) -> Option<usize> {
    let mut name = Vec::new();
    string::unescape(text, from, to, cx, &mut name);
    let mut scratch = std::mem::take(&mut cx.scratch);
    scratch.clear();
    scratch.extend_from_slice(&name);
    let column = Text::of(&scratch).and_then(|name| object.keys.find(isa, name, 0, name.end()));
    cx.scratch = scratch;
    column
}

/// Passes over the member whose key is at `quote` and whose value is at `value`.
#[inline(always)]
fn pass_over(
    isa: impl Isa,
    object: &Object,
    text: Text<'_>,
    quote: usize,
    (key_end, value): (usize, usize),
    cx: &mut Context,
) -> Result<usize, Refused> {
    let end = match isa.skip(text, value, object.depth, cx) {
        Ok(end) => end,
        Err(refused) => {
            let name = name(text, quote + 1, key_end - 1, cx);
            return Err(cx.inside(&name, refused));
        }
    };
    match cx.extra_fields {
        ExtraFields::Ignore => {}
        ExtraFields::Warn => note_extra(object, text, quote + 1..key_end - 1, cx),
        ExtraFields::Refuse => {
            let problem = Problem::new(constraint::EXTRA, "only fields of the schema");
            let name = name(text, quote + 1, key_end - 1, cx);
            let refused = cx.refuse_value(value, end, problem);
            return Err(cx.inside(&name, refused));
        }
    }
    Ok(end)
}

/// Notes that the schema has no field for the key that stands between quotes at `key`.
pub(super) fn note_extra(object: &Object, text: Text<'_>, key: Range<usize>, cx: &mut Context) {
    let name = name(text, key.start, key.end, cx);
    let step = name.replace('~', "~0").replace('/', "~1");
    cx.note_extra(&format!("{}/{step}", object.pointer));
}

/// The key between quotes at `from..to`, without its escapes.
pub(super) fn name(text: Text<'_>, from: usize, to: usize, cx: &mut Context) -> String {
    let fault = cx.fault.take();
    let mut name = Vec::new();
    string::unescape(text, from, to, cx, &mut name);
    cx.fault = fault;
    String::from_utf8_lossy(&name).into_owned()
}

/// Ends the object at hand: no stranger twice.
#[inline(always)]
pub(super) fn end(text: Text<'_>, strangers: usize, cx: &mut Context) -> Result<(), Refused> {
    match cx.strangers.len() == strangers {
        true => Ok(()),
        false => check_strangers(text, strangers, cx),
    }
}

/// The key of a column stands for the second time; its value is at `value`.
#[cold]
#[inline(never)]
pub(super) fn twice(object: &Object, column: usize, value: usize, cx: &mut Context) -> Refused {
    let refused = duplicate(value, cx);
    cx.inside(&object.columns[column].name, refused)
}
