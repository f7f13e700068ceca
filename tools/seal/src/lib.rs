//! `seal -- CMD...`: a foreign command as a stage of a pipe.
//!
//! Input: whatever stands on standard input, handed to CMD. Output: the one Arrow
//! stream that CMD writes, its end marker only after CMD exited 0, its stream was
//! complete and the stream in front of it had not failed; else the poison. Killed
//! itself, seal leaves a stream without an end, which nobody takes for complete.
//! Three threads: one hands the input over, one passes standard error on, the main
//! one relays the output.

pub mod args;
mod command;
mod upstream;
mod verdict;
mod voice;

pub use args::Args;

use millrace_cli::{Job, Tool};
use millrace_fault::{Exit, Failure};
use millrace_stream::{Error, Relay};
use verdict::Ending;

/// Runs the command and relays its stream.
pub fn run(args: &Args, job: &Job) -> Result<Exit, Failure> {
    let mut relay = Relay::stdout()?;
    let result = stage(args, job, &mut relay);
    let closed = relay.close(Args::NAME, result);
    if let Ok(bytes) = closed {
        job.metrics.bytes_out.set(bytes);
    }
    closed.map(|_| Exit::DONE)
}

fn stage(args: &Args, job: &Job, relay: &mut Relay) -> Result<(), Failure> {
    let mut running = command::start(&args.command, job)?;
    let stream = running.attach(relay).and_then(|()| pass(relay, job));
    // A command that nobody listens to any more must not wait for us.
    relay.hang_up();
    let done = running.wait()?;
    verdict::judge(Ending { stream, done })
}

fn pass(relay: &mut Relay, job: &Job) -> Result<(), Error> {
    while let Some(passed) = relay.pass()? {
        job.metrics.records_out.add(passed.rows);
        job.metrics.bytes_out.set(relay.bytes_written());
    }
    Ok(())
}
