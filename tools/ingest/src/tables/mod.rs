//! Inputs that know their columns: Parquet, Avro, ORC and Arrow. Their batches are passed
//! on; with a schema, or from the second input on, columns are matched by name and must
//! have the types asked for, or ones that these hold without loss.

mod arrow_file;
mod avro_file;
mod conform;
mod parquet_file;
mod reader;
mod small;

use crate::emit::Emitter;
use crate::inputs::Input;
use crate::opened::{How, Opened};
use crate::plan::Plan;
use crate::source;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Field, Schema, SchemaRef};
use conform::Conform;
use millrace_cli::Job;
use millrace_fault::{Failure, quoted};
use millrace_schema::TableSchema;
use millrace_stream::Output;
use reader::Reader;
use std::collections::VecDeque;
use std::sync::Arc;

/// Reads `first`, then `inputs`, into the stream.
pub(crate) fn ingest(
    plan: &Plan,
    job: &Job,
    output: &mut Output,
    first: Opened,
    inputs: VecDeque<Input>,
) -> Result<(), Failure> {
    let reader = Reader::open(first, plan, job)?;
    let target = Target::new(plan, &reader)?;
    let mut emitter = Emitter::start(plan, job, output, &target.schema, None)?;
    let result = read_all(plan, job, reader, inputs, &target, &mut emitter);
    emitter.finish(result)
}

/// The Table Schema of the first input.
pub(crate) fn describe(plan: &Plan, job: &Job, first: Opened) -> Result<TableSchema, Failure> {
    Ok(TableSchema::from_arrow(
        &Reader::open(first, plan, job)?.schema(),
    ))
}

/// What all inputs have to give.
pub(crate) struct Target {
    schema: SchemaRef,
    /// Whose schema it is, for messages.
    origin: String,
}

impl Target {
    /// The schema asked for, else the first input's; columns may be null in later files.
    fn new(plan: &Plan, first: &Reader) -> Result<Target, Failure> {
        let (schema, origin) = match &plan.schema {
            Some(schema) => (schema.to_arrow(), "the schema".to_owned()),
            None => (nullable(&first.schema()), quoted(first.name())),
        };
        let schema = match &plan.select {
            Some(names) => Arc::new(project(&schema, names)?),
            None => schema,
        };
        Ok(Target { schema, origin })
    }
}

fn nullable(schema: &Schema) -> SchemaRef {
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| Field::clone(field).with_nullable(true))
        .collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

fn project(schema: &Schema, names: &[String]) -> Result<Schema, Failure> {
    let field = |name: &String| {
        schema.field_with_name(name).cloned().map_err(|_| {
            let known: Vec<&str> = schema
                .fields()
                .iter()
                .map(|field| field.name().as_str())
                .collect();
            Failure::usage(format!("--select: there is no column {}", quoted(name))).hint(format!(
                "one of {}",
                millrace_fault::clip(&known.join(", "), 400)
            ))
        })
    };
    let fields: Vec<Field> = names.iter().map(field).collect::<Result<_, _>>()?;
    Ok(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// What comes of a file.
pub(crate) enum Piece {
    /// A column that the stream does not have.
    Extra(String),
    /// Rows as the stream has them, and where they are from.
    Rows(RecordBatch, Vec<ArrayRef>),
}

impl Piece {
    fn emit(self, emitter: &mut Emitter<'_>) -> Result<(), Failure> {
        match self {
            Piece::Extra(name) => {
                emitter.extra_field(&name);
                Ok(())
            }
            Piece::Rows(batch, source) => emitter.write(batch, source),
        }
    }
}

fn read_all(
    plan: &Plan,
    job: &Job,
    first: Reader,
    mut inputs: VecDeque<Input>,
    target: &Target,
    emitter: &mut Emitter<'_>,
) -> Result<(), Failure> {
    let mut emit = |piece: Piece| piece.emit(emitter);
    pieces(plan, first, plan.threads, target, &mut emit)?;
    loop {
        small::read_all(plan, job, &mut inputs, target, &mut emit)?;
        let Some(input) = inputs.pop_front() else {
            return Ok(());
        };
        let reader = open(plan, job, &input)?;
        pieces(plan, reader, plan.threads, target, &mut emit)?;
    }
}

/// Opens an input after the first one.
fn open(plan: &Plan, job: &Job, input: &Input) -> Result<Reader, Failure> {
    let opened = How::new(plan, &job.metrics.bytes_in).open(input)?;
    if opened.format.is_text() {
        let failure = Failure::data(format!(
            "{} holds text, the inputs before it columns",
            quoted(&opened.name)
        ));
        return Err(failure.hint("ingest files of one kind at a time"));
    }
    Reader::open(opened, plan, job)
}

/// Hands over all that comes of a file.
fn pieces(
    plan: &Plan,
    mut reader: Reader,
    threads: usize,
    target: &Target,
    mut take: impl FnMut(Piece) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let name = reader.name().to_owned();
    let schema = reader.schema();
    for column in conform::extra(plan, &name, &schema, target)? {
        take(Piece::Extra(column))?;
    }
    let conform = Conform::new(plan, &name, &schema, target)?;
    reader.project(conform.columns())?;
    let mut row = 1;
    reader.each(threads, |batch| {
        let count = batch.num_rows();
        let source = match plan.source_columns {
            true => source::of_rows(&name, row, count),
            false => Vec::new(),
        };
        row += count as u64;
        take(Piece::Rows(conform.apply(&batch)?, source))
    })
}
