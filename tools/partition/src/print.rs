//! What goes to standard output: the list of committed partitions, or a preview.

use crate::args::Listing;
use millrace_cli::Stdout;
use millrace_dataset::tx::{LogEntry, PartitionPreview};
use millrace_fault::{Context, Exit, Failure};
use serde_json::{Value, json};

/// Prints what was committed. Nobody reading the list does not matter: it is committed.
pub(crate) fn committed(form: Listing, entries: &[LogEntry]) -> Result<Exit, Failure> {
    let mut out = Stdout::new();
    let printed = print_entries(form, entries, &mut out).and_then(|()| out.finish());
    match printed {
        Err(failure) if failure.is_silent() => Ok(Exit::DONE),
        other => other
            .context("committed, but the list is not printed")
            .map(|()| Exit::DONE),
    }
}

fn print_entries(form: Listing, entries: &[LogEntry], out: &mut Stdout) -> Result<(), Failure> {
    match form {
        Listing::None => Ok(()),
        Listing::Text => entries
            .iter()
            .flat_map(|entry| &entry.partitions)
            .try_for_each(|partition| out.line(shown(&partition.path))),
        Listing::Json => entries
            .iter()
            .try_for_each(|entry| out.line(describe(entry).to_string())),
    }
}

/// The root of an unpartitioned dataset has a name too.
fn shown(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}

fn describe(entry: &LogEntry) -> Value {
    let partitions: Vec<Value> = entry
        .partitions
        .iter()
        .map(|partition| {
            json!({
                "path": partition.path,
                "rows": partition.add.iter().map(|file| file.rows).sum::<u64>(),
                "bytes": partition.add.iter().map(|file| file.bytes).sum::<u64>(),
                "files": partition.add.iter().map(|file| &file.name).collect::<Vec<_>>(),
                "removed_files": partition.removed,
            })
        })
        .collect();
    json!({
        "run_id": entry.run_id,
        "transaction": entry.id,
        "step": entry.step,
        "unit": entry.unit,
        "undoes": entry.undoes,
        "rows": entry.rows,
        "files": entry.files,
        "partitions": partitions,
    })
}

/// Prints what a commit would change, as `git diff --stat` does.
pub(crate) fn previews(form: Listing, previews: &[PartitionPreview]) -> Result<(), Failure> {
    let mut out = Stdout::new();
    match form {
        Listing::None => {}
        Listing::Text => stat(previews, &mut out)?,
        Listing::Json => out.line(preview_json(previews).to_string())?,
    }
    match out.finish() {
        Err(failure) if failure.is_silent() => Ok(()),
        other => other,
    }
}

fn stat(previews: &[PartitionPreview], out: &mut Stdout) -> Result<(), Failure> {
    let width = previews
        .iter()
        .map(|preview| shown(&preview.path).chars().count())
        .max()
        .unwrap_or(0);
    let digits = previews
        .iter()
        .map(|preview| preview.rows.0.to_string().len())
        .max()
        .unwrap_or(1);
    for preview in previews {
        let (old, new) = preview.rows;
        out.line(format!(
            "{:width$}  {old:>digits$} → {new}  {}",
            shown(&preview.path),
            change(old, new)
        ))?;
    }
    let total = |pick: fn(&PartitionPreview) -> u64| previews.iter().map(pick).sum::<u64>();
    let (old, new) = (
        total(|preview| preview.rows.0),
        total(|preview| preview.rows.1),
    );
    let count = match previews.len() {
        1 => "1 partition".to_owned(),
        count => format!("{count} partitions"),
    };
    out.line(format!("{count}, {old} → {new} rows"))
}

/// `-99.9%`, `new`, `gone`.
fn change(old: u64, new: u64) -> String {
    match (old, new) {
        (0, _) => "new".to_owned(),
        (_, 0) => "gone".to_owned(),
        _ => format!("{:+.1}%", (new as f64 - old as f64) * 100.0 / old as f64),
    }
}

fn preview_json(previews: &[PartitionPreview]) -> Value {
    let pair = |(before, after): (u64, u64)| json!({"before": before, "after": after});
    let one = |preview: &PartitionPreview| json!({"path": preview.path, "rows": pair(preview.rows), "files": pair(preview.files)});
    json!({"partitions": previews.iter().map(one).collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_read_like_a_diff_stat() {
        assert_eq!(change(2_031_442, 17), "-100.0%");
        assert_eq!(change(1000, 1), "-99.9%");
        assert_eq!(change(10, 15), "+50.0%");
        assert_eq!(change(0, 3), "new");
        assert_eq!(change(3, 0), "gone");
    }
}
