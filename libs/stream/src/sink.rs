//! Where messages go: written without copying, each together with the next marker.

use crate::frame::MARKER;
use crate::pipe::{self, Fd};
use crate::{Error, poison};
use millrace_fault::{Failure, FirstCause};
use std::io::{self, IoSlice, IsTerminal, Write};
use std::os::fd::AsFd;

/// What a pipe takes whole or not at all (PIPE_BUF of Linux).
const ATOMIC: usize = 4096;

/// The writing end of a stream. Between two messages the marker of the second is
/// already out: the stream is never at a place that a foreign reader takes for its
/// clean end, whenever its producer is killed.
pub(crate) struct Sink {
    out: Box<dyn Write + Send>,
    subject: &'static str,
    written: u64,
    marked: bool,
    broken: bool,
}

impl Sink {
    pub(crate) fn stdout() -> Result<Sink, Error> {
        let stdout = io::stdout();
        if stdout.is_terminal() {
            return Err(Error::TerminalOutput);
        }
        pipe::enlarge(&stdout);
        let subject = "standard output";
        let out =
            Fd::duplicate(stdout.as_fd()).map_err(|source| Error::Write { subject, source })?;
        Ok(Sink {
            out: Box::new(out),
            subject,
            written: 0,
            marked: false,
            broken: false,
        })
    }

    pub(crate) fn over(out: Box<dyn Write + Send>) -> Sink {
        Sink {
            out,
            subject: "a stream",
            written: 0,
            marked: false,
            broken: false,
        }
    }

    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Writes one message, given in parts from its `FFFFFFFF` on.
    ///
    /// Its last bytes and the next marker go into a pipe in one atomic piece, so
    /// that even a kill in the middle of a write cannot cut exactly between messages.
    pub(crate) fn message(&mut self, parts: &[&[u8]]) -> Result<(), Error> {
        let skip = if self.marked { MARKER.len() } else { 0 };
        let total: usize = parts.iter().map(|part| part.len()).sum();
        let tail = (total - skip).min(ATOMIC - MARKER.len());
        self.write(&mut range(parts, skip, total - tail))?;
        let mut last = range(parts, total - tail, total);
        last.push(IoSlice::new(&MARKER));
        self.marked = true;
        self.write(&mut last)
    }

    /// The end marker after success, the poison after a failure, which is handed back.
    pub(crate) fn close(
        &mut self,
        tool: &str,
        result: Result<(), Failure>,
    ) -> Result<u64, Failure> {
        if let Err(failure) = result {
            // The failure is what counts; that nobody hears of it any more does not.
            let _ = self.poison(&failure.to_first_cause(tool));
            return Err(failure);
        }
        self.end()?;
        Ok(self.written)
    }

    /// Writes the rest of the end marker. There must have been a message.
    fn end(&mut self) -> Result<(), Error> {
        self.write(&mut [IoSlice::new(&[0; 4])])?;
        self.flush()
    }

    /// Writes the poison; not into a message that a failed write left half done,
    /// which is a cut one.
    fn poison(&mut self, cause: &FirstCause) -> Result<(), Error> {
        if self.broken {
            return Ok(());
        }
        let line = poison::encode(cause);
        let marker: &[u8] = if self.marked { &[] } else { &MARKER };
        self.marked = true;
        self.write(&mut [IoSlice::new(marker), IoSlice::new(&line)])?;
        self.flush()
    }

    fn write(&mut self, mut slices: &mut [IoSlice<'_>]) -> Result<(), Error> {
        IoSlice::advance_slices(&mut slices, 0);
        while !slices.is_empty() {
            match self.out.write_vectored(slices) {
                Ok(0) => return Err(self.failed(io::ErrorKind::WriteZero.into())),
                Ok(n) => {
                    self.written += n as u64;
                    IoSlice::advance_slices(&mut slices, n);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.out.flush().map_err(|source| self.failed(source))
    }

    fn failed(&mut self, source: io::Error) -> Error {
        self.broken = true;
        Error::Write {
            subject: self.subject,
            source,
        }
    }
}

/// The bytes `from..to` of all parts together.
fn range<'a>(parts: &[&'a [u8]], from: usize, to: usize) -> Vec<IoSlice<'a>> {
    let mut slices = Vec::with_capacity(parts.len() + 1);
    let mut start = 0;
    for part in parts {
        let end = start + part.len();
        let cut = from.clamp(start, end)..to.clamp(start, end);
        if !cut.is_empty() {
            slices.push(IoSlice::new(&part[cut.start - start..cut.end - start]));
        }
        start = end;
    }
    slices
}
