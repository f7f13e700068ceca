//! Everything that is checked of a stream.

use crate::check::column::FieldChecks;
use crate::check::key::{ForeignKey, UniqueKey, check_unique};
use crate::check::rule::BoundRule;
use crate::check::{Description, Finding};
use arrow_array::RecordBatch;
use millrace_fault::Failure;

/// Compiled checks and the state of the keys. Batches must come in the stream's order.
#[derive(Default)]
pub(crate) struct Checks {
    pub(crate) descriptions: Vec<Description>,
    /// With the column's index.
    pub(crate) columns: Vec<(usize, FieldChecks)>,
    pub(crate) unique: Vec<UniqueKey>,
    pub(crate) foreign: Vec<ForeignKey>,
    pub(crate) rules: Vec<BoundRule>,
}

impl Checks {
    /// All that the rows of a batch break, by row, and for each row in the order of the
    /// descriptions.
    pub(crate) fn check(&mut self, batch: &RecordBatch) -> Result<Vec<Finding>, Failure> {
        let mut found = Vec::new();
        for (at, column) in &self.columns {
            column.check(batch.column(*at), &mut found)?;
        }
        for key in &self.unique {
            key.check_nulls(batch, &mut found)?;
        }
        for key in &mut self.foreign {
            key.check(batch, &mut found)?;
        }
        for rule in &self.rules {
            rule.check(batch, &mut found)?;
        }
        check_unique(&mut self.unique, batch, &mut found)?;
        found.sort_by_key(|finding| (finding.row, finding.check));
        Ok(found)
    }

    /// Bytes of keys that did not fit into memory.
    pub(crate) fn spilled_bytes(&self) -> u64 {
        let unique = self.unique.iter().map(|key| key.set.spilled_bytes());
        unique
            .chain(self.foreign.iter().map(|key| key.set.spilled_bytes()))
            .sum()
    }
}
