//! `--count` and `--files`.

use crate::stream::{each_batch, prepare};
use crate::{Args, Form};
use arrow_schema::Schema;
use millrace_cli::{Job, Stdout};
use millrace_fault::Failure;
use serde_json::json;
use std::sync::Arc;

/// Prints the number of rows: row groups of which all rows pass are not read.
pub(crate) fn count(args: &Args, job: &Job) -> Result<(), Failure> {
    let mut prepared = prepare(args, job)?;
    let known: u64 = prepared
        .plan
        .groups
        .iter()
        .filter(|group| group.all_pass)
        .map(|group| group.rows)
        .sum();
    prepared.plan.groups.retain(|group| !group.all_pass);
    job.metrics
        .detail("row_groups_read", prepared.plan.groups.len());
    prepared.query.output = Arc::new(Schema::empty());
    prepared.query.limit = None;
    let mut rows = known;
    each_batch(&prepared, args.threads.count(), job, |batch| {
        rows += batch.num_rows() as u64;
        Ok(args.limit.is_none_or(|limit| rows < limit))
    })?;
    let rows = args.limit.map_or(rows, |limit| rows.min(limit));
    job.metrics.records_out.set(rows);
    let mut stdout = Stdout::new();
    match args.output {
        Form::Text => stdout.line(rows.to_string())?,
        Form::Json => stdout.line(json!({ "rows": rows }).to_string())?,
    }
    stdout.finish()
}

/// Prints the files with a row group that may hold rows that pass.
pub(crate) fn files(args: &Args, job: &Job) -> Result<(), Failure> {
    let prepared = prepare(args, job)?;
    let mut stdout = Stdout::new();
    let mut numbers: Vec<usize> = prepared
        .plan
        .groups
        .iter()
        .map(|group| group.file)
        .collect();
    numbers.dedup();
    for number in numbers {
        let shown = &prepared.query.survey.files[number].shown;
        match args.output {
            Form::Text => stdout.item(shown, args.null)?,
            Form::Json => stdout.item(json!(shown).to_string(), args.null)?,
        }
    }
    stdout.finish()
}
