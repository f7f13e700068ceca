//! How many bad rows are too many.

use millrace_cli::values::Limit;
use millrace_fault::Failure;

/// The limits of a run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Gate {
    pub(crate) max: Option<Limit>,
    pub(crate) warn: Option<Limit>,
}

impl Gate {
    /// Whether to stop at once: a count is exceeded.
    pub(crate) fn is_shut(&self, rejected: u64, rows: u64) -> bool {
        matches!(self.max, Some(Limit::Count(_))) && self.is_exceeded(rejected, rows)
    }

    /// Whether more rows are bad than --max-rejects allows.
    pub(crate) fn is_exceeded(&self, rejected: u64, rows: u64) -> bool {
        self.max.is_some_and(|max| max.is_exceeded(rejected, rows))
    }

    /// The verdict when all rows are judged, or none will be any more.
    pub(crate) fn judge(&self, rejected: u64, rows: u64) -> Result<(), Failure> {
        match self.max.filter(|max| max.is_exceeded(rejected, rows)) {
            Some(max) => Err(Failure::finding(format!(
                "{}, --max-rejects allows {max}",
                share(rejected, rows)
            ))),
            None => Ok(()),
        }
    }

    /// What to warn of, if anything.
    pub(crate) fn warning(&self, rejected: u64, rows: u64) -> Option<String> {
        let warn = self.warn.filter(|warn| warn.is_exceeded(rejected, rows))?;
        Some(format!(
            "{}, --warn-rejects allows {warn}",
            share(rejected, rows)
        ))
    }
}

/// `3 of 200 rows rejected (1.5%)`.
pub(crate) fn share(rejected: u64, rows: u64) -> String {
    let percent = if rows == 0 {
        0.0
    } else {
        rejected as f64 * 100.0 / rows as f64
    };
    let digits = if percent == 0.0 || percent >= 0.01 {
        2
    } else {
        6
    };
    let percent = format!("{percent:.digits$}");
    let percent = percent.trim_end_matches('0').trim_end_matches('.');
    format!("{rejected} of {rows} rows rejected ({percent}%)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_shuts_at_once_and_a_rate_at_the_end() {
        let count = Gate {
            max: Some(Limit::Count(1)),
            warn: None,
        };
        assert!(!count.is_shut(1, 1) && count.is_shut(2, 1000));
        let rate = Gate {
            max: Some(Limit::Rate(0.01)),
            warn: None,
        };
        assert!(!rate.is_shut(5, 5) && rate.judge(5, 5).is_err() && rate.judge(5, 500).is_ok());
        assert!(Gate::default().judge(5, 5).is_ok() && rate.judge(0, 0).is_ok());
    }

    #[test]
    fn shares_are_readable() {
        assert_eq!(share(3, 200), "3 of 200 rows rejected (1.5%)");
        assert_eq!(share(100, 100), "100 of 100 rows rejected (100%)");
        assert_eq!(share(1, 1_000_000), "1 of 1000000 rows rejected (0.0001%)");
        assert_eq!(share(0, 0), "0 of 0 rows rejected (0%)");
    }
}
