//! `compact`: small files of a dataset into well-sized ones, in one transaction.
//!
//! Input: a tree of Hive partitions with Parquet files. Output: the same rows in other
//! files, and the list of compacted partitions. Reading and writing happen beside the
//! dataset, without its lock; appends by others meanwhile stay. A crash before the commit
//! point leaves the dataset as it was, one after it is completed by the next run.
//!
//! [`choose`] finds the partitions, [`survey`] reads their footers, [`plan`] decides purely,
//! [`apply`] does it: one task a partition ([`merge`], or [`recluster`] in order), its new files ([`output`]) checked by [`verify`], one commit.

mod alike;
mod apply;
mod args;
mod choose;
mod merge;
mod output;
mod plan;
mod print;
mod recluster;
mod sorted;
mod survey;
mod verify;

pub use args::{Args, Form};

use millrace_cli::{Job, Tool};
use millrace_dataset::root::{Access, Root};
use millrace_dataset::tx::{CommitOptions, Fingerprint, Outcome, RunKey, Stage, recover};
use millrace_fault::{Exit, Failure, quoted};
use millrace_parallel::side_by_side;
use plan::{Bounds, PartitionPlan};
use survey::Survey;

/// Runs the tool.
pub fn run(args: &Args, job: &Job) -> Result<Exit, Failure> {
    let bounds = bounds(args)?;
    let root = Root::resolve(&args.dataset, Access::Write)?;
    if !root.prefix().is_empty() {
        let operand = quoted(args.dataset.to_string_lossy());
        return Err(
            Failure::usage(format!("{operand} is a partition, not a dataset")).hint(format!(
                "name {} and then {}",
                quoted(root.shown()),
                quoted(root.prefix())
            )),
        );
    }
    let wanted = choose::wanted(args)?;
    if args.dry_run {
        let plans = plans(args, &root, &wanted, bounds, job)?;
        if plans.is_empty() {
            job.say("nothing to compact");
        }
        return print::plans(args, &root, &plans);
    }
    let stage = match &args.identity.run_id {
        Some(_) => Some(Stage::open(&root, key(args), args.wait.wait.0)?),
        None => None,
    };
    let stage = match stage {
        Some(stage) if stage.already_committed().is_some() => {
            let entry = stage.confirm(&fingerprint(args, &wanted), &options(args))?;
            return apply::done(args, job, &Outcome::AlreadyDone(entry));
        }
        other => other,
    };
    // What a crash left must not be listed half done.
    if root.state_dir().exists() {
        recover(&root, &options(args))?;
    }
    let plans = plans(args, &root, &wanted, bounds, job)?;
    let applied = apply::apply(args, job, &root, stage, &plans, &wanted);
    // Letting go of a thousand footers takes longer than the process has left.
    std::mem::forget(plans);
    applied
}

fn bounds(args: &Args) -> Result<Bounds, Failure> {
    let target = args.target_size.0;
    let least = args.min_size.map_or(target / 4 * 3, |size| size.0);
    match target {
        0 => Err(Failure::usage("--target-size 0 is no size of a file")),
        _ if least > target => Err(Failure::usage(format!(
            "--min-size is more than --target-size ({least} and {target} bytes)"
        ))),
        _ => Ok(Bounds { target, least }),
    }
}

fn plans(
    args: &Args,
    root: &Root,
    wanted: &choose::Wanted,
    bounds: Bounds,
    job: &Job,
) -> Result<Vec<PartitionPlan>, Failure> {
    let partitions = choose::partitions(root, wanted, job)?;
    job.metrics.detail("partitions_total", partitions.len());
    let survey = Survey::new(bounds, args.sort_by.as_ref(), args.keep_units);
    let threads = args.threads.count();
    let inside = threads.div_ceil(partitions.len().max(1));
    let plans = side_by_side(&partitions, threads, |partition| {
        survey.plan(partition, inside)
    })?;
    Ok(plans.into_iter().flatten().collect())
}

fn key(args: &Args) -> RunKey {
    RunKey {
        run_id: args.identity.run_id.clone(),
        tool: Args::NAME,
        step: args.identity.step.clone(),
        unit: args.identity.unit.clone(),
    }
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

/// What this run is asked to do; what it finds to do depends on the moment.
fn fingerprint(args: &Args, wanted: &choose::Wanted) -> Fingerprint {
    let sorted = args.sort_by.as_ref().map(|order| format!(" by {order}"));
    let units = if args.keep_units { " unit by unit" } else { "" };
    Fingerprint {
        mode: format!("{}{}{units}", Args::NAME, sorted.unwrap_or_default()),
        scope: Some(wanted.text()),
        ..Fingerprint::default()
    }
}
