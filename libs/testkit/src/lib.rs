//! For tests only: tools as processes, scratch folders, deterministic data, and
//! ways to break things on purpose.

// Tests may fail loudly, and write files without a durable commit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

pub mod avro;
pub mod orc;
pub mod orders;
mod process;
mod varint;

pub use process::{Outcome, bin, bin_dir, run, run_with, sh, tool};
pub use tempfile::{TempDir, tempdir};
