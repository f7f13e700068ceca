//! Writing to the disk while more is being written.
//!
//! Left alone, the kernel keeps what was written for half a minute, and the sync before a
//! commit then waits for all of it while the cores idle. Files that grow under a
//! [`WriteBehind`] are synced in the background, so that this last sync finds little to
//! do. It is not left out: only what it says counts.

use crate::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// Bytes of a file after which it is synced when its writer pauses, which it says with a
/// flush. What is written while a file is synced waits for that: not before the next pause
/// if it can be helped.
const STEP: usize = 8 << 20;
/// Bytes after which it is synced in any case.
const MOST: usize = 64 << 20;
/// Bytes for which a sync of their own pays, once a file is complete.
const LEAST: usize = 1 << 20;
/// Bytes that are handed to the kernel at a time: each call costs, whatever its size.
const BLOCK: usize = 256 << 10;
/// Files that wait, each with a descriptor. With more the disk is behind, and the last
/// sync waits for it.
const BACKLOG: usize = 4;

/// Syncs files in the background. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct WriteBehind(Arc<Mutex<Option<Worker>>>);

#[derive(Debug)]
struct Worker {
    files: SyncSender<(File, PathBuf)>,
    thread: JoinHandle<Result<(), Error>>,
}

impl WriteBehind {
    /// A new file at `path`, not there before its first byte; see [`GrowingFile`].
    pub fn file(&self, path: PathBuf) -> GrowingFile {
        GrowingFile {
            path,
            file: None,
            block: Vec::new(),
            unsynced: 0,
            behind: self.clone(),
        }
    }

    /// Waits for the syncs that were begun.
    ///
    /// # Errors
    /// The first sync's that failed. It may have been the only one to be told of that
    /// failure, so that nothing of what was written may be used.
    pub fn finish(&self) -> Result<(), Error> {
        let worker = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Worker { files, thread }) = worker else {
            return Ok(());
        };
        drop(files);
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Syncs `file` soon, unless too many are waiting already.
    fn offer(&self, file: File, path: PathBuf) {
        let mut worker = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if worker.is_none() {
            let (files, waiting) = sync_channel(BACKLOG);
            // Without a thread there is no background, and nothing is lost.
            *worker = thread::Builder::new()
                .name("write-behind".to_owned())
                .spawn(move || work(waiting))
                .map(|thread| Worker { files, thread })
                .ok();
        }
        if let Some(worker) = worker.as_ref() {
            let _ = worker.files.try_send((file, path));
        }
    }
}

fn work(files: Receiver<(File, PathBuf)>) -> Result<(), Error> {
    files.into_iter().try_for_each(|(file, path)| {
        file.sync_data()
            .map_err(|error| Error::io("sync", path, error))
    })
}

/// A file that is being written. It is made, and its folder with it, with its first block:
/// one that waits for that holds no descriptor. What is not flushed may not be in it.
#[derive(Debug)]
pub struct GrowingFile {
    path: PathBuf,
    file: Option<File>,
    /// Bytes that wait for more; no memory is kept after a flush.
    block: Vec<u8>,
    /// Bytes since it was last offered to be synced.
    unsynced: usize,
    behind: WriteBehind,
}

impl GrowingFile {
    fn open(&mut self) -> io::Result<&mut File> {
        if self.file.is_none() {
            if let Some(folder) = self.path.parent() {
                fs::create_dir_all(folder)?;
            }
            let file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&self.path)?;
            return Ok(self.file.insert(file));
        }
        self.file
            .as_mut()
            .ok_or_else(|| io::Error::other("no file"))
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.open()?.write_all(bytes)?;
        self.unsynced += bytes.len();
        self.offer_from(MOST);
        Ok(())
    }

    /// Hands the kernel what waits for more.
    fn put_block(&mut self) -> io::Result<()> {
        let block = std::mem::take(&mut self.block);
        match block.is_empty() {
            true => Ok(()),
            false => self.put(&block),
        }
    }

    /// Has the file synced if so many bytes are not.
    fn offer_from(&mut self, bytes: usize) {
        if self.unsynced < bytes {
            return;
        }
        self.unsynced = 0;
        if let Some(file) = self.file.as_ref().and_then(|file| file.try_clone().ok()) {
            self.behind.offer(file, self.path.clone());
        }
    }
}

impl Write for GrowingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.block.len() + bytes.len() > BLOCK {
            self.put_block()?;
        }
        if bytes.len() >= BLOCK {
            self.put(bytes)?;
        } else {
            self.block.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.put_block()?;
        self.offer_from(STEP);
        Ok(())
    }
}

impl Drop for GrowingFile {
    fn drop(&mut self) {
        if let Some(file) = self.file.take().filter(|_| self.unsynced >= LEAST) {
            self.behind.offer(file, std::mem::take(&mut self.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_appear_with_their_first_byte_and_hold_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let behind = WriteBehind::default();
        let path = |n: usize| folder.path().join(format!("d{n}/f"));
        let block = vec![7; 3 << 20];
        for blocks in 0..8 {
            let mut file = behind.file(path(blocks));
            assert!(!path(blocks).exists());
            for _ in 0..blocks {
                file.write_all(&block).unwrap();
            }
            file.flush().unwrap();
        }
        behind.finish().unwrap();
        behind.finish().unwrap();
        assert!(!path(0).exists());
        for blocks in 1..8 {
            let size = fs::metadata(path(blocks)).unwrap().len();
            assert_eq!(size, (blocks * block.len()) as u64);
        }
        let mut again = behind.file(path(1));
        again.write_all(b"x").unwrap();
        let error = again.flush().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn a_file_is_synced_when_its_writer_pauses_or_never_does() {
        let folder = tempfile::tempdir().unwrap();
        let mebibytes = |name: &str, count: usize| {
            let behind = WriteBehind::default();
            let mut file = behind.file(folder.path().join(name));
            for _ in 0..count {
                file.write_all(&vec![7; 1 << 20]).unwrap();
            }
            (behind, file)
        };
        let is_begun = |behind: &WriteBehind| behind.0.lock().unwrap().is_some();
        let (behind, mut file) = mebibytes("short", 7);
        file.flush().unwrap();
        assert!(!is_begun(&behind));
        let (behind, mut file) = mebibytes("long", 9);
        assert!(!is_begun(&behind));
        file.flush().unwrap();
        assert!(is_begun(&behind));
        let (behind, _file) = mebibytes("endless", 64);
        assert!(is_begun(&behind));
    }

    #[test]
    fn pieces_of_any_size_come_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let (behind, path) = (WriteBehind::default(), folder.path().join("f"));
        let mut expected = Vec::new();
        let mut file = behind.file(path.clone());
        for size in [1, BLOCK - 1, 1, BLOCK, 3, BLOCK + 1, 2 * BLOCK, 0, 7] {
            let piece: Vec<u8> = (0..size).map(|at| (at * 7 + size) as u8).collect();
            file.write_all(&piece).unwrap();
            expected.extend(piece);
        }
        file.flush().unwrap();
        assert!(file.block.capacity() == 0);
        assert!(fs::read(path).unwrap() == expected);
    }

    /// A pipe cannot be synced: the one failure to be had without breaking a disk.
    #[test]
    fn a_sync_that_failed_is_told_though_later_ones_would_not() {
        let behind = WriteBehind::default();
        let (_read, write) = io::pipe().unwrap();
        let pipe = File::from(std::os::fd::OwnedFd::from(write));
        behind.offer(pipe, PathBuf::from("staged/part"));
        let error = behind.finish().unwrap_err().to_string();
        assert!(
            error.contains("sync") && error.contains("staged/part"),
            "{error}"
        );
    }
}
