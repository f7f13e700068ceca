//! The exit codes of millrace(7).

use std::fmt;
use std::process::ExitCode;

/// A process exit code: the constants are the table of millrace(7); other values
/// are the code of a command that a tool ran on someone's behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exit(pub u8);

impl Exit {
    /// Done.
    pub const DONE: Exit = Exit(0);
    /// The check said no: a gate, a limit or a guard.
    pub const FINDING: Exit = Exit(1);
    /// A flag, an expression, a schema or a configuration file is wrong.
    pub const USAGE: Exit = Exit(2);
    /// Data refused: malformed input, corrupt stream or file, schema mismatch.
    pub const DATA: Exit = Exit(3);
    /// The environment failed: I/O, disk full, permission, network, producer died.
    pub const ENVIRONMENT: Exit = Exit(4);
    /// Busy: a lock could not be had in time, or inputs changed underneath.
    pub const BUSY: Exit = Exit(5);
    /// Whoever read our output is gone: 128 + SIGPIPE, as a shell shows it.
    pub const BROKEN_PIPE: Exit = Exit(141);

    /// Whether this is [`Exit::DONE`].
    pub fn is_done(self) -> bool {
        self == Exit::DONE
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.0)
    }
}
