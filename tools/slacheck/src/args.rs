//! The command line: its comments are the help and the man page.

use crate::judge::Rules;
use crate::when::When;
use clap::{Parser, ValueEnum};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use millrace_cli::options::{Clock, Identity, Report};
use millrace_cli::values::{Limit, Span};
use millrace_cli::{Section, Tool};
use millrace_fault::{Exit, Failure};
use millrace_state::{Pipeline, calendar};
use std::path::PathBuf;

/// Is the pipeline on time?
///
/// Reads the checkpoint store and prints one line in the form of monitoring plugins:
/// SLA OK, WARNING, CRITICAL or UNKNOWN, what is done of what, and performance data. The
/// exit code is 0, 1, 2 or 3; wrong usage is 3 as well.
///
/// A period runs from one deadline to the next. It is done when every unit that was
/// planned or run in it is done, and there was at least one. Not done, it is WARNING at
/// 80 % of the allowed time and CRITICAL at the deadline, also if it was never started,
/// and stays CRITICAL until the pipeline has caught up.
#[derive(Debug, Parser)]
#[command(name = "slacheck", version)]
pub struct Args {
    /// The pipeline
    pub pipeline: Pipeline,
    /// When it must be done: '08:00 UTC', ':45', 'Monday 06:00 UTC', 'Mon..Fri *-*-* 06:00 Europe/Berlin'
    #[arg(long, value_name = "WHEN")]
    pub deadline: Option<String>,
    /// When it is started: the allowed time begins [default: when its first unit started, else --max-duration before the deadline]
    #[arg(long, value_name = "WHEN", requires = "deadline")]
    pub scheduled: Option<String>,
    /// How long it may take
    #[arg(long, value_name = "DURATION")]
    pub max_duration: Option<Span>,
    /// WARNING at this part of the allowed time
    #[arg(long, value_name = "RATE", default_value = "80%", value_parser = rate)]
    pub warn_at: f64,
    /// The zone of a WHEN that names none
    #[arg(long, value_name = "TZ", default_value = "UTC", env = "MILLRACE_TIMEZONE", hide_env = true, value_parser = zone)]
    pub timezone: TimeZone,
    /// The state is in FILE [default: the nearest .millrace/state.db here or above]
    #[arg(long, value_name = "FILE", env = "MILLRACE_STORE", hide_env = true)]
    pub store: Option<PathBuf>,
    /// The form of the answer
    #[arg(
        long,
        value_name = "FORM",
        default_value = "text",
        env = "MILLRACE_OUTPUT",
        hide_env = true
    )]
    pub output: Form,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub clock: Clock,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub report: Report,
}

/// The form of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// One line, as monitoring plugins print it.
    Text,
    /// One JSON object.
    Json,
    /// OpenMetrics text, e.g. for the textfile collector of Prometheus' node exporter.
    Openmetrics,
}

impl Args {
    /// The agreement.
    pub(crate) fn rules(&self) -> Result<Rules, Failure> {
        if self.deadline.is_none() && self.max_duration.is_none() {
            return Err(Failure::usage(
                "neither --deadline nor --max-duration: nothing to judge by",
            ));
        }
        let when = |text: &Option<String>| match text {
            Some(text) => When::parse(text, &self.timezone)
                .map(Some)
                .map_err(|problem| Failure::usage(problem).hint(crate::when::FORMS)),
            None => Ok(None),
        };
        let max_duration = self
            .max_duration
            .map(|span| SignedDuration::try_from(span.0));
        Ok(Rules {
            deadline: when(&self.deadline)?,
            scheduled: when(&self.scheduled)?,
            max_duration: max_duration
                .transpose()
                .map_err(|_| Failure::usage("--max-duration is too long"))?,
            warn_at: self.warn_at,
        })
    }
}

impl Tool for Args {
    const NAME: &'static str = "slacheck";
    const USAGE: Exit = Exit(3);
    const MANUAL: &'static [Section] = crate::manual::MANUAL;

    fn report(&self) -> &Report {
        &self.report
    }

    fn identity(&self) -> Identity {
        Identity {
            pipeline: Some(self.pipeline.to_string()),
            ..Identity::default()
        }
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(Limit::Rate(rate)) => Ok(rate),
        _ => Err(format!("'{text}' is not a rate such as 80% or 0.8")),
    }
}

fn zone(name: &str) -> Result<TimeZone, String> {
    calendar::zone(name).map_err(|error| error.to_string())
}
