//! The `partition` program; everything is in the library beside it.

mod allocator;

fn main() -> std::process::ExitCode {
    millrace_cli::main(millrace_partition::run)
}
