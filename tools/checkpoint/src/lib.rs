//! `checkpoint` remembers what is done, plans what is left, and runs it.
//!
//! Input: units on the command line or on stdin; output: units, one a line, the mark,
//! a table, or whatever the command that is run prints. The state is one SQLite file
//! that any number of `checkpoint` processes share; every change is one transaction,
//! on disk before the process goes on. A unit is run by one process at a time: a lock
//! that the command and all of its children inherit says so, and is free as soon as
//! the last of them is gone, however it went. A crash at any instant leaves a unit
//! not done; its next run has the same run id.

pub mod args;
mod history;
mod listing;
mod manual;
mod marks;
mod plan;
mod run;
mod run_all;
mod status;
mod store;
mod table;
mod units;

use args::{Args, Command};
use millrace_cli::Job;
use millrace_fault::{Exit, Failure};

/// Runs the subcommand.
pub fn run(args: &Args, job: &Job) -> Result<Exit, Failure> {
    let place = store::place(args.store.as_deref())?;
    match &args.command {
        Command::Plan(plan) => plan::plan(plan, &place, job),
        Command::Todo(list) => units::todo(list, &place, job),
        Command::Done(list) => units::done(list, &place, job),
        Command::Undo(list) => units::undo(list, &place, job),
        Command::IsDone(list) => units::is_done(list, &place, job),
        Command::Run(unit) => run::run(unit, &place, job),
        Command::RunAll(all) => run_all::run_all(args, all, &place, job),
        Command::Get(mark) => marks::print(mark, &place),
        Command::Set(mark) => marks::set(mark, &place),
        Command::Unset(mark) => marks::unset(mark, &place, job),
        Command::Status(status) => status::status(status, &place, job),
        Command::History(history) => history::history(history, &place, job),
    }
}
