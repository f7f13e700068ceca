//! `intent.json`: what a transaction is going to do, written before the commit point.
//! With it alone the next run can complete what a crash cut short.

use super::live::SetFile;
use super::{Fingerprint, LogEntry, LogPartition, RunKey, StagedFile};
use crate::state::{DatasetDescription, FORMAT, RootIdentity};
use serde::{Deserialize, Serialize};

pub(crate) const NAME: &str = "intent.json";

/// A whole transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Intent {
    pub(crate) format: u32,
    pub(crate) id: String,
    pub(crate) run_id: Option<String>,
    pub(crate) tool: String,
    pub(crate) step: Option<String>,
    pub(crate) unit: Option<String>,
    pub(crate) at: String,
    pub(crate) description: Fingerprint,
    pub(crate) undoes: Option<String>,
    /// Whether names are replaced by two renames, for want of an exchange.
    pub(crate) window: bool,
    /// Whether the root was not there, and is put in place whole, by one rename.
    #[serde(default)]
    pub(crate) whole: bool,
    /// The root before and after: an unpartitioned dataset's root is exchanged itself.
    pub(crate) root_before: Option<RootIdentity>,
    pub(crate) root_after: Option<RootIdentity>,
    /// What the dataset was and is from now on.
    pub(crate) dataset_before: Option<DatasetDescription>,
    pub(crate) dataset: Option<DatasetDescription>,
    pub(crate) partitions: Vec<PartitionIntent>,
}

/// One partition: from which set of files to which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PartitionIntent {
    pub(crate) path: String,
    /// Files before, by name.
    pub(crate) old: Vec<SetFile>,
    /// Files after, by name.
    pub(crate) new: Vec<SetFile>,
    /// Those of `new` that this transaction made, with rows.
    pub(crate) add: Vec<StagedFile>,
}

impl PartitionIntent {
    /// How many of the old files go.
    pub(crate) fn removed(&self) -> u64 {
        self.old
            .iter()
            .filter(|file| !self.new.contains(file))
            .count() as u64
    }

    /// Whether a new folder takes the partition's place (else it is only taken away).
    /// The root itself always stays.
    pub(crate) fn has_new_folder(&self) -> bool {
        !self.new.is_empty() || self.path.is_empty()
    }
}

impl Intent {
    /// An intent by `key` that touches nothing yet.
    pub(crate) fn new(key: &RunKey, id: &str) -> Self {
        Intent {
            format: FORMAT,
            id: id.to_owned(),
            run_id: key.run_id.clone(),
            tool: key.tool.to_owned(),
            step: key.step.clone(),
            unit: key.unit.clone(),
            at: jiff::Timestamp::now().to_string(),
            description: Fingerprint::default(),
            undoes: None,
            window: false,
            whole: false,
            root_before: None,
            root_after: None,
            dataset_before: None,
            dataset: None,
            partitions: Vec::new(),
        }
    }

    /// Whether the root may be missing until the transaction is complete.
    pub(crate) fn misses_root(&self) -> bool {
        (self.window || self.whole) && self.root_before != self.root_after
    }

    pub(crate) fn run(&self) -> &str {
        self.run_id.as_deref().unwrap_or(&self.id)
    }

    /// The log's line for it. `left`: partitions that were kept as others made them.
    pub(crate) fn entry(&self, left: &[String]) -> LogEntry {
        let partition = |p: &PartitionIntent| LogPartition {
            path: p.path.clone(),
            add: p.add.clone(),
            removed: p.removed(),
            left: left.contains(&p.path),
        };
        let partitions: Vec<LogPartition> = self.partitions.iter().map(partition).collect();
        let added = || partitions.iter().filter(|p| !p.left).flat_map(|p| &p.add);
        let (files, rows) = (added().count() as u64, added().map(|file| file.rows).sum());
        LogEntry {
            format: FORMAT,
            id: self.id.clone(),
            run_id: self.run_id.clone(),
            tool: self.tool.clone(),
            step: self.step.clone(),
            unit: self.unit.clone(),
            at: self.at.clone(),
            partitions,
            files,
            rows,
            description: self.description.clone(),
            undoes: self.undoes.clone(),
        }
    }
}
