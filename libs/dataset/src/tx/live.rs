//! What a partition's folder holds right now.

use super::Error;
use crate::listing::is_parquet;
use crate::root::Root;
use millrace_fault::quoted;
use millrace_storage::{Entry, EntryKind, list};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A file of a set: the name is unique per transaction, the size tells a stranger's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct SetFile {
    pub(crate) name: String,
    pub(crate) bytes: u64,
}

/// A partition's folder.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// Whether there is a folder at all.
    pub(crate) exists: bool,
    /// Its data files, by name.
    pub(crate) files: Vec<SetFile>,
    /// Files that readers skip: `_SUCCESS`, `.x.crc`.
    pub(crate) marked: Vec<String>,
    /// Entries that have no place in a partition.
    pub(crate) strange: Vec<Strange>,
}

/// An entry that has no place in a partition.
#[derive(Debug)]
pub(crate) struct Strange {
    pub(crate) path: PathBuf,
    pub(crate) what: &'static str,
}

impl Live {
    /// Looks at the partition `path`. A link on the way is refused: it may lead out of
    /// the dataset.
    pub(crate) fn look(root: &Root, path: &str) -> Result<Live, Error> {
        refuse_links(root, path)?;
        Self::look_at(&root.partition(path))
    }

    /// Looks at a folder wherever it is.
    pub(super) fn look_at(folder: &Path) -> Result<Live, Error> {
        let entries = match list(folder) {
            Ok(entries) => entries,
            Err(error) if error.is_not_found() => return Ok(Live::default()),
            Err(error) => return Err(error.into()),
        };
        let mut live = Live {
            exists: true,
            ..Live::default()
        };
        for entry in entries {
            live.sort_in(folder, entry);
        }
        Ok(live)
    }

    fn sort_in(&mut self, folder: &Path, entry: Entry) {
        let path = folder.join(&entry.name);
        let strange = |what| Strange { path, what };
        match (entry.kind, entry.name.into_string()) {
            (EntryKind::Symlink, _) => self.strange.push(strange("a symbolic link")),
            (EntryKind::File, Ok(name)) if name.starts_with(['_', '.']) => self.marked.push(name),
            (EntryKind::File, Ok(name)) if is_parquet(&name) => self.files.push(SetFile {
                name,
                bytes: entry.size,
            }),
            (EntryKind::Directory, _) => self.strange.push(strange("a folder")),
            _ => self.strange.push(strange("not a Parquet file")),
        }
    }

    /// Refuses what has no place in a partition: exchanging the folder would lose it.
    pub(crate) fn refuse_strange(&self) -> Result<(), Error> {
        match self.strange.first() {
            None => Ok(()),
            Some(Strange { path, what }) => Err(Error::data(format!(
                "{} is {what}: a partition holds only Parquet files",
                quoted(path.to_string_lossy())
            ))
            .hint("move it out of the dataset")),
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.files
            .binary_search_by(|file| file.name.as_str().cmp(name))
            .is_ok()
    }
}

fn refuse_links(root: &Root, path: &str) -> Result<(), Error> {
    let mut folder = root.path().to_owned();
    for name in path.split('/').filter(|name| !name.is_empty()) {
        folder.push(name);
        match folder.symlink_metadata() {
            Ok(metadata) if metadata.is_symlink() => {
                let text = format!(
                    "{} is a symbolic link; a dataset holds none",
                    quoted(folder.to_string_lossy())
                );
                return Err(Error::data(text));
            }
            Ok(metadata) if !metadata.is_dir() => {
                return Err(Error::data(format!(
                    "{} is no folder",
                    quoted(folder.to_string_lossy())
                )));
            }
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(millrace_storage::Error::io("read", folder, error).into()),
        }
    }
    Ok(())
}
