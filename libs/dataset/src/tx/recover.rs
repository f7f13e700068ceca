//! Recovery: what any writer does first. Transactions past their commit point are
//! completed, stages of the dead are removed, a torn log line is cut.

use super::intent::{self, Intent};
use super::log::{Log, LogEntry};
use super::{CommitOptions, Error, commit, rollforward, stage, trash};
use crate::root::Root;
use crate::state::{RootIdentity, State, is_dead, is_ready, read_json};
use millrace_fault::quoted;
use millrace_storage::lock::Lock;
use millrace_storage::{EntryKind, dir, failpoint, names};
use std::path::{Path, PathBuf};

/// Completes what earlier runs left, and removes trash that is old enough. Answers with
/// the transactions that were completed now. A dataset without state is left alone.
pub fn recover(root: &Root, options: &CommitOptions) -> Result<Vec<LogEntry>, Error> {
    let state = root.state();
    if !state.tx().is_dir() {
        return Ok(Vec::new());
    }
    let _lock = commit::lock(root, options.wait)?;
    let (_, completed) = run(root, &state, options)?;
    let _ = trash::clean(&state, options.keep);
    Ok(completed)
}

/// Refuses a root that the state does not tell of before anything is read or written for
/// it. Early advice: the commit decides again, under the lock.
pub fn check_root(root: &Root, options: &CommitOptions) -> Result<(), Error> {
    let state = root.state();
    let check = || check_identity(root, &state, &pending(&state)?);
    if options.adopt || !state.tx().is_dir() || check().is_ok() {
        return Ok(());
    }
    // A commit may be exchanging the root at this moment.
    let _lock = commit::lock(root, options.wait)?;
    check()
}

/// Under the lock: recovers, and hands out the log.
pub(super) fn open(root: &Root, options: &CommitOptions) -> Result<Log, Error> {
    run(root, &root.state(), options).map(|(log, _)| log)
}

fn run(root: &Root, state: &State, options: &CommitOptions) -> Result<(Log, Vec<LogEntry>), Error> {
    // Formats and identity first: nothing is touched before they fit.
    let mut log = Log::read(&state.log())?;
    let pending = pending(state)?;
    if !options.adopt {
        check_identity(root, state, &pending)?;
    }
    log.mend()?;
    // A commit point that was passed, but not synced, becomes durable now.
    dir::sync_dir(state.tx())?;
    let mut completed = Vec::new();
    for (ready, intent) in &pending {
        failpoint::reach("tx.recover")?;
        completed.push(rollforward::complete(
            root, ready, intent, options, &mut log,
        )?);
    }
    remove_dead(state)?;
    Ok((log, completed))
}

/// Transactions past their commit point.
fn pending(state: &State) -> Result<Vec<(PathBuf, Intent)>, Error> {
    let mut found = Vec::new();
    for entry in names(state.tx())? {
        if entry.kind == EntryKind::Directory && is_ready(&entry.name) {
            let ready = state.tx().join(&entry.name);
            let path = ready.join(intent::NAME);
            let missing = || {
                Error::data(format!(
                    "state file {} is missing",
                    quoted(path.to_string_lossy())
                ))
            };
            let intent = read_json(&path)?.ok_or_else(missing)?;
            found.push((ready, intent));
        }
    }
    Ok(found)
}

/// A root that was deleted, or moved and made anew, is not the dataset that the state
/// tells of.
fn check_identity(root: &Root, state: &State, pending: &[(PathBuf, Intent)]) -> Result<(), Error> {
    let mut accepted: Vec<RootIdentity> = state
        .recorded()?
        .and_then(|recorded| recorded.identity)
        .into_iter()
        .collect();
    let Some(recorded) = accepted.first().copied() else {
        return Ok(());
    };
    accepted.extend(
        pending
            .iter()
            .flat_map(|(_, intent)| [intent.root_before, intent.root_after])
            .flatten(),
    );
    debug_assert!(accepted.contains(&recorded));
    let what = match root.identity()? {
        Some(present) if accepted.iter().any(|known| known.same(present)) => return Ok(()),
        // It may be on its way.
        None if pending.iter().any(|(_, intent)| intent.misses_root()) => return Ok(()),
        Some(_) => "is not the folder that its state tells of: it was moved or made anew",
        None => "is gone, but its state is still there",
    };
    Err(
        Error::usage(format!("dataset {} {what}", quoted(root.shown()))).hint(format!(
            "--adopt takes it as it is; to start over, remove {} too",
            quoted(root.state_dir().to_string_lossy())
        )),
    )
}

/// Stages whose writers are gone: their lock is free.
fn remove_dead(state: &State) -> Result<(), Error> {
    for entry in names(state.tx())? {
        let folder = state.tx().join(&entry.name);
        match entry.kind {
            EntryKind::Directory if is_ready(&entry.name) => {}
            EntryKind::Directory if is_dead(&entry.name) => dir::remove_tree(&folder)?,
            EntryKind::Directory => remove_if_dead(&folder)?,
            _ => drop(dir::remove_file(&folder)?),
        }
    }
    Ok(())
}

fn remove_if_dead(folder: &Path) -> Result<(), Error> {
    match Lock::try_acquire(folder.join("lock")) {
        Ok(None) => Ok(()),
        Ok(Some(_lock)) => {
            failpoint::reach("tx.dead")?;
            stage::discard(folder)
        }
        // Its writer has just removed it himself.
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) => Err(error.into()),
    }
}
