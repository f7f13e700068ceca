//! One directory's entries, sorted by name, symlinks not followed.

use crate::Error;
use std::ffi::OsString;
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

/// The entries of `path`, sorted by name. One that vanishes while they are being
/// listed is left out.
pub fn list(path: impl AsRef<Path>) -> Result<Vec<Entry>, Error> {
    let path = path.as_ref();
    let failed = |error| Error::io("list", path, error);
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let metadata = match entry.metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Error::io("read", entry.path(), error)),
        };
        let modified = metadata.modified().map_err(failed)?;
        let kind = kind(metadata.file_type());
        entries.push(Entry {
            name: entry.file_name(),
            kind,
            size: metadata.len(),
            modified,
        });
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

pub(crate) fn kind(file_type: std::fs::FileType) -> EntryKind {
    match file_type {
        t if t.is_file() => EntryKind::File,
        t if t.is_dir() => EntryKind::Directory,
        t if t.is_symlink() => EntryKind::Symlink,
        _ => EntryKind::Other,
    }
}
