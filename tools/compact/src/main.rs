//! The `compact` program; everything is in the library beside it.

fn main() -> std::process::ExitCode {
    millrace_cli::main(millrace_compact::run)
}
