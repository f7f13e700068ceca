//! The command line; its doc comments are the help and the man page.

use crate::manual;
use crate::reference::Reference;
use clap::Parser;
use millrace_cli::options::{Identity, Memory, Report};
use millrace_cli::values::Limit;
use millrace_cli::{Section, Tool};
use std::path::PathBuf;

/// Pass good rows on, quarantine bad ones with every reason, hold the gate
///
/// Reads an Arrow stream on standard input and checks each row against the constraints of
/// a Table Schema and against SQL rules. Rows that break nothing go to standard output,
/// in their order; the others go to the file of --rejects, each with all its reasons.
/// Without --rejects the first bad row ends the run with exit code 1, so that nothing is
/// dropped unseen. When --max-rejects is exceeded the exit code is 1 too, and the stream is
/// poisoned: nothing is committed downstream.
///
/// With neither --schema nor --rule, every complete stream passes.
#[derive(Parser, Debug)]
#[command(name = "validate", version, about, long_about)]
pub struct Args {
    /// Table Schema (JSON) whose constraints rows must satisfy
    ///
    /// All constraints of Table Schema v2 are checked: required, unique, minLength,
    /// maxLength, minimum, maximum, exclusiveMinimum, exclusiveMaximum, pattern, enum, the
    /// formats email, uri, uuid and binary, primaryKey, uniqueKeys and foreignKeys; inside
    /// of objects and arrays too. Columns that the schema does not name pass unchecked,
    /// unless its fieldsMatch says otherwise; one that the stream lacks is exit 3.
    #[arg(long, value_name = "FILE")]
    pub schema: Option<PathBuf>,

    /// SQL predicate that rows must not fail; may be given several times
    ///
    /// A row for which it is false fails it. NULL passes, as in a SQL CHECK; say IS NOT
    /// NULL where that is meant. `NAME: EXPR` gives the rule a name, under which rejects
    /// and the report show it.
    #[arg(long = "rule", value_name = "EXPR")]
    pub rules: Vec<String>,

    /// File of rules, one a line
    ///
    /// Each line is what --rule takes. Empty lines and lines that start with # are skipped.
    #[arg(long = "rules", value_name = "FILE")]
    pub rule_files: Vec<PathBuf>,

    /// Table that a foreign key refers to; may be given several times
    ///
    /// NAME is the resource that the schema names, or `self`. PATH is a file, a folder or a
    /// pattern: Parquet, Arrow, or text named .csv, .tsv or .ndjson. Only the columns of
    /// the key are read; they are held like the keys of `unique`, within --memory.
    #[arg(long = "reference", value_name = "NAME=PATH")]
    pub references: Vec<Reference>,

    /// Write bad rows to FILE, with every reason, and go on
    ///
    /// One JSON object a line, see REJECTS; an Arrow stream if the name ends in .arrows.
    /// {run_id} and {unit} in the name are replaced. The file appears, complete and synced,
    /// before the stream ends; a run that fails leaves FILE.failed. A pipe or /dev/null is
    /// written straight.
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<String>,

    /// Most bad rows that are tolerated: a count, or a rate such as 1% or 0.01
    ///
    /// Exceeding a count ends the run at once, a rate is judged at the end. Either is exit
    /// code 1 and a poisoned stream; rejects and report are complete all the same.
    #[arg(long, value_name = "N|RATE", requires = "rejects")]
    pub max_rejects: Option<Limit>,

    /// Warn on stderr when more rows than this are bad: a count or a rate
    #[arg(long, value_name = "N|RATE", requires = "rejects")]
    pub warn_rejects: Option<Limit>,

    /// Write a JSON summary to FILE: rows, passed, rejected, and counts per constraint
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) memory: Memory,
    #[command(flatten)]
    pub(crate) identity: Identity,
    #[command(flatten)]
    pub(crate) reporting: Report,
}

impl Tool for Args {
    const NAME: &'static str = "validate";
    const MANUAL: &'static [Section] = manual::SECTIONS;

    fn report(&self) -> &Report {
        &self.reporting
    }

    fn identity(&self) -> Identity {
        self.identity.clone()
    }
}
