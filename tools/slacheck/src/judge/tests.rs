//! Times and states, as a table.

use super::*;
use crate::pace::Pace;

fn at(text: &str) -> Timestamp {
    format!("2026-03-{text}:00Z").parse().unwrap()
}

fn when(text: &str) -> When {
    When::parse(text, &TimeZone::UTC).unwrap()
}

/// Done by 08:00, scheduled at 06:00.
fn rules() -> Rules {
    Rules {
        deadline: Some(when("08:00 UTC")),
        scheduled: Some(when("06:00 UTC")),
        max_duration: None,
        warn_at: 0.8,
    }
}

fn done() -> Work {
    Work {
        is_begun: true,
        units: 24,
        done: 24,
        done_here: 24,
        ..Work::default()
    }
}

fn half(started: &str) -> Work {
    Work {
        is_begun: true,
        units: 24,
        done: 12,
        done_here: 12,
        started: Some(at(started)),
        ..Work::default()
    }
}

/// Deadlines on the 17th and the 18th at 08:00.
fn facts(now: &str, previous: Work, work: Work) -> Facts {
    let (now, deadline) = (at(now), when("08:00 UTC"));
    let next = deadline.at_or_after(now).unwrap();
    let last = deadline.before(next).unwrap();
    let before = Period {
        start: deadline.before(last).unwrap(),
        deadline: Some(last),
    };
    Facts {
        now,
        current: Period {
            start: last,
            deadline: Some(next),
        },
        work,
        previous: Some((before, previous)),
        seen: Some(at("01T00:00")),
        pace: None,
    }
}

#[track_caller]
fn expect(facts: &Facts, rules: &Rules, expected: State) -> String {
    let verdict = judge(facts, rules);
    assert_eq!(verdict.state, expected, "{}: {}", facts.now, verdict.reason);
    verdict.reason
}

#[test]
fn not_done_is_a_warning_at_80_percent_and_critical_at_the_deadline() {
    for work in [Work::default(), half("18T06:00")] {
        for (now, state) in [
            ("17T08:01", State::Ok),
            ("18T06:00", State::Ok),
            ("18T07:35", State::Ok),
            ("18T07:36", State::Warning),
            ("18T07:59", State::Warning),
            ("18T08:00", State::Critical),
        ] {
            expect(&facts(now, done(), work.clone()), &rules(), state);
        }
    }
}

#[test]
fn done_is_ok_at_any_time() {
    for now in ["18T06:01", "18T07:59", "18T08:00"] {
        let work = Work {
            ended: Some(at("18T07:12")),
            ..done()
        };
        let reason = expect(&facts(now, done(), work), &rules(), State::Ok);
        assert_eq!(
            reason,
            "24 of 24 units done at 2026-03-18T07:12:00Z, 48m before the deadline"
        );
    }
}

#[test]
fn a_missed_deadline_stays_critical_until_the_work_has_caught_up() {
    for missed in [Work::default(), half("17T06:00")] {
        for now in ["17T08:01", "17T23:00", "18T06:30", "18T07:59"] {
            expect(
                &facts(now, missed.clone(), Work::default()),
                &rules(),
                State::Critical,
            );
            expect(
                &facts(now, missed.clone(), half("18T06:00")),
                &rules(),
                State::Critical,
            );
            expect(&facts(now, missed.clone(), done()), &rules(), State::Ok);
        }
    }
    let reason = expect(
        &facts("17T08:05", half("17T06:00"), Work::default()),
        &rules(),
        State::Critical,
    );
    assert_eq!(
        reason,
        "12 of 24 units done, deadline 2026-03-17T08:00:00Z missed by 5m"
    );
}

#[test]
fn a_pipeline_that_is_new_is_not_late_for_what_was_before_it() {
    let new = Facts {
        seen: Some(at("17T12:00")),
        ..facts("17T13:00", Work::default(), half("17T12:00"))
    };
    expect(&new, &rules(), State::Ok);
}

#[test]
fn one_that_was_never_heard_of_is_late_until_its_next_turn() {
    let never = |now: &str, rules: &Rules, state| {
        let facts = Facts {
            seen: None,
            ..facts(now, Work::default(), Work::default())
        };
        expect(&facts, rules, state);
    };
    for (now, state) in [
        ("17T08:00", State::Critical),
        ("17T08:01", State::Critical),
        ("18T05:59", State::Critical),
        ("18T06:00", State::Ok),
        ("18T07:36", State::Warning),
        ("18T08:00", State::Critical),
    ] {
        never(now, &rules(), state);
    }
    let bare = Rules {
        scheduled: None,
        ..rules()
    };
    for (now, state) in [
        ("17T08:30", State::Critical),
        ("18T07:00", State::Ok),
        ("18T08:00", State::Critical),
    ] {
        never(now, &bare, state);
    }
}

#[test]
fn without_a_schedule_the_allowed_time_begins_with_the_run_or_max_duration_before_the_deadline() {
    let rules = Rules {
        scheduled: None,
        max_duration: Some(SignedDuration::from_mins(60)),
        ..rules()
    };
    for (now, state) in [
        ("18T07:00", State::Ok),
        ("18T07:47", State::Ok),
        ("18T07:48", State::Warning),
        ("18T08:00", State::Critical),
    ] {
        expect(&facts(now, done(), Work::default()), &rules, state);
    }
    // Begun at 03:00: the hour is over at 04:00, whatever the deadline.
    for (now, state) in [
        ("18T03:47", State::Ok),
        ("18T03:48", State::Warning),
        ("18T04:00", State::Critical),
    ] {
        expect(&facts(now, done(), half("18T03:00")), &rules, state);
    }
    let reason = expect(
        &facts("18T05:10", done(), half("18T03:00")),
        &rules,
        State::Critical,
    );
    assert_eq!(
        reason,
        "12 of 24 units done, running for 2h10m, longer than 1h"
    );
    // Begun late: the deadline comes first.
    for (now, state) in [
        ("18T07:53", State::Ok),
        ("18T07:54", State::Warning),
        ("18T08:00", State::Critical),
    ] {
        expect(&facts(now, done(), half("18T07:30")), &rules, state);
    }
}

#[test]
fn history_warns_earlier_than_the_clock() {
    // An hour for 24 units is what it took before.
    let pace = Pace::of([(SignedDuration::from_mins(60), 24); 3].into_iter());
    let with = |now: &str, work: Work| Facts {
        pace,
        ..facts(now, done(), work)
    };
    let reason = expect(&with("18T06:31", half("18T06:01")), &rules(), State::Ok);
    assert!(
        reason.contains("likely done at 2026-03-18T07:01:00Z"),
        "{reason}"
    );
    // Half is left at 07:31: another half hour is too long, at 80 % or not.
    let rules = Rules {
        warn_at: 1.0,
        ..rules()
    };
    expect(&with("18T07:30", half("18T06:01")), &rules, State::Ok);
    let reason = expect(&with("18T07:31", half("18T06:01")), &rules, State::Warning);
    assert!(
        reason.contains("likely done at 2026-03-18T08:01:00Z"),
        "{reason}"
    );
    // Not started: it takes an hour.
    expect(&with("18T07:00", Work::default()), &rules, State::Ok);
    expect(&with("18T07:01", Work::default()), &rules, State::Warning);
}

#[test]
fn a_duration_alone() {
    let rules = Rules {
        deadline: None,
        scheduled: None,
        max_duration: Some(SignedDuration::from_mins(100)),
        warn_at: 0.8,
    };
    let with = |now: &str, work: Work| Facts {
        current: Period {
            start: at("18T06:00"),
            deadline: None,
        },
        previous: None,
        ..facts(now, done(), work)
    };
    for (now, state) in [
        ("18T07:19", State::Ok),
        ("18T07:20", State::Warning),
        ("18T07:40", State::Critical),
        ("19T07:40", State::Critical),
    ] {
        expect(&with(now, half("18T06:00")), &rules, state);
    }
    expect(&with("18T09:00", done()), &rules, State::Ok);
    expect(&with("18T09:00", Work::default()), &rules, State::Unknown);
}

#[test]
fn failed_units_are_told() {
    let work = Work {
        failed: 2,
        ..half("18T06:00")
    };
    let reason = expect(&facts("18T06:30", done(), work), &rules(), State::Ok);
    assert_eq!(
        reason,
        "12 of 24 units done, 2 failed, deadline 2026-03-18T08:00:00Z in 1h30m"
    );
}

#[test]
fn the_figures_are_those_of_the_period_that_was_missed() {
    let facts = facts("18T09:30", half("18T06:05"), Work::default());
    let basis = judge(&facts, &rules()).basis.unwrap();
    assert_eq!((basis.work.done, basis.work.units), (12, 24));
    assert_eq!(basis.period.deadline, Some(at("18T08:00")));
    assert_eq!(basis.clock.begin, Some(at("18T06:00")));
}
