//! From a fault to what the sink is told.

use crate::context::Fault;
use crate::kernel::Text;
use crate::sink::Reason;

/// So much of malformed text is shown.
const SHOWN: usize = 40;

/// The reason for refusing the record that begins at `record` and ends at `end`.
pub(crate) fn reason(fault: &Fault, text: Text<'_>, record: usize, end: usize) -> Reason {
    let from = fault.at.clamp(record, end);
    let to = match fault.end {
        Some(to) => to.min(from + Reason::LONGEST_VALUE),
        None => from + SHOWN,
    };
    Reason {
        field: fault.pointer(),
        constraint: fault.problem.constraint,
        value: shown(text.slice(from, to.clamp(from, end))),
        expected: fault.problem.expected.clone(),
        position: (from - record) as u64,
    }
}

/// The text of `bytes`, a character cut in two left out at its end.
pub(crate) fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(error) if error.error_len().is_none() => {
            String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned()
        }
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// `bytes` without the carriage return at its end.
pub(crate) fn without_return(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}
