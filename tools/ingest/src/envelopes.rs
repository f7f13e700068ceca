//! `--format rejects`: records are taken out of their envelopes, one a line, before
//! they are decoded.

use crate::feed::Trouble;
use millrace_decode::Chunk;
use millrace_fault::{Context, Failure};
use millrace_rejects::{Restored, parse_envelope};

/// Replaces the envelopes that `chunk` holds from `start` on by their records, one a
/// line, so that lines stay what they were. They stand at `offset` of `file`, behind
/// `lines` lines; the result is where each of them begins in the file.
pub(crate) fn open(
    chunk: &mut Chunk,
    start: usize,
    file: &str,
    offset: u64,
    lines: &mut u64,
) -> Result<Vec<u64>, Trouble> {
    let envelopes = chunk.bytes()[start..].to_vec();
    chunk.truncate(start);
    let mut offsets = Vec::new();
    let mut at = offset;
    for line in envelopes.split_inclusive(|byte| *byte == b'\n') {
        *lines += 1;
        offsets.push(at);
        at += line.len() as u64;
        if !line.trim_ascii().is_empty() {
            let record = record(line).context(format!("{file}:{lines}"))?;
            chunk.extend_from_slice(&record);
        }
        chunk.extend_from_slice(b"\n");
    }
    Ok(offsets)
}

/// A record on one line. White space between the parts of a JSON value may be spaces
/// as well as newlines, and inside strings neither is allowed.
fn record(line: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut record = match parse_envelope(line)?.content {
        Restored::Raw(raw) => raw.into_owned(),
        Restored::Record(json) => json.as_bytes().to_vec(),
    };
    if is_json(&record) {
        record
            .iter_mut()
            .filter(|byte| **byte == b'\n')
            .for_each(|byte| *byte = b' ');
    }
    Ok(record)
}

/// Whether the first record in `head` is JSON, and not a row of CSV. An envelope
/// longer than `head`, or none, is taken for JSON.
pub(crate) fn hold_json(head: &[u8]) -> bool {
    let mut lines = head.split_inclusive(|byte| *byte == b'\n');
    let first = lines.find(|line| !line.trim_ascii().is_empty());
    first
        .and_then(|line| record(line).ok())
        .is_none_or(|record| is_json(&record))
}

fn is_json(record: &[u8]) -> bool {
    record.trim_ascii_start().first() == Some(&b'{')
}
