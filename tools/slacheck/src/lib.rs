//! `slacheck` says whether a pipeline is on time: one line and an exit code, as
//! monitoring plugins do.
//!
//! Input: the checkpoint store, which it only reads (it never makes one), and the
//! agreement on the command line. Output: one line on stdout (or JSON, or OpenMetrics)
//! and exit 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN; wrong usage and anything that keeps
//! it from judging are UNKNOWN. Absence counts: a pipeline that was never started is
//! late at its deadline. Safe beside any number of `checkpoint` processes.

pub mod args;
mod facts;
mod judge;
mod manual;
mod pace;
mod print;
mod when;

use args::Args;
use facts::Facts;
use judge::{State, Verdict};
use millrace_cli::{Job, Tool};
use millrace_fault::{Exit, Failure};
use millrace_state::{Place, Store};

/// Judges and prints.
pub fn run(args: &Args, job: &Job) -> Result<Exit, Failure> {
    let rules = args.rules()?;
    let verdict = match judged(args, &rules) {
        Ok(verdict) => verdict,
        Err(failure) if failure.exit() == Exit::USAGE => return Err(failure),
        // A plugin's reader looks at stdout alone.
        Err(failure) => Verdict::unknown(failure.to_string()),
    };
    job.metrics.detail("state", verdict.state.as_str());
    job.metrics.detail("reason", verdict.reason.as_str());
    print::print(args, &verdict).map_err(unknown)?;
    Ok(Exit(match verdict.state {
        State::Ok => 0,
        State::Warning => 1,
        State::Critical => 2,
        State::Unknown => 3,
    }))
}

/// 4 means nothing to who reads plugins.
fn unknown(failure: Failure) -> Failure {
    if failure.is_silent() {
        failure
    } else {
        Failure::new(Args::USAGE, failure.to_string())
    }
}

fn judged(args: &Args, rules: &judge::Rules) -> Result<Verdict, Failure> {
    let here = std::env::current_dir()
        .map_err(|error| Failure::io("find", "the working directory", error))?;
    let place = Place::locate(args.store.as_deref(), &here)?;
    let facts = Facts::gather(
        &Store::open(&place)?,
        &args.pipeline,
        rules,
        args.clock.now(),
    )?;
    Ok(judge::judge(&facts, rules))
}
