//! What can be wrong with an expression, and with the data it meets.

use millrace_fault::{Coded, Exit, clip, quoted};

/// An expression that cannot be used (exit 2), or rows it fails on (exit 3).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not an expression.
    #[error("cannot parse the expression {}{}: {reason}", quoted(clip(.text, 80)), place(*.column))]
    Syntax {
        /// The expression.
        text: String,
        /// 1-based character position, 0 when unknown.
        column: u64,
        /// What was expected.
        reason: String,
    },
    /// Something that SQL has and this library has not.
    #[error("{what} is not supported in an expression{}", place(*.column))]
    Unsupported {
        /// The construct.
        what: String,
        /// 1-based character position, 0 when unknown.
        column: u64,
    },
    /// A column that the schema lacks.
    #[error("there is no column {}{}", quoted(.name), place(*.column))]
    UnknownColumn {
        /// The name as written.
        name: String,
        /// 1-based character position.
        column: u64,
        /// Names that resemble it, or the names there are.
        near: Vec<String>,
    },
    /// Types that do not go together.
    #[error("{0}")]
    Type(String),
    /// A row's values cannot be computed with: a cast, an overflow.
    #[error("cannot evaluate the expression: {0}")]
    Evaluate(String),
}

fn place(column: u64) -> String {
    match column {
        0 => String::new(),
        column => format!(" at character {column}"),
    }
}

impl Coded for Error {
    fn exit(&self) -> Exit {
        match self {
            Error::Evaluate(_) => Exit::DATA,
            _ => Exit::USAGE,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Error::UnknownColumn { near, .. } if !near.is_empty() => {
                let names: Vec<String> = near.iter().map(quoted).collect();
                Some(format!("there is {}", names.join(", ")))
            }
            _ => None,
        }
    }
}

impl From<arrow_schema::ArrowError> for Error {
    fn from(error: arrow_schema::ArrowError) -> Self {
        let text = error.to_string();
        // "Compute error: x": the kind says nothing to a user.
        let reason = text
            .split_once("error: ")
            .map_or(text.as_str(), |(_, reason)| reason);
        Error::Evaluate(reason.to_owned())
    }
}
