//! What goes to standard output.

use crate::Form;
use crate::plan::PartitionPlan;
use millrace_cli::Stdout;
use millrace_cli::values::Size;
use millrace_dataset::tx::LogEntry;
use millrace_fault::{Context, Exit, Failure};
use serde_json::{Value, json};

/// Prints what would be done.
pub(crate) fn plans(form: Form, plans: &[PartitionPlan]) -> Result<Exit, Failure> {
    let mut out = Stdout::new();
    match form {
        Form::None => {}
        Form::Json => {
            let all: Vec<Value> = plans.iter().map(plan_json).collect();
            out.line(json!({ "partitions": all }).to_string())?;
        }
        Form::Text => {
            for plan in plans {
                out.line(plan_line(plan))?;
            }
        }
    }
    out.finish()?;
    Ok(Exit::DONE)
}

fn plan_line(plan: &PartitionPlan) -> String {
    let kept = match plan.kept {
        0 => String::new(),
        kept => format!(", {kept} left alone"),
    };
    format!(
        "{}  {} files → {}  {}{kept}",
        shown(&plan.path),
        plan.inputs.len(),
        plan.outputs,
        Size(plan.bytes())
    )
}

fn plan_json(plan: &PartitionPlan) -> Value {
    let files: Vec<&str> = plan.inputs.iter().map(|file| file.name.as_str()).collect();
    json!({"path": plan.path, "inputs": files, "bytes": plan.bytes(), "outputs": plan.outputs, "kept": plan.kept})
}

/// The root of an unpartitioned dataset has a name too.
fn shown(path: &str) -> &str {
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
