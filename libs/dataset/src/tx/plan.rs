//! Step 3, first part: from what is asked and what is live, the old and the new set of
//! files of each partition. Looks only; nothing changes.

use super::intent::PartitionIntent;
use super::live::{Live, SetFile};
use super::log::Log;
use super::{Change, CommitOptions, Error, Keep, PartitionChange, each, footer};
use crate::listing::double_spelling;
use crate::root::Root;
use millrace_fault::quoted;
use millrace_storage::{EntryKind, names};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// One partition's change, decided.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) intent: PartitionIntent,
    /// Whether the partition has a folder now.
    pub(super) exists: bool,
    /// Whether rows may go missing (not so when files are only added).
    pub(super) replaces: bool,
    /// Files to be linked into the new folder: live ones that stay, and bookkeeping.
    pub(super) links: Vec<PathBuf>,
}

/// Decides `change` on the dataset as it is. Partitions that stay as they are are left out.
pub(super) fn plan(
    root: &Root,
    change: &Change,
    log: &Log,
    options: &CommitOptions,
) -> Result<Vec<Planned>, Error> {
    let missing = root.identity()?.is_none();
    let planned = each(&all_partitions(change, log)?, options, |partition| {
        let live = match missing {
            true => Live::default(),
            false => Live::look(root, &partition.path)?,
        };
        match change.create_only && !live.files.is_empty() {
            true => Err(has_data(&partition.path, root)),
            false => plan_one(root, partition, live),
        }
    })?;
    let planned: Vec<Planned> = planned.into_iter().flatten().collect();
    refuse_double_spelling(root, &planned)?;
    Ok(planned)
}

/// Each partition once, by path; those of the replaced unit added.
fn all_partitions(change: &Change, log: &Log) -> Result<Vec<PartitionChange>, Error> {
    let mut all: BTreeMap<String, PartitionChange> = BTreeMap::new();
    for partition in &change.partitions {
        if all
            .insert(partition.path.clone(), partition.clone())
            .is_some()
        {
            return Err(Error::data(format!(
                "partition {} is changed twice at once",
                quoted(&partition.path)
            )));
        }
    }
    if let Some(unit) = &change.replaced_unit {
        for path in log.partitions_of_unit(unit) {
            let keep = Keep::OtherUnits(unit.clone());
            let empty = PartitionChange {
                path: path.to_owned(),
                add: Vec::new(),
                keep,
            };
            all.entry(path.to_owned()).or_insert(empty);
        }
    }
    refuse_nested(&all)?;
    Ok(all.into_values().collect())
}

/// One folder inside another cannot be exchanged on its own.
fn refuse_nested(all: &BTreeMap<String, PartitionChange>) -> Result<(), Error> {
    let levels = |path: &str| path.split('/').filter(|name| !name.is_empty()).count();
    let mut paths = all.keys();
    let Some(first) = paths.next() else {
        return Ok(());
    };
    match paths.find(|path| levels(path) != levels(first)) {
        None => Ok(()),
        Some(other) => Err(Error::data(format!(
            "partitions {} and {} have different columns",
            quoted(first),
            quoted(other)
        ))),
    }
}

fn has_data(path: &str, root: &Root) -> Error {
    let what = match path.is_empty() {
        true => format!("dataset {}", quoted(root.shown())),
        false => format!("partition {}", quoted(path)),
    };
    Error::usage(format!("{what} already has data"))
        .hint("--mode overwrite replaces it, --mode append adds to it")
}

fn plan_one(root: &Root, change: &PartitionChange, live: Live) -> Result<Option<Planned>, Error> {
    live.refuse_strange()?;
    let folder = root.partition(&change.path);
    let kept = kept(change, &live, &folder)?;
    let mut new = kept.clone();
    new.extend(change.add.iter().map(|file| SetFile {
        name: file.name.clone(),
        bytes: file.bytes,
    }));
    new.sort();
    if let Some(pair) = new.windows(2).find(|pair| pair[0].name == pair[1].name) {
        return Err(Error::data(format!(
            "{} already holds a file {}",
            quoted(folder.to_string_lossy()),
            quoted(&pair[0].name)
        )));
    }
    if new == live.files {
        return Ok(None);
    }
    let removed = |name: &str| live.has(name) && !kept.iter().any(|file| file.name == name);
    // A checksum file goes with the file that it is of.
    let stays = |marked: &&String| {
        !marked
            .strip_prefix('.')
            .and_then(|n| n.strip_suffix(".crc"))
            .is_some_and(removed)
    };
    let names = kept
        .iter()
        .map(|file| &file.name)
        .chain(live.marked.iter().filter(stays));
    let links = names.map(|name| folder.join(name)).collect();
    let replaces = kept.len() < live.files.len();
    let intent = PartitionIntent {
        path: change.path.clone(),
        old: live.files,
        new,
        add: change.add.clone(),
    };
    Ok(Some(Planned {
        intent,
        exists: live.exists,
        replaces,
        links,
    }))
}

/// The live files that stay.
fn kept(change: &PartitionChange, live: &Live, folder: &Path) -> Result<Vec<SetFile>, Error> {
    match &change.keep {
        Keep::Nothing => Ok(Vec::new()),
        Keep::Everything => Ok(live.files.clone()),
        Keep::Except(inputs) => except(change, inputs, live),
        Keep::OtherUnits(unit) => {
            let others = live
                .files
                .iter()
                .map(|file| Ok((file, is_of_others(&folder.join(&file.name), unit)?)));
            let others: Result<Vec<_>, Error> = others.collect();
            Ok(others?
                .into_iter()
                .filter(|(_, others)| *others)
                .map(|(file, _)| file.clone())
                .collect())
        }
    }
}

fn except(change: &PartitionChange, inputs: &[String], live: &Live) -> Result<Vec<SetFile>, Error> {
    if let Some(gone) = inputs.iter().find(|input| !live.has(input)) {
        let file = crate::root::below(Path::new(&change.path), gone);
        return Err(Error::busy(format!(
            "{} was replaced by another process meanwhile",
            quoted(file.to_string_lossy())
        ))
        .hint("run it again"));
    }
    let inputs: BTreeSet<&String> = inputs.iter().collect();
    Ok(live
        .files
        .iter()
        .filter(|file| !inputs.contains(&file.name))
        .cloned()
        .collect())
}

/// Whether the file holds nothing that `unit` wrote.
fn is_of_others(path: &Path, unit: &str) -> Result<bool, Error> {
    let units = footer::read(path)?.units;
    match units.iter().any(|name| name == unit) {
        false => Ok(true),
        true if units.len() == 1 => Ok(false),
        true => Err(Error::data(format!(
            "{} holds rows of unit {} together with those of other units",
            quoted(path.to_string_lossy()),
            quoted(unit)
        ))
        .hint("it was compacted without --keep-units: rewrite the whole partition with --mode overwrite")),
    }
}

/// Readers count `hour=5` and `hour=05` both: no tree may hold the two. Checked where a
/// folder is new, level by level.
fn refuse_double_spelling(root: &Root, planned: &[Planned]) -> Result<(), Error> {
    let mut levels: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for partition in planned
        .iter()
        .filter(|partition| !partition.exists && !partition.intent.new.is_empty())
    {
        let mut path = partition.intent.path.as_str();
        while !path.is_empty() {
            let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
            levels.entry(parent).or_default().insert(name);
            path = parent;
        }
    }
    for (parent, names) in levels {
        let mut all: BTreeSet<String> = folders(&root.partition(parent))?;
        all.extend(names.into_iter().map(str::to_owned));
        if let Some((one, other)) = double_spelling(all) {
            let text = format!(
                "{} would hold both {} and {}, which mean the same",
                quoted(root.partition(parent).to_string_lossy()),
                quoted(one),
                quoted(other)
            );
            return Err(Error::data(text).hint("rename the folders to one spelling first"));
        }
    }
    Ok(())
}

fn folders(path: &Path) -> Result<BTreeSet<String>, Error> {
    match names(path) {
        Ok(entries) => {
            let folders = entries
                .into_iter()
                .filter(|entry| entry.kind == EntryKind::Directory);
            Ok(folders
                .filter_map(|entry| entry.name.into_string().ok())
                .collect())
        }
        Err(error) if error.is_not_found() => Ok(BTreeSet::new()),
        Err(error) => Err(error.into()),
    }
}
