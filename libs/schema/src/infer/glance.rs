//! One look at a record: is it well-formed, and nothing in it news?
//!
//! After the first few records of a file the others seldom add anything. So a record is
//! read once, every value checked against what was seen in its field before, and only
//! one with news, or with a fault, is read again, slowly.

use super::check;
use super::scan::Scan;
use super::shape::{Known, Members, Shape};

/// Behind the value at `at`; None if it is not well-formed, or news to `shape`.
pub(super) fn value(scan: Scan<'_>, at: usize, shape: &mut Shape, depth: usize) -> Option<usize> {
    let at = scan.behind_space(at);
    match scan.byte(at) {
        b'"' => {
            let close = scan.string(at + 1)?;
            let known = shape.texts.as_ref()?.know(scan.slice(at + 1, close));
            known.then_some(close + 1)
        }
        b'{' | b'[' if depth == super::json::DEEPEST => {
            shape.deep.then(|| check::value(scan, at, depth))?
        }
        b'{' => object(scan, at, shape.members.as_mut()?, depth + 1),
        b'[' => array(scan, at, shape.items.as_mut()?, depth + 1),
        b't' | b'f' => shape.booleans.then(|| scan.word(at))?,
        b'n' => scan.word(at),
        _ => {
            let number = scan.number(at)?;
            let known = shape.numbers.as_ref()?.know(&number);
            known.then_some(at + number.len())
        }
    }
}

fn array(scan: Scan<'_>, at: usize, items: &mut Shape, depth: usize) -> Option<usize> {
    let mut at = scan.behind_space(at + 1);
    if scan.byte(at) == b']' {
        return Some(at + 1);
    }
    loop {
        at = scan.behind_space(value(scan, at, items, depth)?);
        match scan.byte(at) {
            b',' => at += 1,
            b']' => return Some(at + 1),
            _ => return None,
        }
    }
}

fn object(scan: Scan<'_>, at: usize, members: &mut Members, depth: usize) -> Option<usize> {
    members.begin();
    let mut at = scan.behind_space(at + 1);
    if scan.byte(at) == b'}' {
        return Some(at + 1);
    }
    let mut expected = 0;
    loop {
        at = match key(scan, at, members, expected)? {
            (Known::Member(position), at) => {
                expected = position + 1;
                value(scan, at, members.once(position)?, depth)?
            }
            (Known::Crowd, at) => check::value(scan, at, depth)?,
            (Known::News, _) => return None,
        };
        at = scan.behind_space(at);
        match scan.byte(at) {
            b',' => at = scan.behind_space(at + 1),
            b'}' => return Some(at + 1),
            _ => return None,
        }
    }
}

/// The key whose opening quote is at `at`, most likely that of the member at `expected`;
/// and the position of its value.
#[inline(always)]
fn key(scan: Scan<'_>, at: usize, members: &Members, expected: usize) -> Option<(Known, usize)> {
    if scan.byte(at) == b'"'
        && let Some(len) = members.expect(expected, scan.slice(at + 1, scan.0.len()))
    {
        return Some((Known::Member(expected), at + 1 + len));
    }
    let (key, value) = scan.key(at)?;
    Some((members.find(&key), value))
}
