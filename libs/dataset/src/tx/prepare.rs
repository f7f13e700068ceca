//! Step 3, last part: complete the new folders (kept files linked in, mode and owner
//! carried over), make missing parents, and write the intent. All of it durable, none
//! of it visible to readers.

use super::intent::{self, Intent, PartitionIntent};
use super::live::Live;
use super::plan::Planned;
use super::{CommitOptions, Error, Stage, each, probe};
use crate::root::Root;
use crate::state::{RootIdentity, write_json};
use millrace_fault::quoted;
use millrace_storage::attributes::{Heritage, carry_over, identity};
use millrace_storage::{dir, failpoint};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Readies `stage` for the commit point; `intent` comes with everything but the
/// partitions, the root and the window.
pub(super) fn prepare(
    stage: &Stage,
    planned: Vec<Planned>,
    mut intent: Intent,
    options: &CommitOptions,
) -> Result<Intent, Error> {
    intent.root_before = stage.root.identity()?.map(Into::into);
    intent.whole = intent.root_before.is_none() && !planned.is_empty();
    make_root(stage, intent.whole)?;
    failpoint::reach("tx.parents.root")?;
    let allowed = options.allow_window;
    intent.window = probe::needs_window(&stage.root, &planned, &stage.folder, allowed)?;
    let changed = ready_folders(stage, &planned, intent.whole, options)?;
    failpoint::reach("tx.linked")?;
    check_folders(stage, &planned, options)?;
    intent.root_after = root_after(stage, &planned, intent.whole)?;
    intent.partitions = planned
        .into_iter()
        .map(|partition| partition.intent)
        .collect();
    if !intent.whole {
        make_parents(&stage.root, &intent.partitions)?;
        failpoint::reach("tx.parents")?;
    }
    // Else all that is staged is as it was synced before.
    if changed {
        stage.sync.names(stage.dir())?;
    }
    write_json(&stage.folder.join(intent::NAME), &intent)?;
    failpoint::reach("tx.intent.written")?;
    dir::sync_dir(&stage.folder)?;
    failpoint::reach("tx.intent.synced")?;
    Ok(intent)
}

/// Makes the root, or, where it is put in place `whole`, only what is above it.
fn make_root(stage: &Stage, whole: bool) -> Result<(), Error> {
    let root = stage.root.path();
    let made = if whole { dir::parent(root) } else { root };
    Ok(dir::create_dir_all_synced(made)?)
}

/// Completes the new folders. Answers whether anything in the stage changed by that.
fn ready_folders(
    stage: &Stage,
    planned: &[Planned],
    whole: bool,
    options: &CommitOptions,
) -> Result<bool, Error> {
    // One for all, where all are put in place with the root.
    let heritage = match whole {
        true => Some(Heritage::of(probe::existing_parent(stage.root.path()))?),
        false => None,
    };
    let ready = |partition| ready_folder(stage, partition, heritage.as_ref());
    let mut changed = each(planned, options, ready)?.contains(&true);
    if let Some(heritage) = heritage {
        for folder in folders_above(stage, planned) {
            changed |= heritage.give(folder)?;
        }
    }
    Ok(changed)
}

fn ready_folder(
    stage: &Stage,
    partition: &Planned,
    heritage: Option<&Heritage>,
) -> Result<bool, Error> {
    let path = &partition.intent.path;
    let (live, new) = (stage.root.partition(path), stage.new_folder(path));
    if !partition.intent.has_new_folder() {
        // The live folder is going to be moved here.
        dir::create_dir_all(dir::parent(&new))?;
        dir::remove_dir(&new)?;
        return Ok(true);
    }
    // What is put in place with the root has no links to hold: all of it was staged.
    let missing = heritage.is_none() && !new.is_dir();
    if missing {
        dir::create_dir_all(&new)?;
    }
    for link in &partition.links {
        dir::hard_link(link, new.join(link.file_name().unwrap_or_default()))?;
        failpoint::reach("tx.link")?;
    }
    let given = match heritage {
        Some(heritage) => heritage.give(&new)?,
        None if partition.exists => carry_over(&live, &new)?,
        None => Heritage::of(probe::existing_parent(&live))?.give(&new)?,
    };
    Ok(missing || given || !partition.links.is_empty())
}

/// The staged folders above the partitions, the root's included.
fn folders_above(stage: &Stage, planned: &[Planned]) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    for partition in planned {
        let new = stage.new_folder(&partition.intent.path);
        let above = new.ancestors().skip(1);
        let staged = above.take_while(|folder| folder.starts_with(stage.dir()));
        folders.extend(staged.map(Path::to_owned));
    }
    folders
}

/// What is about to take the partitions' places is exactly what the intent says, whoever may
/// have tidied up in the stage since it was checked.
fn check_folders(stage: &Stage, planned: &[Planned], options: &CommitOptions) -> Result<(), Error> {
    each(planned, options, |partition| {
        let new = stage.new_folder(&partition.intent.path);
        let found = Live::look_at(&new)?;
        let complete = !partition.intent.has_new_folder() || found.files == partition.intent.new;
        complete.then_some(()).ok_or_else(|| changed(&new))
    })?;
    // Asked last: a stage that was removed never becomes ours again.
    stage
        .is_ours()
        .then_some(())
        .ok_or_else(|| changed(stage.dir()))
}

fn changed(new: &Path) -> Error {
    Error::environment(format!(
        "staged files in {} were removed or changed by someone else",
        quoted(new.to_string_lossy())
    ))
    .hint("run it again")
}

/// Makes the folders that are going to hold the partitions.
pub(super) fn make_parents(root: &Root, partitions: &[PartitionIntent]) -> Result<(), Error> {
    let within = partitions
        .iter()
        .filter(|intent| intent.has_new_folder() && !intent.path.is_empty());
    let parents = probe::parents(root, within);
    Ok(parents.iter().try_for_each(dir::create_dir_all_synced)?)
}

/// The identity that the root is going to have: its own, or the new folder's when the
/// root itself is exchanged or put in place.
fn root_after(
    stage: &Stage,
    planned: &[Planned],
    whole: bool,
) -> Result<Option<RootIdentity>, Error> {
    let exchanged = planned
        .iter()
        .any(|partition| partition.intent.path.is_empty());
    let path = if exchanged || whole {
        stage.dir()
    } else {
        stage.root.path()
    };
    Ok(identity(path)?.map(Into::into))
}
