//! What can go wrong where bytes live, each with its path and exit code.

use millrace_fault::{Coded, Exit, quoted};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A failed operation on a path, or a place that is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused.
    #[error("cannot {verb} {}", quoted(path.to_string_lossy()))]
    Io {
        /// What was being done: "read", "write", "sync", …
        verb: &'static str,
        /// To which path.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The operating system refused an operation on two paths.
    #[error("cannot {verb} {} to {}", quoted(from.to_string_lossy()), quoted(to.to_string_lossy()))]
    Pair {
        /// What was being done: "rename", "link", "exchange".
        verb: &'static str,
        /// The first path.
        from: PathBuf,
        /// The second path.
        to: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// An operand leads to no file at all.
    #[error("cannot read {}: {reason}", quoted(operand))]
    Nothing {
        /// The operand as given.
        operand: String,
        /// What was looked for.
        reason: &'static str,
    },
    /// The operand names a place that this build cannot reach.
    #[error("cannot open {}: {reason}", quoted(operand))]
    Scheme {
        /// The operand as given.
        operand: String,
        /// Why not.
        reason: String,
        /// How to get on.
        hint: Option<&'static str>,
    },
    /// The pattern is malformed.
    #[error("pattern {} is malformed: {reason}", quoted(pattern))]
    Pattern {
        /// The pattern as given.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Somebody else holds the lock.
    #[error("cannot lock {}: another process holds it (waited {} s)", quoted(path.to_string_lossy()), waited.as_secs())]
    Busy {
        /// The lock's file.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
}

impl Error {
    /// An I/O error while doing `verb` to `path`.
    pub fn io(verb: &'static str, path: impl AsRef<Path>, source: impl Into<io::Error>) -> Self {
        Error::Io {
            verb,
            path: path.as_ref().to_owned(),
            source: source.into(),
        }
    }

    /// An I/O error while doing `verb` to two paths.
    pub fn pair(verb: &'static str, from: &Path, to: &Path, source: impl Into<io::Error>) -> Self {
        Error::Pair {
            verb,
            from: from.to_owned(),
            to: to.to_owned(),
            source: source.into(),
        }
    }

    /// The system's error underneath, if there is one.
    pub fn io_error(&self) -> Option<&io::Error> {
        match self {
            Error::Io { source, .. } | Error::Pair { source, .. } => Some(source),
            _ => None,
        }
    }

    /// Whether the path was not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Error::Nothing { .. })
            || self
                .io_error()
                .is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
    }

    /// The system's error number, if there is one.
    pub fn errno(&self) -> Option<i32> {
        self.io_error().and_then(io::Error::raw_os_error)
    }
}

impl Coded for Error {
    fn exit(&self) -> Exit {
        match self {
            Error::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe => {
                Exit::BROKEN_PIPE
            }
            Error::Io { .. } | Error::Pair { .. } | Error::Nothing { .. } => Exit::ENVIRONMENT,
            Error::Scheme { .. } | Error::Pattern { .. } => Exit::USAGE,
            Error::Busy { .. } => Exit::BUSY,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Error::Scheme { hint, .. } => hint.map(str::to_owned),
            _ => None,
        }
    }
}
