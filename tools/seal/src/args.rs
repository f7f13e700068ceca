//! The command line of `seal`; its doc comments are the help and the man page.

use clap::Parser;
use millrace_cli::options::{Identity, Report};
use millrace_cli::{Section, Tool};
use std::ffi::OsString;

/// Run a foreign command as a stage of a pipe; let its stream end only if it succeeded
///
/// Runs CMD with our standard input and passes the Arrow IPC stream that it writes
/// on to standard output, every message checked. The end-of-stream marker is
/// withheld until CMD has exited 0 and its stream was complete. In any other case
/// the stream is poisoned, so that no tool behind it commits anything: with CMD's
/// exit code (128 + n when signal n killed it) and the last line of its standard
/// error, or with the first cause when the tool in front of it failed already.
///
/// Foreign libraries need this. pyarrow's `with ipc.new_stream(...)` writes a valid
/// end marker also when an exception leaves the block; a program that was killed
/// may leave a stream that looks complete.
///
/// Standard input that is a pipe is read by seal and handed to CMD byte for byte, so
/// that seal knows, whatever CMD makes of it, when the stream from upstream is poisoned
/// or cut. Input that is empty or no Arrow stream is handed over as it is. A file or a
/// terminal is given to CMD directly. CMD need not read its input.
#[derive(Debug, Parser)]
#[command(name = "seal", version)]
pub struct Args {
    /// The command and its arguments; it is not run by a shell
    #[arg(value_name = "CMD", required = true, num_args = 1.., trailing_var_arg = true)]
    pub command: Vec<OsString>,
    #[command(flatten)]
    pub(crate) identity: Identity,
    #[command(flatten)]
    pub(crate) report: Report,
}

impl Tool for Args {
    const NAME: &'static str = "seal";
    const MANUAL: &'static [Section] = &[
        (
            "EXAMPLES",
            "A Python stage in a pipe, safe also without pipefail:\n\n  prune orders --where \"region = 'eu'\" | seal -- python enrich.py | partition enriched --by region\n\nSeveral foreign commands as one stage:\n\n  seal -- sh -c 'python extract.py | python clean.py' | validate --schema orders.json | partition orders",
        ),
        (
            "EXIT STATUS",
            "0 when CMD exited 0 and its stream was complete. CMD's own code when it failed, 128 + n when signal n killed it, 126 when it cannot be run, 127 when it is not found. 3 when CMD exited 0 but what it wrote is not one complete Arrow stream. The code of the first cause when the stream on standard input was poisoned, 4 when it was cut, whatever CMD exits with. 141 when nobody reads our output any more.",
        ),
        (
            "NOTES",
            "CMD's standard error is passed through. What CMD prints for people must go there: one line on its standard output makes its stream unreadable.\n\nA CMD that exits 0 before it has read all its input is taken at its word; a failure upstream that comes later is not seen.\n\nColumns are not decoded here but by the tool that reads them; the framing and the metadata of each message are checked.",
        ),
    ];

    fn report(&self) -> &Report {
        &self.report
    }

    fn identity(&self) -> Identity {
        self.identity.clone()
    }
}
