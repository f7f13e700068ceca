//! Where the bytes of a rejects file go: a file written beside its name and renamed,
//! or, straight, whatever else the name stands for (a pipe, /dev/null, /dev/stderr).

use crate::beside::AtomicFile;
use millrace_fault::Failure;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// An open target.
pub(crate) enum Target {
    /// Appears under its name, complete, at the end.
    Beside(AtomicFile),
    /// Written as we go.
    Straight(File),
}

impl Target {
    pub(crate) fn open(path: &Path) -> Result<Target, Failure> {
        match is_special(path) {
            true => open_straight(path).map(Target::Straight).map_err(|error| Failure::io("open", path, error)),
            false => AtomicFile::create(&resolved(path)).map(Target::Beside),
        }
    }

    /// Makes what was written last, under the name of the file.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self {
            Target::Beside(file) => file.commit(),
            Target::Straight(_) => Ok(()),
        }
    }

    /// Leaves what was written so far as `NAME.failed`, as far as that is possible.
    pub(crate) fn fail(self) {
        if let Target::Beside(file) = self {
            let _ = file.fail(".failed");
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Target::Beside(file) => file.write(bytes),
            Target::Straight(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Target::Beside(file) => file.flush(),
            Target::Straight(file) => file.flush(),
        }
    }
}

fn is_special(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| {
        let kind = found.file_type();
        kind.is_fifo() || kind.is_char_device() || kind.is_block_device() || kind.is_socket()
    })
}

/// A link to a file stays a link: the file that it leads to is replaced.
fn resolved(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn open_straight(path: &Path) -> io::Result<File> {
    File::options().append(true).open(path)
}
