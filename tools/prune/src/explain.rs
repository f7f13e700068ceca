//! `--explain`: what would be skipped at each level.

use crate::layout::Layout;
use crate::skip::{Group, pages};
use crate::stream::{Prepared, prepare};
use crate::{Args, Form};
use millrace_cli::values::Size;
use millrace_cli::{Job, Stdout};
use millrace_fault::Failure;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, RowSelection};
use serde_json::{Value, json};

/// How much of something is read, and of how much.
type Part = (u64, u64);

/// The levels, from the outermost.
struct Levels {
    partitions: Part,
    files: Part,
    groups: Part,
    by_statistics: u64,
    by_bloom: u64,
    rows: Part,
    columns: Part,
    bytes: Part,
}

/// Prints the explanation; reads footers and page indexes, no rows.
pub(crate) fn explain(args: &Args, job: &Job) -> Result<(), Failure> {
    let prepared = prepare(args, job)?;
    let levels = Levels::of(&prepared)?;
    let shown = &prepared.query.dataset.shown;
    let mut stdout = Stdout::new();
    match args.output {
        Form::Json => stdout.line(levels.json(shown, args).to_string())?,
        Form::Text => {
            stdout.line(title(args, shown))?;
            levels
                .lines()
                .into_iter()
                .try_for_each(|line| stdout.line(line))?;
        }
    }
    stdout.finish()
}

impl Levels {
    fn of(prepared: &Prepared) -> Result<Levels, Failure> {
        let (figures, dataset) = (&prepared.plan.figures, &prepared.query.dataset);
        let layout = &prepared.query.layout;
        let (rows, bytes) = reads(prepared)?;
        let part = |read: usize, total: usize| (read as u64, total as u64);
        Ok(Levels {
            partitions: part(dataset.partitions.len(), dataset.total.partitions),
            files: (figures.files, dataset.total.files as u64),
            groups: (prepared.plan.groups.len() as u64, figures.groups),
            by_statistics: figures.by_statistics,
            by_bloom: figures.by_bloom,
            rows: (rows, figures.rows),
            columns: part(needed(layout), layout.stored.fields().len()),
            bytes: (bytes, dataset.total.bytes),
        })
    }

    fn json(&self, shown: &str, args: &Args) -> Value {
        let part = |(read, total): Part| json!({"read": read, "total": total});
        json!({
            "dataset": shown,
            "where": args.filter,
            "partitions": part(self.partitions),
            "files": part(self.files),
            "row_groups": {
                "read": self.groups.0,
                "total": self.groups.1,
                "skipped_by_statistics": self.by_statistics,
                "skipped_by_bloom_filter": self.by_bloom,
            },
            "rows": part(self.rows),
            "columns": part(self.columns),
            "bytes": part(self.bytes),
        })
    }

    fn lines(&self) -> [String; 6] {
        let line = |name: &str, (read, total): Part, note: &str| {
            format!("  {name:<11}{read:>12} of {total:<12}{note}")
        };
        let (read, total) = (
            Size(self.bytes.0).to_string(),
            Size(self.bytes.1).to_string(),
        );
        [
            line(
                "partitions",
                self.partitions,
                "by the values in their paths",
            ),
            line("files", self.files, "in all partitions"),
            line(
                "row groups",
                self.groups,
                &skipped(self.by_statistics, self.by_bloom),
            ),
            line(
                "rows",
                self.rows,
                "to decode the expression for, after the page index",
            ),
            line("columns", self.columns, "of the files"),
            format!("  {:<11}{read:>12} of {total:<12}at most", "bytes"),
        ]
    }
}

fn title(args: &Args, shown: &str) -> String {
    match &args.filter {
        Some(filter) => format!("{shown} where {filter}"),
        None => shown.to_owned(),
    }
}

fn skipped(by_statistics: u64, by_bloom: u64) -> String {
    match by_bloom {
        0 => format!("of those partitions, {by_statistics} skipped by statistics"),
        _ => format!(
            "of those partitions, {by_statistics} skipped by statistics, {by_bloom} by bloom filters"
        ),
    }
}

/// Stored columns that are decoded.
fn needed(layout: &Layout) -> usize {
    let is_needed = |name: &str| {
        layout.output.index_of(name).is_ok()
            || layout
                .predicate
                .as_ref()
                .is_some_and(|predicate| predicate.columns().any(|column| column == name))
    };
    layout
        .stored
        .fields()
        .iter()
        .filter(|field| is_needed(field.name()))
        .count()
}

/// Rows and bytes to read at most.
fn reads(prepared: &Prepared) -> Result<(u64, u64), Failure> {
    let (mut rows, mut bytes) = (0, 0);
    let query = &prepared.query;
    let mut open: Option<(usize, ArrowReaderMetadata)> = None;
    for group in &prepared.plan.groups {
        let file = &query.survey.files[group.file];
        let metadata = match open.take() {
            Some((number, metadata)) if number == group.file => metadata,
            _ => file.open(query.dataset.root.as_ref())?.metadata(true)?,
        };
        let selection = if group.all_pass {
            None
        } else {
            pages(&query.layout, file.partition, &metadata, group.index)
        };
        rows += selection
            .as_ref()
            .map_or(group.rows, |selection| selection.row_count() as u64);
        bytes += group_bytes(&query.layout, &metadata, group, selection.as_ref());
        open = Some((group.file, metadata));
    }
    Ok((rows, bytes))
}

fn group_bytes(
    layout: &Layout,
    metadata: &ArrowReaderMetadata,
    group: &Group,
    selection: Option<&RowSelection>,
) -> u64 {
    let schema = metadata.parquet_schema();
    let columns = metadata.metadata().row_group(group.index).columns();
    let is_needed = |leaf: &usize| {
        let root = schema.get_column_root(*leaf).name();
        let asked = layout.predicate.as_ref().is_some_and(|predicate| {
            !group.all_pass && predicate.columns().any(|name| name == root)
        });
        asked || layout.output.index_of(root).is_ok()
    };
    let offsets = metadata.metadata().offset_index();
    let leaf_bytes = |leaf: usize| {
        let whole = u64::try_from(columns[leaf].compressed_size()).unwrap_or(0);
        let pages = offsets
            .and_then(|offsets| offsets.get(group.index)?.get(leaf))
            .map(|offsets| offsets.page_locations());
        match (selection, pages) {
            (Some(selection), Some(pages)) if !pages.is_empty() => selection
                .scan_ranges(pages)
                .iter()
                .map(|range| range.end - range.start)
                .sum::<u64>()
                .min(whole),
            _ => whole,
        }
    };
    (0..columns.len()).filter(is_needed).map(leaf_bytes).sum()
}
