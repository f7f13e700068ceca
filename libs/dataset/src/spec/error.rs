//! What can be wrong with a spec, or with a value that it is applied to.

use millrace_fault::{Coded, Exit, clip, quoted};
use thiserror::Error;

/// A spec that is refused (usage), or data that has no place under it (data).
#[derive(Debug, Error)]
pub enum SpecError {
    /// The text is not a spec.
    #[error("{} is not a partition spec: {problem}", quoted(.text))]
    Syntax {
        /// The whole spec.
        text: String,
        /// What is wrong, and what was expected.
        problem: String,
    },
    /// A source column that the schema does not have.
    #[error("no column {} for {}; the columns are {columns}", quoted(.column), quoted(.item))]
    UnknownColumn {
        /// The source column.
        column: String,
        /// The item of the spec.
        item: String,
        /// What there is.
        columns: String,
    },
    /// A function on a type that it does not take.
    #[error("{} cannot be computed: column {} is {found}, expected {expected}", quoted(.item), quoted(.column))]
    WrongType {
        /// The item of the spec.
        item: String,
        /// The source column.
        column: String,
        /// Its type.
        found: String,
        /// The types that would do.
        expected: &'static str,
    },
    /// A time zone that nobody knows.
    #[error("there is no time zone {}", quoted(.name))]
    Zone {
        /// Its name.
        name: String,
    },
    /// A value that cannot be a folder name.
    #[error("value {} of {} cannot name a partition: {problem}", quoted(clip(.value, 80)), quoted(.column))]
    Value {
        /// The value's text.
        value: String,
        /// The partition column.
        column: String,
        /// Why not.
        problem: String,
    },
    /// A value that readers would misunderstand, or whose name is too long.
    #[error(transparent)]
    NoName(#[from] crate::hive::NoName),
    /// A column of the stream contradicts what the spec computes.
    #[error("row {row}: column {} is {}, but {} gives {}", quoted(.column), quoted(clip(.found, 80)), quoted(.item), quoted(clip(.computed, 80)))]
    Disagrees {
        /// Row of the stream, from 1.
        row: u64,
        /// The partition column.
        column: String,
        /// The stream's value.
        found: String,
        /// The item of the spec.
        item: String,
        /// The value that the spec computes.
        computed: String,
    },
    /// More partitions than allowed.
    #[error("more than {limit} partitions: the key {} has too many values", quoted(.spec))]
    TooMany {
        /// The limit.
        limit: usize,
        /// The spec.
        spec: String,
    },
    /// A kernel failed.
    #[error("cannot compute {}: {reason}", quoted(.item))]
    Kernel {
        /// The item of the spec.
        item: String,
        /// The kernel's words.
        reason: String,
    },
}

impl Coded for SpecError {
    fn exit(&self) -> Exit {
        match self {
            SpecError::Syntax { .. }
            | SpecError::UnknownColumn { .. }
            | SpecError::WrongType { .. }
            | SpecError::Zone { .. } => Exit::USAGE,
            _ => Exit::DATA,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            SpecError::TooMany { .. } => Some(
                "partition by something coarser, for example a date or bucket(64,column); or raise --max-partitions"
                    .to_owned(),
            ),
            SpecError::Zone { .. } => {
                Some("names are those of the IANA database, such as Europe/Berlin".to_owned())
            }
            _ => None,
        }
    }
}
