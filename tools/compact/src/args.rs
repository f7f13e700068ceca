//! The command line.

use clap::{ArgGroup, Parser, ValueEnum};
use millrace_cli::options::{Identity, Report, Threads, Wait};
use millrace_cli::values::{Size, Span};
use millrace_cli::{Section, Tool};
use millrace_dataset::write::SortOrder;
use std::ffi::OsString;

/// Rewrite small files of a dataset into well-sized ones, atomically
///
/// Per partition, files between --min-size and twice --target-size are left alone, smaller
/// ones are put together, larger ones split. Row groups that are well-sized already are
/// copied as bytes with their statistics, page indexes and bloom filters (and get an index
/// of where their pages are if they had none); small ones are decoded and encoded again as
/// large ones. A second run does nothing.
///
/// All partitions change in one transaction: a crash leaves the old or the new files,
/// never a mix, and the next run of any tool completes it. Files that others add
/// meanwhile stay; if an input is gone, nothing is committed and the exit code is 5.
#[derive(Debug, Parser)]
#[command(
    name = "compact",
    version,
    override_usage = "compact [OPTIONS] <DATASET> <PARTITION... | - | --partitions-from FILE | --where EXPR | --all>"
)]
#[command(group(ArgGroup::new("which").args(["partitions", "partitions_from", "filter", "all"]).required(true)))]
pub struct Args {
    /// Directory of the dataset
    #[arg(value_name = "DATASET")]
    pub dataset: OsString,
    /// Partitions to compact, as `partition` prints them; `-` reads a list from stdin
    ///
    /// A path such as order_date=2026-03-17 means all partitions below it. An empty list is
    /// refused (3): it is never the whole dataset.
    #[arg(value_name = "PARTITION")]
    pub partitions: Vec<String>,
    /// Read the list of partitions from FILE, one a line
    #[arg(long, value_name = "FILE", help_heading = "Which partitions")]
    pub partitions_from: Option<String>,
    /// Lists of partitions are NUL-separated
    #[arg(
        short = '0',
        long,
        env = "MILLRACE_NULL",
        hide_env = true,
        help_heading = "Which partitions"
    )]
    pub null: bool,
    /// Compact the partitions for which the SQL expression EXPR on path columns is true
    #[arg(
        long = "where",
        allow_hyphen_values = true,
        value_name = "EXPR",
        help_heading = "Which partitions"
    )]
    pub filter: Option<String>,
    /// Compact every partition
    #[arg(long, help_heading = "Which partitions")]
    pub all: bool,
    /// Size of the files to write
    #[arg(
        long,
        value_name = "SIZE",
        default_value = "128MiB",
        help_heading = "Sizes"
    )]
    pub target_size: Size,
    /// Leave files of at least this size alone [default: three quarters of the target]
    #[arg(long, value_name = "SIZE", help_heading = "Sizes")]
    pub min_size: Option<Size>,
    /// Sort the rows of each partition by these columns, e.g. 'customer_id,event_timestamp desc'
    ///
    /// Sort the rows of each partition, all of its files together, by COLUMNS: names
    /// separated by commas, each followed by asc (default) or desc and by nulls first or
    /// nulls last (default, also under desc). Rows with equal keys keep their order. A
    /// partition that is sorted so already is left alone.
    #[arg(long, value_name = "COLUMNS")]
    pub sort_by: Option<SortOrder>,
    /// Put together only files of the same units, so that each unit can still be replaced
    ///
    /// Put together only files of the same units (--unit of partition(1)), unit by unit: a
    /// file of several units can no longer be replaced by partition --mode replace-unit.
    #[arg(long, conflicts_with = "sort_by")]
    pub keep_units: bool,
    /// Print what would be done, and do nothing
    ///
    /// Print what would be done, and do nothing: a line for each partition, with --keep-units
    /// for each set of units in it, with its files and bytes, about how many files they become, how many row groups are copied as bytes
    /// and how many encoded anew, and how many files are left alone.
    #[arg(long)]
    pub dry_run: bool,
    /// The form of what is printed
    #[arg(
        long,
        value_name = "FORM",
        default_value = "text",
        env = "MILLRACE_OUTPUT",
        hide_env = true
    )]
    pub output: Form,
    /// Commit where directories cannot be exchanged in one step (NFS)
    ///
    /// For a moment a reader may find a partition missing. A crash inside is recovered all
    /// the same.
    #[arg(long)]
    pub allow_window: bool,
    /// Accept a dataset whose root was moved or made anew, as it is
    #[arg(long)]
    pub adopt: bool,
    /// How long replaced files are kept for readers
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
    /// Budget for row groups in work: how many partitions are worked on at once, and how large row groups are
    #[arg(
        long,
        value_name = "SIZE",
        default_value = "256MB",
        env = "MILLRACE_MEMORY",
        hide_env = true,
        help_heading = "Resources"
    )]
    pub memory: Size,
    #[command(flatten)]
    pub(crate) identity: Identity,
    #[command(flatten)]
    pub(crate) report: Report,
}

/// A form of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// The paths of the compacted partitions, one a line; a table with --dry-run.
    Text,
    /// One JSON object.
    Json,
    /// Nothing.
    None,
}

impl Tool for Args {
    const NAME: &'static str = "compact";
    const MANUAL: &'static [Section] = &[
        ("EXIT STATUS", EXIT_STATUS),
        ("FILES", FILES),
        ("NOTES", NOTES),
        ("EXAMPLES", EXAMPLES),
    ];

    fn report(&self) -> &Report {
        &self.report
    }

    fn identity(&self) -> Identity {
        self.identity.clone()
    }
}

const EXIT_STATUS: &str = "
0 done, also when there was nothing to do; 2 usage; 3 an empty list, a damaged file, or files of one partition that do not fit each other; 4 the system failed; 5 the dataset is locked, or an input was replaced meanwhile. The table is in millrace(7).";

const FILES: &str = "
The new files are staged in .NAME.millrace beside the dataset NAME, on the same file system, and the replaced ones stay there for --keep. See partition(1).";

const NOTES: &str = "
Rows keep their order: files in the order of their names, rows in the order of their file. Columns that some files lack or have in another order are merged by name (null where missing), types widened where that loses nothing; a UUID or JSON column stays one where all files have it as such (what else Parquet notes beside a type, as ENUM, GEOMETRY or VARIANT, is not kept: the values are texts, bytes and structs then); anything else is refused with both files named. Before the commit, row counts, null counts and least and greatest values of the new files are checked against those of the old.

The compression of the new files is that of the old ones. Key-value metadata is kept: of keys on which the inputs differ the first one's value, but of millrace.run_id and the like only what holds for all of them. A file put together from those of several units carries all of their names: it can no longer be replaced by partition --mode replace-unit for one of them, which --keep-units avoids at the price of some more files.

With --sort-by every file of a partition is read, its rows are sorted (within --memory; what does not fit goes to an unnamed file beside the dataset), and no row of a file comes before one of the file in front of it. The order is recorded in the files as sorting columns. A partition is known to be sorted when all of its files come from one run of partition or compact with that --sort-by, or one with more columns behind them; else it is sorted anew. Compacting without --sort-by keeps the order of the files and records none.

Every file of the partitions asked for is opened, so that a damaged one is found (3) also where nothing is to be done.

It works on trees that others wrote. With --run-id, a run that had been committed is not done again.

Memory: at most about two row groups a partition in work; --memory bounds how many partitions are worked on at once, and the size of a row group.";

const EXAMPLES: &str = "
Compact what was just written:

  ingest day/*.ndjson | partition orders > touched && compact orders - < touched

Compact a month, trying first:

  compact orders --where \"order_date BETWEEN '2026-03-01' AND '2026-03-31'\" --dry-run

Everything, into files of 256 MiB:

  compact orders --all --target-size 256MiB

Of a dataset whose units are written anew now and then:

  compact orders --all --keep-units

Rows of a customer side by side, the newest first:

  compact orders --all --sort-by 'customer_id,event_timestamp desc'";
