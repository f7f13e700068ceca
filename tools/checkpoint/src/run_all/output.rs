//! The output of units on stdout, each in one piece.

use super::locked;
use millrace_fault::Failure;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::Mutex;

/// stdout, one unit at a time.
#[derive(Debug, Default)]
pub(super) struct Output {
    failure: Mutex<Option<Failure>>,
}

impl Output {
    /// Prints what a unit wrote. Once stdout fails nothing more is printed, but the
    /// other units are run all the same.
    pub(super) fn emit(&self, mut file: File) -> Result<(), Failure> {
        let mut failure = locked(&self.failure);
        if failure.is_some() {
            return Ok(());
        }
        file.seek(SeekFrom::Start(0))
            .map_err(|error| Failure::io("read", "the output of a unit", error))?;
        let mut out = io::stdout().lock();
        let printed =
            millrace_cli::aside(|| io::copy(&mut file, &mut out).and_then(|_| out.flush()));
        if let Err(error) = printed {
            *failure = Some(Failure::io("write", "standard output", error));
        }
        Ok(())
    }

    /// Why stdout failed, if it did.
    pub(super) fn failure(&self) -> Option<Failure> {
        locked(&self.failure).take()
    }
}
