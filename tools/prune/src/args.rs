//! The command line.

use clap::{Parser, ValueEnum};
use millrace_cli::options::{Identity, Report, Threads};
use millrace_cli::{Section, Tool};
use std::ffi::OsString;

/// Read only what a predicate needs of a partitioned Parquet dataset
///
/// Writes the rows of DATASET for which EXPR is true as one Arrow stream, reading as
/// little as it can: partitions are skipped by the values in their paths, files and row
/// groups by their statistics and bloom filters, pages by the page index; the columns of
/// EXPR are decoded first, the others only for rows that pass. The answer is exactly that
/// of reading everything and filtering. Nothing is deleted or changed.
///
/// DATASET is any tree of Hive partitions with Parquet files, whoever wrote it, one
/// folder of it, or a single Parquet file.
#[derive(Debug, Parser)]
#[command(name = "prune", version)]
pub struct Args {
    /// Directory of the dataset, one of its partitions, or a Parquet file
    #[arg(value_name = "DATASET")]
    pub dataset: OsString,
    /// Read only these partitions, as `partition` prints them; `-` reads a list from stdin
    ///
    /// A path such as order_date=2026-03-17 means all partitions below it. One that does not
    /// exist is warned about. An empty list means no partition at all.
    #[arg(value_name = "PARTITION", conflicts_with = "partitions_from")]
    pub partitions: Vec<String>,
    /// Read the list of partitions from FILE, one a line
    #[arg(long, value_name = "FILE", help_heading = "Rows and columns")]
    pub partitions_from: Option<String>,
    /// Pass only rows for which the SQL expression EXPR is true
    ///
    /// Columns of the files and of the path may be mixed. See EXPRESSIONS.
    #[arg(
        long = "where",
        allow_hyphen_values = true,
        value_name = "EXPR",
        help_heading = "Rows and columns"
    )]
    pub filter: Option<String>,
    /// Pass only these columns, in this order, separated by commas
    ///
    /// A name with a comma in it is put in double quotes. Without this, all columns of the
    /// files, then those of the path.
    #[arg(long, value_name = "COLS", help_heading = "Rows and columns")]
    pub select: Option<String>,
    /// Pass at most N rows, the first ones
    #[arg(long, value_name = "N", help_heading = "Rows and columns")]
    pub limit: Option<u64>,
    /// Add the columns _source_file and _source_line
    ///
    /// The file as it was named, and the row in it (from 1). They come after the columns of
    /// --select, unless that names them.
    #[arg(long, help_heading = "Rows and columns")]
    pub source_columns: bool,
    /// Print the number of rows instead; from metadata alone where that can tell
    #[arg(long, group = "instead", help_heading = "Instead of rows")]
    pub count: bool,
    /// Print the files that may hold such rows instead, for other engines
    #[arg(long, group = "instead", help_heading = "Instead of rows")]
    pub files: bool,
    /// Print what would be skipped at each level instead; reads no rows
    #[arg(long, group = "instead", help_heading = "Instead of rows")]
    pub explain: bool,
    /// Lists are NUL-separated: --files as it is printed, partitions as they are read
    #[arg(
        short = '0',
        long,
        env = "MILLRACE_NULL",
        hide_env = true,
        help_heading = "Instead of rows"
    )]
    pub null: bool,
    /// The form of what --count, --files and --explain print
    #[arg(
        long,
        value_name = "FORM",
        default_value = "text",
        env = "MILLRACE_OUTPUT",
        hide_env = true,
        help_heading = "Instead of rows"
    )]
    pub output: Form,
    #[command(flatten)]
    pub(crate) threads: Threads,
    #[command(flatten)]
    pub(crate) identity: Identity,
    #[command(flatten)]
    pub(crate) report: Report,
}

/// A form of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people and scripts.
    Text,
    /// One JSON value (--files: one a line).
    Json,
}

impl Tool for Args {
    const NAME: &'static str = "prune";
    const MANUAL: &'static [Section] = &[
        ("EXPRESSIONS", EXPRESSIONS),
        ("PARTITIONS", PARTITIONS),
        ("EXIT STATUS", EXIT_STATUS),
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

const EXPRESSIONS: &str = "
EXPR is a SQL expression with SQL's three-valued logic; a row passes if it is true, not if it is NULL.

  AND OR NOT, = <> < <= > >=, IS [NOT] NULL, IS [NOT] TRUE, IS [NOT] DISTINCT FROM
  [NOT] IN (list), [NOT] BETWEEN, [NOT] LIKE and ILIKE with ESCAPE, ~ !~ ~* SIMILAR TO REGEXP
  + - * / // % ||, CASE, CAST, TRY_CAST, COALESCE, NULLIF
  ABS CEIL FLOOR ROUND LENGTH LOWER UPPER TRIM SUBSTR STARTS_WITH ENDS_WITH CONTAINS
  EXTRACT, DATE_PART, YEAR MONTH DAY HOUR ..., DATE '...', TIMESTAMP '...', INTERVAL '...'

A name without quotes also matches a column that differs in case alone; \"Odd name\" is exact; a.b is a field of a struct. Integers and decimals compare exactly; NaN equals itself and is greater than every number. `/` divides in floating point, `//` drops the fraction; x/0 is NULL. A text literal that meets a number, a date or a timestamp is read as one. Timestamps are instants; one without a zone, and every date and hour, is in UTC.";

const PARTITIONS: &str = "
The columns of the path follow those of the files. Their types are those recorded by partition(1), else found from the values: integers, dates, else text, so order_hour=5 and order_hour=05 are the same number. Where a file has a column of that name itself, its values must agree.

Files may differ in their columns: they are merged by name, what a file lacks is NULL, and types are widened where that loses nothing; anything else is refused with both files named.";

const EXIT_STATUS: &str = "
0 done, 2 usage (a wrong EXPR or column among it), 3 a file is damaged or does not fit the others, 4 the dataset is missing, the system failed, or a file vanished while it was read. The table is in millrace(7).";

const NOTES: &str = "
Rows come in the order of the paths, then of the file names, then of the rows; any number of --threads gives the same bytes.

prune takes no lock. A file that is replaced while it reads is found among what the replacing transaction keeps (see partition(1)), so that each partition is read as it was when it was listed.

Parquet's statistics leave NaN out and NaN is greater than every number: `x > 5` on a floating-point column skips nothing by statistics, `x BETWEEN 5 AND 9` does.";

const EXAMPLES: &str = "
One hour's large orders, as a table:

  prune orders --where \"order_date = '2026-03-17' AND order_hour = 5 AND amount > 100\" --select order_id,amount | show

How much of the dataset such a query reads:

  prune orders --where \"customer_id = 42\" --explain

Rewrite two partitions through a filter:

  prune orders order_date=2026-03-17 --where \"status <> 'test'\" | partition orders --mode overwrite

Let another engine read only what matters:

  prune orders --where \"order_date >= '2026-03-01'\" --files -0 | xargs -0 wc -c

Count without reading rows:

  prune orders --where \"order_date = '2026-03-17'\" --count";
