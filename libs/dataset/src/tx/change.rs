//! What a transaction is asked to do.

use super::{Fingerprint, LogEntry, Unite};
use crate::state::DatasetDescription;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A finished file in a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagedFile {
    /// File name.
    pub name: String,
    /// Rows in it.
    pub rows: u64,
    /// Bytes of it.
    pub bytes: u64,
}

/// A change of some partitions, committed as one.
#[derive(Clone, Debug)]
pub struct Change {
    /// The partitions touched, each once.
    pub partitions: Vec<PartitionChange>,
    /// Refuse if a touched partition already has data.
    pub create_only: bool,
    /// Remove also what this unit wrote before into partitions not named above, and
    /// leave everybody else's files.
    pub replaced_unit: Option<String>,
    /// What may not happen.
    pub guards: Guards,
    /// What this is, to recognise a repetition.
    pub description: Fingerprint,
    /// What the dataset is from now on.
    pub dataset: DatasetDescription,
    /// The new files' schema, where the files that stay must be compared with it.
    pub unite: Option<Unite>,
}

/// A change of one partition.
#[derive(Clone, Debug)]
pub struct PartitionChange {
    /// Its path below the root as spelt on disk: `order_date=2026-03-17/order_hour=05`;
    /// empty for the root of an unpartitioned dataset.
    pub path: String,
    /// The files staged for it.
    pub add: Vec<StagedFile>,
    /// Which live files stay.
    pub keep: Keep,
}

/// Which of a partition's live files stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// None: the partition is replaced.
    Nothing,
    /// All: files are added.
    Everything,
    /// All but these, which must be there (else busy): they were rewritten.
    Except(Vec<String>),
    /// All that this unit did not write.
    OtherUnits(String),
}

/// What may not happen, checked before anything changes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Guards {
    /// The greatest share of its rows (0 to 1) that a partition may lose.
    pub max_shrink: Option<f64>,
    /// Whether no rows at all may replace some.
    pub allow_empty: bool,
}

/// How to commit.
#[derive(Clone, Copy, Debug)]
pub struct CommitOptions {
    /// How long to wait for the dataset's lock.
    pub wait: Duration,
    /// How long replaced files are kept for readers and for undo.
    pub keep: Duration,
    /// Accept a moment without the partition where names cannot be exchanged.
    pub allow_window: bool,
    /// Take what is on disk as it is: a root made anew, a partition changed by others.
    pub adopt: bool,
    /// Threads that check and move folders, where there are many.
    pub threads: usize,
}

impl Default for CommitOptions {
    /// Waits ten minutes, keeps replaced files for an hour, takes no risk, on one thread.
    fn default() -> Self {
        CommitOptions {
            wait: Duration::from_secs(600),
            keep: Duration::from_secs(3600),
            allow_window: false,
            adopt: false,
            threads: 1,
        }
    }
}

/// How a commit ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Done now.
    Committed(LogEntry),
    /// Had been done by an earlier attempt of the same run: nothing was written.
    AlreadyDone(LogEntry),
}

impl Outcome {
    /// What was done, now or then.
    pub fn entry(&self) -> &LogEntry {
        match self {
            Outcome::Committed(entry) | Outcome::AlreadyDone(entry) => entry,
        }
    }
}
