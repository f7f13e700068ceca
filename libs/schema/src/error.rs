//! What is wrong with a schema, and where.

use millrace_fault::{Coded, Exit};

/// A schema that is refused (2): the JSON pointer of the place and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", if pointer.is_empty() { String::new() } else { format!("{pointer}: ") })]
pub struct Error {
    /// RFC 6901 pointer into the file; empty for the file as a whole.
    pub pointer: String,
    /// What was found and what was expected.
    pub problem: String,
    /// What was probably meant, if that can be said.
    pub hint: Option<String>,
}

impl Error {
    /// A problem at a place.
    pub fn at(pointer: impl Into<String>, problem: impl Into<String>) -> Self {
        Error {
            pointer: pointer.into(),
            problem: problem.into(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Coded for Error {
    fn exit(&self) -> Exit {
        Exit::USAGE
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}
