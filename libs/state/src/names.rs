//! The names that are keys of the store.

use millrace_fault::{clip, quoted};
use std::fmt;
use std::str::FromStr;

/// A pipeline's name: letters, digits, `.`, `_` and `-`, at most 100 bytes, so that
/// it serves file names, make targets and perfdata alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pipeline(String);

/// A unit's name: any text without control characters, at most 1024 bytes, that could
/// not be taken for an option. Calendar units have a form of their own; see
/// [`crate::calendar`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitName(String);

impl FromStr for Pipeline {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
        if text.is_empty()
            || text.len() > 100
            || text.starts_with(['-', '.'])
            || !text.chars().all(allowed)
        {
            let shown = quoted(clip(text, 80));
            return Err(format!(
                "{shown} is no name of a pipeline: letters, digits, '.', '_', '-', at most 100 bytes"
            ));
        }
        Ok(Pipeline(text.to_owned()))
    }
}

impl FromStr for UnitName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty()
            || text.len() > 1024
            || text.starts_with('-')
            || text.chars().any(char::is_control)
        {
            let shown = quoted(clip(text, 80));
            return Err(format!(
                "{shown} is no name of a unit: 1 to 1024 bytes, no control characters, no '-' in front"
            ));
        }
        Ok(UnitName(text.to_owned()))
    }
}

impl Pipeline {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl UnitName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipelines() {
        for good in ["orders", "orders.daily_2", "über-uns"] {
            assert!(good.parse::<Pipeline>().is_ok(), "{good}");
        }
        for bad in ["", "a b", "a/b", "-x", ".x", "a:b", "a\n", &"x".repeat(101)] {
            assert!(bad.parse::<Pipeline>().is_err(), "{bad}");
        }
    }

    #[test]
    fn units() {
        for good in ["2026-03-17T05", "in/a file.ndjson"] {
            assert!(good.parse::<UnitName>().is_ok(), "{good}");
        }
        for bad in ["", "-", "--x", "a\nb", "a\u{1b}", &"x".repeat(1025)] {
            assert!(bad.parse::<UnitName>().is_err(), "{bad}");
        }
    }
}
