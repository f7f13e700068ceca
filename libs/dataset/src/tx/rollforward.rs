//! Steps 5 to 7: from the commit point on, forward only. Every step looks first at what
//! is there, so that it can be cut short anywhere and done again by anybody.

use super::intent::{Intent, PartitionIntent};
use super::live::Live;
use super::log::{Log, LogEntry};
use super::{CommitOptions, Error, each, prepare, probe, trash};
use crate::root::{Root, below};
use crate::state::{FORMAT, Recorded};
use millrace_fault::quoted;
use millrace_storage::{dir, failpoint, sync_all};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const EEXIST: i32 = 17;
const ENOTEMPTY: i32 = 39;

/// Completes the transaction in `ready` (`tx/ID.ready`). Where `options` adopt, partitions
/// that somebody else changed are left as he made them; else they stop it (3) after all
/// others were rolled forward.
pub(super) fn complete(
    root: &Root,
    ready: &Path,
    intent: &Intent,
    options: &CommitOptions,
    log: &mut Log,
) -> Result<LogEntry, Error> {
    let left = match intent.whole && publish(root, ready, intent)? {
        true => Vec::new(),
        false => flip_all(root, ready, intent, options)?,
    };
    if let Some(first) = left.first().filter(|_| !options.adopt) {
        return Err(changed_by_others(root, first, left.len(), intent));
    }
    record(root, intent)?;
    failpoint::reach("tx.recorded")?;
    let entry = intent.entry(&left);
    log.append(&entry)?;
    failpoint::reach("tx.logged")?;
    trash::put(&root.state(), ready, &intent.id)?;
    Ok(entry)
}

/// Puts a root that was not there in place, all its partitions at once. `false`: there is
/// something in its place by now, or what was staged is gone.
fn publish(root: &Root, ready: &Path, intent: &Intent) -> Result<bool, Error> {
    let new = ready.join("new");
    failpoint::reach("tx.publish")?;
    let present = root.identity()?;
    let done = present.is_some_and(|present| intent.root_after.is_some_and(|it| it.same(present)));
    if !done {
        match dir::rename(&new, root.path()) {
            Ok(()) => {}
            Err(error)
                if error.is_not_found() || matches!(error.errno(), Some(ENOTEMPTY | EEXIST)) =>
            {
                prepare::make_parents(root, &intent.partitions)?;
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        }
    }
    failpoint::reach("tx.published")?;
    sync_all(&[dir::parent(root.path()).to_owned(), ready.to_owned()])?;
    Ok(true)
}

/// Flips every partition; answers with those that somebody else has changed.
fn flip_all(
    root: &Root,
    ready: &Path,
    intent: &Intent,
    options: &CommitOptions,
) -> Result<Vec<String>, Error> {
    let flipped = each(&intent.partitions, options, |partition| {
        let flip = Flip::new(root, ready, partition);
        failpoint::reach("tx.flip")?;
        let flipped = flip.go(intent.window)?;
        failpoint::reach("tx.flipped")?;
        Ok(flipped.then_some(flip))
    })?;
    let mut left = Vec::new();
    let mut parents: BTreeSet<PathBuf> = BTreeSet::new();
    for (partition, flipped) in intent.partitions.iter().zip(flipped) {
        match flipped {
            Some(flip) => parents.extend(flip.parents()),
            None => left.push(partition.path.clone()),
        }
    }
    // Also of those that an earlier attempt flipped: it may not have come to this.
    let parents: Vec<PathBuf> = parents
        .into_iter()
        .filter(|parent| parent.is_dir())
        .collect();
    sync_all(&parents)?;
    failpoint::reach("tx.flips.synced")?;
    Ok(left)
}

/// One partition's folders.
struct Flip<'a> {
    root: &'a Root,
    partition: &'a PartitionIntent,
    live: PathBuf,
    new: PathBuf,
    /// Where the two-rename way puts what was replaced.
    old: PathBuf,
}

impl<'a> Flip<'a> {
    fn new(root: &'a Root, ready: &Path, partition: &'a PartitionIntent) -> Self {
        Flip {
            root,
            partition,
            live: root.partition(&partition.path),
            new: below(&ready.join("new"), &partition.path),
            old: below(&ready.join("old"), &partition.path),
        }
    }

    /// Every folder whose names the flip relies on: an earlier attempt may have made the
    /// ones above the partition without coming to sync them.
    fn parents(&self) -> impl Iterator<Item = PathBuf> {
        let levels = self
            .partition
            .path
            .split('/')
            .filter(|name| !name.is_empty());
        let above = self.live.ancestors().skip(1).take(levels.count() + 1);
        let staged = [dir::parent(&self.new), dir::parent(&self.old)];
        above
            .chain(staged)
            .map(Path::to_owned)
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// Puts the new set in place, from wherever an earlier attempt got to. `false`:
    /// the partition is neither old nor new, and stays untouched.
    fn go(&self, window: bool) -> Result<bool, Error> {
        let live = match Live::look(self.root, &self.partition.path) {
            Err(Error::Refused { .. }) => return Ok(false),
            looked => looked?,
        };
        if window && !live.exists && self.old.exists() {
            self.move_in()?;
            return Ok(true);
        }
        if live.files == self.partition.new && (live.exists || !self.partition.has_new_folder()) {
            return Ok(true);
        }
        if live.files != self.partition.old || !live.strange.is_empty() {
            return Ok(false);
        }
        match (live.exists, self.partition.has_new_folder()) {
            (true, true) if window => self.by_two_renames()?,
            (true, true) => probe::exchange(&self.live, &self.new)?,
            (false, true) => self.move_in()?,
            (true, false) => dir::rename(&self.live, &self.new)?,
            (false, false) => {}
        }
        Ok(true)
    }

    fn by_two_renames(&self) -> Result<(), Error> {
        dir::create_dir_all(dir::parent(&self.old))?;
        dir::rename(&self.live, &self.old)?;
        failpoint::reach("tx.flip.window")?;
        self.move_in()
    }

    /// A plain rename: nobody is at the target, which we saw under the lock, and it would
    /// replace an empty folder at most.
    fn move_in(&self) -> Result<(), Error> {
        match self.partition.has_new_folder() && self.new.exists() {
            true => Ok(dir::rename(&self.new, &self.live)?),
            false => Ok(()),
        }
    }
}

fn changed_by_others(root: &Root, first: &str, count: usize, intent: &Intent) -> Error {
    let name = if first.is_empty() {
        root.path().to_owned()
    } else {
        root.partition(first)
    };
    let others = if count == 1 {
        String::new()
    } else {
        format!(" and {} more", count - 1)
    };
    Error::data(format!(
        "{}{others} was changed by someone else while run {} was being committed; all other partitions are complete",
        quoted(name.to_string_lossy()),
        quoted(intent.run())
    ))
    .hint("to keep what is there now, run the tool with --adopt")
}

fn record(root: &Root, intent: &Intent) -> Result<(), Error> {
    let Some(dataset) = intent.dataset.clone() else {
        return Ok(());
    };
    // Others may have made the root meanwhile that was to be put in place.
    let identity = match intent.whole {
        true => root.identity()?.map(Into::into),
        false => intent.root_after,
    };
    root.state().record(&Recorded {
        format: FORMAT,
        identity,
        dataset,
    })
}
