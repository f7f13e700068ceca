//! Where the store is: named, or found as git finds its repository.

use crate::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Where the store is, or would be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    path: PathBuf,
    named: bool,
    directory: PathBuf,
}

impl Place {
    /// The store that is `named`; else the nearest `.millrace/state.db` in `directory`
    /// or above it; else that file in `directory`, yet to be made.
    pub fn locate(named: Option<&Path>, directory: &Path) -> Result<Place, Error> {
        let path = match named {
            Some(path) => checked(path)?.to_owned(),
            None => nearest(directory).unwrap_or_else(|| default_in(directory)),
        };
        Ok(Place {
            path,
            named: named.is_some(),
            directory: directory.to_owned(),
        })
    }

    /// The store's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it was named on the command line or in the environment.
    pub fn is_named(&self) -> bool {
        self.named
    }

    /// Whether there is a file.
    pub fn exists(&self) -> bool {
        self.path.exists()
    }

    pub(super) fn missing(&self) -> Error {
        match self.named {
            true => Error::Missing(self.path.clone()),
            false => Error::NoneAbove(self.directory.clone()),
        }
    }

    /// Makes `.millrace` for a store that was not named, and its entry durable. The
    /// folder of a named store must be there: a misspelt path is no wish for a new one.
    pub(super) fn prepare(&self) -> Result<(), Error> {
        if self.named || self.exists() {
            return Ok(());
        }
        let folder = self.directory.join(".millrace");
        let failed = |source| Error::Io {
            verb: "make",
            path: folder.clone(),
            source,
        };
        fs::create_dir_all(&folder).map_err(failed)?;
        File::open(&self.directory)
            .and_then(|directory| directory.sync_all())
            .map_err(failed)
    }
}

fn default_in(directory: &Path) -> PathBuf {
    directory.join(".millrace").join("state.db")
}

fn nearest(directory: &Path) -> Option<PathBuf> {
    directory
        .ancestors()
        .map(default_in)
        .find(|path| path.is_file())
}

fn checked(path: &Path) -> Result<&Path, Error> {
    let text = path.to_string_lossy();
    match text.is_empty() || text.contains("://") || path.is_dir() {
        true => Err(Error::NotAPath(text.into_owned())),
        false => Ok(path),
    }
}
