//! The command line, resolved and checked: nothing is read but lists and the schema.

use crate::args::{Args, CompressionOption, ExtraOption, FormatOption};
use crate::inputs::{self, Input};
use millrace_cli::values::Limit;
use millrace_decode::Chunk;
use millrace_fault::{Context, Failure, quoted};
use millrace_schema::TableSchema;
use millrace_storage::{Location, open_read};
use std::io::Read;
use std::path::Path;

/// Bytes of text that are decoded at a time, for batches of [`USUAL_ROWS`].
const USUAL_CHUNK: usize = 2 << 20;
/// About so many bytes make a batch, for batches of [`USUAL_ROWS`].
const USUAL_BATCH: usize = 2 << 20;
const USUAL_ROWS: usize = 8192;
/// A record and its line end have to fit into a chunk.
const LONGEST_RECORD: usize = Chunk::LONGEST - 2;

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) inputs: Vec<Input>,
    pub(crate) format: FormatOption,
    pub(crate) compression: CompressionOption,
    /// The schema asked for; None: infer it.
    pub(crate) schema: Option<TableSchema>,
    pub(crate) infer_rows: usize,
    pub(crate) select: Option<Vec<String>>,
    pub(crate) extra_fields: ExtraOption,
    pub(crate) source_columns: bool,
    pub(crate) rejects: Option<String>,
    pub(crate) max_rejects: Option<Limit>,
    pub(crate) sizes: Sizes,
    pub(crate) csv: CsvOptions,
    pub(crate) threads: usize,
}

/// How much at a time. Nothing here depends on the number of threads, so that the
/// bytes that come out do not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Bytes of text in a chunk: it ends behind the last whole record in them.
    pub(crate) chunk: usize,
    /// Longest record.
    pub(crate) record: usize,
    /// Most rows of a batch.
    pub(crate) batch_rows: usize,
    /// About the bytes of a batch.
    pub(crate) batch_bytes: usize,
}

/// The dialect options of CSV as given.
#[derive(Clone, Debug)]
pub(crate) struct CsvOptions {
    pub(crate) delimiter: Option<u8>,
    pub(crate) quote: Option<u8>,
    pub(crate) escape: Option<u8>,
    pub(crate) header: bool,
    pub(crate) null_values: Vec<String>,
    pub(crate) comment: Option<u8>,
}

impl Plan {
    pub(crate) fn resolve(args: &Args) -> Result<Plan, Failure> {
        let schema = args.schema.as_deref().map(read_schema).transpose()?;
        let inputs = inputs::resolve(args)?;
        let by_default = if schema.is_some() {
            ExtraOption::Ignore
        } else {
            ExtraOption::Warn
        };
        let plan = Plan {
            inputs,
            format: args.format,
            compression: args.compression,
            schema,
            infer_rows: args.infer_rows.get(),
            select: args.select.clone(),
            extra_fields: args.extra_fields.unwrap_or(by_default),
            source_columns: args.source_columns,
            rejects: args.rejects.clone(),
            max_rejects: args.max_rejects,
            sizes: sizes(args.batch_rows.get(), args.max_record_size.as_usize()),
            csv: csv_options(args)?,
            threads: args.threads.count(),
        };
        if plan.sizes.record > LONGEST_RECORD {
            return Err(Failure::usage(format!(
                "--max-record-size: at most {LONGEST_RECORD} bytes"
            )));
        }
        plan.check_select()?;
        Ok(plan)
    }

    fn check_select(&self) -> Result<(), Failure> {
        let Some(names) = &self.select else {
            return Ok(());
        };
        for (index, name) in names.iter().enumerate() {
            if names[..index].contains(name) {
                return Err(Failure::usage(format!(
                    "--select names {} twice",
                    quoted(name)
                )));
            }
        }
        match &self.schema {
            Some(schema) => check_names(names, schema),
            None => Ok(()),
        }
    }
}

fn csv_options(args: &Args) -> Result<CsvOptions, Failure> {
    let quote = args.quote.map_or(Some(b'"'), |quote| quote.0);
    if args.escape.is_some() && quote.is_none() {
        return Err(Failure::usage(
            "--escape works between quotes, which --quote switches off",
        ));
    }
    Ok(CsvOptions {
        delimiter: args.delimiter,
        quote,
        // A quote that escapes a quote is a quote written twice.
        escape: args.escape.filter(|escape| Some(*escape) != quote),
        header: !args.no_header,
        null_values: args.null_value.clone(),
        comment: args.comment,
    })
}

/// That the schema has every selected column.
pub(crate) fn check_names(names: &[String], schema: &TableSchema) -> Result<(), Failure> {
    match names.iter().find(|name| schema.field(name).is_none()) {
        Some(name) => {
            let known: Vec<&str> = schema
                .fields
                .iter()
                .map(|field| field.name.as_str())
                .collect();
            let failure = Failure::usage(format!("--select: there is no column {}", quoted(name)));
            Err(failure.hint(format!(
                "one of {}",
                millrace_fault::clip(&known.join(", "), 400)
            )))
        }
        None => Ok(()),
    }
}

fn read_schema(path: &Path) -> Result<TableSchema, Failure> {
    let location = Location::parse(path)?;
    let mut text = String::new();
    match open_read(&location)?.read_to_string(&mut text) {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            return Err(Failure::usage(format!(
                "schema {}: not UTF-8",
                quoted(location.to_string())
            )));
        }
        Err(error) => return Err(Failure::io("read", path, error)),
    }
    TableSchema::parse(&text).context(format!("schema {}", quoted(location.to_string())))
}

fn sizes(batch_rows: usize, record: usize) -> Sizes {
    let scaled = |usual: usize| {
        let wanted = usual as u128 * batch_rows as u128 / USUAL_ROWS as u128;
        usize::try_from(wanted)
            .unwrap_or(usize::MAX)
            .clamp(usual, usual * 16)
    };
    // A chunk no longer than a record may be: then a record that is too long is seen
    // as one that does not end in a whole chunk.
    let chunk = scaled(USUAL_CHUNK).min(record.saturating_add(2));
    Sizes {
        chunk,
        record,
        batch_rows,
        batch_bytes: scaled(USUAL_BATCH),
    }
}
