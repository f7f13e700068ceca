//! The command line.

use crate::inputs;
use clap::{Parser, ValueEnum};
use millrace_cli::options::{Identity, Report, Threads};
use millrace_cli::values::{Limit, Size};
use millrace_cli::{Section, Tool};
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Parse raw files into a stream of typed record batches
///
/// Reads NDJSON, JSON, CSV, TSV, Parquet, Avro, ORC and Arrow from files, directories,
/// patterns or standard input, and writes one Arrow stream to standard output, in the order
/// of the inputs, for any number of threads. Parsing is strict: a record that does not parse,
/// or whose values do not fit the schema, ends the run with its place and exit code 3,
/// or goes to the file of --rejects while the run goes on. Nothing is rounded, cut or
/// turned into null to make it fit.
#[derive(Debug, Parser)]
#[command(name = "ingest", version)]
pub struct Args {
    /// Files, directories, patterns, or - for standard input
    ///
    /// A directory means all files below it, sorted; names that begin with . or _ are
    /// skipped. A pattern (quote it) may use *, ?, [abc], {a,b} and **. Without any INPUT
    /// standard input is read. An operand that leads to no file is exit 4.
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<OsString>,
    /// Read further inputs from FILE, one a line (- for standard input)
    ///
    /// For thousands of names: xargs would start several streams. Read after the operands.
    #[arg(long, value_name = "FILE")]
    pub files_from: Option<PathBuf>,
    /// Names in --files-from are separated by NUL bytes, as by find -print0
    #[arg(short = '0', long, env = inputs::NULL_VARIABLE, hide_env = true)]
    pub null: bool,
    /// Format of the inputs
    ///
    /// auto looks at the first bytes of each file and at its name. rejects reads a mended
    /// file of --rejects back: the 'raw' or 'record' of each line.
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub format: FormatOption,
    /// Compression of the inputs
    ///
    /// auto goes by the first bytes of each file, whatever its name. Archives of several
    /// members or frames are read to their end; one that is cut short is exit 3.
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub compression: CompressionOption,

    /// Table Schema (JSON) of the rows
    ///
    /// See SCHEMA below. Without it the schema is inferred from the first rows.
    #[arg(long, value_name = "FILE", help_heading = "Schema")]
    pub schema: Option<PathBuf>,
    /// Infer the schema from the first N records
    ///
    /// They are buffered (at most 32 MiB of them) and then decoded like all others. A later
    /// record that contradicts the sample is refused, never nulled.
    #[arg(
        long,
        value_name = "N",
        default_value = "10000",
        conflicts_with = "schema",
        help_heading = "Schema"
    )]
    pub infer_rows: NonZeroUsize,
    /// Print the schema as a Table Schema instead of any data
    #[arg(long, help_heading = "Schema")]
    pub print_schema: bool,
    /// Columns to write, separated by commas, in this order
    ///
    /// The others are still checked, so that a record is refused or not whatever is
    /// selected; from Parquet, ORC and Arrow files they are not read at all, from Avro files
    /// they are not decoded.
    #[arg(
        long,
        value_name = "COLS",
        value_delimiter = ',',
        help_heading = "Schema"
    )]
    pub select: Option<Vec<String>>,
    /// What to do about fields that the schema does not have [default: ignore, or warn where the schema is inferred]
    ///
    /// ignore passes over them, warn also names them on stderr at the end, refuse makes
    /// the record a bad one.
    #[arg(long, value_name = "WHAT", help_heading = "Schema")]
    pub extra_fields: Option<ExtraOption>,
    /// Add the columns _source_file and _source_line
    ///
    /// The file as it was named and the line (from 1) on which the record begins; for
    /// Parquet, Avro, ORC and Arrow the row.
    #[arg(long, help_heading = "Schema")]
    pub source_columns: bool,

    /// Write refused records to FILE and go on
    ///
    /// One line of JSON each, with source, reasons and the record as it was read; an Arrow
    /// stream if the name ends in .arrows. {run_id} and {unit} in the name are filled in.
    /// The file appears under its name, synced, before the stream ends; a run that fails
    /// leaves FILE.failed.
    #[arg(long, value_name = "FILE", help_heading = "Bad records")]
    pub rejects: Option<String>,
    /// Fail with exit 1 when more records are refused than this
    ///
    /// A count ends the run at once, a rate (1% or 0.01 of all records) is judged at its end.
    /// The file of --rejects is complete all the same.
    #[arg(
        long,
        value_name = "N|RATE",
        requires = "rejects",
        help_heading = "Bad records"
    )]
    pub max_rejects: Option<Limit>,

    /// Most rows of a batch
    #[arg(
        long,
        value_name = "N",
        default_value = "8192",
        help_heading = "Batches"
    )]
    pub batch_rows: NonZeroUsize,
    /// Longest record; a longer one ends the run with exit 3
    #[arg(
        long,
        value_name = "SIZE",
        default_value = "64MiB",
        help_heading = "Batches"
    )]
    pub max_record_size: Size,

    /// CSV: character between cells [default: a comma, a tab for TSV]
    ///
    /// One ASCII character, or \t.
    #[arg(long, value_name = "CHAR", value_parser = character, help_heading = "CSV")]
    pub delimiter: Option<u8>,
    /// CSV: character around cells; an empty one switches quoting off [default: "]
    #[arg(long, value_name = "CHAR", value_parser = quote, help_heading = "CSV")]
    pub quote: Option<Quote>,
    /// CSV: character that makes the one behind it text, between quotes
    ///
    /// It may stand before a quote, a delimiter, a line end and itself; before anything else
    /// the record is refused, as \n could mean a newline or two characters. A quote written
    /// twice is still one quote.
    #[arg(long, value_name = "CHAR", value_parser = character, help_heading = "CSV")]
    pub escape: Option<u8>,
    /// CSV: the first record is data, not the names of the columns
    ///
    /// The columns are those of --schema in its order, else column_1, column_2, …
    #[arg(long, help_heading = "CSV")]
    pub no_header: bool,
    /// CSV: a cell that means null, beside the schema's missingValues
    ///
    /// May be given several times. Without it and without missingValues the empty cell is null.
    #[arg(long, value_name = "TEXT", help_heading = "CSV")]
    pub null_value: Vec<String>,
    /// CSV: lines that begin with CHAR are skipped
    #[arg(long, value_name = "CHAR", value_parser = character, help_heading = "CSV")]
    pub comment: Option<u8>,

    #[command(flatten)]
    pub(crate) threads: Threads,
    #[command(flatten)]
    pub(crate) identity: Identity,
    #[command(flatten)]
    pub(crate) report: Report,
}

/// A format, or the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormatOption {
    /// By the first bytes and the name
    Auto,
    /// One JSON object a line
    Ndjson,
    /// A JSON array of objects, or one object
    Json,
    /// Comma-separated values
    Csv,
    /// Tab-separated values
    Tsv,
    /// Apache Parquet
    Parquet,
    /// Apache Avro (object container files)
    Avro,
    /// Apache ORC
    Orc,
    /// An Arrow stream or file
    Arrow,
    /// A rejects file of ingest or validate, mended
    Rejects,
}

/// A compression, or the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompressionOption {
    /// By the first bytes
    Auto,
    /// Not compressed
    None,
    /// gzip, of one or more members
    Gzip,
    /// zstd, of one or more frames
    Zstd,
    /// bzip2
    Bzip2,
    /// xz
    Xz,
    /// lz4 frames
    Lz4,
}

/// What to do about fields that the schema does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExtraOption {
    /// Pass over them
    Ignore,
    /// Pass over them and name them at the end
    Warn,
    /// Refuse the record
    Refuse,
}

/// The quote of CSV; None where quoting is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote(pub Option<u8>);

impl Tool for Args {
    const NAME: &'static str = "ingest";
    const MANUAL: &'static [Section] = &[
        ("EXAMPLES", crate::manual::EXAMPLES),
        ("SCHEMA", crate::manual::SCHEMA),
        ("BAD RECORDS", crate::manual::BAD_RECORDS),
        ("NOTES", crate::manual::NOTES),
    ];

    fn report(&self) -> &Report {
        &self.report
    }

    fn identity(&self) -> Identity {
        self.identity.clone()
    }
}

fn character(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | 0) => Ok(*byte),
        _ => Err("expected one ASCII character, or \\t".to_owned()),
    }
}

fn quote(text: &str) -> Result<Quote, String> {
    match text {
        "" => Ok(Quote(None)),
        _ => character(text).map(|byte| Quote(Some(byte))),
    }
}
