//! A file that is there whole or not at all.
//!
//! Written beside its target under a hidden name, synced, renamed, and the directory
//! synced: a crash leaves the old file or the new one. A target that is not a regular
//! file (a pipe, `/dev/null`, `/dev/stdout`) is written straight. What a killed run
//! left beside the target is removed by the next one.

use crate::lock::Lock;
use crate::{Error, dir, failpoint};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

const BUFFER: usize = 1 << 16;

/// A file being written. Ends with [`commit`](AtomicFile::commit) or
/// [`fail`](AtomicFile::fail); dropped without either, it leaves nothing.
#[derive(Debug)]
pub struct AtomicFile {
    file: BufWriter<File>,
    /// What the user asked for: named in messages.
    target: PathBuf,
    /// Where it is written meanwhile; `None` when straight, or done.
    beside: Option<Beside>,
}

#[derive(Debug)]
struct Beside {
    partial: PathBuf,
    /// The target with links resolved.
    real: PathBuf,
    /// Tells the living from what a killed run left.
    _lock: Lock,
}

impl AtomicFile {
    /// Starts writing `target`. Its directory must exist; an existing file's mode is kept.
    pub fn create(target: impl AsRef<Path>) -> Result<Self, Error> {
        let target = target.as_ref();
        let failed = |error| Error::io("write", target, error);
        if is_straight(target).map_err(failed)? {
            let file = OpenOptions::new()
                .write(true)
                .open(target)
                .map_err(failed)?;
            return Ok(Self::new(file, target, None));
        }
        let real = resolve(target).map_err(failed)?;
        remove_leftovers(&real)?;
        let (file, lock, partial) = create_partial(&real, target)?;
        if let Ok(metadata) = fs::metadata(&real) {
            file.set_permissions(metadata.permissions())
                .map_err(failed)?;
        }
        Ok(Self::new(
            file,
            target,
            Some(Beside {
                partial,
                real,
                _lock: lock,
            }),
        ))
    }

    fn new(file: File, target: &Path, beside: Option<Beside>) -> Self {
        AtomicFile {
            file: BufWriter::with_capacity(BUFFER, file),
            target: target.to_owned(),
            beside,
        }
    }

    /// Appends `bytes`, like `write_all`, with the path in the error.
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file
            .write_all(bytes)
            .map_err(|error| Error::io("write", &self.target, error))
    }

    /// The target as the user named it.
    pub fn path(&self) -> &Path {
        &self.target
    }

    /// Makes it durable under its name. After an error the target is what it was;
    /// the attempt is discarded, a failed sync is not retried.
    pub fn commit(mut self) -> Result<(), Error> {
        self.flush_all()?;
        let Some(beside) = self.beside.take() else {
            return Ok(());
        };
        let renamed = self.sync().and_then(|()| {
            failpoint::reach("atomic.rename")?;
            dir::rename(&beside.partial, &beside.real)
        });
        if renamed.is_err() {
            let _ = fs::remove_file(&beside.partial);
        }
        renamed?;
        dir::sync_dir(dir::parent(&beside.real))
    }

    /// Leaves what was written as `TARGET` + `suffix` (`.failed`), durable as far as
    /// the system lets us, and the target as it was.
    pub fn fail(mut self, suffix: &str) -> Result<(), Error> {
        let flushed = self.flush_all();
        let Some(beside) = self.beside.take() else {
            return flushed;
        };
        let failed = with_suffix(&beside.real, suffix);
        let synced = flushed.and_then(|()| self.sync());
        // Even a torn record of a failure is worth keeping.
        dir::rename(&beside.partial, &failed)?;
        synced?;
        dir::sync_dir(dir::parent(&failed))
    }

    fn flush_all(&mut self) -> Result<(), Error> {
        self.file
            .flush()
            .map_err(|error| Error::io("write", &self.target, error))
    }

    fn sync(&self) -> Result<(), Error> {
        failpoint::reach("atomic.sync")?;
        self.file
            .get_ref()
            .sync_all()
            .map_err(|error| Error::io("sync", &self.target, error))
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if let Some(beside) = &self.beside {
            let _ = fs::remove_file(&beside.partial);
        }
    }
}

/// Whether the target is written as it stands. `/dev/stdout` may lead to a regular
/// file, which the shell opened for us and which is not ours to replace.
fn is_straight(target: &Path) -> io::Result<bool> {
    let opened_for_us = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"];
    if opened_for_us.iter().any(|place| target.starts_with(place)) {
        return Ok(true);
    }
    match fs::metadata(target) {
        Ok(metadata) if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(metadata) => Ok(!metadata.is_file()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The file that a link leads to is replaced, not the link.
fn resolve(target: &Path) -> io::Result<PathBuf> {
    if target.file_name().is_none() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    match fs::canonicalize(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::read_link(target) {
            Ok(link) => resolve(&dir::parent(target).join(link)),
            Err(_) => Ok(target.to_owned()),
        },
        resolved => resolved,
    }
}

fn create_partial(real: &Path, target: &Path) -> Result<(File, Lock, PathBuf), Error> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let suffix = format!("{}-{number}.partial", std::process::id());
        let mut name = partial_prefix(real);
        name.push(suffix);
        let partial = real.with_file_name(name);
        let file = match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&partial)
        {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(Error::io("write", target, error)),
        };
        // Another process may have taken it for a leftover before we locked it.
        if let Some(lock) = Lock::try_clone_of(&file, &partial)?.filter(Lock::is_current) {
            return Ok((file, lock, partial));
        }
    }
}

/// `.NAME.`: names that begin so and end in `.partial` are attempts at NAME. A long
/// NAME is cut, so that the attempt's own name fits into 255 bytes.
fn partial_prefix(real: &Path) -> OsString {
    const LONGEST: usize = 200;
    let name = real.file_name().unwrap_or(OsStr::new("")).as_bytes();
    let mut prefix = b".".to_vec();
    prefix.extend_from_slice(&name[..name.len().min(LONGEST)]);
    prefix.push(b'.');
    OsString::from_vec(prefix)
}

/// Removes attempts at the same target whose writers are gone.
fn remove_leftovers(real: &Path) -> Result<(), Error> {
    let prefix = partial_prefix(real);
    let directory = dir::parent(real);
    for entry in fs::read_dir(directory).map_err(|error| Error::io("list", directory, error))? {
        let name = entry
            .map_err(|error| Error::io("list", directory, error))?
            .file_name();
        let attempt = name
            .as_bytes()
            .strip_prefix(prefix.as_bytes())
            .and_then(|rest| rest.strip_suffix(b".partial"));
        let ours = attempt.is_some_and(|rest| {
            rest.iter()
                .all(|byte| byte.is_ascii_digit() || *byte == b'-')
        });
        if ours {
            let path = directory.join(&name);
            // Not there any more, or not ours to lock: not a leftover of ours.
            let Ok(file) = File::open(&path) else {
                continue;
            };
            if let Ok(Some(_lock)) = Lock::try_clone_of(&file, &path) {
                let _ = fs::remove_file(&path);
            }
        }
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    fn names(folder: &Path) -> Vec<String> {
        crate::list(folder)
            .unwrap()
            .iter()
            .map(|e| e.name.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn committed_whole_with_the_old_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let mut file = AtomicFile::create(&path).unwrap();
        file.put(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o640
        );
        assert_eq!(names(folder.path()), ["x"]);
    }

    #[test]
    fn failed_and_dropped_leave_the_target() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let mut file = AtomicFile::create(&path).unwrap();
        file.put(b"half").unwrap();
        file.fail(".failed").unwrap();
        drop(AtomicFile::create(&path).unwrap());
        assert_eq!(names(folder.path()), ["x.failed"]);
        assert_eq!(fs::read(folder.path().join("x.failed")).unwrap(), b"half");
    }

    #[test]
    fn leftovers_of_the_dead_go_and_the_living_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(folder.path().join(".x.1-0.partial"), "dead").unwrap();
        fs::write(folder.path().join(".x.y.1-0.partial"), "of x.y").unwrap();
        let first = AtomicFile::create(&path).unwrap();
        let second = AtomicFile::create(&path).unwrap();
        assert_eq!(names(folder.path()).len(), 3);
        first.commit().unwrap();
        second.commit().unwrap();
        assert_eq!(names(folder.path()), [".x.y.1-0.partial", "x"]);
    }

    #[test]
    fn links_are_followed_and_devices_written_straight() {
        let folder = tempfile::tempdir().unwrap();
        let (link, dangling) = (folder.path().join("link"), folder.path().join("dangling"));
        std::os::unix::fs::symlink("real", &link).unwrap();
        std::os::unix::fs::symlink("fresh", &dangling).unwrap();
        fs::write(folder.path().join("real"), "").unwrap();
        for path in [&link, &dangling] {
            let mut file = AtomicFile::create(path).unwrap();
            file.put(b"new").unwrap();
            file.commit().unwrap();
        }
        assert_eq!(names(folder.path()), ["dangling", "fresh", "link", "real"]);
        assert_eq!(fs::read(folder.path().join("real")).unwrap(), b"new");
        let mut null = AtomicFile::create("/dev/null").unwrap();
        null.put(b"gone").unwrap();
        null.commit().unwrap();
        let mut full = AtomicFile::create("/dev/full").unwrap();
        full.put(b"x").unwrap();
        let error = full.commit().unwrap_err();
        assert_eq!(error.errno(), Some(28));
        assert_eq!(error.to_string(), "cannot write '/dev/full'");
    }

    #[test]
    fn memory_below_dev_is_an_ordinary_place() {
        assert!(!is_straight(Path::new("/dev/shm/millrace-x")).unwrap());
        for place in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/dev/null"] {
            assert!(is_straight(Path::new(place)).unwrap(), "{place}");
        }
    }

    #[test]
    fn a_directory_or_a_missing_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(AtomicFile::create(folder.path()).is_err());
        assert!(
            AtomicFile::create(folder.path().join("gone/x"))
                .unwrap_err()
                .is_not_found()
        );
    }
}
