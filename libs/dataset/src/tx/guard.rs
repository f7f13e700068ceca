//! Step 3: what may not happen. Decided from the footers of the live files, before
//! anything changes; the same figures are a dry run's.

use super::log::Log;
use super::plan::{Planned, plan};
use super::{Change, CommitOptions, Error, Guards, footer, unite};
use crate::root::Root;
use millrace_fault::quoted;

/// How a change would alter a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionPreview {
    /// The partition's path.
    pub path: String,
    /// Rows before and after.
    pub rows: (u64, u64),
    /// Files before and after.
    pub files: (u64, u64),
    /// Bytes before and after.
    pub bytes: (u64, u64),
}

/// What `change` would do, from footers; nothing is touched. Guards are checked too:
/// their refusal comes second, so that a dry run can show both.
pub fn preview(
    root: &Root,
    change: &Change,
) -> Result<(Vec<PartitionPreview>, Result<(), Error>), Error> {
    let log = Log::read(&root.state().log())?;
    let planned = plan(root, change, &log, &CommitOptions::default())?;
    let previews: Result<Vec<_>, Error> = planned
        .iter()
        .map(|partition| measure(root, partition))
        .collect();
    let verdict =
        check(root, &planned, &change.guards).and_then(|()| unite::check(root, &planned, change));
    Ok((previews?, verdict))
}

/// Refuses (1) what the guards forbid.
pub(super) fn check(root: &Root, planned: &[Planned], guards: &Guards) -> Result<(), Error> {
    let empty = planned
        .iter()
        .all(|partition| partition.intent.new.is_empty() || partition.intent.add.is_empty());
    let replaces: Vec<&Planned> = planned
        .iter()
        .filter(|partition| partition.replaces)
        .collect();
    if empty && !replaces.is_empty() {
        return match guards.allow_empty {
            true => Ok(()),
            false => Err(nothing_would_replace(&replaces)),
        };
    }
    // A limit of all rows needs no count, so that a damaged file can be overwritten.
    let Some(limit) = guards.max_shrink.filter(|limit| *limit < 1.0) else {
        return Ok(());
    };
    for partition in replaces {
        let preview = measure(root, partition)?;
        let (old, new) = preview.rows;
        if (old.saturating_sub(new)) as f64 > old as f64 * limit {
            return Err(shrinks(&preview, limit));
        }
    }
    Ok(())
}

fn nothing_would_replace(replaced: &[&Planned]) -> Error {
    let first = replaced
        .first()
        .map_or("", |partition| partition.intent.path.as_str());
    let rest = replaced.len() - 1;
    let others = if rest == 0 {
        String::new()
    } else {
        format!(" and {rest} more")
    };
    let name = if first.is_empty() {
        "the dataset".to_owned()
    } else {
        format!("partition {}", quoted(first))
    };
    Error::finding(format!(
        "the input is empty: {name}{others} would be replaced by nothing"
    ))
    .hint("--allow-empty permits it")
}

fn shrinks(preview: &PartitionPreview, limit: f64) -> Error {
    let (old, new) = preview.rows;
    let name = if preview.path.is_empty() {
        "the dataset".to_owned()
    } else {
        format!("partition {}", quoted(&preview.path))
    };
    let share = 100.0 * (old - new) as f64 / old as f64;
    Error::finding(format!(
        "{name} would shrink from {old} to {new} rows (-{share:.1}%), more than --max-shrink {}% permits",
        (limit * 1000.0).round() / 10.0
    ))
    .hint("late rows? --scope names the partitions that this run owns; else raise --max-shrink")
}

fn measure(root: &Root, partition: &Planned) -> Result<PartitionPreview, Error> {
    let intent = &partition.intent;
    let folder = root.partition(&intent.path);
    let (mut old, mut kept) = (0u64, 0u64);
    for file in &intent.old {
        let rows = footer::read(&folder.join(&file.name))?.rows;
        old = old.saturating_add(rows);
        if intent.new.contains(file) {
            kept = kept.saturating_add(rows);
        }
    }
    let added: u64 = intent.add.iter().map(|file| file.rows).sum();
    let bytes = |files: &[super::live::SetFile]| files.iter().map(|file| file.bytes).sum();
    Ok(PartitionPreview {
        path: intent.path.clone(),
        rows: (old, kept.saturating_add(added)),
        files: (intent.old.len() as u64, intent.new.len() as u64),
        bytes: (bytes(&intent.old), bytes(&intent.new)),
    })
}
