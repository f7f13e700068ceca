//! What can go wrong with a store, and the exit code it earns.

use crate::calendar;
use millrace_fault::{Coded, Exit, quoted};
use std::path::PathBuf;

/// What can go wrong with a store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store that was named does not exist.
    #[error("no checkpoint store {}", quoted(.0.to_string_lossy()))]
    Missing(PathBuf),
    /// There is no store in this directory or above it.
    #[error("no checkpoint store '.millrace/state.db' in {} or above", quoted(.0.to_string_lossy()))]
    NoneAbove(PathBuf),
    /// A store that is no file.
    #[error("{} is not the path of a file", quoted(.0))]
    NotAPath(String),
    /// The file is something else.
    #[error("{} is not a checkpoint store", quoted(.0.to_string_lossy()))]
    Foreign(PathBuf),
    /// The store was written by a newer version.
    #[error("{} has format {found}, newer than format {known} of this program", quoted(.path.to_string_lossy()))]
    Newer {
        /// The store.
        path: PathBuf,
        /// Its format number.
        found: i64,
        /// The newest one known here.
        known: i64,
    },
    /// SQLite refused.
    #[error("cannot {verb} {}: {}", quoted(.path.to_string_lossy()), reason(.cause))]
    Database {
        /// What was being done.
        verb: &'static str,
        /// The store.
        path: PathBuf,
        /// Why. Not a `source`: its own sources say the same in other words.
        cause: rusqlite::Error,
    },
    /// The file system refused.
    #[error("cannot {verb} {}", quoted(.path.to_string_lossy()))]
    Io {
        /// What was being done.
        verb: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A value in the store that no version of this program writes.
    #[error("{} is damaged: {what}", quoted(.path.to_string_lossy()))]
    Damaged {
        /// The store.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// A unit, an instant or a time zone that does not exist.
    #[error(transparent)]
    Calendar(#[from] calendar::Error),
}

impl Coded for Error {
    fn exit(&self) -> Exit {
        use rusqlite::ErrorCode;
        match self {
            Error::NotAPath(_) | Error::Calendar(_) => Exit::USAGE,
            Error::Foreign(_) | Error::Newer { .. } | Error::Damaged { .. } => Exit::DATA,
            Error::Missing(_) | Error::NoneAbove(_) | Error::Io { .. } => Exit::ENVIRONMENT,
            Error::Database { cause, .. } => match cause.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Exit::BUSY,
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Exit::DATA,
                _ => Exit::ENVIRONMENT,
            },
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Error::Missing(_) | Error::NoneAbove(_) => {
                Some("the first command that writes creates one, e.g. checkpoint plan".to_owned())
            }
            Error::Newer { .. } => Some("use the newer version of millrace everywhere".to_owned()),
            _ => None,
        }
    }
}

/// SQLite's message alone, in the house's form.
fn reason(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        other => other.to_string(),
    }
}
