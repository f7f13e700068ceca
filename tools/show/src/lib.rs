//! `show [FILE]`: let a person look at a stream or a file.
//!
//! Input: a stream, an Arrow file or a Parquet file. Output: text on standard
//! output. Nothing is changed; memory holds one batch, and of a table the first
//! rows, by which its columns are sized.

pub mod args;
mod cell;
mod csv;
mod json;
mod limit;
mod parquet;
mod plain;
mod source;
mod table;
mod types;

pub use args::Args;

use args::Form;
use limit::Limited;
use millrace_cli::{Job, Stdout};
use millrace_fault::{Exit, Failure};
use source::Source;

/// Rows of a table, unless asked for otherwise.
const TABLE_ROWS: u64 = 40;

/// Prints what was asked for.
pub fn run(args: &Args, job: &Job) -> Result<Exit, Failure> {
    if args.rows.is_some() && matches!(args.output, Form::Schema | Form::Count) {
        return Err(Failure::usage(
            "-n goes with rows, not with '--output schema' or '--output count'",
        ));
    }
    let most = match args.rows {
        Some(most) => most.0,
        None => (args.output == Form::Table).then_some(TABLE_ROWS),
    };
    let source = Source::open(args.file.as_deref(), most)?;
    let mut out = Stdout::new();
    let printed = print(args.output, source, most, &mut out, job);
    // What was read before a failure is worth seeing.
    let finished = out.finish();
    printed.and(finished).map(|()| Exit::DONE)
}

fn print(
    form: Form,
    mut source: Source,
    most: Option<u64>,
    out: &mut Stdout,
    job: &Job,
) -> Result<(), Failure> {
    match form {
        Form::Schema => types::print(&source.schema(), out),
        Form::Count => {
            let counted = source.count(job)?;
            out.line(counted.to_string())
        }
        Form::Table => table::print(&mut Limited::new(source, most, job), out),
        Form::Csv => csv::print(&mut Limited::new(source, most, job), out),
        Form::Ndjson => json::print(&mut Limited::new(source, most, job), out),
    }
}
