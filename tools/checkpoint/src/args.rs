//! The command line: its comments are the help and the man page.

mod run;

pub use run::{Conduct, RetryOn, Run, RunAll};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand, ValueEnum};
use jiff::tz::TimeZone;
use millrace_cli::options::{Clock, Identity, ProgressMode, Report};
use millrace_cli::values::Span;
use millrace_cli::{Section, Tool};
use millrace_state::Pipeline;
use millrace_state::calendar::{self, Grain};
use std::path::PathBuf;

/// Remember what is done, plan what is left, and run it
///
/// A pipeline is a set of units: the hours, days, weeks or months of its data, or any
/// other names. `plan` prints the units of a range that are not done, `run` runs a
/// command for one of them unless it is done, and `run-all` does so for a list, several
/// at a time. A unit is done when its command exited 0, and that is on disk before
/// checkpoint exits. A pipeline may also have a mark, a value that says how far it is.
#[derive(Debug, Parser)]
#[command(
    name = "checkpoint",
    version,
    subcommand_required = true,
    arg_required_else_help = false
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Keep the state in FILE [default: the nearest .millrace/state.db here or above]
    #[arg(
        long,
        value_name = "FILE",
        env = "MILLRACE_STORE",
        hide_env = true,
        global = true
    )]
    pub store: Option<PathBuf>,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub report: Report,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the units of a range that are not done, oldest first
    ///
    /// The range is remembered: slacheck knows by it what a period needs. How many
    /// units there are and how many are done goes to stderr.
    Plan(Plan),
    /// Of the units given, print those that are not done
    Todo(Listed),
    /// Run a command for one unit, unless it is done
    ///
    /// One process at a time runs a unit: its lock is inherited by the command and all
    /// of its children, and free once the last of them is gone. The command gets
    /// MILLRACE_RUN_ID (the same again after a failure or a crash, until the unit is
    /// done), MILLRACE_PIPELINE, MILLRACE_UNIT, MILLRACE_UNIT_START, MILLRACE_UNIT_END
    /// (RFC 3339; calendar units only), MILLRACE_NOW (when the run was first begun),
    /// MILLRACE_ATTEMPT (1, 2, ...) and MILLRACE_STORE. It runs in a process group of its
    /// own, to which TERM, INT, HUP and QUIT are passed on.
    Run(Run),
    /// Run a command for each of the units on stdin, several at a time
    ///
    /// Each unit is run as `checkpoint run` does. A unit that is done is skipped, one
    /// that fails does not stop the others. The output of a unit is printed in one
    /// piece when it ends. An empty list is nothing to do.
    RunAll(RunAll),
    /// Mark units done
    Done(Edited),
    /// Mark units not done; they run again, as a new run
    Undo(Edited),
    /// Exit 0 if all of the units given are done, else 1
    IsDone(Listed),
    /// Print the mark of a pipeline; exit 1 if it has none
    Get(GetMark),
    /// Set the mark of a pipeline
    Set(SetMark),
    /// Forget the mark of a pipeline
    Unset(GetMark),
    /// Show how far pipelines are, or the units of one
    Status(Status),
    /// Show what was run and marked, oldest first
    History(History),
}

/// Options of `plan`.
#[derive(Debug, clap::Args)]
pub struct Plan {
    /// The pipeline
    pub pipeline: Pipeline,
    /// The first unit, or a time in it: 2026-03-17, 2026-03-17T05, 2026-W12, 2026-03, RFC 3339
    #[arg(long, value_name = "A")]
    pub from: String,
    /// Only units that have ended when B begins [default: the present, less --delay]
    #[arg(long, value_name = "B", conflicts_with = "through")]
    pub to: Option<String>,
    /// The last unit, or a longer one that it ends
    #[arg(long, value_name = "B")]
    pub through: Option<String>,
    /// How long a unit is
    #[arg(long, value_name = "GRAIN", value_parser = grain())]
    pub every: Grain,
    /// The last N units are due again if they were last done before --as-of
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub lookback: usize,
    /// For --lookback: a unit or a time [default: when the present unit began]
    #[arg(long, value_name = "T")]
    pub as_of: Option<String>,
    /// Leave a unit alone until it has ended this long ago
    #[arg(long, value_name = "DURATION", default_value = "0", conflicts_with_all = ["to", "through"])]
    pub delay: Span,
    /// Whose hours and days: UTC, Europe/Berlin, …
    #[arg(long, value_name = "TZ", default_value = "UTC", env = "MILLRACE_TIMEZONE", hide_env = true, value_parser = zone)]
    pub timezone: TimeZone,
    /// End units with NUL, not newline
    #[arg(short = '0', long, env = "MILLRACE_NULL", hide_env = true)]
    pub null: bool,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub clock: Clock,
}

/// Units to look at.
#[derive(Debug, clap::Args)]
pub struct Listed {
    /// The pipeline
    pub pipeline: Pipeline,
    /// The units [default: those on stdin, one a line]
    pub unit: Vec<String>,
    /// Units are ended by NUL, not newline, on stdin and on stdout
    #[arg(short = '0', long, env = "MILLRACE_NULL", hide_env = true)]
    pub null: bool,
}

/// Units to change.
#[derive(Debug, clap::Args)]
pub struct Edited {
    #[allow(missing_docs)]
    #[command(flatten)]
    pub list: Listed,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub clock: Clock,
}

/// Whose mark.
#[derive(Debug, clap::Args)]
pub struct GetMark {
    /// The pipeline
    pub pipeline: Pipeline,
}

/// A new mark.
#[derive(Debug, clap::Args)]
pub struct SetMark {
    /// The pipeline
    pub pipeline: Pipeline,
    /// The value, kept as it is
    #[arg(allow_hyphen_values = true)]
    pub value: String,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub clock: Clock,
}

/// Options of `status`.
#[derive(Debug, clap::Args)]
pub struct Status {
    /// The pipeline whose units are shown [default: a line for each pipeline]
    pub pipeline: Option<Pipeline>,
    /// Leave out the units that are done
    #[arg(long, requires = "pipeline")]
    pub left: bool,
    /// A table, or one JSON object a line
    #[arg(
        long,
        value_name = "FORM",
        default_value = "text",
        env = "MILLRACE_OUTPUT",
        hide_env = true
    )]
    pub output: Form,
}

/// Options of `history`.
#[derive(Debug, clap::Args)]
pub struct History {
    /// The pipeline [default: all]
    pub pipeline: Option<Pipeline>,
    /// One unit only
    #[arg(value_name = "UNIT")]
    pub unit: Option<String>,
    /// The newest N entries only
    #[arg(short = 'n', long, value_name = "N")]
    pub newest: Option<u32>,
    /// A table, or one JSON object a line
    #[arg(
        long,
        value_name = "FORM",
        default_value = "text",
        env = "MILLRACE_OUTPUT",
        hide_env = true
    )]
    pub output: Form,
}

/// The form of what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// A table.
    Text,
    /// One JSON object a line.
    Json,
}

impl Tool for Args {
    const NAME: &'static str = "checkpoint";
    const MANUAL: &'static [Section] = crate::manual::MANUAL;

    fn report(&self) -> &Report {
        &self.report
    }

    /// A command that is run draws its own.
    fn progress(&self) -> ProgressMode {
        match self.command {
            Command::RunAll(_) => self.report.progress,
            _ => ProgressMode::Never,
        }
    }

    fn identity(&self) -> Identity {
        let (pipeline, unit) = match &self.command {
            Command::Plan(plan) => (Some(&plan.pipeline), None),
            Command::Run(run) => (Some(&run.pipeline), Some(run.unit.to_string())),
            Command::RunAll(all) => (Some(&all.pipeline), None),
            Command::Todo(list) | Command::IsDone(list) => (Some(&list.pipeline), None),
            Command::Done(edit) | Command::Undo(edit) => (Some(&edit.list.pipeline), None),
            Command::Get(mark) | Command::Unset(mark) => (Some(&mark.pipeline), None),
            Command::Set(mark) => (Some(&mark.pipeline), None),
            Command::Status(status) => (status.pipeline.as_ref(), None),
            Command::History(history) => (history.pipeline.as_ref(), None),
        };
        Identity {
            pipeline: pipeline.map(ToString::to_string),
            unit,
            ..Identity::default()
        }
    }
}

fn grain() -> impl TypedValueParser<Value = Grain> {
    PossibleValuesParser::new(["hour", "day", "week", "month"])
        .try_map(|text| text.parse::<Grain>())
}

fn zone(name: &str) -> Result<TimeZone, String> {
    calendar::zone(name).map_err(|error| error.to_string())
}
