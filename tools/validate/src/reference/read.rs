//! Batches of a stored table, whatever its format.

use crate::reference::stored::Stored;
use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use millrace_fault::{Failure, guarded, quoted};
use millrace_pages::{Rows, footer, reason};
use millrace_storage::{Location, open_read, open_read_at};
use millrace_stream::{FileReader, Kind, Reader};
use parquet::arrow::ProjectionMask;
use parquet::file::metadata::PageIndexPolicy;
use std::fmt::Display;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

/// What is done with each batch.
pub(crate) type Sink<'a> = dyn FnMut(RecordBatch) -> Result<(), Failure> + 'a;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Parquet,
    ArrowFile,
    ArrowStream,
    Separated(u8),
    Ndjson,
}

impl Format {
    /// Whether values are text that still has to be read.
    pub(crate) fn is_text(self) -> bool {
        matches!(self, Format::Separated(_))
    }

    /// By the first bytes, then by the name.
    pub(crate) fn of(location: &Location) -> Result<Format, Failure> {
        let mut start = [0; 6];
        let read = read_start(location, &mut start)?;
        if start[..read].starts_with(b"PAR1") {
            return Ok(Format::Parquet);
        }
        if start[..read].starts_with(b"ARROW1") {
            return Ok(Format::ArrowFile);
        }
        let extension = location
            .path()
            .extension()
            .map(|end| end.to_string_lossy().to_lowercase());
        match extension.as_deref() {
            Some("csv") => Ok(Format::Separated(b',')),
            Some("tsv" | "tab") => Ok(Format::Separated(b'\t')),
            Some("ndjson" | "jsonl" | "json") => Ok(Format::Ndjson),
            _ if start[..read].starts_with(&[0xFF; 4])
                || extension.as_deref() == Some("arrows") =>
            {
                Ok(Format::ArrowStream)
            }
            _ => Err(
                Failure::data(format!("cannot tell the format of {}", name(location)))
                    .hint("a reference is Parquet, Arrow, or named .csv, .tsv or .ndjson"),
            ),
        }
    }
}

fn read_start(location: &Location, start: &mut [u8]) -> Result<usize, Failure> {
    let mut file = open_read(location)?;
    let mut read = 0;
    while read < start.len() {
        match file.read(&mut start[read..]) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) => return Err(Failure::io("read", location.path(), error)),
        }
    }
    Ok(read)
}

fn name(location: &Location) -> String {
    quoted(location.path().to_string_lossy())
}

/// Reads the columns `names`, and maybe others, in batches. NDJSON is read in the types
/// wanted, separated values as text, the others in their own.
pub(crate) fn batches(
    location: &Location,
    format: Format,
    names: &[String],
    types: &[DataType],
    sink: &mut Sink<'_>,
) -> Result<(), Failure> {
    guarded(&name(location), || match format {
        Format::Parquet => parquet(location, names, sink),
        Format::ArrowFile => arrow_file(location, sink),
        Format::ArrowStream => arrow_stream(location, sink),
        Format::Separated(delimiter) => separated(location, delimiter, sink),
        Format::Ndjson => ndjson(location, names, types, sink),
    })
}

fn refused(location: &Location, error: impl Display) -> Failure {
    Failure::data(format!("cannot read {}", name(location))).because(reason(error))
}

fn parquet(location: &Location, names: &[String], sink: &mut Sink<'_>) -> Result<(), Failure> {
    let stored = Stored(open_read_at(location)?);
    let footer = footer(&stored, PageIndexPolicy::Skip);
    let footer = footer.map_err(|error| refused(location, error))?;
    let mask = ProjectionMask::columns(footer.parquet_schema(), names.iter().map(String::as_str));
    let rows = Rows::new(stored, &footer).columns(mask);
    let reader = rows.batch_rows(BATCH_ROWS).read();
    each(
        location,
        reader.map_err(|error| refused(location, error))?,
        sink,
    )
}

const BATCH_ROWS: usize = 8192;

fn each(
    location: &Location,
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    sink: &mut Sink<'_>,
) -> Result<(), Failure> {
    for batch in batches {
        sink(batch.map_err(|error| refused(location, error))?)?;
    }
    Ok(())
}

fn arrow_file(location: &Location, sink: &mut Sink<'_>) -> Result<(), Failure> {
    let file = BufReader::new(Stored(open_read_at(location)?).reader());
    let mut reader = FileReader::new(file, &name(location))?;
    while let Some(batch) = reader.next()? {
        sink(batch)?;
    }
    Ok(())
}

fn arrow_stream(location: &Location, sink: &mut Sink<'_>) -> Result<(), Failure> {
    let mut reader = Reader::new(open_read(location)?, &name(location), Kind::File)?;
    while let Some(batch) = reader.next()? {
        sink(batch)?;
    }
    Ok(())
}

fn separated(location: &Location, delimiter: u8, sink: &mut Sink<'_>) -> Result<(), Failure> {
    let mut file = BufReader::new(open_read(location)?);
    let mut header = Vec::new();
    file.read_until(b'\n', &mut header)
        .map_err(|error| Failure::io("read", location.path(), error))?;
    let format = arrow_csv::reader::Format::default()
        .with_header(true)
        .with_delimiter(delimiter);
    let (columns, _) = format
        .infer_schema(header.as_slice(), Some(0))
        .map_err(|error| refused(location, error))?;
    let text = |column: &Arc<Field>| {
        Field::new(
            column.name().trim_start_matches('\u{feff}'),
            DataType::Utf8,
            true,
        )
    };
    let schema = Arc::new(Schema::new(
        columns.fields().iter().map(text).collect::<Vec<_>>(),
    ));
    let builder = arrow_csv::ReaderBuilder::new(schema)
        .with_delimiter(delimiter)
        .with_batch_size(BATCH_ROWS);
    each(
        location,
        builder
            .build(file)
            .map_err(|error| refused(location, error))?,
        sink,
    )
}

fn ndjson(
    location: &Location,
    names: &[String],
    types: &[DataType],
    sink: &mut Sink<'_>,
) -> Result<(), Failure> {
    let columns: Vec<Field> = names
        .iter()
        .zip(types)
        .map(|(name, of)| Field::new(name, of.clone(), true))
        .collect();
    let schema: SchemaRef = Arc::new(Schema::new(columns));
    let builder = arrow_json::ReaderBuilder::new(schema).with_batch_size(BATCH_ROWS);
    let file = BufReader::new(open_read(location)?);
    each(
        location,
        builder
            .build(file)
            .map_err(|error| refused(location, error))?,
        sink,
    )
}
