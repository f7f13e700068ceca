//! What the store knows about a period: what it needed, and how far that is.

use crate::judge::Rules;
use crate::pace::Pace;
use jiff::Timestamp;
use millrace_fault::Failure;
use millrace_state::{Entry, Event, Filter, Pipeline, Plan, State, Store, UnitRecord};
use std::collections::{BTreeSet, HashMap};

/// From one deadline (or the last plan) to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    /// The first instant in it.
    pub(crate) start: Timestamp,
    /// Its deadline; None if only a duration was agreed.
    pub(crate) deadline: Option<Timestamp>,
}

/// The work of a period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Work {
    /// Whether anything was planned or run in it.
    pub(crate) is_begun: bool,
    /// How many units it needs.
    pub(crate) units: usize,
    /// How many of them are done.
    pub(crate) done: usize,
    /// How many of those were done within the period.
    pub(crate) done_here: usize,
    /// How many failed last time.
    pub(crate) failed: usize,
    /// When its first unit was started.
    pub(crate) started: Option<Timestamp>,
    /// When the last of its units was done.
    pub(crate) ended: Option<Timestamp>,
}

impl Work {
    /// Whether there was any, and all of it is done.
    pub(crate) fn is_done(&self) -> bool {
        self.is_begun && self.done == self.units
    }
}

/// All that a judgement needs.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) now: Timestamp,
    pub(crate) current: Period,
    pub(crate) work: Work,
    /// The period before, if deadlines were agreed.
    pub(crate) previous: Option<(Period, Work)>,
    /// When the pipeline was first heard of.
    pub(crate) seen: Option<Timestamp>,
    /// How long such work took before.
    pub(crate) pace: Option<Pace>,
}

impl Facts {
    /// Reads the store as of `now`: what happened later is left out.
    pub(crate) fn gather(
        store: &Store,
        pipeline: &Pipeline,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<Facts, Failure> {
        let seen = store.first_seen(pipeline)?.filter(|seen| *seen <= now);
        let periods = periods(store, pipeline, rules, now)?;
        let oldest = periods.last().map_or(now, |period| period.start);
        let log = Log::read(store, pipeline, oldest, now)?;
        let current = periods[0];
        let previous = periods.get(1).filter(|period| period.deadline.is_some());
        let earlier = periods
            .iter()
            .skip(1)
            .filter_map(|period| log.span(*period));
        Ok(Facts {
            now,
            current,
            work: log.work(current),
            previous: previous.map(|period| (*period, log.work(*period))),
            seen,
            pace: Pace::of(earlier),
        })
    }
}

/// How many earlier periods tell how long the work takes.
const MEMORY: usize = 20;

/// The current period and those before it, newest first; at least one.
fn periods(
    store: &Store,
    pipeline: &Pipeline,
    rules: &Rules,
    now: Timestamp,
) -> Result<Vec<Period>, Failure> {
    let Some(when) = &rules.deadline else {
        return Ok(vec![Period {
            start: last_begin(store, pipeline, now)?,
            deadline: None,
        }]);
    };
    let mut end = when.at_or_after(now).or_else(|| when.before(now));
    let mut periods = Vec::new();
    while let Some(deadline) = end.filter(|_| periods.len() <= MEMORY) {
        let start = when.before(deadline);
        periods.push(Period {
            start: start.unwrap_or(Timestamp::MIN),
            deadline: Some(deadline),
        });
        end = start;
    }
    match periods.is_empty() {
        true => Err(Failure::usage("--deadline never comes")),
        false => Ok(periods),
    }
}

/// Without a deadline: the last plan, else the last run, is where the work began.
fn last_begin(store: &Store, pipeline: &Pipeline, now: Timestamp) -> Result<Timestamp, Failure> {
    let plan = store
        .plans(pipeline, Timestamp::MIN)?
        .into_iter()
        .rev()
        .find(|plan| plan.planned <= now);
    if let Some(plan) = plan {
        return Ok(plan.planned);
    }
    let history = store.history(Filter {
        pipeline: Some(pipeline),
        ..Filter::default()
    })?;
    let run = history
        .iter()
        .rev()
        .find(|entry| entry.event == Event::Run && entry.started <= now);
    Ok(run.map_or(now, |entry| entry.started))
}

/// Plans, events and units of one pipeline.
struct Log {
    now: Timestamp,
    plans: Vec<Plan>,
    events: Vec<Entry>,
    units: HashMap<String, UnitRecord>,
}

impl Log {
    fn read(
        store: &Store,
        pipeline: &Pipeline,
        from: Timestamp,
        now: Timestamp,
    ) -> Result<Log, Failure> {
        let filter = Filter {
            pipeline: Some(pipeline),
            since: Some(from),
            ..Filter::default()
        };
        let is_work = |entry: &Entry| matches!(entry.event, Event::Run | Event::Done);
        Ok(Log {
            now,
            plans: store.plans(pipeline, from)?,
            events: store.history(filter)?.into_iter().filter(is_work).collect(),
            units: store
                .units(Some(pipeline))?
                .into_iter()
                .map(|unit| (unit.unit.clone(), unit))
                .collect(),
        })
    }

    fn holds(&self, period: Period, instant: Timestamp) -> bool {
        instant >= period.start
            && period.deadline.is_none_or(|end| instant < end)
            && instant <= self.now
    }

    fn events_of(&self, period: Period) -> impl Iterator<Item = &Entry> {
        self.events
            .iter()
            .filter(move |entry| self.holds(period, entry.started))
    }

    fn work(&self, period: Period) -> Work {
        let plans: Vec<&Plan> = self
            .plans
            .iter()
            .filter(|plan| self.holds(period, plan.planned))
            .collect();
        let names = self.names(period, &plans);
        let mut work = Work {
            is_begun: !plans.is_empty() || !names.is_empty(),
            units: names.len(),
            started: self
                .events_of(period)
                .filter(|entry| entry.event == Event::Run)
                .map(|entry| entry.started)
                .min(),
            ..Work::default()
        };
        for name in &names {
            let Some(unit) = self.units.get(name) else {
                continue;
            };
            if self.is_done(unit, period) {
                work.done += 1;
                work.ended = work.ended.max(unit.last_done);
                work.done_here +=
                    usize::from(unit.last_done.is_some_and(|done| done >= period.start));
            } else {
                work.failed += usize::from(unit.state == State::Failed);
            }
        }
        work
    }

    /// The units that were planned or run in a period. Plans of a period repeat each
    /// other: only ranges that differ are counted out.
    fn names(&self, period: Period, plans: &[&Plan]) -> BTreeSet<String> {
        let mut names: BTreeSet<String> = self
            .events_of(period)
            .map(|entry| entry.unit.clone())
            .collect();
        let mut ranges = Vec::new();
        for plan in plans {
            if !ranges.contains(&&plan.range) {
                ranges.push(&plan.range);
                names.extend(
                    plan.range
                        .units()
                        .unwrap_or_default()
                        .into_iter()
                        .map(|unit| unit.name),
                );
            }
        }
        names
    }

    /// Done by now. What only a later period's look-back made due again was done for
    /// this one.
    fn is_done(&self, unit: &UnitRecord, period: Period) -> bool {
        let done = unit.last_done.is_some_and(|done| done <= self.now);
        let due_later = || match (unit.due_since, period.deadline) {
            (Some(due), Some(deadline)) => due >= deadline || due > self.now,
            _ => false,
        };
        done && (unit.state == State::Done || due_later())
    }

    /// How long the units that were done in a period took, from the first start to the
    /// last end, and how many they were.
    fn span(&self, period: Period) -> Option<(jiff::SignedDuration, usize)> {
        let ends = |entry: &Entry| entry.ended.filter(|_| entry.exit == Some(0));
        let runs: Vec<&Entry> = self
            .events_of(period)
            .filter(|entry| ends(entry).is_some())
            .collect();
        let start = runs.iter().map(|entry| entry.started).min()?;
        let end = runs.iter().filter_map(|entry| ends(entry)).max()?;
        Some((end.duration_since(start), runs.len()))
    }
}
