//! Step 3, last part: complete the new folders (kept files linked in, mode and owner
//! carried over), make missing parents, and write the intent. All of it durable, none
//! of it visible to readers.

use super::intent::{self, Intent};
use super::live::Live;
use super::plan::Planned;
use super::{CommitOptions, Error, Stage, each, probe};
use crate::state::write_json;
use millrace_fault::quoted;
use millrace_storage::attributes::{carry_over, identity, inherit};
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
    dir::create_dir_all_synced(stage.root.path())?;
    failpoint::reach("tx.parents.root")?;
    let allowed = options.allow_window;
    intent.window = probe::needs_window(&stage.root, &planned, &stage.folder, allowed)?;
    each(&planned, options, |partition| {
        ready_folder(stage, partition)
    })?;
    failpoint::reach("tx.linked")?;
    check_folders(stage, &planned, options)?;
    make_parents(stage, &planned)?;
    failpoint::reach("tx.parents")?;
    stage.sync.names(stage.dir())?;
    intent.root_after = root_after(stage, &planned)?;
    intent.partitions = planned
        .into_iter()
        .map(|partition| partition.intent)
        .collect();
    write_json(&stage.folder.join(intent::NAME), &intent)?;
    failpoint::reach("tx.intent.written")?;
    dir::sync_dir(&stage.folder)?;
    failpoint::reach("tx.intent.synced")?;
    Ok(intent)
}

fn ready_folder(stage: &Stage, partition: &Planned) -> Result<(), Error> {
    let path = &partition.intent.path;
    let (live, new) = (stage.root.partition(path), stage.new_folder(path));
    if !partition.intent.has_new_folder() {
        // The live folder is going to be moved here.
        dir::create_dir_all(dir::parent(&new))?;
        dir::remove_dir(&new)?;
        return Ok(());
    }
    dir::create_dir_all(&new)?;
    for link in &partition.links {
        dir::hard_link(link, new.join(link.file_name().unwrap_or_default()))?;
        failpoint::reach("tx.link")?;
    }
    match partition.exists || path.is_empty() {
        true => Ok(carry_over(&live, &new)?),
        false => Ok(inherit(probe::existing_parent(&live), &new)?),
    }
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

fn make_parents(stage: &Stage, planned: &[Planned]) -> Result<(), Error> {
    let folders = planned
        .iter()
        .map(|partition| &partition.intent)
        .filter(|intent| intent.has_new_folder() && !intent.path.is_empty())
        .map(|intent| stage.root.partition(&intent.path));
    let parents: BTreeSet<PathBuf> = folders
        .map(|folder| dir::parent(&folder).to_owned())
        .collect();
    Ok(parents.iter().try_for_each(dir::create_dir_all_synced)?)
}

/// The identity that the root is going to have: its own, or the new folder's when the
/// root itself is exchanged.
fn root_after(
    stage: &Stage,
    planned: &[Planned],
) -> Result<Option<crate::state::RootIdentity>, Error> {
    let exchanged = planned
        .iter()
        .any(|partition| partition.intent.path.is_empty());
    let path = if exchanged {
        stage.dir()
    } else {
        stage.root.path()
    };
    Ok(identity(path)?.map(Into::into))
}
