//! The option groups that tools share: same spelling, same meaning, everywhere.
//! A tool flattens the groups whose options it honours, and no others.

use crate::values::{Size, Span};
use clap::{Args, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// About reporting: in every tool.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Reporting")]
pub struct Report {
    /// Append one JSON line of metrics to FILE at exit, also on failure
    #[arg(
        long,
        value_name = "FILE",
        env = "MILLRACE_METRICS",
        hide_env = true,
        global = true
    )]
    pub metrics: Option<PathBuf>,
    /// When to show progress on stderr
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        env = "MILLRACE_PROGRESS",
        hide_env = true,
        global = true
    )]
    pub progress: ProgressMode,
    /// Say nothing on stderr but warnings and errors
    #[arg(short, long, env = "MILLRACE_QUIET", hide_env = true, global = true)]
    pub quiet: bool,
    /// Print the man page or a shell's completions, and exit
    #[arg(long, value_name = "FORM", exclusive = true)]
    pub generate: Option<Generated>,
}

/// When to show progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressMode {
    /// On a terminal, by the last tool of a pipe.
    #[default]
    Auto,
    /// Also without a terminal: a plain line every few seconds.
    Always,
    /// Never.
    Never,
}

/// What `--generate` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Generated {
    /// The man page, in roff.
    Man,
    /// Completions for bash.
    Bash,
    /// Completions for zsh.
    Zsh,
    /// Completions for fish.
    Fish,
}

/// Which run of which pipeline this is. `checkpoint run` sets all of it by environment.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Run")]
pub struct Identity {
    /// Pipeline this run belongs to
    #[arg(long, value_name = "NAME", env = "MILLRACE_PIPELINE", hide_env = true)]
    pub pipeline: Option<String>,
    /// Identity of the run; the same again on a rerun
    #[arg(long, value_name = "ID", env = "MILLRACE_RUN_ID", hide_env = true)]
    pub run_id: Option<String>,
    /// Unit of work, e.g. 2026-03-17T05
    #[arg(long, value_name = "UNIT", env = "MILLRACE_UNIT", hide_env = true)]
    pub unit: Option<String>,
    /// Step within the run, when a tool is called more than once in it
    #[arg(long, value_name = "NAME", env = "MILLRACE_STEP", hide_env = true)]
    pub step: Option<String>,
}

/// How many threads work.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Resources")]
pub struct Threads {
    /// Threads that work; the output does not depend on it [default: one per core]
    #[arg(long, value_name = "N", env = "MILLRACE_THREADS", hide_env = true)]
    pub threads: Option<NonZeroUsize>,
}

impl Threads {
    /// The number asked for, else one per core that this process may use.
    pub fn count(&self) -> usize {
        self.threads
            .or_else(|| std::thread::available_parallelism().ok())
            .map_or(1, NonZeroUsize::get)
    }
}

/// How much memory may grow with the data, and where the rest spills.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Resources")]
pub struct Memory {
    /// Budget for what grows with the data; what does not fit is spilled
    #[arg(
        long,
        value_name = "SIZE",
        default_value = "256MB",
        env = "MILLRACE_MEMORY",
        hide_env = true
    )]
    pub memory: Size,
    /// Where spilled data goes [default: $TMPDIR, else /tmp]
    #[arg(long, value_name = "DIR", env = "MILLRACE_TEMP_DIR", hide_env = true)]
    pub temp_dir: Option<PathBuf>,
}

impl Memory {
    /// The directory for spilled data.
    pub fn spill_dir(&self) -> PathBuf {
        self.temp_dir.clone().unwrap_or_else(std::env::temp_dir)
    }
}

/// How long to wait for a lock.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Run")]
pub struct Wait {
    /// How long to wait for a lock that someone else holds; then exit 5
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "10m",
        env = "MILLRACE_WAIT",
        hide_env = true
    )]
    pub wait: Span,
}

/// The injected clock.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Run")]
pub struct Clock {
    /// Take T (RFC 3339) for the present time
    #[arg(long, value_name = "T", env = "MILLRACE_NOW", hide_env = true, value_parser = instant)]
    pub now: Option<jiff::Timestamp>,
}

impl Clock {
    /// The present time, or the one injected.
    pub fn now(&self) -> jiff::Timestamp {
        self.now.unwrap_or_else(jiff::Timestamp::now)
    }
}

fn instant(text: &str) -> Result<jiff::Timestamp, String> {
    text.parse()
        .map_err(|_| format!("'{text}' is not a time such as 2026-03-17T05:00:00Z"))
}
