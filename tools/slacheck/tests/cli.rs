//! `slacheck` as a process, beside `checkpoint`'s library for the store.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

use jiff::Timestamp;
use jiff::tz::TimeZone;
use millrace_state::calendar::{Grain, Range, Reach};
use millrace_state::{Begun, End, Pipeline, Place, Plan, Store};
use millrace_testkit::{Outcome, TempDir, run, tempdir, tool};

struct Folder(TempDir);

fn at(text: &str) -> Timestamp {
    format!("2026-03-{text}:00Z").parse().unwrap()
}

fn orders() -> Pipeline {
    "orders".parse().unwrap()
}

impl Folder {
    fn new() -> Self {
        Folder(tempdir().unwrap())
    }

    fn store(&self) -> Store {
        Store::open_or_create(&Place::locate(None, self.0.path()).unwrap()).unwrap()
    }

    /// Plans the 24 hours of a day.
    fn plan(&self, day: &str, now: &str, lookback: usize) {
        let range = Range::new(Grain::Hour, &TimeZone::UTC, day, Reach::Through(day)).unwrap();
        let plan = Plan {
            range,
            planned: at(now),
        };
        self.store()
            .plan(&orders(), &plan, lookback, at(now))
            .unwrap();
    }

    fn run_unit(&self, unit: &str, start: &str, end: &str, exit: u8) {
        let mut store = self.store();
        let begun = store
            .begin(&orders(), &unit.parse().unwrap(), None, at(start), false)
            .unwrap();
        let Begun::Attempt(attempt) = begun else {
            panic!("done before")
        };
        store
            .end(
                &attempt,
                End {
                    exit,
                    at: at(end),
                    again: false,
                },
            )
            .unwrap();
    }

    /// Runs hours `from..to` of a day, all between two times.
    fn run_hours(&self, day: &str, hours: std::ops::Range<u32>, start: &str, end: &str) {
        for hour in hours {
            self.run_unit(&format!("{day}T{hour:02}"), start, end, 0);
        }
    }

    fn check(&self, args: &[&str]) -> Outcome {
        let mut command = tool("slacheck");
        run(command.args(args).current_dir(self.0.path()))
    }

    fn state_at(&self, now: &str) -> i32 {
        let now = at(now).to_string();
        self.check(&[
            "orders",
            "--deadline",
            "08:00 UTC",
            "--scheduled",
            "06:00 UTC",
            "--now",
            &now,
        ])
        .code
    }
}

#[test]
fn times_and_states_of_two_days() {
    let folder = Folder::new();
    folder.plan("2026-03-17", "18T06:00", 0);
    folder.run_hours("2026-03-17", 0..24, "18T06:05", "18T07:12");
    for (now, state) in [
        ("18T06:30", 0), // planned, and in time
        ("18T07:11", 0),
        ("18T07:40", 0), // done
        ("18T08:00", 0),
        ("19T06:59", 0), // the next period: not started, but in time
        ("19T07:36", 1),
        ("19T07:59", 1),
        ("19T08:00", 2), // absence
        ("19T12:00", 2),
        ("20T06:30", 2), // still not caught up
    ] {
        assert_eq!(folder.state_at(now), state, "{now}");
    }
    folder.plan("2026-03-18", "20T06:40", 0);
    folder.run_hours("2026-03-18", 0..24, "20T06:41", "20T07:00");
    assert_eq!(folder.state_at("20T06:50"), 2);
    assert_eq!(folder.state_at("20T07:00"), 0);
}

#[test]
fn a_plan_that_is_not_finished_is_late() {
    let folder = Folder::new();
    folder.plan("2026-03-17", "18T06:00", 0);
    folder.run_hours("2026-03-17", 0..23, "18T06:05", "18T06:30");
    folder.run_unit("2026-03-17T23", "18T06:05", "18T06:06", 3);
    for (now, state) in [
        ("18T07:35", 0),
        ("18T07:36", 1),
        ("18T08:00", 2),
        ("18T09:00", 2),
    ] {
        assert_eq!(folder.state_at(now), state, "{now}");
    }
    let outcome = folder
        .check(&[
            "orders",
            "--deadline",
            "08:00 UTC",
            "--now",
            "2026-03-18T08:05:00Z",
        ])
        .code(2);
    let expected = "SLA CRITICAL - orders: 23 of 24 units done, 1 failed, deadline 2026-03-18T08:00:00Z missed by 5m | ";
    assert!(outcome.text().starts_with(expected), "{}", outcome.text());
    folder.run_unit("2026-03-17T23", "18T09:05", "18T09:06", 0);
    assert_eq!(folder.state_at("18T09:10"), 0);
}

#[test]
fn a_look_back_does_not_make_yesterday_late() {
    let folder = Folder::new();
    folder.plan("2026-03-17", "18T06:00", 0);
    folder.run_hours("2026-03-17", 0..24, "18T06:05", "18T07:12");
    folder.plan("2026-03-17", "19T06:00", 3);
    assert_eq!(folder.state_at("19T06:30"), 0);
    assert_eq!(folder.state_at("19T07:40"), 1);
    folder.run_hours("2026-03-17", 21..24, "19T07:41", "19T07:42");
    assert_eq!(folder.state_at("19T07:45"), 0);
}

#[test]
fn units_that_were_run_without_a_plan_count_too() {
    let folder = Folder::new();
    folder.run_unit("2026-03-17", "18T06:10", "18T06:20", 0);
    assert_eq!(folder.state_at("18T06:15"), 0);
    assert_eq!(folder.state_at("18T07:40"), 0);
    folder.run_unit("2026-03-18", "19T06:10", "19T06:20", 4);
    assert_eq!(folder.state_at("19T07:40"), 1);
    assert_eq!(folder.state_at("19T08:00"), 2);
}

#[test]
fn history_predicts_the_end() {
    let folder = Folder::new();
    for day in 11..16 {
        let (date, next) = (format!("2026-03-{day}"), day + 1);
        folder.plan(&date, &format!("{next}T06:00"), 0);
        folder.run_hours(
            &date,
            0..24,
            &format!("{next}T06:00"),
            &format!("{next}T07:00"),
        );
    }
    folder.plan("2026-03-16", "17T06:00", 0);
    folder.run_hours("2026-03-16", 0..12, "17T07:00", "17T07:31");
    let args = [
        "orders",
        "--deadline",
        "08:00",
        "--scheduled",
        "06:00",
        "--warn-at",
        "100%",
        "--now",
    ];
    let early = folder.check(&[&args[..], &["2026-03-17T07:05:00Z"]].concat());
    assert_eq!(
        (
            early.code,
            early.text().contains("likely done at 2026-03-17T08:05:00Z")
        ),
        (1, true),
        "{}",
        early.text()
    );
    let text = folder
        .check(&[&args[..], &["2026-03-17T07:31:00Z"]].concat())
        .code(1)
        .text();
    assert!(
        text.contains("12 of 24 units done, likely done at 2026-03-17T08:01:00Z"),
        "{text}"
    );
}

#[test]
fn one_line_json_and_openmetrics() {
    let folder = Folder::new();
    folder.plan("2026-03-17", "18T06:00", 0);
    folder.run_hours("2026-03-17", 0..24, "18T06:05", "18T07:12");
    let args = [
        "orders",
        "--deadline",
        "08:00 UTC",
        "--scheduled",
        "06:00 UTC",
        "--now",
        "2026-03-18T07:20:00Z",
    ];
    assert_eq!(
        folder.check(&args).code(0).text(),
        "SLA OK - orders: 24 of 24 units done at 2026-03-18T07:12:00Z, 48m before the deadline | \
         done=24;;;0;24 failed=0;;;0;24 elapsed=4320s;5760;7200;0 left=2400s\n"
    );
    let json = folder
        .check(&[&args[..], &["--output", "json"]].concat())
        .code(0);
    let value: serde_json::Value = serde_json::from_str(&json.text()).unwrap();
    assert_eq!(
        (&value["state"], &value["code"], &value["units"]),
        (&"OK".into(), &0.into(), &24.into())
    );
    assert_eq!(value["warning_at"], "2026-03-18T07:36:00Z");
    let text = folder
        .check(&[&args[..], &["--output", "openmetrics"]].concat())
        .code(0)
        .text();
    assert!(
        text.contains("millrace_sla_state{pipeline=\"orders\"} 0\n") && text.ends_with("# EOF\n"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_judged_is_unknown() {
    let folder = Folder::new();
    let missing = folder.check(&["orders", "--deadline", "08:00 UTC"]).code(3);
    assert!(
        missing
            .text()
            .starts_with("SLA UNKNOWN - orders: no checkpoint store"),
        "{}",
        missing.text()
    );
    assert!(!folder.0.path().join(".millrace").exists());
    let named = folder
        .check(&["orders", "--deadline", "08:00 UTC", "--store", "no/x.db"])
        .code(3);
    assert!(named.text().contains("'no/x.db'"), "{}", named.text());
    folder.store();
    let never = folder.check(&["orders", "--max-duration", "2h"]).code(3);
    assert!(
        never
            .text()
            .starts_with("SLA UNKNOWN - orders: never planned or run"),
        "{}",
        never.text()
    );
}

#[test]
fn metrics_tell_the_state_and_its_reason() {
    let folder = Folder::new();
    let args = ["orders", "--deadline", "08:00 UTC", "--metrics", "m.json"];
    folder.check(&args).code(3);
    let line = std::fs::read_to_string(folder.0.path().join("m.json")).unwrap();
    let value: serde_json::Value = serde_json::from_str(&line).unwrap();
    let reason = value["slacheck"]["reason"].as_str().unwrap();
    assert!(reason.starts_with("no checkpoint store"), "{line}");
    assert_eq!(
        (&value["slacheck"]["state"], &value["exit"]),
        (&"UNKNOWN".into(), &3.into())
    );
}

#[test]
fn wrong_usage_is_3() {
    let folder = Folder::new();
    for case in [
        &[][..],
        &["orders"],
        &["orders", "--nonsense"],
        &["orders", "--deadline", "25:00"],
        &["orders", "--deadline", "soon"],
        &["orders", "--deadline", "*-02~01 08:00"],
        &["orders", "--scheduled", "06:00"],
        &["orders", "--deadline", "08:00", "--warn-at", "80"],
        &["orders", "--deadline", "08:00", "--max-duration", "2 hours"],
        &["a b", "--deadline", "08:00"],
        &[
            "orders",
            "--deadline",
            "08:00",
            "--store",
            "postgres://host/db",
        ],
    ] {
        let outcome = folder.check(case).code(3);
        assert!(
            outcome.stderr.starts_with("slacheck: "),
            "{case:?}: {}",
            outcome.stderr
        );
        assert!(
            outcome.stderr.lines().count() <= 2,
            "{case:?}: {}",
            outcome.stderr
        );
    }
    let forms = folder.check(&["orders", "--deadline", "soon"]);
    assert!(
        forms.stderr.contains("hint: forms: '08:00 UTC' daily"),
        "{}",
        forms.stderr
    );
}

#[test]
fn help_version_and_generated_pages() {
    let folder = Folder::new();
    assert!(
        folder.check(&["--help"]).code(0).text().len() > folder.check(&["-h"]).code(0).text().len()
    );
    assert_eq!(
        folder.check(&["--version"]).code(0).text(),
        format!("slacheck {}\n", env!("CARGO_PKG_VERSION"))
    );
    let page = folder.check(&["--generate", "man"]).code(0).text();
    for part in ["EXAMPLES", "JUDGEMENT", "EXIT STATUS"] {
        assert!(page.contains(part), "{part}");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            folder
                .check(&["--generate", shell])
                .code(0)
                .text()
                .contains("deadline"),
            "{shell}"
        );
    }
}

#[test]
fn a_full_disk_under_stdout_is_told_by_the_exit_code() {
    let folder = Folder::new();
    folder.store();
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = tool("slacheck");
    let command = command
        .args(["orders", "--deadline", "08:00"])
        .current_dir(folder.0.path());
    let outcome: Outcome = command
        .stdout(full)
        .stderr(std::process::Stdio::piped())
        .output()
        .unwrap()
        .into();
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
}
