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
use millrace_dataset::write::Naming;
use millrace_fault::{Exit, Failure};
use millrace_parallel::side_by_side;
use std::path::PathBuf;

/// A row group in memory, unless the budget is small.
const ROW_GROUP: u64 = 64 << 20;
/// Row groups that a partition in work holds at most: one encoded, whose rows may shrink by
/// nothing, and as much room again for what is read ahead and on its way.
const HELD: u64 = 2;
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

/// Where the new files of a plan go.
pub(crate) struct Place<'a> {
    pub(crate) folder: PathBuf,
    pub(crate) stage: &'a Stage,
    /// The number of the first one: the partition may have others already.
    first: u32,
}

impl Place<'_> {
    /// Names for the files, counted from 0.
    pub(crate) fn naming(&self) -> Naming {
        let (naming, first) = (self.stage.naming(), self.first);
        Box::new(move |n| naming(first + n))
    }
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
    let plans: Vec<&[PartitionPlan]> = PartitionPlan::by_partition(plans).collect();
    let (concurrent, share) = shares(args, plans.len(), stage.recorded());
    let partitions = side_by_side(&plans, concurrent, |plans| {
        partition(args, plans, &stage, share, job)
    })?;
    let change = Change {
        partitions,
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

/// Rewrites what `plans`, all for one partition, say.
fn partition(
    args: &Args,
    plans: &[PartitionPlan],
    stage: &Stage,
    share: Share,
    job: &Job,
) -> Result<PartitionChange, Failure> {
    let mut add: Vec<StagedFile> = Vec::new();
    for plan in plans {
        let place = Place {
            folder: plan.folder(stage),
            stage,
            first: add.len() as u32,
        };
        let inputs = Inputs::open(plan, share.threads)?;
        add.extend(match &args.sort_by {
            Some(order) => recluster(plan, &inputs, order, &place, share, job)?,
            None => merge(plan, &inputs, &place, share, job)?,
        });
    }
    let inputs = plans.iter().flat_map(|plan| &plan.inputs);
    Ok(PartitionChange {
        path: plans
            .first()
            .map_or_else(String::new, |plan| plan.path.clone()),
        add,
        keep: Keep::Except(inputs.map(|input| input.file.name.clone()).collect()),
    })
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
