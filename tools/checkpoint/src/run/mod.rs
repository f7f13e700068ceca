//! `run`: one unit, once, whatever happens.
//!
//! Order: skip if done; take the unit's lock (and a slot, with `--max-active`); look
//! again; record the attempt; run the command; record its end. Only then is the lock
//! given up, and a unit is done only if its command exited 0 and the store says so.

mod attempt;
mod environment;
mod lock;
mod retry;
mod watch;

pub(crate) use lock::{is_held, lock_path};
pub(crate) use watch::stop_signals;

use crate::args::{Conduct, Run};
use attempt::{Cause, Ended};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use lock::Lock;
use millrace_cli::Job;
use millrace_fault::{Context, Exit, Failure, quoted};
use millrace_state::calendar::Unit;
use millrace_state::{Attempt, Begun, End, Pipeline, Place, Store, UnitName};
use retry::Retries;
use std::ffi::OsString;
use std::process::Command;
use std::time::{Duration, Instant};
use watch::Watch;

/// 125: checkpoint itself failed, so that the command's own 3 or 4 is told from ours.
const OWN_FAILURE: Exit = Exit(125);

pub(crate) fn run(args: &Run, place: &Place, job: &Job) -> Result<Exit, Failure> {
    match one(args, place, job) {
        Ok(Outcome::Done) => Ok(Exit::DONE),
        Ok(Outcome::Failed(ended)) => {
            let text = format!(
                "{} of {} failed: {ended}",
                quoted(args.unit.as_str()),
                quoted(args.pipeline.as_str())
            );
            Err(Failure::new(Exit(ended.exit), text))
        }
        Err(failure) => Err(own(failure)),
    }
}

enum Outcome {
    Done,
    Failed(Ended),
}

fn own(failure: Failure) -> Failure {
    if [Exit::USAGE, Exit::BUSY].contains(&failure.exit()) {
        return failure;
    }
    let own = Failure::new(OWN_FAILURE, failure.to_string());
    match failure.hint_line() {
        Some(hint) => own.hint(hint),
        None => own,
    }
}

fn one(args: &Run, place: &Place, job: &Job) -> Result<Outcome, Failure> {
    watch::die_with(args.supervisor)?;
    attempt::check_stdin(args.stdin)?;
    attempt::adopt_orphans();
    let known = if place.exists() {
        Some(Store::open(place)?)
    } else {
        None
    };
    let zone = zone(args, known.as_ref())?;
    let period = Unit::parse(args.unit.as_str(), &zone).map_err(millrace_state::Error::from)?;
    let mut store = known.map_or_else(|| Store::open_or_create(place), Ok)?;
    if !args.conduct.redo && store.is_done(&args.pipeline, &args.unit)? {
        return Ok(already_done(args, job));
    }
    let lock = lock::unit(
        &mut store,
        &args.pipeline,
        &args.unit,
        args.conduct.wait.wait.0,
        job,
    )?;
    let slot = lock::slot(&store, &args.pipeline, &args.conduct, job)?;
    let mut task = Task {
        args,
        job,
        store,
        period,
        zone,
        clock: Watchmaker::new(&args.conduct),
        watch: Watch::start()?,
    };
    let outcome = task.attempts();
    release(slot, lock);
    outcome
}

fn release(slot: Option<Lock>, lock: Lock) {
    drop(slot);
    lock.release();
}

/// Where the unit's name is at home: as said, else as last planned.
fn zone(args: &Run, store: Option<&Store>) -> Result<TimeZone, Failure> {
    if let Some(zone) = &args.conduct.timezone {
        return Ok(zone.clone());
    }
    let planned = store.map_or(Ok(None), |store| store.zone(&args.pipeline))?;
    Ok(planned.unwrap_or(TimeZone::UTC))
}

fn already_done(args: &Run, job: &Job) -> Outcome {
    job.metrics.set_noop();
    let (unit, pipeline) = (quoted(args.unit.as_str()), quoted(args.pipeline.as_str()));
    job.say(format!("{unit} of {pipeline} is done: nothing to run"));
    Outcome::Done
}

/// The injected clock, which goes on from the time that was injected.
struct Watchmaker {
    base: Timestamp,
    started: Instant,
}

impl Watchmaker {
    fn new(conduct: &Conduct) -> Self {
        Watchmaker {
            base: conduct.clock.now(),
            started: Instant::now(),
        }
    }

    fn now(&self) -> Timestamp {
        let passed =
            SignedDuration::try_from(self.started.elapsed()).unwrap_or(SignedDuration::ZERO);
        self.base.checked_add(passed).unwrap_or(self.base)
    }
}

/// One unit under its lock.
struct Task<'a> {
    args: &'a Run,
    job: &'a Job,
    store: Store,
    period: Option<Unit>,
    zone: TimeZone,
    clock: Watchmaker,
    watch: Watch,
}

impl Task<'_> {
    /// Attempts until one succeeds, none is left, or we were told to stop.
    fn attempts(&mut self) -> Result<Outcome, Failure> {
        let mut retries = Retries::new(&self.args.conduct);
        let mut anew = self.args.conduct.redo;
        loop {
            let Some(attempt) = self.begin(anew)? else {
                return Ok(already_done(self.args, self.job));
            };
            anew = false;
            let ended = self.execute(&attempt)?;
            let pause = if ended.exit == 0 {
                None
            } else {
                retries.pause_after(&ended)
            };
            self.end(&attempt, &ended, pause.is_some())?;
            let Some(pause) = pause else {
                self.hook(&attempt, &ended)?;
                return Ok(if ended.exit == 0 {
                    Outcome::Done
                } else {
                    Outcome::Failed(ended)
                });
            };
            if let Some(signal) = self.rest(&ended, pause) {
                return self.give_up(&attempt, signal);
            }
        }
    }

    fn begin(&mut self, anew: bool) -> Result<Option<Attempt>, Failure> {
        let now = self.clock.now();
        let begun = self.store.begin(
            &self.args.pipeline,
            &self.args.unit,
            self.period.as_ref(),
            now,
            anew,
        )?;
        Ok(match begun {
            Begun::AlreadyDone => None,
            Begun::Attempt(attempt) => Some(attempt),
        })
    }

    fn execute(&mut self, attempt: &Attempt) -> Result<Ended, Failure> {
        let mut command = self.command(attempt, &self.args.command);
        attempt::give_stdin(&mut command, self.args.stdin);
        let timeout = self.args.conduct.timeout.map(|span| span.0);
        attempt::execute(command, timeout, self.args.conduct.grace.0, &mut self.watch)
    }

    fn command(&self, attempt: &Attempt, words: &[OsString]) -> Command {
        let mut words = words.iter();
        let mut command = Command::new(words.next().map_or_else(OsString::new, OsString::clone));
        command.args(words);
        environment::set(&mut command, self, attempt);
        command
    }

    fn end(&mut self, attempt: &Attempt, ended: &Ended, again: bool) -> Result<(), Failure> {
        let end = End {
            exit: ended.exit,
            at: self.clock.now(),
            again,
        };
        let taken = self.store.end(attempt, end).context(format!(
            "the command ended ({ended}), but that is not recorded"
        ))?;
        if !taken {
            self.job.warn(format!(
                "{} was changed by hand while it ran: it is due again",
                quoted(self.args.unit.as_str())
            ));
        }
        Ok(())
    }

    /// Waits for the next attempt; a signal that asks us to stop ends the waiting.
    fn rest(&mut self, ended: &Ended, pause: Duration) -> Option<i32> {
        let span = millrace_cli::values::Span(pause);
        self.job.warn(format!(
            "{}: {ended}: again in {span}",
            quoted(self.args.unit.as_str())
        ));
        self.watch.signal_within(pause)
    }

    /// Told to stop between two attempts: the unit has failed for now.
    fn give_up(&mut self, attempt: &Attempt, signal: i32) -> Result<Outcome, Failure> {
        let ended = Ended::by_signal(signal);
        self.end(attempt, &ended, false)?;
        Ok(Outcome::Failed(ended))
    }

    /// `--on-success` or `--on-failure`; what becomes of it changes nothing.
    fn hook(&mut self, attempt: &Attempt, ended: &Ended) -> Result<(), Failure> {
        let conduct = &self.args.conduct;
        let hook = if ended.exit == 0 {
            &conduct.on_success
        } else {
            &conduct.on_failure
        };
        let Some(hook) = hook else { return Ok(()) };
        let words = ["sh".into(), "-c".into(), hook.clone()];
        let mut command = self.command(attempt, &words);
        command.env("MILLRACE_EXIT", ended.exit.to_string());
        attempt::give_stdin(&mut command, false);
        let end = attempt::execute(command, None, conduct.grace.0, &mut self.watch)?;
        if end.exit != 0 {
            self.job
                .warn(format!("{} failed: {end}", quoted(hook.to_string_lossy())));
        }
        Ok(())
    }
}

impl Task<'_> {
    fn names(&self) -> (&Pipeline, &UnitName) {
        (&self.args.pipeline, &self.args.unit)
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.cause {
            Cause::Exited => write!(f, "exit {}", self.exit),
            Cause::Killed(name) => write!(f, "killed by {name}"),
            Cause::TimedOut(limit) => {
                write!(f, "stopped after {}", millrace_cli::values::Span(*limit))
            }
            Cause::CannotRun(reason) => f.write_str(reason),
        }
    }
}
