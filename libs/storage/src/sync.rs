//! Whole trees made durable: file by file, or, where many are to be synced, the whole
//! filesystem at once.
//!
//! `syncfs(2)` is taken only where it reports write errors: since Linux 5.8, on
//! filesystems known to do so, and only errors since its handle was opened. So the
//! handle is opened before the first byte is written.

use crate::attributes::{Filesystem, filesystem};
use crate::dir::{open, sync_open};
use crate::{EntryKind, Error};
use millrace_parallel::side_by_side;
use rustix::fs::syncfs;
use std::fs::File;
use std::path::{Path, PathBuf};

/// From so many files on, one sync of the filesystem is quicker than one for each.
const MANY: usize = 16;

/// Makes trees on one filesystem durable.
#[derive(Debug)]
pub struct TreeSync {
    handle: Option<File>,
    path: PathBuf,
}

impl TreeSync {
    /// For trees on the filesystem of `path`, about to be written.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let reports = filesystem(path)? == Filesystem::Exchanges && kernel_reports_errors();
        let open = || File::open(path).map_err(|error| Error::io("open", path, error));
        Ok(TreeSync {
            handle: reports.then(open).transpose()?,
            path: path.to_owned(),
        })
    }

    /// Makes everything below `path` durable: contents and names.
    pub fn tree(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        // No order is needed: nothing refers to the names before the commit point.
        self.below(path.as_ref(), true)
    }

    /// Makes the names below `path` durable, in all its directories.
    pub fn names(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        self.below(path.as_ref(), false)
    }

    fn below(&self, path: &Path, files: bool) -> Result<(), Error> {
        let most = self.handle.as_ref().map_or(usize::MAX, |_| MANY);
        let mut paths = Vec::new();
        collect(path, files, most, &mut paths)?;
        match &self.handle {
            Some(handle) if paths.len() >= MANY => syncfs(handle)
                .map_err(|error| Error::io("sync the filesystem of", &self.path, error)),
            _ => sync_all(&paths),
        }
    }
}

/// Before 5.8 `syncfs` answered OK whatever happened.
fn kernel_reports_errors() -> bool {
    let name = rustix::system::uname();
    let release = name.release().to_string_lossy();
    let mut numbers = release
        .split(['.', '-'])
        .map_while(|part| part.parse::<u32>().ok());
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    version >= (5, 8)
}

/// The first `most` directories, and files if asked for, in and below `path`, itself included.
fn collect(path: &Path, files: bool, most: usize, paths: &mut Vec<PathBuf>) -> Result<(), Error> {
    paths.push(path.to_owned());
    for entry in crate::names(path)? {
        if paths.len() >= most {
            return Ok(());
        }
        let path = path.join(entry.name);
        match entry.kind {
            EntryKind::Directory => collect(&path, files, most, paths)?,
            EntryKind::File if files => paths.push(path),
            EntryKind::File | EntryKind::Symlink | EntryKind::Other => {}
        }
    }
    Ok(())
}

/// Syncs files and directories, a few at a time, so that the journal commits them
/// together. The first error wins. All are opened by the caller's thread: which thread
/// syncs one is chance, and the caller's own calls are to be the same in every run.
pub fn sync_all(paths: &[PathBuf]) -> Result<(), Error> {
    const AT_ONCE: usize = 8;
    const OPEN: usize = 64;
    for some in paths.chunks(OPEN) {
        let files = some
            .iter()
            .map(|path| Ok((path, open(path)?)))
            .collect::<Result<Vec<_>, Error>>()?;
        side_by_side(&files, AT_ONCE, |(path, file)| sync_open(path, file))?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_files_are_synced() {
        let folder = tempfile::tempdir().unwrap();
        let sync = TreeSync::open(folder.path()).unwrap();
        for n in 0..2 * MANY {
            std::fs::create_dir(folder.path().join(format!("d{n}"))).unwrap();
            std::fs::write(folder.path().join(format!("d{n}/f")), "x").unwrap();
            sync.tree(folder.path()).unwrap();
            sync.names(folder.path()).unwrap();
        }
    }

    #[test]
    fn errors_name_the_path() {
        let many: Vec<PathBuf> = (0..20)
            .map(|n| PathBuf::from(format!("/nonexistent/{n}")))
            .collect();
        let error = sync_all(&many).unwrap_err();
        assert!(
            error.is_not_found() && error.to_string().contains("/nonexistent/"),
            "{error}"
        );
        assert!(TreeSync::open("/nonexistent").is_err());
    }
}
