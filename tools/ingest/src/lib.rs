//! `ingest`: raw files in, one stream of typed record batches out.
//!
//! Input: text records (NDJSON, JSON, CSV, TSV, a rejects file), or columns (Parquet,
//! Avro, ORC, Arrow). Output: one Arrow stream in the order of the inputs; its bytes depend on
//! the inputs and options, never on the number of threads. Refused records go to
//! quarantine, durably, before the stream's end marker; any failure poisons the
//! stream. A crash leaves a stream without its marker, and no rejects file.
//!
//! `plan` resolves the command line; `ahead` opens the inputs, and decompresses those
//! that come next; `feed` cuts text into parcels, `work` decodes
//! them, `pipeline` keeps several workers in order, `emit` is the way out; `tables`
//! reads columns.

mod ahead;
mod args;
mod compression;
mod cut;
mod detect;
mod emit;
mod envelopes;
mod feed;
mod header;
mod inputs;
mod layout;
mod manual;
mod opened;
mod parcel;
mod pipeline;
mod places;
mod plan;
mod sample;
mod source;
mod tables;
mod text;
mod work;

pub use args::Args;

use crate::emit::Emitter;
use crate::feed::{Feed, Trouble};
use crate::opened::{How, Opened};
use crate::plan::Plan;
use crate::work::Worker;
use arrow_schema::{Schema, SchemaRef};
use millrace_cli::{Job, Stdout};
use millrace_fault::{Exit, Failure, quoted};
use millrace_schema::TableSchema;
use millrace_stream::Output;
use std::collections::VecDeque;
use std::sync::Arc;

/// Runs the tool.
pub fn run(args: &Args, job: &Job) -> Result<Exit, Failure> {
    if args.print_schema {
        return print_schema(&Plan::resolve(args)?, job);
    }
    let mut output = Output::stdout()?;
    let result = Plan::resolve(args).and_then(|plan| ingest(&plan, job, &mut output));
    let written = output.close(job.tool, result)?;
    job.metrics.bytes_out.set(written);
    Ok(Exit::DONE)
}

fn ingest(plan: &Plan, job: &Job, output: &mut Output) -> Result<(), Failure> {
    job.metrics
        .bytes_total
        .set(inputs::total_size(&plan.inputs));
    let mut inputs: VecDeque<_> = plan.inputs.iter().cloned().collect();
    let Some(first) = inputs.pop_front() else {
        return Ok(());
    };
    let first = How::new(plan, &job.metrics.bytes_in).open(&first)?;
    match first.format.is_text() {
        true => ingest_text(plan, job, output, first, inputs),
        false => tables::ingest(plan, job, output, first, inputs),
    }
}

fn ingest_text(
    plan: &Plan,
    job: &Job,
    output: &mut Output,
    first: Opened,
    inputs: VecDeque<inputs::Input>,
) -> Result<(), Failure> {
    let mut feed = Feed::new(plan, &job.metrics.bytes_in, first, inputs)
        .map_err(|trouble| early(plan, trouble))?;
    let (schema, sample) = match &plan.schema {
        Some(schema) => (schema.clone(), None),
        None => {
            let sample = sample::infer(&mut feed, plan).map_err(|trouble| early(plan, trouble))?;
            (sample.schema, Some(sample.records))
        }
    };
    let mut emitter = Emitter::start(plan, job, output, &selected(plan, &schema), sample)?;
    let result = pipeline::run(feed, &mut emitter, plan.threads, || {
        Worker::new(plan, &schema)
    });
    emitter.finish(result)
}

/// What goes wrong before there is a stream to be emitted in order.
fn early(plan: &Plan, trouble: Trouble) -> Failure {
    match trouble {
        Trouble::Failure(failure) => failure,
        Trouble::TooLong { file, offset, .. } => {
            let (file, longest) = (quoted(&file), plan.sizes.record);
            Failure::data(format!(
                "{file}: byte {offset}: the record is longer than {longest} bytes"
            ))
            .hint("--max-record-size allows longer ones")
        }
    }
}

/// The Arrow schema of the selected columns.
fn selected(plan: &Plan, schema: &TableSchema) -> SchemaRef {
    match &plan.select {
        None => schema.to_arrow(),
        Some(names) => {
            let fields = names.iter().filter_map(|name| schema.field(name));
            Arc::new(Schema::new(
                fields
                    .map(millrace_schema::Field::to_arrow)
                    .collect::<Vec<_>>(),
            ))
        }
    }
}

/// `--print-schema`: the schema given, or that of the first records or columns.
fn print_schema(plan: &Plan, job: &Job) -> Result<Exit, Failure> {
    let schema = match &plan.schema {
        Some(schema) => schema.clone(),
        None => found_schema(plan, job)?,
    };
    let schema = match &plan.select {
        Some(names) => TableSchema {
            fields: select_fields(names, &schema)?,
            ..schema
        },
        None => schema,
    };
    let mut out = Stdout::new();
    out.text(schema.to_json())?;
    out.finish()?;
    Ok(Exit::DONE)
}

fn select_fields(
    names: &[String],
    schema: &TableSchema,
) -> Result<Vec<millrace_schema::Field>, Failure> {
    plan::check_names(names, schema)?;
    Ok(names
        .iter()
        .filter_map(|name| schema.field(name))
        .cloned()
        .collect())
}

fn found_schema(plan: &Plan, job: &Job) -> Result<TableSchema, Failure> {
    let mut inputs: VecDeque<_> = plan.inputs.iter().cloned().collect();
    let Some(first) = inputs.pop_front() else {
        return Err(sample::nothing(0));
    };
    let first = How::new(plan, &job.metrics.bytes_in).open(&first)?;
    if !first.format.is_text() {
        return tables::describe(plan, job, first);
    }
    let mut feed = Feed::new(plan, &job.metrics.bytes_in, first, inputs)
        .map_err(|trouble| early(plan, trouble))?;
    Ok(sample::infer(&mut feed, plan)
        .map_err(|trouble| early(plan, trouble))?
        .schema)
}
