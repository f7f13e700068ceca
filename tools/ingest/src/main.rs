//! The `ingest` program; everything is in the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    millrace_cli::main(millrace_ingest::run)
}
