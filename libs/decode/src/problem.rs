//! What is wrong with a value, before it is known where.

use crate::sink::constraint;

/// A broken rule and what it wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// One of [`constraint`].
    pub(crate) constraint: &'static str,
    pub(crate) expected: String,
}

impl Problem {
    pub(crate) fn new(constraint: &'static str, expected: impl Into<String>) -> Self {
        Problem {
            constraint,
            expected: expected.into(),
        }
    }

    pub(crate) fn of_type(expected: impl Into<String>) -> Self {
        Self::new(constraint::TYPE, expected)
    }

    pub(crate) fn range(expected: impl Into<String>) -> Self {
        Self::new(constraint::RANGE, expected)
    }

    pub(crate) fn digits(expected: impl Into<String>) -> Self {
        Self::new(constraint::DIGITS, expected)
    }
}
