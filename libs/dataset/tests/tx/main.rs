//! The commit protocol, broken on purpose: at every step, by many at once, on full disks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::exit,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub
)]

mod concurrency;
mod crash;
mod driver;
mod environment;
mod formats;
mod guards;
mod keep;
mod refusals;
mod repetition;
mod scene;
mod undo;
mod unpartitioned;
