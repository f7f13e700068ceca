//! The options of `run` and `run-all`.

use super::zone;
use clap::Args;
use jiff::tz::TimeZone;
use millrace_cli::options::{Clock, Wait};
use millrace_cli::values::Span;
use millrace_state::{Pipeline, UnitName};
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::str::FromStr;

/// Options of `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// The pipeline
    pub pipeline: Pipeline,
    /// The unit
    pub unit: UnitName,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<OsString>,
    /// Give the command our stdin (not with --retries: it can be read but once)
    #[arg(long, conflicts_with = "retries")]
    pub stdin: bool,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub conduct: Conduct,
    /// The process for which this unit is run: stop when it is gone.
    #[arg(long, hide = true, value_name = "PID")]
    pub supervisor: Option<i32>,
}

/// Options of `run-all`.
#[derive(Debug, Args)]
pub struct RunAll {
    /// The pipeline
    pub pipeline: Pipeline,
    /// The command and its arguments; {} stands for the unit, which is appended if there is none
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<OsString>,
    /// How many units run at a time [default: one per core]
    #[arg(short = 'P', long, value_name = "N")]
    pub parallel: Option<NonZeroUsize>,
    /// Units on stdin are ended by NUL, not newline
    #[arg(short = '0', long, env = "MILLRACE_NULL", hide_env = true)]
    pub null: bool,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub conduct: Conduct,
}

/// How a command is run.
#[derive(Clone, Debug, Args)]
pub struct Conduct {
    /// Try again up to N times when the command fails
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub retries: u32,
    /// Wait this long before the first retry, give or take a quarter
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    pub retry_delay: Span,
    /// Each further wait is F times as long
    #[arg(long, value_name = "F", default_value_t = 2.0, value_parser = factor)]
    pub backoff: f64,
    /// But no longer than this
    #[arg(long, value_name = "DURATION", default_value = "10m")]
    pub max_delay: Span,
    /// Exit codes that are worth a retry: any, or a list such as 1,4,5 [default: all but 2,3,126,127]
    #[arg(long, value_name = "CODES")]
    pub retry_on: Option<RetryOn>,
    /// Stop the command, with all of its process group, after this long: TERM, then KILL; exit 124
    #[arg(long, value_name = "DURATION")]
    pub timeout: Option<Span>,
    /// Time between TERM and KILL
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    pub grace: Span,
    /// Run no more than N units of this pipeline at a time, whoever runs them
    #[arg(long, value_name = "N")]
    pub max_active: Option<NonZeroUsize>,
    /// Shell command to run once the unit is done
    #[arg(long, value_name = "CMD")]
    pub on_success: Option<OsString>,
    /// Shell command to run once the unit has failed; its exit code is in MILLRACE_EXIT
    #[arg(long, value_name = "CMD")]
    pub on_failure: Option<OsString>,
    /// Run it anew, with a new run id, done or not
    #[arg(long)]
    pub redo: bool,
    /// Whose hours and days units are [default: as last planned, else UTC]
    #[arg(long, value_name = "TZ", env = "MILLRACE_TIMEZONE", hide_env = true, value_parser = zone)]
    pub timezone: Option<TimeZone>,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub wait: Wait,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub clock: Clock,
}

/// Which exit codes are worth a retry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryOn {
    /// Every failure.
    Any,
    /// These.
    Codes(Vec<u8>),
}

impl FromStr for RetryOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "any" {
            return Ok(RetryOn::Any);
        }
        let codes: Result<Vec<u8>, _> = text.split(',').map(str::parse).collect();
        match codes {
            Ok(codes) if !codes.contains(&0) => Ok(RetryOn::Codes(codes)),
            _ => Err(format!(
                "'{text}' is neither any nor a list of exit codes such as 1,4,5"
            )),
        }
    }
}

impl RetryOn {
    /// As it is written on a command line.
    pub fn to_option(&self) -> String {
        match self {
            RetryOn::Any => "any".to_owned(),
            RetryOn::Codes(codes) => codes
                .iter()
                .map(u8::to_string)
                .collect::<Vec<_>>()
                .join(","),
        }
    }
}

fn factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if (1.0..=1000.0).contains(&factor) => Ok(factor),
        _ => Err(format!("'{text}' is not a factor from 1 to 1000")),
    }
}
