//! `prune`: the rows of a dataset for which a predicate is true, reading as little as
//! can be.
//!
//! Input: a tree of Hive partitions with Parquet files, whoever wrote it; it is listed
//! once and read without a lock. Output: one Arrow stream, or a count, a list of files, an
//! explanation. A crash leaves nothing behind: nothing is written but stdout.
//!
//! [`dataset`] lists and chooses partitions; [`survey`] reads footers and merges their
//! schemas; [`layout`] says which columns go out; [`skip`] judges row groups and pages;
//! [`rows`] decodes what is left, on several threads in order.

mod args;
mod bloom;
mod dataset;
mod explain;
mod layout;
mod listed;
mod rows;
mod select;
mod skip;
mod stream;
mod survey;

pub use args::{Args, Form};

use millrace_cli::Job;
use millrace_fault::{Exit, Failure};

/// Runs the tool.
pub fn run(args: &Args, job: &Job) -> Result<Exit, Failure> {
    match (args.count, args.files, args.explain) {
        (true, _, _) => listed::count(args, job)?,
        (_, true, _) => listed::files(args, job)?,
        (_, _, true) => explain::explain(args, job)?,
        _ => stream::stream(args, job)?,
    }
    Ok(Exit::DONE)
}
