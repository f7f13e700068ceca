//! One directory's entries, sorted by name, symlinks not followed.

use crate::Error;
use std::ffi::OsString;
use std::fs::DirEntry;
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// What a directory entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, wherever it leads.
    Symlink,
    /// A pipe, a socket or a device.
    Other,
}

/// A directory entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name within the directory.
    pub name: OsString,
    /// What it is.
    pub kind: EntryKind,
    /// Its size in bytes.
    pub size: u64,
    /// When its contents changed last.
    pub modified: SystemTime,
}

/// A directory entry as the directory itself knows it.
#[derive(Clone, Debug)]
pub struct Name {
    /// Its name within the directory.
    pub name: OsString,
    /// What it is.
    pub kind: EntryKind,
}

/// The entries of `path`, sorted by name. One that vanishes while they are being
/// listed is left out.
pub fn list(path: impl AsRef<Path>) -> Result<Vec<Entry>, Error> {
    let mut entries = each(path.as_ref(), |entry| {
        let metadata = entry.metadata()?;
        Ok(Entry {
            name: entry.file_name(),
            kind: kind(metadata.file_type()),
            size: metadata.len(),
            modified: metadata.modified()?,
        })
    })?;
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// [`list`] without a look at each entry, where names and kinds will do.
pub fn names(path: impl AsRef<Path>) -> Result<Vec<Name>, Error> {
    let mut names = each(path.as_ref(), |entry| {
        Ok(Name {
            name: entry.file_name(),
            kind: kind(entry.file_type()?),
        })
    })?;
    names.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(names)
}

fn each<T>(path: &Path, look: impl Fn(&DirEntry) -> io::Result<T>) -> Result<Vec<T>, Error> {
    let failed = |error| Error::io("list", path, error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        match look(&entry) {
            Ok(one) => found.push(one),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io("read", entry.path(), error)),
        }
    }
    Ok(found)
}

pub(crate) fn kind(file_type: std::fs::FileType) -> EntryKind {
    match file_type {
        t if t.is_file() => EntryKind::File,
        t if t.is_dir() => EntryKind::Directory,
        t if t.is_symlink() => EntryKind::Symlink,
        _ => EntryKind::Other,
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn names_are_those_of_the_list_and_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("b"), "xyz").unwrap();
        fs::create_dir(path("a")).unwrap();
        symlink(path("a"), path("c")).unwrap();
        symlink("nowhere", path(".d")).unwrap();
        let kinds = [
            (".d", EntryKind::Symlink),
            ("a", EntryKind::Directory),
            ("b", EntryKind::File),
            ("c", EntryKind::Symlink),
        ];
        let names = names(folder.path()).unwrap();
        assert!(
            names
                .iter()
                .map(|it| (it.name.to_str().unwrap(), it.kind))
                .eq(kinds)
        );
        let list = list(folder.path()).unwrap();
        assert!(
            list.iter()
                .map(|it| (it.name.to_str().unwrap(), it.kind))
                .eq(kinds)
        );
        assert_eq!(list[2].size, 3);
        let error = super::names(path("b")).unwrap_err();
        assert!(error.to_string().starts_with("cannot list"), "{error}");
    }
}
