//! Keys: `unique`, `primaryKey`, `uniqueKeys` within the stream, `foreignKeys` into another
//! table.

use crate::check::plain::plain;
use crate::check::rule::values;
use crate::check::{Finding, shown};
use crate::keys::{KeySet, Probe};
use arrow_array::{Array, ArrayRef, RecordBatch};
use millrace_fault::Failure;

/// Columns that make a key.
pub(crate) struct Columns {
    pub(crate) at: Vec<usize>,
    /// Their names, as findings show them.
    pub(crate) field: String,
}

impl Columns {
    pub(crate) fn arrays(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>, Failure> {
        self.at.iter().map(|at| plain(batch.column(*at))).collect()
    }

    fn report(
        &self,
        check: usize,
        rows: &[usize],
        batch: &RecordBatch,
        found: &mut Vec<Finding>,
    ) -> Result<(), Failure> {
        if rows.is_empty() {
            return Ok(());
        }
        values(batch, &self.at)?.each(rows.iter().copied(), |row, value| {
            found.push(Finding {
                row,
                check,
                field: self.field.clone(),
                value: shown(value),
            });
            Ok(())
        })
    }
}

/// A key of which each value may occur once.
pub(crate) struct UniqueKey {
    pub(crate) columns: Columns,
    pub(crate) set: KeySet,
    /// The check that a second one breaks.
    pub(crate) duplicate: usize,
    /// The check that a null breaks: of a primary key.
    pub(crate) null: Option<usize>,
}

impl UniqueKey {
    /// Nulls in a primary key. Others have no key where they are null.
    pub(crate) fn check_nulls(
        &self,
        batch: &RecordBatch,
        found: &mut Vec<Finding>,
    ) -> Result<(), Failure> {
        let Some(check) = self.null else {
            return Ok(());
        };
        let mut nulls = Vec::new();
        for at in &self.columns.at {
            if let Some(mask) = batch.column(*at).logical_nulls() {
                nulls.extend((!mask.inner()).set_indices());
            }
        }
        nulls.sort_unstable();
        nulls.dedup();
        self.columns.report(check, &nulls, batch, found)
    }
}

/// Adds findings for rows whose keys were there before. The first row of a key that
/// breaks nothing claims it; a row that is rejected claims nothing, so that what passes
/// is unique, and nothing more is rejected than needs to be.
pub(crate) fn check_unique(
    keys: &mut [UniqueKey],
    batch: &RecordBatch,
    found: &mut Vec<Finding>,
) -> Result<(), Failure> {
    if keys.is_empty() {
        return Ok(());
    }
    let mut bad = vec![false; batch.num_rows()];
    found.iter().for_each(|finding| bad[finding.row] = true);
    let probes: Vec<Probe> = keys
        .iter_mut()
        .map(|key| key.set.probe(&key.columns.arrays(batch)?))
        .collect::<Result<_, Failure>>()?;
    let mut duplicates = vec![Vec::new(); keys.len()];
    for (row, bad) in bad.into_iter().enumerate() {
        let mut claims = !bad;
        for ((key, probe), duplicates) in keys.iter().zip(&probes).zip(&mut duplicates) {
            if key.set.contains(probe, row) == Some(true) {
                duplicates.push(row);
                claims = false;
            }
        }
        if claims {
            keys.iter_mut()
                .zip(&probes)
                .for_each(|(key, probe)| key.set.insert(probe, row));
        }
    }
    for (key, rows) in keys.iter().zip(&duplicates) {
        key.columns.report(key.duplicate, rows, batch, found)?;
    }
    Ok(())
}

/// A key whose values must be there in another table.
pub(crate) struct ForeignKey {
    pub(crate) columns: Columns,
    /// The other table's keys.
    pub(crate) set: KeySet,
    pub(crate) check: usize,
}

impl ForeignKey {
    /// A key with a null in it refers to nothing and passes.
    pub(crate) fn check(
        &mut self,
        batch: &RecordBatch,
        found: &mut Vec<Finding>,
    ) -> Result<(), Failure> {
        let probe = self.set.probe(&self.columns.arrays(batch)?)?;
        let missing: Vec<usize> = (0..batch.num_rows())
            .filter(|row| self.set.contains(&probe, *row) == Some(false))
            .collect();
        self.columns.report(self.check, &missing, batch, found)
    }
}
