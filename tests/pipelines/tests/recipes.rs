//! The recipes that users copy do what they say: the day as a shell script and as a
//! Makefile, again without effect, and a failing plan fails make.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod day;

use day::Day;
use millrace_testkit::{Outcome, run, sh};
use std::path::Path;

/// A small day laid out as the recipes expect it, with copies of them beside it.
fn laid_out() -> Day {
    let day = Day::new(4_800);
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts");
    for name in ["daily.sh", "Makefile", "orders.schema.json"] {
        std::fs::copy(scripts.join(name), day.path().join(name)).unwrap();
    }
    run(&mut sh(
        day.path(),
        "mkdir in && mv raw in/2026-03-17 && mv in raw",
    ))
    .code(0);
    day
}

/// Moves the last `count` records of hour `from` to the end of hour `to`.
fn move_records(day: &Day, from: u32, to: u32, count: usize) {
    let file = |hour: u32| day.path().join(format!("raw/2026-03-17/{hour:02}.ndjson"));
    let text = std::fs::read_to_string(file(from)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let (stay, go) = lines.split_at(lines.len() - count);
    let line = |line: &&str| format!("{line}\n");
    std::fs::write(file(from), stay.iter().map(line).collect::<String>()).unwrap();
    let mut other = std::fs::read_to_string(file(to)).unwrap();
    other.extend(go.iter().map(line));
    std::fs::write(file(to), other).unwrap();
}

/// A unit that fails is not tried again.
fn without_retries(day: &Day) {
    let script = "sed -i 's/--retries 2 --retry-delay 5s/--retries 0/' daily.sh";
    at(day, script).code(0);
}

fn at(day: &Day, script: &str) -> Outcome {
    run(&mut sh(day.path(), script))
}

/// Good rows in `orders`, and that nothing was lost.
fn accounted(day: &Day) -> u64 {
    let good = day.count("orders", "true");
    let rejected = at(day, "cat quarantine/*.ndjson | wc -l")
        .text()
        .trim()
        .parse::<u64>()
        .unwrap();
    assert_eq!(good + rejected, day.counts.rows);
    good
}

#[test]
fn the_shell_script_runs_a_day_once() {
    let day = laid_out();
    at(&day, "./daily.sh day 2026-03-17").code(0);
    let good = accounted(&day);
    let again = at(&day, "./daily.sh day 2026-03-17").code(0);
    assert!(
        again.stderr.contains("24 units, 24 done"),
        "{}",
        again.stderr
    );
    assert_eq!(accounted(&day), good);
    let wrong = at(&day, "./daily.sh").code(2);
    assert!(wrong.stderr.starts_with("usage: "), "{}", wrong.stderr);
}

#[test]
fn rows_that_arrive_in_another_hour_are_never_lost() {
    let day = laid_out();
    // Late, and by a clock that is ahead: hour 21 itself is written after that.
    move_records(&day, 4, 20, 7);
    move_records(&day, 21, 4, 5);
    at(&day, "./daily.sh day 2026-03-17").code(0);
    accounted(&day);
}

#[test]
fn an_hour_is_done_again_after_the_day_was_compacted() {
    let mut day = laid_out();
    move_records(&day, 4, 5, 3);
    move_records(&day, 6, 5, 2);
    at(&day, "./daily.sh day 2026-03-17").code(0);
    accounted(&day);
    let hour = |day: &Day, hour: u32| {
        let filter = format!("order_date = DATE '2026-03-17' AND order_hour = {hour}");
        day.count("orders", &filter)
    };
    let before = [4, 5, 6, 7].map(|at| hour(&day, at));
    // The hour's file is delivered again without the records of other hours.
    let raw = "raw/2026-03-17/05.ndjson";
    at(&day, &format!("head -n -5 {raw} > new && mv new {raw}")).code(0);
    day.counts.rows -= 5;
    at(&day, "checkpoint undo orders 2026-03-17T05").code(0);
    at(&day, "./daily.sh day 2026-03-17").code(0);
    accounted(&day);
    let after = [4, 5, 6, 7].map(|at| hour(&day, at));
    assert_eq!((after[1], after[3]), (before[1], before[3]));
    let gone = before[0] - after[0] + before[2] - after[2];
    assert!((3..=5).contains(&gone), "{before:?} {after:?}");
    // Settled, it has as few files as can be, and the hour is not replaced any more.
    at(&day, "./daily.sh settle 2026-03-18").code(0);
    accounted(&day);
    at(&day, "checkpoint undo orders 2026-03-17T05").code(0);
    without_retries(&day);
    let refused = at(&day, "./daily.sh day 2026-03-17").code(3);
    assert!(
        refused.stderr.contains("it was compacted"),
        "{}",
        refused.stderr
    );
    accounted(&day);
}

#[test]
fn the_makefile_runs_a_day_once() {
    let day = laid_out();
    at(&day, "make -s -j2 DAY=2026-03-17").code(0);
    let good = accounted(&day);
    let again = at(&day, "make -s -j2 DAY=2026-03-17").code(0);
    assert!(
        again.stderr.contains("24 units, 24 done"),
        "{}",
        again.stderr
    );
    assert_eq!(accounted(&day), good);
}

#[test]
fn a_failing_plan_fails_make() {
    let day = laid_out();
    let outcome = at(&day, "make -s DAY=yesterday").code(2);
    assert!(
        outcome.stderr.contains("checkpoint plan failed with 2"),
        "{}",
        outcome.stderr
    );
    assert!(!day.path().join("orders").exists());
    at(&day, "make -s").code(2);
}

#[test]
fn an_hour_that_fails_fails_the_day_and_the_rest_is_done() {
    let day = laid_out();
    at(&day, "mv raw/2026-03-17/07.ndjson late-arrival").code(0);
    without_retries(&day);
    let failed = at(&day, "./daily.sh day 2026-03-17").code(4);
    assert!(
        failed.stderr.contains("23 done, 1 failed"),
        "{}",
        failed.stderr
    );
    at(
        &day,
        "mv late-arrival raw/2026-03-17/07.ndjson && ./daily.sh day 2026-03-17",
    )
    .code(0);
    accounted(&day);
}
