//! How to decode, and what cannot be.

use millrace_fault::{Coded, Exit, quoted};

/// What decoders of all formats are asked to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// Most rows of a batch.
    pub batch_rows: usize,
    /// A batch ends once its buffers hold about so many bytes.
    pub batch_bytes: usize,
    /// Objects and arrays may be nested so deeply, the record itself included.
    pub max_depth: usize,
    /// What to do about fields that the schema does not have.
    pub extra_fields: ExtraFields,
    /// The top-level columns to build, in this order; None for all. The others are checked
    /// exactly as if they were built, so that a record is refused or not whatever is selected.
    pub select: Option<Vec<String>>,
    /// Whether the sink wants the line of each row.
    pub lines: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            batch_rows: 8192,
            batch_bytes: 1 << 20,
            max_depth: 1000,
            extra_fields: ExtraFields::Ignore,
            select: None,
            lines: false,
        }
    }
}

/// What to do about fields that the schema does not have. Their values are checked to
/// be well-formed in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ExtraFields {
    /// Pass over them.
    #[default]
    Ignore,
    /// Pass over them and tell the sink their names.
    Warn,
    /// Refuse the record.
    Refuse,
}

/// A schema, a selection or a dialect that no decoder can be made for (2), or a header that
/// does not go with the schema (3).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A selected column does not exist.
    #[error("no field {} in the schema", quoted(.0))]
    NoSuchField(String),
    /// A field's Arrow type is not one that its kind of value can be decoded into.
    #[error(
        "field {}: cannot decode type {kind} into Arrow type {arrow_type}",
        quoted(field)
    )]
    Unsupported {
        /// JSON pointer of the field.
        field: String,
        /// Its Table Schema type.
        kind: &'static str,
        /// The Arrow type asked for.
        arrow_type: String,
    },
    /// A header names a column twice.
    #[error("column {} stands twice in the header", quoted(.0))]
    ColumnTwice(String),
    /// A header names a column that the schema lacks, and extra fields are refused.
    #[error("column {} is not in the schema", quoted(.0))]
    ExtraColumn(String),
    /// A CSV dialect that contradicts itself.
    #[error("{0}")]
    Dialect(String),
}

impl Coded for Error {
    fn exit(&self) -> Exit {
        match self {
            Error::ColumnTwice(_) | Error::ExtraColumn(_) => Exit::DATA,
            _ => Exit::USAGE,
        }
    }
}
