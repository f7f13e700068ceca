//! Records one after the other: a line each, or in a row between commas.

use super::behind_space;
use crate::column::Object;
use crate::context::{At, Context, Refused};
use crate::kernel::{Isa, Text};

/// How far decoding has got in a chunk.
#[derive(Debug, Default)]
pub(crate) struct Records {
    /// Where the next record, or the white space before it, begins.
    pub(crate) at: usize,
    /// Where the record at hand begins.
    pub(crate) record: usize,
    /// Line ends passed.
    pub(crate) lines: u64,
    /// Stop before a record that begins here or later: its bytes are no UTF-8.
    pub(crate) barrier: usize,
    /// Pause once so many rows are in the batch.
    pub(crate) most_rows: usize,
    /// Pause once this position is passed.
    pub(crate) check_at: usize,
}

/// Why reading pauses.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pause {
    /// The text is at its end.
    End,
    /// The batch has as many rows as it may, or the position to look at its size is passed.
    Check,
    /// The next record begins at or behind the barrier.
    Barrier,
    /// The record that begins at `record` is refused.
    Refused,
}

/// Reads records, each on a line of its own, until there is a reason to pause.
#[inline(always)]
pub(crate) fn records<I: Isa>(
    isa: I,
    object: &mut Object,
    text: Text<'_>,
    records: &mut Records,
    cx: &mut Context,
) -> Pause {
    let end = text.end();
    let mut at = records.at;
    let pause = loop {
        if text.byte(at) != b'{' {
            at = behind_space(text, at, true);
            if at < end && text.byte(at) == b'\n' {
                at += 1;
                records.lines += 1;
                continue;
            }
        }
        if at >= end {
            break Pause::End;
        }
        if at >= records.barrier {
            break Pause::Barrier;
        }
        if object.rows >= records.most_rows || at >= records.check_at {
            break Pause::Check;
        }
        records.record = at;
        let rows = object.rows;
        match record(isa, object, text, at, cx).and_then(|after| end_line(text, after, cx)) {
            Ok(next) => {
                cx.note_line(records.lines);
                at = next;
            }
            Err(Refused) => {
                object.truncate(rows);
                break Pause::Refused;
            }
        }
        records.lines += u64::from(at <= end);
        at = at.min(end);
    };
    records.at = at;
    pause
}

/// Reads the record at `at` in the way that suits the last ones.
#[inline(always)]
fn record<I: Isa>(isa: I, object: &mut Object, text: Text<'_>, at: usize, cx: &mut Context) -> At {
    if object.keys.order.is_scattered() {
        match isa.scattered(object, text, at, cx) {
            Some(end) => return Ok(end),
            None => object.keys.order.failed(),
        }
    }
    let read = isa.object(object, text, at, cx);
    object.keys.order.learn(object.columns.len());
    read
}

/// Behind the line end after a record; one further than the text where it ends without.
#[inline(always)]
fn end_line(text: Text<'_>, at: usize, cx: &mut Context) -> Result<usize, Refused> {
    let at = if text.byte(at) == b'\n' {
        at
    } else {
        behind_space(text, at, true)
    };
    if at >= text.end() {
        return Ok(text.end() + 1);
    }
    match text.byte(at) {
        b'\n' => Ok(at + 1),
        _ => Err(cx.malformed(at, "the end of the line")),
    }
}
