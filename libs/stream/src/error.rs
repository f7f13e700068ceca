//! What can be wrong with a stream, and the exit code each wrong earns.

use crate::Kind;
use millrace_fault::{Coded, Exit, FirstCause, clip};
use std::io;

/// A stream that cannot be read or written. `subject` is `standard input` or a
/// quoted path; offsets are bytes from the start of the stream.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A person's keyboard is not a stream.
    #[error("standard input is a terminal, expected an Arrow stream")]
    TerminalInput,
    /// A person cannot read a stream.
    #[error("standard output is a terminal, and an Arrow stream is not for people")]
    TerminalOutput,
    /// Not one byte came.
    #[error("{subject} is empty, expected an Arrow stream{}", producer(*kind))]
    Empty {
        /// Which stream.
        subject: String,
        /// What it is read from.
        kind: Kind,
    },
    /// The stream ends before its end marker.
    #[error("{subject} ends at byte {offset} without an end marker: {}", cut(*kind))]
    Cut {
        /// Which stream.
        subject: String,
        /// Where it ends.
        offset: u64,
        /// What it is read from.
        kind: Kind,
    },
    /// Bytes follow the end marker.
    #[error("{subject} goes on at byte {offset} after its end marker: a second stream follows")]
    Trailing {
        /// Which stream.
        subject: String,
        /// Where the second stream starts.
        offset: u64,
    },
    /// The first bytes are something else.
    #[error("{subject} is not an Arrow stream: it starts with {start}")]
    NotAStream {
        /// Which stream.
        subject: String,
        /// Its first bytes, printable.
        start: String,
    },
    /// A message that cannot be right.
    #[error("cannot decode {subject}: message {message} at byte {offset}: {reason}")]
    Corrupt {
        /// Which stream.
        subject: String,
        /// The message's number, the schema being 1.
        message: u64,
        /// Where the message starts.
        offset: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// An Arrow file whose footer or messages cannot be right.
    #[error("cannot decode {subject}: {reason}")]
    DamagedFile {
        /// Which file.
        subject: String,
        /// What is wrong with it, and where.
        reason: String,
    },
    /// The stream failed before, and somebody asked for more of it.
    #[error("{subject} failed before and cannot be read on")]
    Failed {
        /// Which stream.
        subject: String,
    },
    /// The producer failed and said why.
    #[error("upstream {} failed ({}): {}", .0.tool, .0.exit, .0.error)]
    Upstream(FirstCause),
    /// The operating system failed a read.
    #[error("cannot read {subject}")]
    Read {
        /// Which stream.
        subject: String,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// The operating system failed a write; the silent 141 when the reader has left.
    #[error("cannot write {subject}")]
    Write {
        /// Which stream.
        subject: &'static str,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// A batch that cannot be written: a type that the format does not know, or not
    /// the stream's schema.
    #[error("cannot encode a batch: {0}")]
    Encode(String),
}

impl Error {
    /// Whether whoever reads our output has left.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Error::Write { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl Coded for Error {
    fn exit(&self) -> Exit {
        match self {
            Error::TerminalInput | Error::TerminalOutput => Exit::USAGE,
            Error::Empty { kind, .. } | Error::Cut { kind, .. } => match kind {
                Kind::Pipe => Exit::ENVIRONMENT,
                Kind::File => Exit::DATA,
            },
            Error::Upstream(cause) => cause.exit,
            Error::Write { .. } if self.is_broken_pipe() => Exit::BROKEN_PIPE,
            Error::Read { .. } | Error::Write { .. } => Exit::ENVIRONMENT,
            Error::Trailing { .. }
            | Error::NotAStream { .. }
            | Error::Corrupt { .. }
            | Error::DamagedFile { .. }
            | Error::Failed { .. }
            | Error::Encode(_) => Exit::DATA,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Error::TerminalInput => "pipe a stream in, e.g. from 'ingest FILE'",
            Error::TerminalOutput => "pipe it into 'show' to look at it, or into the next tool",
            Error::NotAStream { .. } => "'ingest' turns raw files into a stream",
            _ => return None,
        };
        Some(hint.to_owned())
    }

    fn first_cause(&self) -> Option<FirstCause> {
        match self {
            Error::Upstream(cause) => Some(cause.clone()),
            _ => None,
        }
    }
}

fn cut(kind: Kind) -> &'static str {
    match kind {
        Kind::Pipe => "its producer died",
        Kind::File => "the stream is damaged",
    }
}

fn producer(kind: Kind) -> &'static str {
    match kind {
        Kind::Pipe => ": its producer died",
        Kind::File => "",
    }
}

/// The first bytes of something that is no stream, as a person recognises them.
pub(crate) fn printable(bytes: &[u8]) -> String {
    if bytes
        .iter()
        .all(|b| b.is_ascii_graphic() || matches!(b, b' ' | b'\n' | b'\t' | b'\r'))
    {
        return millrace_fault::quoted(clip(&String::from_utf8_lossy(bytes), 16));
    }
    bytes
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect::<Vec<_>>()
        .join(" ")
}
