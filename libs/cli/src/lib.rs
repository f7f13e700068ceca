//! What every tool's command line shares, so that who has learned one tool has
//! learned them all: [`main`] (arguments, exit code, the one error printer, the
//! metrics line), the shared option groups of millrace(7) in [`options`], their
//! [`values`], checked writing to stdout, and progress.
//!
//! A tool is a [`Tool`] (its clap arguments) and a plain function
//! `fn run(args: &Args, job: &Job) -> Result<Exit, Failure>`. Nothing but this
//! library prints to stderr. It knows nothing of Arrow.

mod app;
mod generate;
mod job;
mod metrics;
pub mod options;
mod progress;
mod report;
mod stdout;
pub mod values;

pub use app::{Section, Tool, main};
pub use job::Job;
pub use metrics::{Counter, Metrics};
pub use report::{aside, pass_on};
pub use stdout::Stdout;
