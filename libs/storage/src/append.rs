//! A file that only grows: a log. What was appended is durable after
//! [`sync`](AppendFile::sync); a torn end can be cut off.

use crate::{Error, dir};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file open for reading and appending.
#[derive(Debug)]
pub struct AppendFile {
    file: File,
    path: PathBuf,
}

impl AppendFile {
    /// Opens `path`; a missing one is created, its name made durable.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let failed = |error| Error::io("open", path, error);
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(failed)?;
        // Empty: new, or made by an attempt that did not come to sync its name.
        if file.metadata().map_err(failed)?.len() == 0 {
            dir::sync_dir(dir::parent(path))?;
        }
        Ok(AppendFile {
            file,
            path: path.to_owned(),
        })
    }

    /// All bytes from the front.
    pub fn read(&mut self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let read = self
            .file
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.file.read_to_end(&mut bytes));
        read.map_err(|error| Error::io("read", &self.path, error))?;
        Ok(bytes)
    }

    /// Appends `bytes`, not yet durable.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file
            .write_all(bytes)
            .map_err(|error| Error::io("write", &self.path, error))
    }

    /// Makes what was appended durable.
    pub fn sync(&self) -> Result<(), Error> {
        self.file
            .sync_all()
            .map_err(|error| Error::io("sync", &self.path, error))
    }

    /// Cuts the file to `length` bytes, durably.
    pub fn truncate(&self, length: u64) -> Result<(), Error> {
        self.file
            .set_len(length)
            .map_err(|error| Error::io("truncate", &self.path, error))?;
        self.sync()
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_and_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        AppendFile::open(&path).unwrap().append(b"one\ntw").unwrap();
        let mut log = AppendFile::open(&path).unwrap();
        assert_eq!(log.read().unwrap(), b"one\ntw");
        log.truncate(4).unwrap();
        log.append(b"two\n").unwrap();
        log.sync().unwrap();
        assert_eq!(log.read().unwrap(), b"one\ntwo\n");
    }
}
