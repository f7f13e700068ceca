//! Undo: the old sets of a committed run are put back, as a transaction of its own with
//! the same promise. Refused where somebody has changed a partition since.

use super::intent::{self, Intent, PartitionIntent};
use super::live::Live;
use super::live::SetFile;
use super::log::{LogEntry, LogPartition};
use super::plan::Planned;
use super::{CommitOptions, Error, Fingerprint, RunKey, Stage, commit, recover, trash};
use crate::root::Root;
use crate::state::read_json;
use millrace_fault::quoted;
use std::path::{Path, PathBuf};

/// Takes back every transaction of `run` (a run id, or a transaction's id), the newest
/// first. `tool` is who asks. Answers with the log's new entries.
pub fn undo(
    root: &Root,
    run: &str,
    tool: &'static str,
    options: &CommitOptions,
) -> Result<Vec<LogEntry>, Error> {
    if !root.state().tx().is_dir() {
        return Err(unknown(root, run));
    }
    let _lock = commit::lock(root, options.wait)?;
    let mut log = recover::open(root, options)?;
    let targets: Vec<LogEntry> = log.of_run(run).into_iter().cloned().collect();
    if targets.is_empty() {
        return Err(unknown(root, run));
    }
    let mut done = Vec::new();
    for target in targets {
        let key = RunKey {
            run_id: None,
            tool,
            step: None,
            unit: None,
        };
        let mut stage = Stage::open(root, key, options.wait)?;
        let kept = root.state().trash().join(&target.id);
        let before: Option<Intent> = read_json(&kept.join(intent::NAME))?;
        let planned = plan(root, &target, before.as_ref(), &kept)?;
        let description = Fingerprint {
            mode: "undo".to_owned(),
            ..Fingerprint::default()
        };
        // Files that a later transaction wrote may need what this one recorded.
        let dataset = before
            .and_then(|before| before.dataset_before)
            .filter(|_| !log.is_followed(&target.id))
            .or(stage.seen.clone());
        let intent = Intent {
            description,
            undoes: Some(target.id.clone()),
            dataset_before: stage.seen.clone(),
            dataset,
            ..Intent::new(&stage.key, &stage.id)
        };
        done.push(commit::finish(
            &mut stage, planned, intent, &mut log, options,
        )?);
    }
    Ok(done)
}

fn unknown(root: &Root, run: &str) -> Error {
    Error::usage(format!(
        "no run {} is committed in dataset {}",
        quoted(run),
        quoted(root.shown())
    ))
    .hint("it was never committed here, or was taken back already")
}

fn plan(
    root: &Root,
    target: &LogEntry,
    before: Option<&Intent>,
    kept: &Path,
) -> Result<Vec<Planned>, Error> {
    let touched = target.partitions.iter().filter(|partition| !partition.left);
    touched
        .map(|partition| plan_one(root, target, partition, before, kept))
        .collect()
}

fn plan_one(
    root: &Root,
    target: &LogEntry,
    touched: &LogPartition,
    before: Option<&Intent>,
    kept: &Path,
) -> Result<Planned, Error> {
    let path = &touched.path;
    let live = Live::look(root, path)?;
    live.refuse_strange()?;
    let recorded = before.and_then(|intent| {
        intent
            .partitions
            .iter()
            .find(|partition| partition.path == *path)
    });
    let changed = match recorded {
        Some(recorded) => live.files != recorded.new,
        None => touched.add.iter().any(|file| !live.has(&file.name)),
    };
    if changed {
        return Err(Error::data(format!(
            "partition {} has changed since run {}",
            quoted(path),
            quoted(target.run())
        ))
        .hint("take the later run back first"));
    }
    let old = old_set(touched, recorded, &live).ok_or_else(|| too_late(target))?;
    let folder = root.partition(path);
    let source = |file: &SetFile| match live.files.contains(file) {
        true => Some(folder.join(&file.name)),
        false => trash::in_transaction(kept, path, &file.name),
    };
    let mut links: Vec<PathBuf> = old
        .iter()
        .map(source)
        .collect::<Option<_>>()
        .ok_or_else(|| too_late(target))?;
    let own_checksum = |marked: &&String| {
        !touched
            .add
            .iter()
            .any(|file| **marked == format!(".{}.crc", file.name))
    };
    links.extend(
        live.marked
            .iter()
            .filter(own_checksum)
            .map(|marked| folder.join(marked)),
    );
    let intent = PartitionIntent {
        path: path.clone(),
        old: live.files,
        new: old,
        add: Vec::new(),
    };
    Ok(Planned {
        intent,
        exists: live.exists,
        replaces: true,
        links,
    })
}

/// What the partition held before: as recorded, or, when nothing was removed, what is
/// left without the files that were added.
fn old_set(
    touched: &LogPartition,
    recorded: Option<&PartitionIntent>,
    live: &Live,
) -> Option<Vec<SetFile>> {
    if let Some(recorded) = recorded {
        return Some(recorded.old.clone());
    }
    let added = |file: &&SetFile| touched.add.iter().any(|own| own.name == file.name);
    (touched.removed == 0).then(|| {
        live.files
            .iter()
            .filter(|file| !added(file))
            .cloned()
            .collect()
    })
}

fn too_late(target: &LogEntry) -> Error {
    Error::data(format!(
        "cannot take run {} back: the files it replaced are no longer kept",
        quoted(target.run())
    ))
    .hint("--keep says how long replaced files are kept")
}
