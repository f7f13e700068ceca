//! Stands in until `millrace_storage::AtomicFile` is there.

use millrace_fault::Failure;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub(crate) struct AtomicFile {
    path: PathBuf,
    beside: PathBuf,
    file: File,
}

impl AtomicFile {
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let beside = suffixed(path, ".new");
        let file = File::options().write(true).create(true).truncate(true).open(&beside);
        let file = file.map_err(|error| Failure::io("create", path, error))?;
        Ok(AtomicFile { path: path.to_owned(), beside, file })
    }

    pub(crate) fn commit(self) -> Result<(), Failure> {
        let to = self.path.clone();
        self.rename(&to)
    }

    pub(crate) fn fail(self, suffix: &str) -> Result<(), Failure> {
        let to = suffixed(&self.path, suffix);
        self.rename(&to)
    }

    #[allow(clippy::disallowed_methods)]
    fn rename(self, to: &Path) -> Result<(), Failure> {
        self.file.sync_all().and_then(|()| std::fs::rename(&self.beside, to)).map_err(|error| Failure::io("write", to, error))
    }
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
