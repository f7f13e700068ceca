//! Step 1 and 2: write beside the dataset, without its lock, so that any number of
//! writers stage side by side; then check and sync what was written.

use super::intent::Intent;
use super::{
    Change, CommitOptions, Error, Fingerprint, LogEntry, Outcome, PartitionChange, RunKey,
    StagedFile,
};
use super::{commit, each, footer, log::Log};
use crate::root::{Root, below};
use crate::state::{self, DatasetDescription, State};
use millrace_fault::quoted;
use millrace_parallel::side_by_side;
use millrace_storage::lock::Lock;
use millrace_storage::{EntryKind, Name, TreeSync, dir, failpoint, names};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The folder of a transaction that is being written: `tx/ID`, under its own lock.
/// Dropped without a commit it is removed; a killed writer's is removed by the next one.
#[derive(Debug)]
pub struct Stage {
    pub(super) root: Root,
    pub(super) state: State,
    pub(super) key: RunKey,
    pub(super) id: String,
    pub(super) folder: PathBuf,
    new: PathBuf,
    earlier: Option<LogEntry>,
    pub(super) seen: Option<DatasetDescription>,
    pub(super) committed: bool,
    /// Opened before anything is written: it reports errors since then.
    pub(super) sync: TreeSync,
    lock: Lock,
}

impl Stage {
    /// Opens a stage for `key`, waiting at most `wait` for another living process that
    /// stages the same transaction (then busy).
    pub fn open(root: &Root, key: RunKey, wait: Duration) -> Result<Stage, Error> {
        let (state, id) = (root.state(), key.id());
        // Formats first: nothing of a newer version is touched.
        let seen = state.recorded()?.map(|recorded| recorded.dataset);
        let earlier = earlier(&state, &id)?;
        state.create()?;
        let folder = state.tx().join(&id);
        let lock = own(&folder, wait, &key)?;
        failpoint::reach("tx.stage.locked")?;
        let new = folder.join("new");
        clear(&folder)?;
        dir::create_dir(&new)?;
        let sync = TreeSync::open(&new)?;
        failpoint::reach("tx.stage.open")?;
        Ok(Stage {
            root: root.clone(),
            state,
            key,
            id,
            folder,
            new,
            earlier,
            seen,
            committed: false,
            sync,
            lock,
        })
    }

    /// What an earlier attempt under the same key committed, if one did. Early advice: it
    /// is decided again under the lock. Whoever heeds it drains its input and calls
    /// [`confirm`](Stage::confirm).
    pub fn already_committed(&self) -> Option<&LogEntry> {
        self.earlier.as_ref()
    }

    /// Says what the dataset was taken for, where that was read before the stage was opened:
    /// a commit finds out whether it has changed since then.
    #[must_use]
    pub fn based_on(mut self, recorded: Option<DatasetDescription>) -> Stage {
        self.seen = recorded;
        self
    }

    /// What was recorded of the dataset when the stage was opened.
    pub fn recorded(&self) -> Option<&DatasetDescription> {
        self.seen.as_ref()
    }

    /// Where partition folders are written: files of `order_date=2026-03-17` go to
    /// `DIR/order_date=2026-03-17/`, those of an unpartitioned dataset to DIR itself.
    pub fn dir(&self) -> &Path {
        &self.new
    }

    /// The name of the `n`-th file of a partition: unique among all transactions.
    pub fn file_name(&self, n: u32) -> String {
        file_name(n, &self.id)
    }

    /// [`file_name`](Stage::file_name) for a writer that outlives the borrow.
    pub fn naming(&self) -> Box<dyn Fn(u32) -> String + Send + Sync> {
        let id = self.id.clone();
        Box::new(move |n| file_name(n, &id))
    }

    /// The transaction's id: 16 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Commits `change`: steps 2 to 7. After an error the dataset is what it was, unless
    /// the error says that the commit point was passed.
    pub fn commit(mut self, change: Change, options: &CommitOptions) -> Result<Outcome, Error> {
        self.check_and_sync(&change.partitions, options)?;
        commit::commit(&mut self, change, options)
    }

    /// Ends a repetition: completes what an earlier attempt left, checks that it asked for
    /// the same and that its files are still there, and writes nothing.
    pub fn confirm(self, asked: &Fingerprint, options: &CommitOptions) -> Result<LogEntry, Error> {
        commit::confirm(&self, asked, options)
    }

    /// Removes the stage; the dataset is what it was.
    pub fn discard(mut self) -> Result<(), Error> {
        self.committed = true;
        discard(&self.folder)
    }

    /// Whether the folder is still the one that we locked: somebody may have tidied up.
    pub(super) fn is_ours(&self) -> bool {
        self.lock.is_current()
    }

    pub(super) fn new_folder(&self, partition: &str) -> PathBuf {
        below(&self.new, partition)
    }

    /// Step 2. Where there are threads the disk works while the files are read again.
    fn check_and_sync(
        &self,
        partitions: &[PartitionChange],
        options: &CommitOptions,
    ) -> Result<(), Error> {
        side_by_side(&[Step::Check, Step::Sync], options.threads, |step| {
            match step {
                Step::Check => {
                    self.check(partitions, options)?;
                    failpoint::reach("tx.stage.checked")?;
                }
                Step::Sync => self.sync.tree(&self.new)?,
            }
            Ok::<_, Error>(())
        })?;
        Ok(failpoint::reach("tx.stage.synced")?)
    }

    /// What is staged is exactly what was announced, whole and readable.
    fn check(&self, partitions: &[PartitionChange], options: &CommitOptions) -> Result<(), Error> {
        each(partitions, options, |partition| {
            check_path(&partition.path)?;
            let mut files = partition.add.iter();
            files.try_for_each(|file| self.check_file(&partition.path, file))
        })?;
        let announced: usize = partitions.iter().map(|partition| partition.add.len()).sum();
        let entries = names(&self.new)?;
        let counts = each(&entries, options, |entry| count_files(&self.new, entry))?;
        let staged: usize = counts.into_iter().sum();
        match staged == announced {
            true => Ok(()),
            false => Err(Error::data(format!(
                "{staged} files are staged, {announced} were announced"
            ))),
        }
    }

    fn check_file(&self, partition: &str, file: &StagedFile) -> Result<(), Error> {
        let path = self.new_folder(partition).join(&file.name);
        let found = footer::read(&path)?;
        if (found.rows, found.bytes) == (file.rows, file.bytes) {
            return Ok(());
        }
        let text = format!(
            "staged file {} holds {} rows in {} bytes, expected {} rows in {} bytes",
            quoted(path.to_string_lossy()),
            found.rows,
            found.bytes,
            file.rows,
            file.bytes
        );
        Err(Error::data(text))
    }
}

/// What is done to a stage before the dataset's lock is taken.
enum Step {
    Check,
    Sync,
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !self.committed && self.is_ours() {
            // Else the next writer does it.
            let _ = discard(&self.folder);
        }
    }
}

/// Removes the stage `folder`, whose lock is held. First it loses its name: the same run
/// may be waiting for it, and must not move into what is half removed.
pub(super) fn discard(folder: &Path) -> Result<(), Error> {
    let dead = folder.with_extension(format!("{}.dead", std::process::id()));
    // A disk too full for a name still lets go of files.
    let moved = dir::rename(folder, &dead).is_ok();
    failpoint::reach("tx.discarded")?;
    Ok(dir::remove_tree(if moved { &dead } else { folder })?)
}

fn file_name(n: u32, id: &str) -> String {
    format!("part-{n:05}-{id}.parquet")
}

/// Folders named `key=value` and nothing else: no value leaves the dataset.
fn check_path(path: &str) -> Result<(), Error> {
    let proper = |name: &str| {
        name.find('=').is_some_and(|at| at > 0)
            && !name.starts_with(['_', '.'])
            && !name.contains('\0')
    };
    match path.is_empty() || path.split('/').all(proper) {
        true => Ok(()),
        false => Err(Error::data(format!(
            "{} is no path of a partition",
            quoted(path)
        ))),
    }
}

/// The files that `entry` of `folder` is, or has below it.
fn count_files(folder: &Path, entry: &Name) -> Result<usize, Error> {
    if entry.kind != EntryKind::Directory {
        return Ok(1);
    }
    let folder = folder.join(&entry.name);
    let mut entries = names(&folder)?.into_iter();
    entries.try_fold(0, |count, entry| Ok(count + count_files(&folder, &entry)?))
}

/// What the log, or a transaction still to be completed, knows of `id`.
fn earlier(state: &State, id: &str) -> Result<Option<LogEntry>, Error> {
    let pending = state
        .tx()
        .join(format!("{id}.ready"))
        .join(super::intent::NAME);
    if let Some(intent) = state::read_json::<Intent>(&pending)? {
        return Ok(Some(intent.entry(&[])));
    }
    Ok(Log::read(&state.log())?.committed(id).cloned())
}

/// Makes `folder` ours: locked, and still there once it is.
fn own(folder: &Path, wait: Duration, key: &RunKey) -> Result<Lock, Error> {
    let start = Instant::now();
    loop {
        dir::create_dir(folder)?;
        match Lock::try_acquire(folder.join("lock")) {
            // Whoever cleans up may have taken it for a dead one's meanwhile.
            Ok(Some(lock)) if lock.is_current() => return Ok(lock),
            Ok(Some(_)) => continue,
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(error.into()),
            Ok(None) if start.elapsed() >= wait => return Err(staged_elsewhere(key)),
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn staged_elsewhere(key: &RunKey) -> Error {
    let run = quoted(key.run_id.as_deref().unwrap_or(""));
    Error::busy(format!(
        "another process is writing run {run} of {}",
        key.tool
    ))
    .hint("a tool that is called twice in one run names its steps: --step NAME")
}

/// Removes what a killed attempt under the same key left.
fn clear(folder: &Path) -> Result<(), Error> {
    for entry in names(folder)? {
        if entry.name != "lock" {
            dir::remove_tree(folder.join(entry.name))?;
        }
    }
    Ok(())
}
