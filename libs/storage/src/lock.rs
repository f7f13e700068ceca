//! Locks between processes: `flock(2)` on a file.
//!
//! The kernel frees one when the last process that holds the open file is gone,
//! so a crash never leaves a dataset locked. By default a child process does not
//! inherit it; after [`Lock::share_with_children`] it does, and the lock is held
//! until the last of them has ended.

use crate::Error;
use rustix::fs::{FlockOperation, flock};
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// An exclusive lock, held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Locks `path`, created if missing, waiting at most `wait`; then [`Error::Busy`].
    pub fn acquire(path: impl AsRef<Path>, wait: Duration) -> Result<Lock, Error> {
        let path = path.as_ref();
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(lock) = Self::try_acquire(path)? {
                return Ok(lock);
            }
            let left = wait.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(Error::Busy {
                    path: path.to_owned(),
                    waited: start.elapsed(),
                });
            }
            thread::sleep(pause.min(left));
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    /// Locks `path`, created if missing, or says that somebody else holds it (`None`).
    pub fn try_acquire(path: impl AsRef<Path>) -> Result<Option<Lock>, Error> {
        let path = path.as_ref();
        let open = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path);
        let file = open.map_err(|error| Error::io("lock", path, error))?;
        Self::try_lock(file, path)
    }

    fn try_lock(file: File, path: &Path) -> Result<Option<Lock>, Error> {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Lock {
                file,
                path: path.to_owned(),
            })),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(Error::io("lock", path, error)),
        }
    }

    /// Locks a file that is already open.
    pub(crate) fn try_clone_of(file: &File, path: &Path) -> Result<Option<Lock>, Error> {
        let file = file
            .try_clone()
            .map_err(|error| Error::io("lock", path, error))?;
        Self::try_lock(file, path)
    }

    /// Whether the locked file is still the one at its path: somebody may have
    /// removed it, or put another there, between our opening and our locking.
    pub fn is_current(&self) -> bool {
        let ours = self.file.metadata().map(|m| (m.dev(), m.ino()));
        let theirs = self.path.symlink_metadata().map(|m| (m.dev(), m.ino()));
        matches!((ours, theirs), (Ok(ours), Ok(theirs)) if ours == theirs)
    }

    /// Lets processes started from now on inherit the lock: it is free only when the
    /// last of them is gone too.
    pub fn share_with_children(&self) -> Result<(), Error> {
        fcntl_setfd(&self.file, FdFlags::empty())
            .map_err(|error| Error::io("share the lock", &self.path, error))
    }

    /// The lock's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The open file, for whoever keeps a note in it.
    pub fn file(&self) -> &File {
        &self.file
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace_fault::{Coded, Exit};
    use std::process::{Command, Stdio};

    #[test]
    fn one_holder_at_a_time_and_waiting_has_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = Lock::acquire(&path, Duration::ZERO).unwrap();
        let error = Lock::acquire(&path, Duration::from_millis(20)).unwrap_err();
        assert_eq!(error.exit(), Exit::BUSY);
        let releasing = thread::spawn(move || {
            thread::sleep(Duration::from_millis(30));
            drop(held);
        });
        Lock::acquire(&path, Duration::from_secs(20)).unwrap();
        releasing.join().unwrap();
    }

    #[test]
    fn a_child_inherits_only_a_shared_lock() {
        let folder = tempfile::tempdir().unwrap();
        for shared in [false, true] {
            let path = folder.path().join(format!("lock-{shared}"));
            let lock = Lock::acquire(&path, Duration::ZERO).unwrap();
            if shared {
                lock.share_with_children().unwrap();
            }
            let mut child = Command::new("sleep")
                .arg("60")
                .stdin(Stdio::null())
                .spawn()
                .unwrap();
            drop(lock);
            // A child closes what it does not inherit a moment after it has started.
            let patience = if shared {
                Duration::ZERO
            } else {
                Duration::from_secs(20)
            };
            let free = Lock::acquire(&path, patience).is_ok();
            child.kill().unwrap();
            child.wait().unwrap();
            assert_eq!(free, !shared);
            assert!(
                Lock::try_acquire(&path).unwrap().is_some(),
                "free once the child is gone"
            );
        }
    }

    #[test]
    fn a_replaced_lock_file_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let lock = Lock::acquire(&path, Duration::ZERO).unwrap();
        assert!(lock.is_current());
        std::fs::remove_file(&path).unwrap();
        assert!(!lock.is_current());
        let other = Lock::acquire(&path, Duration::ZERO).unwrap();
        assert!(other.is_current() && !lock.is_current());
    }
}
