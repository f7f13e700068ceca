//! `partition`: a stream into Hive-partitioned Parquet, committed as a whole.
//!
//! Input: one Arrow stream on standard input. Output: the dataset, and after the commit
//! the list of committed partitions. Rows are staged beside the dataset without its lock,
//! so that any number of runs write side by side; they commit one after the other. Any
//! failure before the stream's end marker, also a crash, leaves the dataset as it was;
//! one after the commit point is completed by the next run.

pub mod args;
mod commit;
mod dataset;
mod evolve;
mod intake;
mod manual;
mod outside;
mod print;
mod scope;

pub use args::Args;

use args::Mode;
use millrace_cli::{Job, Tool};
use millrace_dataset::root::{Access, Root};
use millrace_dataset::tx::{CommitOptions, undo};
use millrace_fault::{Context, Exit, Failure, quoted};
use millrace_stream::Reader;

/// Writes standard input into the dataset, or takes a run back.
pub fn run(args: &Args, job: &Job) -> Result<Exit, Failure> {
    check(args)?;
    match &args.undo {
        Some(run) => take_back(args, job, run),
        None => write(args, job),
    }
}

fn check(args: &Args) -> Result<(), Failure> {
    if args.mode == Mode::ReplaceUnit && args.identity.unit.is_none() {
        return Err(Failure::usage("--mode replace-unit needs a unit")
            .hint("--unit NAME says whose rows are replaced"));
    }
    if args.target_size.0 == 0 || args.row_group_size.0 == 0 {
        return Err(Failure::usage(
            "a size of 0 is none: --target-size and --row-group-size must be positive",
        ));
    }
    Ok(())
}

fn resolve(args: &Args, access: Access) -> Result<Root, Failure> {
    let root = Root::resolve(&args.dataset, access)?;
    if root.prefix().is_empty() {
        return Ok(root);
    }
    let operand = quoted(args.dataset.to_string_lossy());
    Err(
        Failure::usage(format!("{operand} is a partition, not a dataset")).hint(format!(
            "name {} and say --scope {}",
            quoted(root.shown()),
            root.prefix()
        )),
    )
}

fn take_back(args: &Args, job: &Job, run: &str) -> Result<Exit, Failure> {
    let root = resolve(args, Access::Write)?;
    let entries = undo(&root, run, Args::NAME, &options(args))?;
    job.say(format!("run {run} was taken back"));
    print::committed(args.output, &entries)
}

fn write(args: &Args, job: &Job) -> Result<Exit, Failure> {
    let mut reader = Reader::stdin().context("nothing committed")?;
    let root = resolve(args, Access::Create)?;
    let result = match args.dry_run {
        true => commit::dry_run(args, job, &root, &mut reader),
        false => commit::commit(args, job, &root, &mut reader),
    };
    job.metrics.bytes_in.set(reader.bytes_read());
    result
}

fn options(args: &Args) -> CommitOptions {
    CommitOptions {
        wait: args.wait.wait.0,
        keep: args.keep.0,
        allow_window: args.allow_window,
        adopt: args.adopt,
        threads: args.threads.count(),
    }
}
