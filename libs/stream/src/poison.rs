//! The poison: what a failed tool writes where its end marker would have stood.
//!
//! After the continuation marker `FFFFFFFF` comes the negated exit code as the
//! length, which no reader takes for one, then one JSON line
//! `{"tool":…,"exit":…,"error":…}`.

use millrace_fault::{Exit, FirstCause, clip};
use serde::{Deserialize, Serialize};

/// The longest line that is read; ours fit into one atomic write to a pipe.
pub(crate) const LONGEST: usize = 64 << 10;

const OURS: usize = 4000;

#[derive(Serialize, Deserialize)]
struct Line {
    tool: String,
    exit: u8,
    error: String,
}

/// The bytes that follow the continuation marker.
pub(crate) fn encode(cause: &FirstCause) -> Vec<u8> {
    // Zero would be the end marker.
    let exit = cause.exit.0.max(1);
    let mut out = (-i32::from(exit)).to_le_bytes().to_vec();
    out.extend(line(cause, exit).into_bytes());
    out.push(b'\n');
    out
}

fn line(cause: &FirstCause, exit: u8) -> String {
    let mut limit = OURS;
    loop {
        let line = Line {
            tool: clip(&cause.tool, 200),
            exit,
            error: clip(&cause.error, limit),
        };
        let text = serde_json::to_string(&line).unwrap_or_default();
        if text.len() <= OURS || limit == 0 {
            return text;
        }
        // Escapes and accents take more bytes than characters.
        limit /= 2;
    }
}

/// The exit code behind a length, if it is a poison's.
pub(crate) fn exit_of(length: i32) -> Option<Exit> {
    let code = length
        .checked_neg()
        .and_then(|code| u8::try_from(code).ok())?;
    (code > 0).then_some(Exit(code))
}

/// The first cause; of a line that was cut as well, the code alone suffices.
pub(crate) fn decode(exit: Exit, line: &[u8]) -> FirstCause {
    match serde_json::from_slice::<Line>(line) {
        Ok(line) => FirstCause {
            tool: line.tool,
            exit,
            error: line.error,
        },
        Err(_) => FirstCause {
            tool: "tool".into(),
            exit,
            error: "its message is lost".into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(error: &str) -> FirstCause {
        FirstCause {
            tool: "ingest".into(),
            exit: Exit::ENVIRONMENT,
            error: error.into(),
        }
    }

    #[test]
    fn what_was_said_is_heard() {
        let said = cause("cannot read 's3://…': 503");
        let bytes = encode(&said);
        let length = i32::from_le_bytes(bytes[..4].try_into().unwrap());
        assert_eq!(length, -4);
        assert_eq!(decode(exit_of(length).unwrap(), &bytes[4..]), said);
    }

    #[test]
    fn long_messages_stay_one_atomic_write() {
        for error in [
            "\u{1}".repeat(100_000),
            "ä".repeat(100_000),
            "x".repeat(4000),
        ] {
            let bytes = encode(&cause(&error));
            assert!(bytes.len() < 4092, "{}", bytes.len());
            assert!(!decode(Exit(4), &bytes[4..]).error.is_empty());
        }
    }

    #[test]
    fn only_exit_codes_are_poison() {
        assert_eq!(exit_of(-1), Some(Exit(1)));
        assert_eq!(exit_of(-255), Some(Exit(255)));
        for length in [0, 1, -256, i32::MIN, i32::MAX] {
            assert_eq!(exit_of(length), None);
        }
    }

    #[test]
    fn a_cut_line_keeps_its_code() {
        assert_eq!(decode(Exit(5), b"{\"tool\":").exit, Exit(5));
    }
}
