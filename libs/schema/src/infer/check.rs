//! Is it JSON? For values that are not looked at, and records that are looked at twice.

use super::scan::Scan;
use std::borrow::Cow;
use std::collections::HashSet;

/// Objects and arrays inside each other, the record included: as many as the decoder
/// takes.
const DEEPEST: usize = 1000;

/// An object or array that is open.
enum Open<'a> {
    /// With its keys.
    Object(HashSet<Cow<'a, [u8]>>),
    Array,
}

/// Behind the value at `at`, which is inside `depth` objects and arrays; None if there is
/// none, a key stands twice in an object, or it is nested too deeply. (What is open is on
/// a stack of our own: nobody's nesting costs the thread's.)
pub(super) fn value(scan: Scan<'_>, at: usize, depth: usize) -> Option<usize> {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut at = at;
    loop {
        at = scan.behind_space(at);
        let opened = match scan.byte(at) {
            b'{' => Some(Open::Object(HashSet::new())),
            b'[' => Some(Open::Array),
            _ => None,
        };
        match opened {
            Some(opened) => {
                (open.len() + depth < DEEPEST).then(|| open.push(opened))?;
                at += 1;
            }
            None => at = scalar(scan, at)?,
        }
        match next_value(scan, at, &mut open)? {
            Next::Value(next) => at = next,
            Next::End(end) => return Some(end),
        }
    }
}

/// Behind a string, a number, `true`, `false` or `null`.
fn scalar(scan: Scan<'_>, at: usize) -> Option<usize> {
    match scan.byte(at) {
        b'"' => Some(scan.string(at + 1)? + 1),
        b't' | b'f' | b'n' => scan.word(at),
        _ => Some(at + scan.number(at)?.len()),
    }
}

enum Next {
    /// A value follows here.
    Value(usize),
    /// Nothing is open any more.
    End(usize),
}

/// Goes on behind a value or an opening bracket.
fn next_value<'a>(scan: Scan<'a>, mut at: usize, open: &mut Vec<Open<'a>>) -> Option<Next> {
    loop {
        // No value ends with an opening bracket.
        let first = matches!(scan.byte(at.wrapping_sub(1)), b'{' | b'[');
        let Some(innermost) = open.last_mut() else {
            return Some(Next::End(at));
        };
        at = scan.behind_space(at);
        match (scan.byte(at), innermost) {
            (b'}', Open::Object(_)) | (b']', Open::Array) => {
                open.pop();
                at += 1;
            }
            (b',', Open::Object(keys)) if !first => return member(scan, at + 1, keys),
            (b',', Open::Array) if !first => return Some(Next::Value(at + 1)),
            (_, Open::Object(keys)) if first => return member(scan, at, keys),
            (_, Open::Array) if first => return Some(Next::Value(at)),
            _ => return None,
        }
    }
}

fn member<'a>(scan: Scan<'a>, at: usize, keys: &mut HashSet<Cow<'a, [u8]>>) -> Option<Next> {
    let (key, value) = scan.key(scan.behind_space(at))?;
    keys.insert(key).then_some(Next::Value(value))
}
