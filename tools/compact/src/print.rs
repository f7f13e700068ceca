//! What goes to standard output.

use crate::apply::shares;
use crate::merge::count_groups;
use crate::plan::PartitionPlan;
use crate::{Args, Form};
use millrace_cli::Stdout;
use millrace_cli::values::Size;
use millrace_dataset::root::Root;
use millrace_dataset::state::DatasetDescription;
use millrace_dataset::tx::LogEntry;
use millrace_fault::{Context, Exit, Failure};
use millrace_parallel::side_by_side;
use serde_json::{Value, json};

/// A plan, and how many row groups are copied and encoded.
type Counted<'a> = (&'a PartitionPlan, (usize, usize));

/// Prints what would be done.
pub(crate) fn plans(args: &Args, root: &Root, plans: &[PartitionPlan]) -> Result<Exit, Failure> {
    let recorded = DatasetDescription::recorded(root)?;
    let partitions = PartitionPlan::by_partition(plans).count();
    let (_, share) = shares(args, partitions, recorded.as_ref());
    let counts = side_by_side(plans, args.threads.count(), |plan| {
        count_groups(plan, recorded.as_ref(), share)
    })?;
    let counted: Vec<Counted> = plans.iter().zip(counts).collect();
    let mut out = Stdout::new();
    match args.output {
        Form::None => {}
        Form::Json => {
            let all: Vec<Value> = counted.iter().map(plan_json).collect();
            out.line(json!({ "partitions": all }).to_string())?;
        }
        Form::Text if counted.is_empty() => {}
        Form::Text => table(&counted, partitions, &mut out)?,
    }
    match out.finish() {
        Err(failure) if failure.is_silent() => Ok(Exit::DONE),
        other => other.map(|()| Exit::DONE),
    }
}

const HEAD: [&str; 7] = [
    "partition",
    "files",
    "bytes",
    "→ files",
    "copied",
    "encoded",
    "left alone",
];

/// Columns that line up: names to the left, numbers to the right.
fn table(counted: &[Counted], partitions: usize, out: &mut Stdout) -> Result<(), Failure> {
    let mut lines: Vec<[String; 7]> = vec![HEAD.map(str::to_owned)];
    lines.extend(counted.iter().map(plan_line));
    let width = |at: usize| lines.iter().map(|line| line[at].chars().count()).max();
    let widths: Vec<usize> = (0..HEAD.len()).filter_map(width).collect();
    for line in &lines {
        let mut text = format!("{:width$}", line[0], width = widths[0]);
        for (cell, width) in line.iter().zip(&widths).skip(1) {
            text.push_str(&format!("  {cell:>width$}"));
        }
        out.line(text)?;
    }
    let files: usize = counted.iter().map(|(plan, _)| plan.inputs.len()).sum();
    let outputs: u64 = counted.iter().map(|(plan, _)| plan.outputs).sum();
    let bytes: u64 = counted.iter().map(|(plan, _)| plan.bytes()).sum();
    let count = match partitions {
        1 => "1 partition".to_owned(),
        count => format!("{count} partitions"),
    };
    out.line(format!(
        "{count}, {files} files → {outputs}, {}",
        Size(bytes)
    ))
}

fn plan_line((plan, (copied, encoded)): &Counted) -> [String; 7] {
    [
        named(plan),
        plan.inputs.len().to_string(),
        Size(plan.bytes()).to_string(),
        plan.outputs.to_string(),
        copied.to_string(),
        encoded.to_string(),
        plan.kept.to_string(),
    ]
}

/// The partition, and the units where it has several plans.
fn named(plan: &PartitionPlan) -> String {
    let path = shown(&plan.path);
    match &plan.units {
        None => path.to_owned(),
        Some(units) if units.is_empty() => format!("{path} (no unit)"),
        Some(units) => format!("{path} ({})", units.join(", ")),
    }
}

fn plan_json((plan, (copied, encoded)): &Counted) -> Value {
    let files: Vec<&str> = plan
        .inputs
        .iter()
        .map(|input| input.file.name.as_str())
        .collect();
    json!({
        "path": plan.path,
        "units": plan.units,
        "inputs": files,
        "bytes": plan.bytes(),
        "outputs": plan.outputs,
        "copied_row_groups": copied,
        "encoded_row_groups": encoded,
        "sorts": plan.sorts,
        "kept": plan.kept,
    })
}

/// The root of an unpartitioned dataset has a name too.
pub(crate) fn shown(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}

/// Prints what was committed, if anything was. Nobody reading the list does not matter.
pub(crate) fn committed(form: Form, entry: Option<&LogEntry>) -> Result<Exit, Failure> {
    let mut out = Stdout::new();
    let printed = print_entry(form, entry, &mut out).and_then(|()| out.finish());
    match printed {
        Err(failure) if failure.is_silent() => Ok(Exit::DONE),
        other => other
            .context("committed, but the list is not printed")
            .map(|()| Exit::DONE),
    }
}

fn print_entry(form: Form, entry: Option<&LogEntry>, out: &mut Stdout) -> Result<(), Failure> {
    let partitions = entry
        .map(|entry| entry.partitions.as_slice())
        .unwrap_or_default();
    match form {
        Form::None => Ok(()),
        Form::Text => partitions
            .iter()
            .try_for_each(|partition| out.line(shown(&partition.path))),
        Form::Json => {
            let part = |partition: &millrace_dataset::tx::LogPartition| {
                json!({
                    "path": partition.path,
                    "rows": partition.add.iter().map(|file| file.rows).sum::<u64>(),
                    "bytes": partition.add.iter().map(|file| file.bytes).sum::<u64>(),
                    "files": partition.add.iter().map(|file| &file.name).collect::<Vec<_>>(),
                    "removed_files": partition.removed,
                })
            };
            let all: Vec<Value> = partitions.iter().map(part).collect();
            let run_id = entry.and_then(|entry| entry.run_id.clone());
            out.line(json!({"run_id": run_id, "transaction": entry.map(|entry| &entry.id), "partitions": all}).to_string())
        }
    }
}
