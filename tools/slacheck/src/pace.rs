//! How long the work took before, and so when it will likely end.

use jiff::SignedDuration;

/// Medians over earlier periods.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pace {
    /// Seconds for a unit, side by side as they were run.
    unit: f64,
    /// Seconds for a period's whole work.
    whole: f64,
}

/// Fewer periods than this say little.
const ENOUGH: usize = 3;

impl Pace {
    /// From the length of each period's work and its number of units; None if they are
    /// too few.
    pub(crate) fn of(periods: impl Iterator<Item = (SignedDuration, usize)>) -> Option<Pace> {
        let (units, wholes): (Vec<f64>, Vec<f64>) = periods
            .filter(|(_, units)| *units > 0)
            .map(|(span, units)| (span.as_secs_f64() / units as f64, span.as_secs_f64()))
            .unzip();
        if units.len() < ENOUGH {
            return None;
        }
        Some(Pace {
            unit: median(units)?,
            whole: median(wholes)?,
        })
    }

    /// For so many units.
    pub(crate) fn for_units(&self, units: usize) -> SignedDuration {
        duration(self.unit * units as f64)
    }

    /// For as much as usual.
    pub(crate) fn for_period(&self) -> SignedDuration {
        duration(self.whole)
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn duration(seconds: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_shrugs_off_one_bad_day() {
        let minutes = |minutes| SignedDuration::from_mins(minutes);
        let pace = Pace::of([(minutes(24), 24), (minutes(600), 24), (minutes(12), 12)].into_iter())
            .unwrap();
        assert_eq!(pace.for_units(10), minutes(10));
        assert_eq!(pace.for_period(), minutes(24));
        assert_eq!(
            Pace::of([(minutes(24), 24), (minutes(24), 24)].into_iter()),
            None
        );
    }
}
