//! What can go wrong while files are written.

use arrow_schema::ArrowError;
use millrace_fault::{Coded, Exit, quoted};
use parquet::errors::ParquetError;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A writer that failed; what it staged is to be discarded.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The system said no.
    #[error("cannot write {}", quoted(.path.to_string_lossy()))]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Spilled rows could not be written or read again.
    #[error("cannot spill to {}", quoted(.dir.to_string_lossy()))]
    Spill {
        /// The folder for spilled rows.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The disk said no.
    #[error(transparent)]
    Disk(#[from] millrace_storage::Error),
    /// Rows that cannot be told apart by partition.
    #[error("cannot split the rows of a batch")]
    Split {
        /// Why.
        source: ArrowError,
    },
    /// Rows that Parquet cannot hold.
    #[error("cannot encode {}: {reason}", quoted(.what))]
    Encode {
        /// A column or a partition.
        what: String,
        /// The library's words.
        reason: String,
    },
}

impl WriteError {
    /// An error of the Parquet library while writing `path`: an I/O error keeps its reason.
    pub(crate) fn parquet(path: impl Into<PathBuf>, error: ParquetError) -> WriteError {
        let path = path.into();
        match error {
            ParquetError::External(cause) => match cause.downcast::<io::Error>() {
                Ok(source) => WriteError::Io {
                    path,
                    source: *source,
                },
                Err(cause) => WriteError::Encode {
                    what: path.to_string_lossy().into_owned(),
                    reason: cause.to_string(),
                },
            },
            other => WriteError::Encode {
                what: path.to_string_lossy().into_owned(),
                reason: other.to_string(),
            },
        }
    }
}

impl Coded for WriteError {
    fn exit(&self) -> Exit {
        match self {
            WriteError::Io { .. } | WriteError::Spill { .. } => Exit::ENVIRONMENT,
            WriteError::Disk(error) => error.exit(),
            WriteError::Split { .. } | WriteError::Encode { .. } => Exit::DATA,
        }
    }
}
