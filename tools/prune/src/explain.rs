//! `--explain`: what would be skipped at each level.

use crate::layout::Layout;
use crate::skip::{Group, pages};
use crate::stream::{Prepared, prepare};
use crate::{Args, Form};
use millrace_cli::values::Size;
use millrace_cli::{Job, Stdout};
use millrace_fault::Failure;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, RowSelection};
use serde_json::json;

/// How much of something is read.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    read: u64,
    total: u64,
}

impl Part {
    fn new(read: usize, total: usize) -> Self {
        Part {
            read: read as u64,
            total: total as u64,
        }
    }
}

/// Prints the explanation; reads footers and page indexes, no rows.
pub(crate) fn explain(args: &Args, job: &Job) -> Result<(), Failure> {
    let prepared = prepare(args, job)?;
    let figures = &prepared.plan.figures;
    let (rows, bytes) = reads(&prepared)?;
    let dataset = &prepared.query.dataset;
    let layout = &prepared.query.layout;
    let partitions = Part::new(dataset.partitions.len(), dataset.total.partitions);
    let files = Part {
        read: figures.files,
        total: dataset.total.files as u64,
    };
    let groups = Part {
        read: prepared.plan.groups.len() as u64,
        total: figures.groups,
    };
    let rows = Part {
        read: rows,
        total: figures.rows,
    };
    let columns = Part::new(needed(layout), layout.stored.fields().len());
    let bytes = Part {
        read: bytes,
        total: dataset.total.bytes,
    };
    let mut stdout = Stdout::new();
    match args.output {
        Form::Json => {
            let part = |part: Part| json!({"read": part.read, "total": part.total});
            let groups = json!({"read": groups.read, "total": groups.total,
                "skipped_by_statistics": figures.by_statistics, "skipped_by_bloom_filter": figures.by_bloom});
            let all = json!({"dataset": dataset.shown, "where": args.filter, "partitions": part(partitions), "files": part(files),
                "row_groups": groups, "rows": part(rows), "columns": part(columns), "bytes": part(bytes)});
            stdout.line(all.to_string())?;
        }
        Form::Text => {
            let line = |name: &str, part: Part, note: &str| {
                format!("  {name:<11}{:>12} of {:<12}{note}", part.read, part.total)
                    .trim_end()
                    .to_owned()
            };
            stdout.line(title(args, &dataset.shown))?;
            stdout.line(line(
                "partitions",
                partitions,
                "by the values in their paths",
            ))?;
            stdout.line(line("files", files, "in all partitions"))?;
            stdout.line(line(
                "row groups",
                groups,
                &skipped(figures.by_statistics, figures.by_bloom),
            ))?;
            stdout.line(line(
                "rows",
                rows,
                "to decode the expression for, after the page index",
            ))?;
            stdout.line(line("columns", columns, "of the files"))?;
            let (read, total) = (Size(bytes.read).to_string(), Size(bytes.total).to_string());
            stdout.line(format!("  {:<11}{read:>12} of {total:<12}at most", "bytes"))?;
        }
    }
    stdout.finish()
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
