//! `plan`: what is not done, look-back, zones.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod support;

use support::Folder;

fn plan(folder: &Folder, args: &[&str]) -> (Vec<String>, String) {
    let mut all = vec!["plan", "orders"];
    all.extend(args);
    let outcome = folder.run(&all).code(0);
    (
        outcome.text().lines().map(str::to_owned).collect(),
        outcome.stderr,
    )
}

#[test]
fn it_prints_what_is_not_done_and_counts() {
    let folder = Folder::new();
    folder
        .run(&["done", "orders", "2026-03-17T00", "2026-03-17T03"])
        .code(0);
    let (units, said) = plan(
        &folder,
        &[
            "--from",
            "2026-03-17",
            "--through",
            "2026-03-17",
            "--every",
            "hour",
        ],
    );
    assert_eq!(units.len(), 22);
    assert_eq!(
        units[..3],
        ["2026-03-17T01", "2026-03-17T02", "2026-03-17T04"]
    );
    assert_eq!(said, "checkpoint: 24 units, 2 done\n");
}

#[test]
fn without_an_end_it_is_the_last_unit_that_has_ended_delay_ago() {
    let folder = Folder::new();
    let last = |now: &str, delay: &str| {
        let (units, _) = plan(
            &folder,
            &[
                "--from",
                "2026-03-17",
                "--every",
                "hour",
                "--now",
                now,
                "--delay",
                delay,
            ],
        );
        units.last().cloned().unwrap_or_default()
    };
    assert_eq!(last("2026-03-17T06:00:00Z", "0"), "2026-03-17T05");
    assert_eq!(last("2026-03-17T05:59:59Z", "0"), "2026-03-17T04");
    assert_eq!(last("2026-03-17T06:10:00Z", "15m"), "2026-03-17T04");
    assert_eq!(last("2026-03-17T00:30:00Z", "0"), "");
}

#[test]
fn units_of_a_zone_know_when_clocks_change() {
    let folder = Folder::new();
    let day = |day: &str| {
        plan(
            &folder,
            &[
                "--from",
                day,
                "--through",
                day,
                "--every",
                "hour",
                "--timezone",
                "Europe/Berlin",
            ],
        )
        .0
    };
    assert_eq!(day("2026-03-29").len(), 23);
    let autumn = day("2026-10-25");
    assert_eq!(autumn[2..4], ["2026-10-25T02+0200", "2026-10-25T02+0100"]);
    // `run` takes the zone of the plan.
    let print = [
        "run",
        "orders",
        "2026-10-25T02+0100",
        "--",
        "sh",
        "-c",
        "echo $MILLRACE_UNIT_START $MILLRACE_UNIT_END",
    ];
    assert_eq!(
        folder.run(&print).code(0).text(),
        "2026-10-25T02:00:00+01:00 2026-10-25T03:00:00+01:00\n"
    );
    folder
        .run(&["run", "orders", "2026-10-25T02", "--", "true"])
        .code(2);
}

#[test]
fn look_back_is_due_once_a_period_and_run_agrees() {
    let folder = Folder::new();
    let days = |now: &str| {
        plan(
            &folder,
            &[
                "--from",
                "2026-03-10",
                "--every",
                "day",
                "--lookback",
                "2",
                "--now",
                now,
            ],
        )
    };
    let run_all = |units: &[String], now: &str| {
        let command = [
            "run-all",
            "orders",
            "--now",
            now,
            "--",
            "sh",
            "-c",
            "echo $MILLRACE_RUN_ID",
        ];
        folder.run_with(&command, &units.join("\n")).code(0).text()
    };
    let (units, _) = days("2026-03-13T06:00:00Z");
    assert_eq!(units, ["2026-03-10", "2026-03-11", "2026-03-12"]);
    let first = run_all(&units, "2026-03-13T06:00:00Z");
    assert_eq!(days("2026-03-13T09:00:00Z").0, [""; 0]);
    let (units, said) = days("2026-03-14T06:00:00Z");
    assert_eq!(units, ["2026-03-12", "2026-03-13"]);
    assert_eq!(said, "checkpoint: 4 units, 2 done, 1 due again\n");
    let second = run_all(&units, "2026-03-14T06:00:00Z");
    assert_eq!(second.lines().count(), 2, "both ran");
    assert!(second.lines().all(|id| !first.contains(id)), "as new runs");
    assert_eq!(days("2026-03-14T23:00:00Z").0, [""; 0]);
}

#[test]
fn as_of_says_what_is_recent_enough() {
    let folder = Folder::new();
    folder
        .run(&[
            "done",
            "orders",
            "2026-03-10",
            "2026-03-11",
            "--now",
            "2026-03-12T08:00:00Z",
        ])
        .code(0);
    let since = |as_of: &str| {
        let range = [
            "--from",
            "2026-03-10",
            "--to",
            "2026-03-12",
            "--every",
            "day",
            "--lookback",
            "1",
        ];
        plan(&folder, &[&range[..], &["--as-of", as_of]].concat()).0
    };
    assert_eq!(since("2026-03-12T08:00:00Z"), [""; 0]);
    assert_eq!(since("2026-03-13"), ["2026-03-11"]);
}

#[test]
fn nul_separated_weeks_and_months() {
    let folder = Folder::new();
    let weeks = [
        "plan",
        "p",
        "--from",
        "2026-03-01",
        "--to",
        "2026-03-20",
        "--every",
        "week",
        "-0",
    ];
    assert_eq!(
        folder.run(&weeks).code(0).stdout,
        b"2026-W09\x002026-W10\x002026-W11\0"
    );
    let months = [
        "plan",
        "p",
        "--from",
        "2026-01",
        "--through",
        "2026-03",
        "--every",
        "month",
    ];
    assert_eq!(
        folder.run(&months).code(0).text(),
        "2026-01\n2026-02\n2026-03\n"
    );
}

#[test]
fn a_plan_that_nobody_could_finish_is_refused() {
    let folder = Folder::new();
    let outcome = folder
        .run(&["plan", "p", "--from", "0001-01-01", "--every", "hour"])
        .code(2);
    assert!(
        outcome.stderr.contains("1000000 units"),
        "{}",
        outcome.stderr
    );
}
