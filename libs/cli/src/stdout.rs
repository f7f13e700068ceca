//! Text and lists on stdout, every write checked: a full disk is exit 4, a reader
//! that left is silent.

use millrace_fault::Failure;
use std::io::{self, BufWriter, Write};

/// Buffered stdout. Call [`Stdout::finish`]: what is still buffered is lost otherwise.
#[derive(Debug)]
pub struct Stdout {
    inner: BufWriter<io::Stdout>,
}

impl Stdout {
    /// Buffered stdout.
    pub fn new() -> Self {
        Stdout {
            inner: BufWriter::with_capacity(64 << 10, io::stdout()),
        }
    }

    /// Writes `text` and a newline.
    pub fn line(&mut self, text: impl AsRef<[u8]>) -> Result<(), Failure> {
        self.item(text, false)
    }

    /// Writes one list item, ended by NUL (`-0`) or a newline.
    pub fn item(&mut self, text: impl AsRef<[u8]>, null: bool) -> Result<(), Failure> {
        let end: &[u8] = if null { b"\0" } else { b"\n" };
        self.text(text)?;
        self.text(end)
    }

    /// Writes `text` as it is.
    pub fn text(&mut self, text: impl AsRef<[u8]>) -> Result<(), Failure> {
        self.inner.write_all(text.as_ref()).map_err(failed)
    }

    /// Flushes; the only proof that everything was written.
    pub fn finish(mut self) -> Result<(), Failure> {
        self.inner.flush().map_err(failed)
    }
}

impl Default for Stdout {
    fn default() -> Self {
        Self::new()
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn failed(error: io::Error) -> Failure {
    Failure::io("write", "standard output", error)
}
