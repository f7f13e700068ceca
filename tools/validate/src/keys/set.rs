//! A set of keys within a budget.

use crate::keys::encode::{Encoder, Keys};
use crate::keys::memory::Memory;
use crate::keys::merge::merge;
use crate::keys::run::{Run, Writer};
use arrow_array::ArrayRef;
use arrow_schema::{ArrowError, DataType};
use foldhash::quality::RandomState;
use millrace_fault::Failure;
use std::hash::BuildHasher;
use std::io;
use std::path::PathBuf;

/// Runs of a level that become one of the next.
const FAN_IN: usize = 8;

/// How much of a set stays in memory, and where the rest goes.
#[derive(Clone, Debug)]
pub(crate) struct Spill {
    pub(crate) budget: usize,
    pub(crate) dir: PathBuf,
}

/// A set of keys.
pub(crate) struct KeySet {
    encoder: Encoder,
    state: RandomState,
    memory: Memory,
    runs: Vec<Run>,
    spill: Spill,
    spilled_bytes: u64,
}

/// The keys of a batch, looked up in what is on disk.
pub(crate) struct Probe {
    keys: Keys,
    hashes: Vec<u64>,
    /// Which are on disk; empty when nothing is.
    on_disk: Vec<bool>,
}

impl KeySet {
    /// A set of keys whose columns have these types.
    pub(crate) fn new(types: &[DataType], spill: Spill) -> Result<KeySet, ArrowError> {
        Ok(KeySet {
            encoder: Encoder::new(types)?,
            state: RandomState::default(),
            memory: Memory::default(),
            runs: Vec::new(),
            spill,
            spilled_bytes: 0,
        })
    }

    /// Bytes written to disk so far.
    pub(crate) fn spilled_bytes(&self) -> u64 {
        self.spilled_bytes
    }

    /// Prepares the keys of a batch. Spills first if they might not fit: afterwards, and
    /// until the next probe, [`KeySet::insert`] stays in memory, over the budget by at
    /// most the batch's own keys.
    pub(crate) fn probe(&mut self, columns: &[ArrayRef]) -> Result<Probe, Failure> {
        let keys = self
            .encoder
            .encode(columns)
            .map_err(|error| Failure::data("cannot encode keys").because(error))?;
        self.make_room(keys.len())
            .map_err(|error| self.failed("write", error))?;
        let hashes: Vec<u64> = (0..keys.len())
            .map(|row| keys.key(row).map_or(0, |key| self.hash(key)))
            .collect();
        let on_disk = self
            .on_disk(&keys, &hashes)
            .map_err(|error| self.failed("read", error))?;
        Ok(Probe {
            keys,
            hashes,
            on_disk,
        })
    }

    /// Whether the key of this row is in the set; None where it has none (a null).
    pub(crate) fn contains(&self, probe: &Probe, row: usize) -> Option<bool> {
        let key = probe.keys.key(row)?;
        let on_disk = probe.on_disk.get(row).copied().unwrap_or(false);
        Some(on_disk || self.memory.contains(probe.hashes[row], key))
    }

    /// Adds the key of this row, which is not in the set; a row without one adds nothing.
    pub(crate) fn insert(&mut self, probe: &Probe, row: usize) {
        if let Some(key) = probe.keys.key(row) {
            self.memory.insert(probe.hashes[row], key);
        }
    }

    fn hash(&self, key: &[u8]) -> u64 {
        self.state.hash_one(key)
    }

    fn on_disk(&self, keys: &Keys, hashes: &[u64]) -> io::Result<Vec<bool>> {
        if self.runs.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = vec![false; keys.len()];
        for run in &self.runs {
            let mut candidates: Vec<(&[u8], usize)> = (0..keys.len())
                .filter(|row| !found[*row] && run.may_hold(hashes[*row]))
                .filter_map(|row| Some((keys.key(row)?, row)))
                .collect();
            candidates.sort_unstable();
            let sought: Vec<&[u8]> = candidates.iter().map(|(key, _)| *key).collect();
            run.search(&sought, |index| found[candidates[index].1] = true)?;
        }
        Ok(found)
    }

    /// A quarter of the budget is for filters and fences, the rest for keys.
    fn make_room(&mut self, more: usize) -> io::Result<()> {
        let runs: usize = self.runs.iter().map(Run::size).sum();
        let room = self
            .spill
            .budget
            .saturating_sub(runs)
            .max(self.spill.budget / 2);
        if self.memory.len() == 0 || self.memory.size_with(more) <= room {
            return Ok(());
        }
        self.write_run()?;
        while let Some(level) = self.crowded_level() {
            self.merge_level(level)?;
        }
        Ok(())
    }

    fn write_run(&mut self) -> io::Result<()> {
        let mut writer = Writer::new(
            &self.spill.dir,
            self.memory.len() as u64,
            self.filter_bytes(),
            0,
        )?;
        for key in self.memory.sorted() {
            writer.push(key, self.state.hash_one(key))?;
        }
        self.memory = Memory::default();
        self.add_run(writer.finish()?);
        Ok(())
    }

    fn crowded_level(&self) -> Option<u32> {
        let level = |run: &Run| {
            self.runs
                .iter()
                .filter(|other| other.level == run.level)
                .count()
        };
        self.runs
            .iter()
            .find(|run| level(run) >= FAN_IN)
            .map(|run| run.level)
    }

    fn merge_level(&mut self, level: u32) -> io::Result<()> {
        let (old, kept): (Vec<Run>, Vec<Run>) = std::mem::take(&mut self.runs)
            .into_iter()
            .partition(|run| run.level == level);
        self.runs = kept;
        let bytes = self.filter_bytes();
        let merged = merge(&old, &self.spill.dir, bytes, |key| self.state.hash_one(key))?;
        self.add_run(merged);
        Ok(())
    }

    fn add_run(&mut self, run: Run) {
        self.spilled_bytes += run.bytes();
        self.runs.push(run);
    }

    /// What a new run's filter may take: of the filters' quarter, half of what is left.
    fn filter_bytes(&self) -> usize {
        let used: usize = self.runs.iter().map(Run::size).sum();
        (self.spill.budget / 4).saturating_sub(used) / 2
    }

    fn failed(&self, verb: &str, error: io::Error) -> Failure {
        Failure::io(&format!("{verb} keys spilled to"), &self.spill.dir, error)
            .hint("--temp-dir names another directory, --memory keeps more in memory")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Int64Array, StringArray};
    use proptest::prelude::*;
    use std::collections::HashSet;
    use std::sync::Arc;

    fn set(data_type: DataType, budget: usize) -> KeySet {
        KeySet::new(
            &[data_type],
            Spill {
                budget,
                dir: std::env::temp_dir(),
            },
        )
        .unwrap()
    }

    /// Which rows of these batches are first with their key.
    fn firsts(set: &mut KeySet, batches: &[ArrayRef]) -> Vec<Option<bool>> {
        let mut out = Vec::new();
        for batch in batches {
            let probe = set.probe(std::slice::from_ref(batch)).unwrap();
            for row in 0..batch.len() {
                let held = set.contains(&probe, row);
                if held == Some(false) {
                    set.insert(&probe, row);
                }
                out.push(held.map(|held| !held));
            }
        }
        out
    }

    fn twin<T: std::hash::Hash + Eq + Clone>(values: &[Option<T>]) -> Vec<Option<bool>> {
        let mut seen = HashSet::new();
        values
            .iter()
            .map(|value| value.clone().map(|value| seen.insert(value)))
            .collect()
    }

    #[test]
    fn exact_far_beyond_the_budget() {
        // 200 000 keys of 12 bytes in 64 KiB: some 80 spills, merged twice over.
        let values: Vec<Option<i64>> = (0..200_000u64)
            .map(|n| Some((n.wrapping_mul(0x9E37_79B9_7F4A_7C15) % 150_000) as i64))
            .collect();
        let batches: Vec<ArrayRef> = values
            .chunks(1000)
            .map(|part| Arc::new(Int64Array::from(part.to_vec())) as ArrayRef)
            .collect();
        let mut spilling = set(DataType::Int64, 64 << 10);
        assert!(firsts(&mut spilling, &batches) == twin(&values));
        assert!(spilling.runs.len() > 1 && spilling.runs.iter().any(|run| run.level > 1));
        let held =
            spilling.memory.size_with(0) + spilling.runs.iter().map(Run::size).sum::<usize>();
        assert!(held < 128 << 10, "{held}");
    }

    #[test]
    fn a_missing_temporary_directory_is_named() {
        let mut set = KeySet::new(
            &[DataType::Int64],
            Spill {
                budget: 0,
                dir: "/nowhere".into(),
            },
        )
        .unwrap();
        let batch: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        firsts(&mut set, std::slice::from_ref(&batch));
        let failure = set.probe(&[batch]).err().unwrap();
        assert_eq!(
            failure.to_string(),
            "cannot write keys spilled to '/nowhere': no such file or directory"
        );
        assert_eq!(failure.exit(), millrace_fault::Exit::ENVIRONMENT);
    }

    proptest! {
        #[test]
        fn like_a_hash_set(values in prop::collection::vec(prop::option::of("[ab]{0,6}"), 0..300), rows in 1usize..40, budget in 0usize..4000) {
            let batches: Vec<ArrayRef> =
                values.chunks(rows).map(|part| Arc::new(StringArray::from(part.to_vec())) as ArrayRef).collect();
            prop_assert_eq!(firsts(&mut set(DataType::Utf8, budget), &batches), twin(&values));
        }
    }
}
