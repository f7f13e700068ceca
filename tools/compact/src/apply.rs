//! Doing it: partitions side by side, then one commit.

use crate::merge::{Inputs, merge};
use crate::plan::PartitionPlan;
use crate::recluster::recluster;
use crate::{Args, choose, fingerprint, key, options, print};
use millrace_cli::Job;
use millrace_dataset::root::Root;
use millrace_dataset::state::DatasetDescription;
use millrace_dataset::tx::{
    Change, Guards, Keep, LogEntry, Outcome, PartitionChange, Stage, StagedFile,
};
use millrace_fault::{Exit, Failure};
use millrace_parallel::side_by_side;

/// A row group in memory, unless the budget is small.
const ROW_GROUP: u64 = 64 << 20;
/// Row groups that a partition in work holds: read, waiting, encoded.
const HELD: u64 = 3;
/// Memory for which another partition is sorted at the same time.
const SORTED: u64 = 128 << 20;

/// How much one partition may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) threads: usize,
    pub(crate) row_group: u64,
    /// Bytes for sorting, where rows are sorted.
    pub(crate) sorter: u64,
}

/// Rewrites, verifies, commits, prints.
pub(crate) fn apply(
    args: &Args,
    job: &Job,
    root: &Root,
    stage: Option<Stage>,
    plans: &[PartitionPlan],
    wanted: &choose::Wanted,
) -> Result<Exit, Failure> {
    if plans.is_empty() {
        job.metrics.set_noop();
        job.say("nothing to compact");
        return print::committed(args.output, None);
    }
    job.metrics
        .bytes_total
        .set(plans.iter().map(PartitionPlan::bytes).sum());
    let stage = match stage {
        Some(stage) => stage,
        None => Stage::open(root, key(args), args.wait.wait.0)?,
    };
    let (concurrent, share) = shares(args, plans.len(), stage.recorded());
    let staged = side_by_side(plans, concurrent, |plan| {
        rewrite(args, plan, &stage, share, job)
    })?;
    let partitions = plans.iter().zip(staged).map(|(plan, add)| PartitionChange {
        path: plan.path.clone(),
        add,
        keep: Keep::Except(
            plan.inputs
                .iter()
                .map(|input| input.file.name.clone())
                .collect(),
        ),
    });
    let change = Change {
        partitions: partitions.collect(),
        create_only: false,
        replaced_unit: None,
        guards: Guards {
            max_shrink: None,
            allow_empty: true,
        },
        description: fingerprint(args, wanted),
        dataset: stage
            .recorded()
            .cloned()
            .unwrap_or_else(DatasetDescription::default),
        unite: None,
    };
    let outcome = stage.commit(change, &options(args))?;
    done(args, job, &outcome)
}

/// Partitions at once, and what each may use. Where rows are sorted, a partition at a time
/// gets more memory, unless there is plenty: half of it is for row groups, since the sorter
/// has no more than the other while they are written.
pub(crate) fn shares(
    args: &Args,
    partitions: usize,
    recorded: Option<&DatasetDescription>,
) -> (usize, Share) {
    let (threads, memory) = (args.threads.count(), args.memory.0);
    let usual = recorded.and_then(|recorded| recorded.parquet["row_group_size"].as_u64());
    let row_group = |memory: u64| {
        usual
            .unwrap_or(ROW_GROUP)
            .min(memory / HELD)
            .min(args.target_size.0.saturating_mul(4))
            .max(1 << 20)
    };
    let sorts = args.sort_by.is_some();
    let least = if sorts {
        SORTED
    } else {
        HELD * row_group(memory)
    };
    let fit = usize::try_from(memory / least).unwrap_or(usize::MAX);
    let concurrent = threads.min(fit).min(partitions).max(1);
    let own = memory / concurrent as u64;
    let share = Share {
        threads: (threads / concurrent).max(1),
        row_group: row_group(if sorts { own / 2 } else { memory }),
        sorter: own,
    };
    (concurrent, share)
}

fn rewrite(
    args: &Args,
    plan: &PartitionPlan,
    stage: &Stage,
    share: Share,
    job: &Job,
) -> Result<Vec<StagedFile>, Failure> {
    let inputs = Inputs::open(plan, share.threads)?;
    match &args.sort_by {
        Some(order) => recluster(plan, &inputs, order, stage, share, job),
        None => merge(plan, &inputs, stage, share, job),
    }
}

/// Tells what was committed, now or by an earlier attempt.
pub(crate) fn done(args: &Args, job: &Job, outcome: &Outcome) -> Result<Exit, Failure> {
    let entry: &LogEntry = outcome.entry();
    let added = entry.partitions.iter().flat_map(|partition| &partition.add);
    job.metrics.records_out.set(entry.rows);
    job.metrics
        .bytes_out
        .set(added.map(|file| file.bytes).sum());
    job.metrics.detail("partitions", entry.partitions.len());
    job.metrics.detail("files", entry.files);
    job.metrics.detail(
        "removed_files",
        entry
            .partitions
            .iter()
            .map(|partition| partition.removed)
            .sum::<u64>(),
    );
    if matches!(outcome, Outcome::AlreadyDone(_)) {
        job.metrics.set_noop();
        job.say(format!(
            "run {} was already committed: nothing done",
            entry.run()
        ));
    }
    print::committed(args.output, Some(entry))
}
