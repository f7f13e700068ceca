//! `run-all`: the units on stdin, fanned out and in.
//!
//! Each unit is a `checkpoint run` of its own, so that the lock of one is not inherited
//! by another, and a unit is run in one way only. This process hands out units, keeps
//! each one's output whole, passes signals on, and counts.

mod child;
mod output;
mod share;

use crate::args::{Args, RunAll};
use crate::listing;
use crate::run::stop_signals;
use child::Starter;
use millrace_cli::Job;
use millrace_fault::{Exit, Failure};
use millrace_state::{Place, Store, UnitName};
use output::Output;
use rustix::process::{Pid, Signal};
use signal_hook::iterator::Signals;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

pub(crate) fn run_all(
    args: &Args,
    all: &RunAll,
    place: &Place,
    job: &Job,
) -> Result<Exit, Failure> {
    let units = distinct(listing::from_stdin(all.null)?);
    if units.is_empty() {
        job.metrics.set_noop();
        job.say("no units on standard input: nothing to do");
        return Ok(Exit::DONE);
    }
    let mut store = Store::open_or_create(place)?;
    store.register_all(&all.pipeline, &units)?;
    let parallel = all
        .parallel
        .or(thread::available_parallelism().ok())
        .map_or(1, usize::from)
        .min(units.len());
    job.metrics.units_total.set(units.len() as u64);
    let fan = Fan {
        job,
        starter: Starter::new(args, all, store.path(), parallel, job.redraws())?,
        output: Output::default(),
        next: AtomicUsize::new(0),
        stop: AtomicI32::new(0),
        running: Mutex::default(),
        ends: Mutex::new(vec![End::NotStarted; units.len()]),
        units,
    };
    fan.run(parallel, &Mutex::new(store), all)?;
    fan.finish()
}

fn distinct(units: Vec<UnitName>) -> Vec<UnitName> {
    let mut seen = HashSet::new();
    units
        .into_iter()
        .filter(|unit| seen.insert(unit.clone()))
        .collect()
}

/// What became of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    NotStarted,
    Skipped,
    Done,
    Failed(u8),
}

/// What the workers share.
struct Fan<'a> {
    job: &'a Job,
    starter: Starter,
    output: Output,
    units: Vec<UnitName>,
    next: AtomicUsize,
    /// The signal that told us to stop; 0: none.
    stop: AtomicI32,
    running: Mutex<HashMap<usize, Pid>>,
    ends: Mutex<Vec<End>>,
}

impl Fan<'_> {
    fn run(&self, parallel: usize, store: &Mutex<Store>, all: &RunAll) -> Result<(), Failure> {
        let mut signals = Signals::new(stop_signals())
            .map_err(|error| Failure::io("watch for", "signals", error))?;
        let listening = signals.handle();
        thread::scope(|scope| {
            scope.spawn(move || signals.forever().for_each(|signal| self.pass_on(signal)));
            let workers: Vec<_> = (0..parallel)
                .map(|_| scope.spawn(|| self.work(store, all)))
                .collect();
            let results: Vec<_> = workers
                .into_iter()
                .map(thread::ScopedJoinHandle::join)
                .collect();
            listening.close();
            results.into_iter().try_for_each(|result| match result {
                Ok(result) => result,
                Err(_) => Err(Failure::environment("a worker of run-all broke off")),
            })
        })
    }

    /// Takes units until none is left or we were told to stop.
    fn work(&self, store: &Mutex<Store>, all: &RunAll) -> Result<(), Failure> {
        while self.stop.load(Ordering::SeqCst) == 0 {
            let number = self.next.fetch_add(1, Ordering::SeqCst);
            let Some(unit) = self.units.get(number) else {
                break;
            };
            let is_done = !all.conduct.redo && locked(store).is_done(&all.pipeline, unit)?;
            let end = if is_done {
                End::Skipped
            } else {
                self.unit(number, unit)?
            };
            locked(&self.ends)[number] = end;
            self.job.metrics.units_done.add(1);
        }
        Ok(())
    }

    fn unit(&self, number: usize, unit: &UnitName) -> Result<End, Failure> {
        let mut child = {
            // A signal between start and registration must not pass this child by.
            let mut running = locked(&self.running);
            if self.stop.load(Ordering::SeqCst) != 0 {
                return Ok(End::NotStarted);
            }
            let child = self.starter.start(unit)?;
            running.insert(number, child.pid());
            child
        };
        child.wait_without_reaping();
        locked(&self.running).remove(&number);
        let exit = child.reap()?;
        self.output.emit(child.output)?;
        Ok(if exit == 0 {
            End::Done
        } else {
            End::Failed(exit)
        })
    }

    /// Each unit's `checkpoint run` passes it on to its command.
    fn pass_on(&self, signal: i32) {
        let running = locked(&self.running);
        self.stop.store(signal, Ordering::SeqCst);
        for pid in running.values() {
            if let Some(signal) = Signal::from_named_raw(signal) {
                let _ = rustix::process::kill_process(*pid, signal);
            }
        }
    }

    /// The summary, and the exit code: 128 + n if we were told to stop, else that of
    /// the first unit of the list that failed.
    fn finish(self) -> Result<Exit, Failure> {
        let ends = locked(&self.ends);
        self.job.say(summary(&ends));
        let stopped = self.stop.load(Ordering::SeqCst);
        if stopped != 0
            && !ends
                .iter()
                .all(|end| matches!(end, End::Done | End::Skipped))
        {
            return Ok(Exit(128u8.saturating_add(stopped as u8)));
        }
        let first = ends.iter().find_map(|end| match end {
            End::Failed(exit) => Some(Exit(*exit)),
            _ => None,
        });
        match (first, self.output.failure()) {
            (Some(exit), _) => Ok(exit),
            (None, Some(failure)) => Err(failure),
            (None, None) => Ok(Exit::DONE),
        }
    }
}

fn locked<T>(value: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

fn summary(ends: &[End]) -> String {
    let count = |wanted: fn(&End) -> bool| ends.iter().filter(|end| wanted(end)).count();
    let mut text = format!(
        "{} units: {} done",
        ends.len(),
        count(|end| *end == End::Done)
    );
    let rest = [
        (count(|end| *end == End::Skipped), "skipped"),
        (count(|end| matches!(end, End::Failed(_))), "failed"),
        (count(|end| *end == End::NotStarted), "not started"),
    ];
    for (number, what) in rest {
        if number > 0 {
            text.push_str(&format!(", {number} {what}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_counts_what_there_is() {
        assert_eq!(summary(&[End::Done, End::Done]), "2 units: 2 done");
        let ends = [End::Done, End::Skipped, End::Failed(3), End::NotStarted];
        assert_eq!(
            summary(&ends),
            "4 units: 1 done, 1 skipped, 1 failed, 1 not started"
        );
    }

    #[test]
    fn a_unit_given_twice_is_run_once() {
        let units = ["b", "a", "b"].map(|unit| unit.parse().unwrap()).to_vec();
        assert_eq!(
            distinct(units)
                .iter()
                .map(UnitName::as_str)
                .collect::<Vec<_>>(),
            ["b", "a"]
        );
    }
}
