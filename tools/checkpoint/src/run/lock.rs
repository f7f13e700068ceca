//! Who runs a unit: an advisory lock (flock) on a file beside the store.
//!
//! The file is opened without close-on-exec: the command and whatever it starts
//! inherit it, and the lock is free when the last of them has ended, however checkpoint
//! itself ended. A unit's file is named by its number in the store, so that any name
//! may be locked.

use crate::args::Conduct;
use millrace_cli::Job;
use millrace_fault::{Failure, quoted};
use millrace_state::{Pipeline, Store, UnitName};
use rustix::fd::OwnedFd;
use rustix::fs::{FlockOperation, Mode, OFlags};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// A lock that is held by this process and its children.
#[derive(Debug)]
pub(crate) struct Lock {
    file: OwnedFd,
    path: PathBuf,
}

/// The lock of a unit; busy (5) if it is not free within `wait`.
pub(crate) fn unit(
    store: &mut Store,
    pipeline: &Pipeline,
    unit: &UnitName,
    wait: Duration,
    job: &Job,
) -> Result<Lock, Failure> {
    let number = store.register(pipeline, unit)?;
    let path = lock_path(store.path(), number);
    make_folder(&path)?;
    let name = format!("{} of {}", quoted(unit.as_str()), quoted(pipeline.as_str()));
    until(
        wait,
        || Lock::take(&path),
        || job.say(format!("{name} is being run by another process: waiting")),
    )?
    .ok_or_else(|| Failure::busy(format!("{name} is being run by another process")))
}

/// One of the `--max-active` slots of a pipeline.
pub(crate) fn slot(
    store: &Store,
    pipeline: &Pipeline,
    conduct: &Conduct,
    job: &Job,
) -> Result<Option<Lock>, Failure> {
    let Some(most) = conduct.max_active else {
        return Ok(None);
    };
    let path = |number| folder(store.path()).join(format!("{pipeline}.slot.{number}"));
    let name = quoted(pipeline.as_str());
    let any = || {
        for number in 0..most.get() {
            if let Some(lock) = Lock::take(&path(number))? {
                return Ok(Some(lock));
            }
        }
        Ok(None)
    };
    let taken = until(conduct.wait.wait.0, any, || {
        job.say(format!("{most} units of {name} are being run: waiting"))
    })?;
    match taken {
        Some(lock) => Ok(Some(lock)),
        None => Err(Failure::busy(format!(
            "{most} units of {name} are being run already"
        ))),
    }
}

/// Tries until it works or `wait` is over; says once that it waits.
fn until(
    wait: Duration,
    attempt: impl Fn() -> Result<Option<Lock>, Failure>,
    tell: impl Fn(),
) -> Result<Option<Lock>, Failure> {
    let deadline = Instant::now().checked_add(wait);
    let mut pause = Duration::from_millis(10);
    for number in 0u64.. {
        if let Some(lock) = attempt()? {
            return Ok(Some(lock));
        }
        // A look at the lock (`status`) may hold it for an instant: three tries at least.
        if number >= 2 && deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            break;
        }
        if number == 10 {
            tell();
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(200));
    }
    Ok(None)
}

/// The lock file of the unit with this number.
pub(crate) fn lock_path(store: &Path, unit: i64) -> PathBuf {
    folder(store).join(format!("{unit}.lock"))
}

/// Whether some process holds the lock.
pub(crate) fn is_held(path: &Path) -> bool {
    let Ok(file) = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()) else {
        return false;
    };
    rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared).is_err()
}

fn folder(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".locks");
    name.into()
}

fn make_folder(lock: &Path) -> Result<(), Failure> {
    let folder = lock.parent().unwrap_or(lock);
    fs::create_dir_all(folder).map_err(|error| Failure::io("make", folder, error))
}

impl Lock {
    /// The lock, if it is free.
    fn take(path: &Path) -> Result<Option<Lock>, Failure> {
        Lock::take_with(path, OFlags::empty())
    }

    fn take_with(path: &Path, flags: OFlags) -> Result<Option<Lock>, Failure> {
        let failed = |error: rustix::io::Errno| Failure::io("lock", path, error.into());
        let mode = Mode::from_raw_mode(0o666);
        let file =
            rustix::fs::open(path, OFlags::RDWR | OFlags::CREATE | flags, mode).map_err(failed)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(failed(error)),
        }
        // Its last holder may have removed the file after we opened it.
        let links = rustix::fs::fstat(&file).map_err(failed)?.st_nlink;
        Ok((links > 0).then(|| Lock {
            file,
            path: path.to_owned(),
        }))
    }

    /// Gives it up and clears the file away, unless children still hold it (then the
    /// file stays: it costs nothing).
    pub(crate) fn release(self) {
        let Lock { file, path } = self;
        drop(file);
        if let Ok(Some(_held)) = Lock::take_with(&path, OFlags::CLOEXEC) {
            let _ = fs::remove_file(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_the_file_goes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("1.lock");
        let first = Lock::take(&path).unwrap().unwrap();
        assert!(Lock::take(&path).unwrap().is_none());
        assert!(is_held(&path));
        first.release();
        assert!(!path.exists());
        assert!(!is_held(&path));
        assert!(Lock::take(&path).unwrap().is_some());
    }
}
