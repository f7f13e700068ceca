//! `validate`: stream in, stream out, less the rows that break the schema or a rule.
//!
//! Rows keep their order, and batches of which every row passes are passed on as they
//! are. Bad rows go to the quarantine with every reason. The quarantine and the report are
//! durable before the end marker (or the poison) is written; a crash before that leaves
//! neither under its name. The state that grows with the data is the keys of `unique`,
//! `primaryKey`, `uniqueKeys` and `foreignKeys`: within --memory, then on disk.
//! One thread; nothing is decided by anything but the stream and the options.

mod args;
mod check;
mod flow;
mod gate;
mod keys;
mod manual;
mod plan;
mod reference;
mod report;
mod source;

pub use args::Args;
pub use reference::Reference;

use millrace_cli::Job;
use millrace_fault::{Exit, Failure};
use millrace_stream::Output;

/// Runs the tool.
pub fn run(args: &Args, job: &Job) -> Result<Exit, Failure> {
    let mut output = Output::stdout()?;
    let result = flow::run(args, job, &mut output);
    job.metrics.bytes_out.set(output.bytes_written());
    let bytes = output.close(job.tool, result)?;
    job.metrics.bytes_out.set(bytes);
    Ok(Exit::DONE)
}
