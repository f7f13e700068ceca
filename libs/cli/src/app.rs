//! From `argv` to an exit code.

use crate::options::{Identity, ProgressMode, Report};
use crate::{Job, generate, report};
use clap::builder::{BoolishValueParser, Resettable};
use clap::{Arg, ArgAction, ArgMatches, Command, Parser, error::ErrorKind};
use millrace_fault::{Exit, Failure, last_panic, record_panics};
use std::ffi::OsString;
use std::io::Write;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A titled part of the manual, printed after the options: (title, text).
pub type Section = (&'static str, &'static str);

/// A tool's command line. The doc comments of its clap types are help and man page.
pub trait Tool: Parser {
    /// The binary's bare name.
    const NAME: &'static str;
    /// What a wrong command line exits with; a monitoring plugin says 3 for UNKNOWN.
    const USAGE: Exit = Exit::USAGE;
    /// Further parts of the manual: EXAMPLES first, then FILES, NOTES, …
    const MANUAL: &'static [Section];

    /// The options about reporting.
    fn report(&self) -> &Report;

    /// When progress is drawn; a tool whose child draws its own keeps quiet.
    fn progress(&self) -> ProgressMode {
        self.report().progress
    }

    /// Which run of which pipeline this is, for the metrics line.
    fn identity(&self) -> Identity {
        Identity::default()
    }
}

/// Runs a tool: parses the command line, runs, prints a failure, appends the
/// metrics line, returns the exit code. The whole of every `main.rs`.
pub fn main<T: Tool>(run: fn(&T, &Job) -> Result<Exit, Failure>) -> ExitCode {
    record_panics();
    take_size_limit_as_an_error();
    let argv: Vec<OsString> = std::env::args_os().collect();
    if let Some(form) = generate::requested(&argv) {
        return generate::print::<T>(&form).into();
    }
    match with_environment(T::command())
        .try_get_matches_from(&argv)
        .and_then(|matches| T::from_arg_matches(&matches))
    {
        Ok(args) => supervise(&args, run).into(),
        Err(error) => refuse::<T>(&error, &argv).into(),
    }
}

/// Environment variables as people set them: an empty one is none, and a flag's may say
/// 1, true, yes or on.
fn with_environment(command: Command) -> Command {
    let adapt = |arg: Arg| match arg.get_env().map(std::env::var_os) {
        Some(Some(value)) if value.is_empty() => arg.env(Resettable::Reset),
        Some(_) if matches!(arg.get_action(), ArgAction::SetTrue) => {
            arg.value_parser(BoolishValueParser::new())
        }
        _ => arg,
    };
    command.mut_args(adapt).mut_subcommands(with_environment)
}

/// A write beyond `ulimit -f` shall fail like one to a full disk (4, one line, cleaned
/// up), not kill the process. A handler does that, and unlike an ignored signal it is not
/// inherited by the commands that a tool runs.
fn take_size_limit_as_an_error() {
    const SIGXFSZ: i32 = rustix::process::Signal::XFSZ.as_raw();
    // Where it cannot be registered, the system's default stays.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

fn supervise<T: Tool>(args: &T, run: fn(&T, &Job) -> Result<Exit, Failure>) -> Exit {
    let job = Job::new(T::NAME, args.report(), args.identity());
    let progress = job.start_progress(args.progress());
    let result = panic::catch_unwind(AssertUnwindSafe(|| run(args, &job)));
    drop(progress);
    let result = result.unwrap_or_else(|_| {
        let reason = last_panic().unwrap_or_else(|| "panic".to_owned());
        Err(Failure::environment(format!("internal error: {reason}"))
            .hint("this is a bug, please report it"))
    });
    let exit = match &result {
        Ok(exit) => *exit,
        Err(failure) if failure.exit() == Exit::USAGE => T::USAGE,
        Err(failure) => failure.exit(),
    };
    if let Err(failure) = &result {
        report::failure(T::NAME, failure);
    }
    job.append_metrics(
        args.report().metrics.as_deref(),
        exit,
        result.as_ref().err(),
    );
    exit
}

/// A command line that clap did not take: help and version go to stdout with 0,
/// anything else is one line on stderr.
fn refuse<T: Tool>(error: &clap::Error, argv: &[OsString]) -> Exit {
    let text = error.render();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let written =
                write!(std::io::stdout(), "{text}").and_then(|()| std::io::stdout().flush());
            match written {
                Ok(()) => Exit::DONE,
                Err(cause) => {
                    let failure = Failure::io("write", "standard output", cause);
                    report::failure(T::NAME, &failure);
                    failure.exit()
                }
            }
        }
        _ => {
            let failure = report::usage(T::NAME, &text.to_string());
            report::failure(T::NAME, &failure);
            let job = Job::new(T::NAME, &Report::default(), Identity::default());
            job.append_metrics(metrics_file::<T>(argv).as_deref(), T::USAGE, Some(&failure));
            T::USAGE
        }
    }
}

/// The file of --metrics in a command line that is wrong elsewhere.
fn metrics_file<T: Tool>(argv: &[OsString]) -> Option<PathBuf> {
    let command = with_environment(T::command()).ignore_errors(true);
    let matches = command.try_get_matches_from(argv).ok()?;
    let of = |matches: &ArgMatches| matches.try_get_one("metrics").ok().flatten().cloned();
    let of_subcommand = matches.subcommand().and_then(|(_, matches)| of(matches));
    of_subcommand.or_else(|| of(&matches))
}
