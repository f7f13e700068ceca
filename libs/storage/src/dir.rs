//! The durable directory operations that a commit is made of.
//!
//! A rename or a link is on disk only once the directory that holds the name has
//! been synced; callers do that where they need it, and say so. Only
//! [`create_dir_all_synced`] syncs by itself.

use crate::list::kind;
use crate::{EntryKind, Error};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Makes the names in `path` durable.
pub fn sync_dir(path: impl AsRef<Path>) -> Result<(), Error> {
    sync(path.as_ref())
}

/// Makes the contents of the file at `path` durable.
pub fn sync_file(path: impl AsRef<Path>) -> Result<(), Error> {
    sync(path.as_ref())
}

fn sync(path: &Path) -> Result<(), Error> {
    sync_open(path, &open(path)?)
}

pub(crate) fn open(path: &Path) -> Result<File, Error> {
    File::open(path).map_err(|error| Error::io("open", path, error))
}

/// Makes `file`, which is `path`, durable.
pub(crate) fn sync_open(path: &Path, file: &File) -> Result<(), Error> {
    file.sync_all()
        .map_err(|error| Error::io("sync", path, error))
}

/// Creates the directory `path` alone, not synced. `Ok(false)`: it was there.
pub fn create_dir(path: impl AsRef<Path>) -> Result<bool, Error> {
    let path = path.as_ref();
    match fs::create_dir(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(false),
        Err(error) => Err(Error::io("create", path, error)),
    }
}

/// Creates `path` and its missing parents, and syncs each directory that got a new
/// name, up to the first that existed.
pub fn create_dir_all_synced(path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let parent = parent(path);
    create_dir_all_synced(parent)?;
    create_dir(path)?;
    sync_dir(parent)
}

/// The directory that holds `path`'s name.
pub fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) => Path::new("."),
        None => path,
    }
}

/// Renames `from` to `to`, replacing a file or an empty directory there.
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<(), Error> {
    let (from, to) = (from.as_ref(), to.as_ref());
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the place that the rule points to"
    )]
    fs::rename(from, to).map_err(|error| Error::pair("rename", from, to, error))
}

/// Renames `from` to `to`, which must not exist (EEXIST).
pub fn rename_noreplace(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<(), Error> {
    rename_with(from.as_ref(), to.as_ref(), RenameFlags::NOREPLACE, "rename")
}

/// Exchanges two existing names in one step: no reader ever sees either missing.
/// EINVAL: the filesystem cannot (NFS). EXDEV: two filesystems, or a directory from a
/// lower layer of an overlay.
pub fn exchange(a: impl AsRef<Path>, b: impl AsRef<Path>) -> Result<(), Error> {
    rename_with(a.as_ref(), b.as_ref(), RenameFlags::EXCHANGE, "exchange")
}

fn rename_with(
    from: &Path,
    to: &Path,
    flags: RenameFlags,
    verb: &'static str,
) -> Result<(), Error> {
    renameat_with(CWD, from, CWD, to, flags).map_err(|error| Error::pair(verb, from, to, error))
}

/// Gives the file `from` the further name `to`. A symlink is linked itself, not followed.
pub fn hard_link(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<(), Error> {
    let (from, to) = (from.as_ref(), to.as_ref());
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the place that the rule points to"
    )]
    fs::hard_link(from, to).map_err(|error| Error::pair("link", from, to, error))
}

/// Removes the file or link `path`. `Ok(false)`: it was gone.
pub fn remove_file(path: impl AsRef<Path>) -> Result<bool, Error> {
    let path = path.as_ref();
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io("remove", path, error)),
    }
}

/// Removes the empty directory `path`. `Ok(false)`: it was gone or is not empty.
pub fn remove_dir(path: impl AsRef<Path>) -> Result<bool, Error> {
    let path = path.as_ref();
    match fs::remove_dir(path) {
        Ok(()) => Ok(true),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty
            ) =>
        {
            Ok(false)
        }
        Err(error) => Err(Error::io("remove", path, error)),
    }
}

/// Removes `path` and all below it, following no symlink. A missing one is fine.
pub fn remove_tree(path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    let removed = match path
        .symlink_metadata()
        .map(|metadata| kind(metadata.file_type()))
    {
        // The standard library walks by directory handles: a planted link is unlinked.
        #[allow(
            clippy::disallowed_methods,
            reason = "this is the place that the rule points to"
        )]
        Ok(EntryKind::Directory) => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", path, error))
        }
        _ => Ok(()),
    }
}

/// Creates `path` and its missing parents, not synced.
pub fn create_dir_all(path: impl AsRef<Path>) -> Result<(), Error> {
    fs::create_dir_all(path.as_ref()).map_err(|error| Error::io("create", path, error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]
    use super::*;

    #[test]
    fn missing_parents_are_made() {
        let folder = tempfile::tempdir().unwrap();
        create_dir_all_synced(folder.path().join("a/b/c")).unwrap();
        create_dir_all_synced(folder.path().join("a/b/c")).unwrap();
        assert!(folder.path().join("a/b/c").is_dir());
        fs::write(folder.path().join("f"), "").unwrap();
        assert!(create_dir_all_synced(folder.path().join("f/x")).is_err());
    }

    #[test]
    fn exchange_swaps_and_noreplace_refuses() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b, c) = (
            folder.path().join("a"),
            folder.path().join("b"),
            folder.path().join("c"),
        );
        fs::create_dir(&a).unwrap();
        fs::write(a.join("old"), "").unwrap();
        fs::create_dir(&b).unwrap();
        exchange(&a, &b).unwrap();
        assert!(b.join("old").exists());
        assert_eq!(rename_noreplace(&a, &b).unwrap_err().errno(), Some(17));
        rename_noreplace(&a, &c).unwrap();
        assert!(exchange(&a, &b).unwrap_err().is_not_found());
    }

    #[test]
    fn remove_tree_leaves_what_a_link_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, gone) = (folder.path().join("kept"), folder.path().join("gone"));
        fs::create_dir(&kept).unwrap();
        fs::write(kept.join("x"), "").unwrap();
        fs::create_dir(&gone).unwrap();
        std::os::unix::fs::symlink(&kept, gone.join("link")).unwrap();
        remove_tree(&gone).unwrap();
        remove_tree(&gone).unwrap();
        assert!(kept.join("x").exists() && !gone.exists());
    }

    #[test]
    fn errors_name_path_and_verb() {
        let error = sync_dir("/nonexistent/x").unwrap_err();
        assert_eq!(error.to_string(), "cannot open '/nonexistent/x'");
    }
}
