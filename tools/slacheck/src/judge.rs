//! The judgement, purely: facts and rules in, state and reason out.

use crate::facts::{Facts, Period, Work};
use crate::when::When;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use millrace_cli::values::Span;
use millrace_state::calendar::rfc3339;
use std::time::Duration;

/// What was agreed.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) deadline: Option<When>,
    pub(crate) scheduled: Option<When>,
    pub(crate) max_duration: Option<SignedDuration>,
    /// 0 to 1.
    pub(crate) warn_at: f64,
}

/// The states of monitoring plugins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Ok,
    Warning,
    Critical,
    Unknown,
}

impl State {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            State::Ok => "OK",
            State::Warning => "WARNING",
            State::Critical => "CRITICAL",
            State::Unknown => "UNKNOWN",
        }
    }
}

/// The answer.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) state: State,
    pub(crate) reason: String,
    /// What it rests on; None if nothing could be read.
    pub(crate) basis: Option<Basis>,
}

/// Figures of the period that is judged.
#[derive(Clone, Debug)]
pub(crate) struct Basis {
    pub(crate) now: Timestamp,
    pub(crate) period: Period,
    pub(crate) work: Work,
    pub(crate) clock: Clock,
    pub(crate) zone: TimeZone,
}

/// The instants that decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clock {
    /// When the allowed time began.
    pub(crate) begin: Option<Timestamp>,
    /// From when on not being done is a WARNING.
    pub(crate) warn: Option<Timestamp>,
    /// From when on it is CRITICAL.
    pub(crate) end: Option<Timestamp>,
    /// When the work will likely be done.
    pub(crate) likely: Option<Timestamp>,
}

impl Verdict {
    pub(crate) fn unknown(reason: String) -> Verdict {
        Verdict {
            state: State::Unknown,
            reason,
            basis: None,
        }
    }
}

/// Judges.
pub(crate) fn judge(facts: &Facts, rules: &Rules) -> Verdict {
    let zone = rules
        .deadline
        .as_ref()
        .map_or(TimeZone::UTC, |when| when.zone.clone());
    let clock = Clock::set(facts, rules);
    let case = Case {
        facts,
        rules,
        clock,
        zone: &zone,
    };
    // All that is said, figures too, is about the period that is judged.
    if let Some(earlier) = case.missed() {
        return judge(&earlier, rules);
    }
    let (state, reason) = case.decide();
    let basis = Basis {
        now: facts.now,
        period: facts.current,
        work: facts.work.clone(),
        clock,
        zone: zone.clone(),
    };
    Verdict {
        state,
        reason,
        basis: Some(basis),
    }
}

impl Clock {
    fn set(facts: &Facts, rules: &Rules) -> Clock {
        let (deadline, started) = (facts.current.deadline, facts.work.started);
        let scheduled = scheduled(facts.current, rules);
        let run_end = started
            .zip(rules.max_duration)
            .and_then(|(start, most)| start.checked_add(most).ok());
        let latest = deadline
            .zip(rules.max_duration)
            .and_then(|(end, most)| end.checked_sub(most).ok());
        let begin = scheduled.or(started).or(latest);
        let part = |begin: Timestamp, end: Timestamp| {
            begin + end.duration_since(begin).mul_f64(rules.warn_at)
        };
        let warn = begin.zip(deadline).map(|(begin, end)| part(begin, end));
        let run_warn = started.zip(run_end).map(|(begin, end)| part(begin, end));
        Clock {
            begin,
            warn: earlier(warn, run_warn),
            end: earlier(deadline, run_end),
            likely: likely_end(facts, scheduled),
        }
    }
}

/// When the current period's work is scheduled to begin: the last such time in it.
fn scheduled(period: Period, rules: &Rules) -> Option<Timestamp> {
    let when = rules.scheduled.as_ref()?;
    when.before(period.deadline?)
        .filter(|at| *at >= period.start)
}

fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    a.into_iter().chain(b).min()
}

/// At the pace of earlier periods.
fn likely_end(facts: &Facts, scheduled: Option<Timestamp>) -> Option<Timestamp> {
    let (work, now) = (&facts.work, facts.now);
    let pace = facts.pace.filter(|_| !work.is_done())?;
    let left = work.units - work.done;
    match work.started {
        None if left > 0 => now.max(scheduled?).checked_add(pace.for_units(left)).ok(),
        None => now.max(scheduled?).checked_add(pace.for_period()).ok(),
        Some(started) => {
            let all = started
                .checked_add(pace.for_units(work.done_here + left))
                .ok()?;
            Some(all.max(now.checked_add(pace.for_units(left)).ok()?))
        }
    }
}

struct Case<'a> {
    facts: &'a Facts,
    rules: &'a Rules,
    clock: Clock,
    zone: &'a TimeZone,
}

impl Case<'_> {
    fn decide(&self) -> (State, String) {
        let (facts, now) = (self.facts, self.facts.now);
        if facts.work.is_done() {
            return (State::Ok, self.done());
        }
        if facts.current.deadline.is_none() && !facts.work.is_begun {
            return (
                State::Unknown,
                "never planned or run, and no --deadline to judge that by".to_owned(),
            );
        }
        if facts
            .current
            .deadline
            .is_some_and(|deadline| now >= deadline)
        {
            return (State::Critical, self.late());
        }
        if self.clock.end.is_some_and(|end| now >= end) {
            return (
                State::Critical,
                format!("{}, {}", self.progress(), self.too_long()),
            );
        }
        let progress = format!("{}{}", self.progress(), self.outlook());
        let too_late = self
            .clock
            .likely
            .zip(self.clock.end)
            .is_some_and(|(likely, end)| likely > end);
        match self.clock.warn.is_some_and(|warn| now >= warn) || too_late {
            true => (State::Warning, progress),
            false => (State::Ok, progress),
        }
    }

    /// As of the last deadline, if it was missed and nothing has caught up since.
    fn missed(&self) -> Option<Facts> {
        let (period, work) = self.facts.previous.as_ref()?;
        let deadline = period.deadline?;
        let caught_up = work.is_done() || self.facts.work.is_done();
        let existed = match self.facts.seen {
            Some(seen) => seen < deadline,
            // Never heard of: the last deadline counts until it is time for the next.
            None => self.facts.now < self.next_turn(deadline),
        };
        (!caught_up && existed).then(|| Facts {
            current: *period,
            work: work.clone(),
            previous: None,
            ..self.facts.clone()
        })
    }

    /// When a pipeline that was never heard of is judged by its next deadline.
    fn next_turn(&self, last: Timestamp) -> Timestamp {
        let next = self.facts.current.deadline.unwrap_or(Timestamp::MAX);
        self.clock
            .begin
            .unwrap_or_else(|| last + next.duration_since(last).mul_f64(0.5))
    }

    fn late(&self) -> String {
        let deadline = self.facts.current.deadline.unwrap_or(self.facts.now);
        let by = span(self.facts.now.duration_since(deadline));
        let progress = self.progress();
        format!("{progress}, deadline {} missed{by}", self.at(deadline))
    }

    fn too_long(&self) -> String {
        let took = self
            .facts
            .work
            .started
            .map_or(SignedDuration::ZERO, |start| {
                self.facts.now.duration_since(start)
            });
        let most = self.rules.max_duration.unwrap_or(SignedDuration::ZERO);
        format!("running for {}, longer than {}", length(took), length(most))
    }

    fn done(&self) -> String {
        let work = &self.facts.work;
        let at = work
            .ended
            .map_or_else(String::new, |ended| format!(" at {}", self.at(ended)));
        let text = format!("{}{at}", describe(work));
        match (work.ended, self.facts.current.deadline) {
            (Some(ended), Some(deadline)) if ended < deadline => {
                format!(
                    "{text}, {} before the deadline",
                    length(deadline.duration_since(ended))
                )
            }
            _ => text,
        }
    }

    fn progress(&self) -> String {
        describe(&self.facts.work)
    }

    fn outlook(&self) -> String {
        let likely = self.clock.likely.map_or_else(String::new, |at| {
            format!(", likely done at {}", self.at(at))
        });
        match self.facts.current.deadline {
            Some(deadline) => {
                let left = length(deadline.duration_since(self.facts.now));
                format!("{likely}, deadline {} in {left}", self.at(deadline))
            }
            None => likely,
        }
    }

    fn at(&self, instant: Timestamp) -> String {
        rfc3339(instant, self.zone)
    }
}

fn describe(work: &Work) -> String {
    let failed = match work.failed {
        0 => String::new(),
        failed => format!(", {failed} failed"),
    };
    match work.is_begun {
        false => "not started".to_owned(),
        true => format!("{} of {} units done{failed}", work.done, work.units),
    }
}

/// ` by 5m`; nothing at the very instant.
fn span(duration: SignedDuration) -> String {
    if duration.is_positive() {
        format!(" by {}", length(duration))
    } else {
        String::new()
    }
}

/// To the second.
fn length(duration: SignedDuration) -> String {
    Span(Duration::from_secs(duration.as_secs().unsigned_abs())).to_string()
}

#[cfg(test)]
mod tests;
