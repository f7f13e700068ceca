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
    let failed = at(
        &day,
        "sed -i 's/--retries 2 --retry-delay 5s/--retries 0/' daily.sh; ./daily.sh day 2026-03-17",
    )
    .code(4);
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
