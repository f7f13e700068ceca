//! Forwarding a stream byte for byte to somebody else's program, and knowing before
//! that program does how the stream ended.

use crate::frame::{Frames, Head};
use crate::pipe::Fd;
use crate::splice::{Moved, Splice};
use crate::{Error, Kind, Passed, pipe, relay};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes that are held back at most: more than a poison, less than a body.
const HELD: usize = 128 << 10;

/// What is heard while a stream is forwarded.
pub trait Listener {
    /// A message was read.
    fn passed(&mut self, message: Passed);

    /// The stream ended: completely, or not. Called before the bytes that would tell
    /// the receiver so are passed on.
    fn ended(&mut self, verdict: Result<(), Error>);
}

/// Forwards our standard input to `sink` until its end, or until nobody reads `sink`
/// any more (then without a verdict). Input that is empty or no Arrow stream is
/// forwarded too, without a verdict. `sink` is closed at the end.
pub fn forward_stdin(
    sink: impl Write + AsFd + Send + 'static,
    listener: &mut dyn Listener,
) -> Result<(), Error> {
    pipe::enlarge(&sink);
    pipe::enlarge(io::stdin());
    let subject = "standard input".to_owned();
    let stdin = Fd::duplicate(io::stdin().as_fd());
    let stdin = stdin.map_err(|source| Error::Read {
        subject: subject.clone(),
        source,
    })?;
    let splice = Splice::between(stdin.0.as_fd(), sink.as_fd());
    let hold = Hold(Arc::new(Mutex::new(Held {
        bytes: Vec::new(),
        most: HELD,
        sink: Box::new(sink),
        gone: false,
    })));
    let tap = Tap {
        source: stdin,
        hold: hold.clone(),
    };
    let frames = Frames::over(Box::new(tap), subject, Kind::Pipe);
    Forward {
        frames,
        hold,
        splice,
    }
    .run(listener);
    Ok(())
}

/// Bodies from here on are moved from pipe to pipe rather than read and written.
const SPLICED: usize = 64 << 10;

struct Forward {
    frames: Frames,
    hold: Hold,
    splice: Option<Splice>,
}

impl Forward {
    fn run(mut self, listener: &mut dyn Listener) {
        let verdict = self.follow(listener);
        if self.hold.is_gone() {
            return;
        }
        match verdict {
            Err(Error::NotAStream { .. } | Error::Empty { .. }) => {
                self.hold.open();
                self.frames.drain_source();
            }
            verdict => listener.ended(verdict),
        }
        self.hold.release();
    }

    /// Reads message by message, each passed on once it is whole; large bodies as
    /// they come.
    fn follow(&mut self, listener: &mut dyn Listener) -> Result<(), Error> {
        loop {
            let before = self.frames.bytes_read();
            let Some(head) = self.frames.head()? else {
                return Ok(());
            };
            let rows = relay::rows(&head).map_err(|reason| self.frames.corrupt(&head, reason))?;
            self.body(&head)?;
            self.hold.release();
            listener.passed(Passed {
                rows,
                bytes: self.frames.bytes_read() - before,
            });
        }
    }

    fn body(&mut self, head: &Head) -> Result<(), Error> {
        let splice = match &self.splice {
            Some(splice) if head.body >= SPLICED => splice,
            _ => return self.frames.body(head).map(drop),
        };
        self.hold.release();
        match splice.run(head.body) {
            Ok(Moved::All) => self.frames.taken(head.body),
            Ok(Moved::Ended(taken)) => return Err(self.frames.cut_after(taken)),
            Ok(Moved::Gone) => {
                self.hold.leave();
                return Err(self.frames.failed_read(io::ErrorKind::BrokenPipe.into()));
            }
            Ok(Moved::Unsupported) => {
                self.splice = None;
                return self.frames.body(head).map(drop);
            }
            Err(source) => return Err(self.frames.failed_read(source)),
        }
        Ok(())
    }
}

/// What was read and is not yet passed on, shared by reader and follower.
#[derive(Clone)]
struct Hold(Arc<Mutex<Held>>);

struct Held {
    bytes: Vec<u8>,
    most: usize,
    sink: Box<dyn Write + Send>,
    gone: bool,
}

impl Hold {
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_gone(&self) -> bool {
        self.lock().gone
    }

    /// The receiver has left.
    fn leave(&self) {
        self.lock().gone = true;
    }

    /// Passes on what is held.
    fn release(&self) {
        self.lock().release();
    }

    /// Holds nothing from now on.
    fn open(&self) {
        let mut held = self.lock();
        held.most = 0;
        held.release();
    }

    /// Takes what was read; large bodies are passed on as they come. False when the
    /// receiver has left.
    fn take(&self, bytes: &[u8]) -> bool {
        let mut held = self.lock();
        if held.bytes.len() + bytes.len() <= held.most {
            held.bytes.extend_from_slice(bytes);
        } else {
            held.release();
            held.write(bytes);
        }
        !held.gone
    }
}

impl Held {
    fn release(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        self.write(&bytes);
        self.bytes = bytes;
        self.bytes.clear();
    }

    fn write(&mut self, bytes: &[u8]) {
        // Whoever does not want its input says so by its exit code.
        if !self.gone && self.sink.write_all(bytes).is_err() {
            self.gone = true;
        }
    }
}

/// A source whose bytes are also taken by a [`Hold`].
struct Tap<R> {
    source: R,
    hold: Hold,
}

impl<R: Read> Read for Tap<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read(buffer)?;
        match self.hold.take(&buffer[..n]) {
            true => Ok(n),
            false => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}
