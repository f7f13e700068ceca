//! Reading: as a stream from the front, or at any offset.

use crate::{Error, Location};
use bytes::Bytes;
use rustix::buffer::spare_capacity;
use rustix::io::{Errno, pread};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes at any offset of something whose length is known. Safe to call from
/// several threads at once.
pub trait ReadAt: Send + Sync {
    /// Length in bytes when it was opened.
    fn len(&self) -> u64;

    /// Whether there are no bytes at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Exactly `length` bytes from `offset` on. A range beyond the end is an error,
    /// found before anything is allocated.
    fn read_at(&self, offset: u64, length: usize) -> Result<Bytes, Error>;

    /// Where the bytes live.
    fn location(&self) -> Location;
}

/// Opens `location` for reading from the front. A directory is refused here
/// rather than at the first read.
pub fn open_read(location: &Location) -> Result<Box<dyn Read + Send>, Error> {
    Ok(Box::new(open(location)?.0))
}

/// Opens `location`, which must be a regular file, for reading at any offset.
pub fn open_read_at(location: &Location) -> Result<Arc<dyn ReadAt>, Error> {
    let (file, metadata) = open(location)?;
    if !metadata.is_file() {
        let reason = io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
        return Err(Error::io("read", location.path(), reason));
    }
    Ok(Arc::new(LocalFile {
        file,
        len: metadata.len(),
        path: location.path().to_owned(),
    }))
}

/// All of a small file of ours; `None` if there is none.
pub fn read_whole(path: impl AsRef<Path>) -> Result<Option<Vec<u8>>, Error> {
    match std::fs::read(path.as_ref()) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", path, error)),
    }
}

fn open(location: &Location) -> Result<(File, std::fs::Metadata), Error> {
    let failed = |error| Error::io("read", location.path(), error);
    let file = File::open(location.path()).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    match metadata.is_dir() {
        true => Err(failed(io::Error::from(io::ErrorKind::IsADirectory))),
        false => Ok((file, metadata)),
    }
}

/// `length` bytes of `file` from `offset` on, into memory that is not zeroed before.
fn read_exactly(file: &File, mut offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        match pread(file, spare_capacity(&mut bytes), offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => offset += read as u64,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // There may be room for more than was asked for.
    bytes.truncate(length);
    Ok(bytes)
}

struct LocalFile {
    file: File,
    len: u64,
    path: PathBuf,
}

impl ReadAt for LocalFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, length: usize) -> Result<Bytes, Error> {
        let failed = |error| Error::io("read", &self.path, error);
        if offset
            .checked_add(length as u64)
            .is_none_or(|end| end > self.len)
        {
            let text = format!(
                "{length} bytes at offset {offset} lie beyond its end ({} bytes)",
                self.len
            );
            return Err(failed(io::Error::new(io::ErrorKind::UnexpectedEof, text)));
        }
        Ok(read_exactly(&self.file, offset, length)
            .map_err(failed)?
            .into())
    }

    fn location(&self) -> Location {
        Location::from(self.path.as_path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn ranges_are_exact_and_bounded() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"0123456789").unwrap();
        let source = open_read_at(&file.path().into()).unwrap();
        assert_eq!(source.len(), 10);
        assert_eq!(&source.read_at(3, 4).unwrap()[..], b"3456");
        for (offset, length) in [(8, 3), (u64::MAX, 1), (0, usize::MAX)] {
            let error = source.read_at(offset, length).unwrap_err();
            assert!(error.to_string().contains("cannot read"), "{error}");
        }
    }

    #[test]
    fn a_directory_and_a_missing_file_are_refused_with_the_path() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().to_owned(), folder.path().join("gone")] {
            let error = open_read(&path.as_path().into()).err().unwrap();
            assert!(
                error.to_string().contains(&*path.to_string_lossy()),
                "{error}"
            );
        }
        assert!(open_read_at(&std::path::Path::new("/dev/null").into()).is_err());
    }
}
