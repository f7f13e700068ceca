//! Years with a month, kept as text.

use super::text::Strings;
use crate::problem::Problem;
use millrace_schema::temporal;

/// Takes `2026-03` as the whole of `row`.
pub(crate) fn text(strings: &mut Strings, row: usize, text: &str) -> Result<(), Problem> {
    temporal::year_month(text).ok_or_else(problem)?;
    strings.set(row, text.as_bytes());
    Ok(())
}

pub(crate) fn problem() -> Problem {
    Problem::of_type("a year and a month such as 2026-03")
}
