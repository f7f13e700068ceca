//! Why a transaction did not happen, or did but is not complete yet.

use millrace_fault::{Coded, Exit, quoted};
use millrace_storage as storage;
use std::path::PathBuf;

/// A failed operation on a dataset.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// The tree cannot be listed.
    #[error(transparent)]
    List(#[from] crate::listing::ListError),
    /// The request, the data or a guard says no; nothing has changed.
    #[error("{message}")]
    Refused {
        /// The exit code it earns.
        exit: Exit,
        /// Problem and subject.
        message: String,
        /// How to get on.
        hint: Option<String>,
    },
    /// A Parquet file that cannot be read.
    #[error("cannot read {}", quoted(path.to_string_lossy()))]
    Parquet {
        /// The file.
        path: PathBuf,
        /// The library's words.
        source: parquet::errors::ParquetError,
    },
    /// State written by a newer version.
    #[error("{} has format {format}, newer than this version understands (1)", quoted(path.to_string_lossy()))]
    Newer {
        /// The state file.
        path: PathBuf,
        /// Its format.
        format: u32,
    },
    /// The commit point was passed: the next run completes it.
    #[error("committed as {run}, the next run completes it")]
    Committed {
        /// The run id, else the transaction's id.
        run: String,
        /// What went wrong on the way.
        #[source]
        because: Box<Error>,
    },
}

impl Error {
    fn refused(exit: Exit, message: impl Into<String>) -> Self {
        Error::Refused {
            exit,
            message: message.into(),
            hint: None,
        }
    }

    /// The check said no (1).
    pub(crate) fn finding(message: impl Into<String>) -> Self {
        Self::refused(Exit::FINDING, message)
    }

    /// The request is wrong (2).
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::refused(Exit::USAGE, message)
    }

    /// The data is refused (3).
    pub(crate) fn data(message: impl Into<String>) -> Self {
        Self::refused(Exit::DATA, message)
    }

    /// The environment cannot do it (4).
    pub(crate) fn environment(message: impl Into<String>) -> Self {
        Self::refused(Exit::ENVIRONMENT, message)
    }

    /// Somebody else is at it (5).
    pub(crate) fn busy(message: impl Into<String>) -> Self {
        Self::refused(Exit::BUSY, message)
    }

    /// Adds a line that says how to get on.
    pub(crate) fn hint(mut self, text: impl Into<String>) -> Self {
        if let Error::Refused { hint, .. } = &mut self {
            *hint = Some(text.into());
        }
        self
    }
}

impl Coded for Error {
    fn exit(&self) -> Exit {
        match self {
            Error::Storage(error) => error.exit(),
            Error::List(error) => error.exit(),
            Error::Refused { exit, .. } => *exit,
            Error::Parquet { .. } | Error::Newer { .. } => Exit::DATA,
            Error::Committed { because, .. } => because.exit(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Error::Storage(error) => error.hint(),
            Error::List(error) => error.hint(),
            Error::Refused { hint, .. } => hint.clone(),
            Error::Parquet { .. } => None,
            Error::Newer { .. } => Some("use the version that wrote it, or a later one".to_owned()),
            Error::Committed { because, .. } => Coded::hint(because.as_ref()),
        }
    }
}
