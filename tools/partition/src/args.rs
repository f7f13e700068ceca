//! The command line of `partition`; its doc comments are the help and the man page.

use clap::{Parser, ValueEnum};
use millrace_cli::options::{Identity, Memory, Report, Threads, Wait};
use millrace_cli::values::{Size, Span};
use millrace_cli::{Section, Tool};
use millrace_dataset::parquet::Codec;
use millrace_dataset::spec::zone_name;
use millrace_dataset::write::SortOrder;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

/// Write a stream as Hive-partitioned Parquet and commit it as a whole
///
/// Reads one Arrow stream from standard input and writes its rows into the partitions of
/// DATASET, a directory. Nothing is committed before the stream's end marker was read: if
/// the producer fails or is killed, the dataset stays as it was. A crash at any instant
/// leaves every partition with either its old or its new files; the next run of any tool
/// completes or discards what is left.
///
/// The committed partitions are printed, one relative path a line, after the commit.
///
/// SPEC lists the columns of the path, outermost first, separated by commas: NAME=FUNCTION(COLUMN),
/// NAME=COLUMN or COLUMN (FUNCTION(COLUMN) alone is named COLUMN_FUNCTION). The functions are date, year, month, day and hour (of dates and
/// timestamps, in UTC or --timezone; month, day and hour have two digits), bucket(N,COLUMN) and
/// truncate(W,COLUMN) (as in the Iceberg spec). A plain column moves from the files into
/// the path. Without --by the spec that the dataset records holds; a dataset that has none is
/// split by size alone.
#[derive(Debug, Parser)]
#[command(name = "partition", version)]
pub struct Args {
    /// The dataset's directory; created if missing
    #[arg(value_name = "DATASET")]
    pub dataset: OsString,

    /// Partition by SPEC, e.g. 'order_date=date(event_timestamp),region'
    #[arg(long, value_name = "SPEC", env = "MILLRACE_BY", hide_env = true)]
    pub by: Option<String>,

    /// Whose days and hours the date functions tell, e.g. Europe/Berlin [default: UTC]
    ///
    /// Whose days and hours the date functions tell: UTC by default, or a zone of the IANA
    /// database. It is recorded with the spec; another one is refused (2). On the days when
    /// clocks change a day has 23 or 25 hours: an hour that occurs twice is one partition.
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub timezone: Option<String>,

    /// What happens to partitions that hold data already
    #[arg(long, value_name = "MODE", default_value = "create")]
    pub mode: Mode,

    /// The partitions that this run owns: 'order_date=2026-03-17/order_hour=05' or a predicate
    ///
    /// The partitions that this run owns: a path such as order_date=2026-03-17/order_hour=05
    /// (or the first levels of one), or a SQL predicate on partition columns. With
    /// --mode overwrite every partition inside is replaced, by nothing where no row came.
    #[arg(long, value_name = "SCOPE")]
    pub scope: Option<String>,

    /// Where rows outside of the scope go: refuse, ignore, or a FILE (Arrow stream)
    ///
    /// Where rows outside of the scope go: refuse (the run fails, 3), ignore (they are
    /// counted), or a FILE, written as an Arrow stream and durable before the commit. A file
    /// with one of the two names is written as ./refuse or ./ignore.
    #[arg(
        long,
        value_name = "FILE|refuse|ignore",
        requires = "scope",
        default_value = "refuse"
    )]
    pub outside: OsString,

    /// Begin a further file of a partition at this size
    #[arg(long, value_name = "SIZE", default_value = "128MiB")]
    pub target_size: Size,

    /// Size of a row group in memory, before encoding
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub row_group_size: Size,

    /// Sort the rows of each partition by these columns, e.g. 'customer_id,event_timestamp desc'
    ///
    /// Sort the rows that this run writes into each partition by COLUMNS: names separated by
    /// commas, each followed by asc (default) or desc and by nulls first or nulls last
    /// (default, also under desc). Rows with equal keys keep the order of the stream. Runs
    /// that exceed half of --memory go to --temp-dir and are merged.
    #[arg(long, value_name = "COLUMNS")]
    pub sort_by: Option<SortOrder>,

    /// Compression: zstd[:LEVEL], snappy, lz4 or none
    #[arg(long, value_name = "CODEC", default_value = "zstd:1")]
    pub compression: Codec,

    /// Write bloom filters for these columns
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub bloom: Vec<String>,

    /// What happens when the stream's columns are not those that the dataset records
    ///
    /// What happens when the stream's columns are not those that the dataset records.
    /// refuse: the run fails (3). widen: further columns, missing ones and types that
    /// hold each other's values (int32 and int64, float32 and float64) are taken; the union
    /// by name is recorded. replace: the stream's columns are recorded instead. Files that
    /// stay must be readable together with the new ones, else the run fails (3).
    #[arg(long, value_name = "WHAT", default_value = "refuse")]
    pub schema_change: SchemaChange,

    /// Keep columns in the files that the path holds too
    #[arg(long)]
    pub keep_columns: bool,

    /// Refuse more partitions than this in one run
    #[arg(long, value_name = "N", default_value = "10000")]
    pub max_partitions: usize,

    /// Refuse when a partition would lose more than this share of its rows
    #[arg(long, value_name = "RATE", default_value = "50%", value_parser = share)]
    pub max_shrink: f64,

    /// Let an empty stream replace data
    #[arg(long)]
    pub allow_empty: bool,

    /// Print what would change, from file footers, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// The form of the printed list
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub output: Listing,

    /// Take back what RUN committed, while what it replaced is kept
    #[arg(long, value_name = "RUN", conflicts_with_all = ["by", "timezone", "mode", "scope", "dry_run"])]
    pub undo: Option<String>,

    /// Commit where directories cannot be exchanged in one step (NFS)
    ///
    /// Commit where directories cannot be exchanged in one step (NFS): for a moment a
    /// reader may find a partition missing. A crash inside is recovered all the same.
    #[arg(long)]
    pub allow_window: bool,

    /// Accept a dataset whose root was moved or made anew, as it is
    #[arg(long)]
    pub adopt: bool,

    /// How long replaced files are kept for readers and for --undo
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "1h",
        env = "MILLRACE_KEEP",
        hide_env = true
    )]
    pub keep: Span,

    #[command(flatten)]
    pub(crate) wait: Wait,
    #[command(flatten)]
    pub(crate) threads: Threads,
    #[command(flatten)]
    pub(crate) memory: Memory,
    #[command(flatten)]
    pub(crate) identity: Identity,
    #[command(flatten)]
    pub(crate) report: Report,
}

/// What happens to partitions that hold data already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// They are an error (2).
    Create,
    /// Those that get rows are replaced.
    Overwrite,
    /// Files are added.
    Append,
    /// What this --unit wrote before is replaced, wherever it was; other files stay.
    ReplaceUnit,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Create => "create",
            Mode::Overwrite => "overwrite",
            Mode::Append => "append",
            Mode::ReplaceUnit => "replace-unit",
        })
    }
}

/// What happens when the stream's columns are not those that the dataset records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaChange {
    /// The run fails (3).
    Refuse,
    /// The union by name is recorded, where it loses nothing.
    Widen,
    /// The stream's columns are recorded instead.
    Replace,
}

/// The form of the printed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Listing {
    /// One partition's path a line; the root of an unpartitioned dataset is `.`.
    Text,
    /// One JSON document.
    Json,
    /// Nothing.
    None,
}

/// The name of a time zone as the database spells it.
fn zone(name: &str) -> Result<String, String> {
    zone_name(name).map_err(|error| error.to_string())
}

/// A share of 0 to 1: `50%` or `0.5`.
fn share(text: &str) -> Result<f64, String> {
    let value = match text.strip_suffix('%') {
        Some(percent) => percent.parse::<f64>().map(|percent| percent / 100.0),
        None => text.parse(),
    };
    match value {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err(format!("'{text}' is not a rate such as 50% or 0.5")),
    }
}

/// Where rows outside of the scope go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outside {
    /// They fail the run.
    Refuse,
    /// They are counted.
    Ignore,
    /// Into an Arrow stream.
    File(PathBuf),
}

impl Args {
    /// Where rows outside of the scope go.
    pub fn outside(&self) -> Outside {
        match self.outside.to_str() {
            Some("refuse") => Outside::Refuse,
            Some("ignore") => Outside::Ignore,
            _ => Outside::File(PathBuf::from(&self.outside)),
        }
    }
}

impl Tool for Args {
    const NAME: &'static str = "partition";
    const MANUAL: &'static [Section] = crate::manual::SECTIONS;

    fn report(&self) -> &Report {
        &self.report
    }

    fn identity(&self) -> Identity {
        self.identity.clone()
    }
}
