//! Why a value cannot be read, and where.

use millrace_fault::{Failure, quoted};

/// Damage, or a failure of the system below.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The path of the column, from the inside out, and the reason.
    Malformed { path: Vec<String>, reason: String },
    /// The file could not be read.
    Failed(Failure),
}

pub(super) type Result<T> = std::result::Result<T, Trouble>;

/// What the file says is wrong.
pub(super) fn malformed(reason: impl Into<String>) -> Trouble {
    Trouble::Malformed {
        path: Vec::new(),
        reason: reason.into(),
    }
}

impl Trouble {
    /// The same, seen from outside of `name`.
    pub(super) fn inside(self, name: &str) -> Self {
        match self {
            Trouble::Malformed { mut path, reason } => {
                path.push(name.to_owned());
                Trouble::Malformed { path, reason }
            }
            failed @ Trouble::Failed(_) => failed,
        }
    }

    /// The same, at `place`: `stripe 2: row 7: /a/b: the text is not UTF-8`.
    pub(super) fn at(self, place: &str) -> Self {
        match self {
            Trouble::Malformed { path, reason } => {
                let path: String = path.iter().rev().map(|name| format!("/{name}")).collect();
                let column = if path.is_empty() { "" } else { ": " };
                malformed(format!("{place}: {path}{column}{reason}"))
            }
            failed @ Trouble::Failed(_) => failed,
        }
    }

    /// As the caller reports it: refused (3), or what the system failed.
    pub(super) fn told(self, file: &str) -> Failure {
        match self {
            Trouble::Malformed { reason, .. } => {
                Failure::data(format!("cannot decode {}", quoted(file))).because(reason)
            }
            Trouble::Failed(failure) => failure,
        }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Trouble::Failed(failure)
    }
}
