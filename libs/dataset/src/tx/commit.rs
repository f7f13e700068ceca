//! Steps 3 and 4: under the dataset's lock, decide, prepare, and pass the commit point.

use super::intent::Intent;
use super::log::{Log, LogEntry};
use super::plan::Planned;
use super::{
    Change, CommitOptions, Error, Fingerprint, Outcome, Stage, guard, plan, prepare, recover,
    rollforward, trash, unite,
};
use crate::root::Root;
use crate::state::Recorded;
use millrace_fault::quoted;
use millrace_storage::lock::Lock;
use millrace_storage::{self as storage, dir, failpoint};
use std::path::PathBuf;
use std::time::Duration;

/// Takes the dataset's lock.
pub(super) fn lock(root: &Root, wait: Duration) -> Result<Lock, Error> {
    match Lock::acquire(root.state().lock(), wait) {
        Ok(lock) => Ok(lock),
        Err(storage::Error::Busy { waited, .. }) => {
            let text = format!(
                "dataset {} is locked by another process (waited {} s)",
                quoted(root.shown()),
                waited.as_secs()
            );
            Err(Error::busy(text).hint("--wait says how long to wait"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Steps 3 to 7 for what is staged.
pub(super) fn commit(
    stage: &mut Stage,
    change: Change,
    options: &CommitOptions,
) -> Result<Outcome, Error> {
    let _lock = lock(&stage.root, options.wait)?;
    failpoint::reach("tx.locked")?;
    let mut log = recover::open(&stage.root, options)?;
    failpoint::reach("tx.recovered")?;
    if let Some(entry) = log.committed(&stage.id) {
        check_repetition(stage, entry, &change.description, &log)?;
        return Ok(Outcome::AlreadyDone(entry.clone()));
    }
    let recorded = stage.state.recorded()?;
    check_description(stage, recorded.as_ref(), &change)?;
    let planned = plan::plan(&stage.root, &change, &log, options)?;
    guard::check(&stage.root, &planned, &change.guards)?;
    unite::check(&stage.root, &planned, &change)?;
    let intent = Intent {
        description: change.description,
        dataset_before: recorded.map(|recorded| recorded.dataset),
        dataset: Some(change.dataset),
        ..Intent::new(&stage.key, &stage.id)
    };
    finish(stage, planned, intent, &mut log, options).map(Outcome::Committed)
}

/// Prepares `planned`, passes the commit point, and rolls forward.
pub(super) fn finish(
    stage: &mut Stage,
    planned: Vec<Planned>,
    intent: Intent,
    log: &mut Log,
    options: &CommitOptions,
) -> Result<LogEntry, Error> {
    let intent = prepare::prepare(stage, planned, intent, options)?;
    let ready = pass_commit_point(stage)?;
    // From here on nothing is discarded.
    let rolled = durable(stage)
        .and_then(|()| rollforward::complete(&stage.root, &ready, &intent, options, log));
    let entry = rolled.map_err(|error| Error::Committed {
        run: intent.run().to_owned(),
        because: Box::new(error),
    })?;
    // The next run cleans up what could not be removed now.
    let _ = trash::clean(&stage.state, options.keep);
    Ok(entry)
}

fn pass_commit_point(stage: &mut Stage) -> Result<PathBuf, Error> {
    failpoint::reach("tx.commit.before")?;
    let ready = stage.state.tx().join(format!("{}.ready", stage.id));
    dir::rename(&stage.folder, &ready)?;
    stage.committed = true;
    Ok(ready)
}

fn durable(stage: &Stage) -> Result<(), Error> {
    failpoint::reach("tx.commit.renamed")?;
    dir::sync_dir(stage.state.tx())?;
    Ok(failpoint::reach("tx.commit.ready")?)
}

/// A repetition under the same key: nothing is written.
pub(super) fn confirm(
    stage: &Stage,
    asked: &Fingerprint,
    options: &CommitOptions,
) -> Result<LogEntry, Error> {
    let _lock = lock(&stage.root, options.wait)?;
    let log = recover::open(&stage.root, options)?;
    let Some(entry) = log.committed(&stage.id) else {
        let run = quoted(stage.key.run_id.as_deref().unwrap_or(""));
        return Err(Error::busy(format!(
            "run {run} was taken back by another process meanwhile"
        ))
        .hint("run it again"));
    };
    check_repetition(stage, entry, asked, &log)?;
    Ok(entry.clone())
}

/// The same key must mean the same request and data, and what it wrote must still be
/// there, or have been replaced by a later transaction.
fn check_repetition(
    stage: &Stage,
    entry: &LogEntry,
    asked: &Fingerprint,
    log: &Log,
) -> Result<(), Error> {
    let run = quoted(entry.run());
    if let Some((usage, difference)) = entry.description.difference(asked) {
        let text = format!("run {run} was already committed {difference}");
        let error = if usage {
            Error::usage(text)
        } else {
            Error::data(text)
        };
        return Err(
            error.hint("give another run its own --run-id, or another step of it its own --step")
        );
    }
    for partition in entry.partitions.iter().filter(|partition| !partition.left) {
        let folder = stage.root.partition(&partition.path);
        let gone = partition
            .add
            .iter()
            .map(|file| folder.join(&file.name))
            .find(|path| !path.exists());
        if let Some(gone) = gone.filter(|_| !log.touched_after(&entry.id, &partition.path)) {
            let text = format!(
                "run {run} was already committed, but {} is gone",
                quoted(gone.to_string_lossy())
            );
            return Err(Error::data(text).hint("a new --run-id writes the data again"));
        }
    }
    Ok(())
}

/// Rows were staged for the dataset as it was described then.
fn check_description(
    stage: &Stage,
    recorded: Option<&Recorded>,
    change: &Change,
) -> Result<(), Error> {
    let Some(recorded) = recorded else {
        return Ok(());
    };
    let unchanged = stage
        .seen
        .as_ref()
        .is_some_and(|seen| seen.agrees(&recorded.dataset));
    match unchanged || recorded.dataset.agrees(&change.dataset) {
        true => Ok(()),
        false => Err(Error::busy(format!(
            "another process changed the schema or the partition spec of {} meanwhile",
            quoted(stage.root.shown())
        ))
        .hint("run it again")),
    }
}
