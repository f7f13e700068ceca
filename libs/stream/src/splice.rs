//! Moving bytes from one pipe to another without copying them: splice(2).

use crate::pipe::{Fd, wait};
use rustix::event::PollFlags;
use rustix::fs::{FileType, fstat};
use rustix::io::Errno;
use rustix::pipe::SpliceFlags;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// Two pipes between which bytes can be moved.
pub(crate) struct Splice {
    from: Fd,
    to: Fd,
}

/// How a move of a number of bytes ended.
#[derive(Debug)]
pub(crate) enum Moved {
    /// All of them were moved.
    All,
    /// The source ended after so many.
    Ended(usize),
    /// Nobody reads the other pipe any more, or it failed.
    Gone,
    /// This system cannot; nothing was moved.
    Unsupported,
}

impl Splice {
    /// From one pipe to the other; nothing if one of them is something else.
    pub(crate) fn between(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> Option<Splice> {
        let is_pipe = |fd| {
            fstat(fd).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Fifo)
        };
        if !is_pipe(from) || !is_pipe(to) {
            return None;
        }
        Some(Splice {
            from: Fd::duplicate(from).ok()?,
            to: Fd::duplicate(to).ok()?,
        })
    }

    /// Moves `length` bytes.
    pub(crate) fn run(&self, length: usize) -> io::Result<Moved> {
        let mut moved = 0;
        while moved < length {
            let (from, to) = (self.from.0.as_fd(), self.to.0.as_fd());
            match rustix::pipe::splice(from, None, to, None, length - moved, SpliceFlags::empty()) {
                Ok(0) => return Ok(Moved::Ended(moved)),
                Ok(n) => moved += n,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    wait(&self.from.0, PollFlags::IN)?;
                    wait(&self.to.0, PollFlags::OUT)?;
                }
                Err(Errno::PIPE) => return Ok(Moved::Gone),
                Err(Errno::INVAL | Errno::NOSYS) if moved == 0 => return Ok(Moved::Unsupported),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Moved::All)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write, pipe};
    use std::thread;

    #[test]
    fn bytes_move_until_the_source_ends() {
        let ((from, mut feed), (mut drain, to)) = (pipe().unwrap(), pipe().unwrap());
        let splice = Splice::between(from.as_fd(), to.as_fd()).unwrap();
        let bytes: Vec<u8> = (0..300_000u32).map(|n| n as u8).collect();
        let expected = bytes.clone();
        let feeder = thread::spawn(move || feed.write_all(&bytes).unwrap());
        let drainer = thread::spawn(move || {
            let mut got = Vec::new();
            drain.read_to_end(&mut got).unwrap();
            got
        });
        assert!(matches!(splice.run(200_000).unwrap(), Moved::All));
        assert!(matches!(
            splice.run(200_000).unwrap(),
            Moved::Ended(100_000)
        ));
        feeder.join().unwrap();
        drop((splice, to));
        assert_eq!(drainer.join().unwrap(), expected);
    }

    #[test]
    fn a_reader_that_left_is_noticed() {
        let ((from, mut feed), (drain, to)) = (pipe().unwrap(), pipe().unwrap());
        let splice = Splice::between(from.as_fd(), to.as_fd()).unwrap();
        feed.write_all(&[0; 100]).unwrap();
        drop(drain);
        assert!(matches!(splice.run(100).unwrap(), Moved::Gone));
    }

    #[test]
    fn only_pipes() {
        let (from, _feed) = pipe().unwrap();
        let null = std::fs::File::open("/dev/null").unwrap();
        assert!(Splice::between(from.as_fd(), null.as_fd()).is_none());
    }
}
