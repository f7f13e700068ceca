//! File descriptors that carry streams: what they are, how large their pipe is, and
//! reading and writing them without a buffer in between.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{FileType, fstat};
use rustix::io::Errno;
use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size};
use std::fs::File;
use std::io::{self, IoSlice, Read, Write};

/// What a stream is read from. It decides what a cut means: a producer that died
/// (worth a retry), or a damaged file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A pipe or a socket, somebody at its other end.
    Pipe,
    /// Anything that can be read again.
    File,
}

impl Kind {
    /// The kind of an open file.
    pub fn of(fd: impl AsFd) -> io::Result<Kind> {
        match FileType::from_raw_mode(fstat(fd)?.st_mode) {
            FileType::Fifo | FileType::Socket => Ok(Kind::Pipe),
            _ => Ok(Kind::File),
        }
    }
}

/// Asks for a larger pipe: 1 MiB is two to three times as fast as the default. An
/// unprivileged user may have 64 of those, and smaller ones beyond. Best effort;
/// anything but a pipe is left alone.
pub(crate) fn enlarge(fd: impl AsFd) {
    for size in [1 << 20, 256 << 10] {
        match fcntl_getpipe_size(fd.as_fd()) {
            Ok(now) if now < size => {}
            _ => return,
        }
        if fcntl_setpipe_size(fd.as_fd(), size).is_ok() {
            return;
        }
    }
}

/// An unbuffered descriptor. Waits where the other end made it non-blocking.
#[derive(Debug)]
pub(crate) struct Fd(pub(crate) File);

impl Fd {
    pub(crate) fn duplicate(fd: BorrowedFd<'_>) -> io::Result<Fd> {
        Ok(Fd(File::from(fd.try_clone_to_owned()?)))
    }
}

impl Read for Fd {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        waiting(&self.0, PollFlags::IN, || (&self.0).read(buffer))
    }
}

impl Write for Fd {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        waiting(&self.0, PollFlags::OUT, || (&self.0).write(bytes))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        waiting(&self.0, PollFlags::OUT, || (&self.0).write_vectored(slices))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn waiting<T>(
    file: &File,
    ready: PollFlags,
    mut call: impl FnMut() -> io::Result<T>,
) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait(file, ready)?,
            result => return result,
        }
    }
}

pub(crate) fn wait(file: &File, ready: PollFlags) -> io::Result<()> {
    match poll(&mut [PollFd::new(file, ready)], None) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    use std::io::pipe;
    use std::os::fd::OwnedFd;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn pipes_are_enlarged_and_files_left_alone() {
        let (from, _to) = pipe().unwrap();
        enlarge(&from);
        // 1 MiB, or as much as this user may still have.
        assert!(fcntl_getpipe_size(&from).unwrap() >= 4096);
        assert_eq!(Kind::of(&from).unwrap(), Kind::Pipe);
        let file = tempfile::tempfile().unwrap();
        enlarge(&file);
        assert_eq!(Kind::of(&file).unwrap(), Kind::File);
    }

    /// Somebody who shares our end of the pipe may have made it non-blocking.
    #[test]
    fn non_blocking_ends_are_waited_for() {
        let (from, to) = pipe().unwrap();
        for end in [from.as_fd(), to.as_fd()] {
            fcntl_setfl(end, fcntl_getfl(end).unwrap() | OFlags::NONBLOCK).unwrap();
        }
        let mut reader = Fd(File::from(OwnedFd::from(from)));
        let drain = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            let mut got = Vec::new();
            reader.read_to_end(&mut got).unwrap();
            got.len()
        });
        let mut writer = Fd(File::from(OwnedFd::from(to)));
        writer.write_all(&vec![7; 3 << 20]).unwrap();
        thread::sleep(Duration::from_millis(20));
        writer.write_all(b"end").unwrap();
        drop(writer);
        assert_eq!(drain.join().unwrap(), (3 << 20) + 3);
    }
}
