//! The command line of `show`; its doc comments are the help and the man page.

use clap::{Parser, ValueEnum};
use millrace_cli::options::{Identity, ProgressMode, Report};
use millrace_cli::{Section, Tool};
use std::io::IsTerminal;
use std::str::FromStr;

/// Let a person look at a stream or a file
///
/// Prints the rows of an Arrow stream, an Arrow file or a Parquet file as a table, as
/// CSV or as NDJSON, or only its columns, or only the number of its rows.
#[derive(Debug, Parser)]
#[command(name = "show", version)]
pub struct Args {
    /// What to look at: an Arrow stream or file, or a Parquet file, told apart by their
    /// first bytes [default: the stream on standard input, also written -]
    #[arg(value_name = "FILE")]
    pub file: Option<String>,
    /// How many rows to print at most, or 'all' [default: 40 for a table, else all]
    #[arg(short = 'n', long, value_name = "ROWS")]
    pub rows: Option<Most>,
    /// What to print
    #[arg(
        long,
        value_name = "FORM",
        default_value = "table",
        env = "MILLRACE_OUTPUT",
        hide_env = true
    )]
    pub output: Form,
    #[command(flatten)]
    pub(crate) identity: Identity,
    #[command(flatten)]
    pub(crate) report: Report,
}

/// What to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// A table for people, cut to the terminal.
    Table,
    /// Comma-separated values with a header (RFC 4180), never cut.
    Csv,
    /// One JSON object a row, never cut.
    Ndjson,
    /// One line a column: name, type, "not null".
    Schema,
    /// The number of rows, read to the very end.
    Count,
}

/// A number of rows, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most(pub Option<u64>);

impl FromStr for Most {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Most(None));
        }
        text.parse()
            .map(|rows| Most(Some(rows)))
            .map_err(|_| format!("'{text}' is not a number of rows, nor 'all'"))
    }
}

impl Tool for Args {
    const NAME: &'static str = "show";
    const MANUAL: &'static [Section] = &[
        (
            "OUTPUT",
            "table: the columns' names and types, then the rows. On a terminal, values and columns are cut to its width; elsewhere nothing but rows is cut. What is missing is said in the last line; a value that was cut ends in '…'. NULL stands for a missing value; text that could be mistaken for it, empty text and text with blanks at its ends are quoted. Control characters are escaped.\n\ncsv: RFC 4180, lines end in a newline. A missing value is an empty field, an empty text is \"\". Nested columns are JSON text.\n\nndjson: numbers are exact, decimals with all their digits; times are RFC 3339, binary is hexadecimal, a float that is no number is the text NaN, Infinity or -Infinity. Every column is in every line, a missing value is null.\n\nTimes with a named zone are printed in UTC.",
        ),
        (
            "EXAMPLES",
            "Look at the first rows of a pipe:\n\n  ingest orders.ndjson | show\n\nCount the rows of a Parquet file:\n\n  show part-0.parquet --output count\n\nHand a stream to a tool that reads JSON:\n\n  prune orders --where \"region = 'eu'\" | show --output ndjson | jq .customer",
        ),
        (
            "NOTES",
            "Once enough rows are printed, show stops reading: the tool in front of it ends like one in front of head(1), and a failure that it would have met later is not seen. With all rows, and with --output count, a stream must be complete.",
        ),
    ];

    fn report(&self) -> &Report {
        &self.report
    }

    /// What is printed and a progress line would share the terminal.
    fn progress(&self) -> ProgressMode {
        match self.report.progress {
            ProgressMode::Auto if std::io::stdout().is_terminal() => ProgressMode::Never,
            mode => mode,
        }
    }

    fn identity(&self) -> Identity {
        self.identity.clone()
    }
}
