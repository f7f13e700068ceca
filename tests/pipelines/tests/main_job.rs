//! The main job on a small day: every row is accounted for, to the row, and only
//! Parquet lies under the dataset.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod day;

use day::{Day, PIPE};
use millrace_testkit::orders::Bad;
use millrace_testkit::{run, sh};

#[test]
fn rows_in_are_good_plus_rejected_by_reason() {
    let day = Day::new(24_000);
    run(&mut sh(day.path(), PIPE)).code(0);
    let bad = &day.counts.bad;
    assert_eq!(
        day.lines("bad.ndjson"),
        bad[&Bad::Torn] + bad[&Bad::Untyped]
    );
    assert_eq!(
        day.lines("rej.ndjson"),
        bad[&Bad::Negative] + bad[&Bad::NoCustomer] + bad[&Bad::UnknownStatus]
    );
    assert_eq!(
        day.count("out", "true"),
        day.counts.rows - day.counts.bad_total()
    );

    let reasons = std::fs::read_to_string(day.path().join("rej.ndjson")).unwrap();
    let with = |constraint: &str| {
        let needle = format!("\"constraint\":\"{constraint}\"");
        reasons
            .lines()
            .filter(|line| line.contains(&needle))
            .count() as u64
    };
    assert_eq!(with("minimum"), bad[&Bad::Negative]);
    assert_eq!(with("required"), bad[&Bad::NoCustomer]);
    assert_eq!(with("enum"), bad[&Bad::UnknownStatus]);
}

#[test]
fn nothing_but_parquet_lies_under_the_dataset() {
    let day = Day::new(2_400);
    let listed = run(&mut sh(day.path(), PIPE)).code(0).text();
    let files = run(&mut sh(day.path(), "find out -type f")).text();
    assert!(files.lines().count() >= 24, "{files}");
    assert!(
        files.lines().all(|file| file.ends_with(".parquet")),
        "{files}"
    );
    for partition in listed.lines() {
        assert!(
            files.contains(&format!("{partition}/")),
            "{partition} was listed but holds no file"
        );
    }
}

#[test]
fn scope_keeps_late_rows_out_and_the_late_step_takes_them_home() {
    let day = Day::new(24_000);
    let script = r#"
        ingest raw/05.ndjson --schema s.json --rejects bad.ndjson |
        validate --schema s.json --rejects rej.ndjson |
        partition out --by "$BY" --mode overwrite --scope order_date=2026-03-17/order_hour=05 --outside late.arrows &&
        partition out --by "$BY" --mode append --step late < late.arrows &&
        show late.arrows --output count"#;
    let mut command = sh(day.path(), script);
    let outcome = run(command.env("BY", day::BY).env("MILLRACE_RUN_ID", "r-1")).code(0);
    let late: u64 = outcome.text().lines().last().unwrap().parse().unwrap();
    assert!(late > 0);
    let hour = day.count("out", "order_date = DATE '2026-03-17' AND order_hour = 5");
    let home = day.count("out", "order_date < DATE '2026-03-17'");
    assert_eq!(home, late);
    assert_eq!(
        hour + home + day.lines("bad.ndjson") + day.lines("rej.ndjson"),
        1000
    );

    // The same run again changes nothing, in append mode too.
    let mut command = sh(day.path(), script);
    run(command.env("BY", day::BY).env("MILLRACE_RUN_ID", "r-1")).code(0);
    assert_eq!(day.count("out", "true"), hour + home);
}

#[test]
fn compact_merges_late_tails_and_then_leaves_them_alone() {
    let day = Day::new(24_000);
    run(&mut sh(day.path(), PIPE)).code(0);
    let before = day.count("out", "true");
    let again = PIPE.replace("--mode create", "--mode append");
    run(&mut sh(day.path(), &again)).code(0);
    run(&mut sh(day.path(), "compact out --all")).code(0);
    let files = run(&mut sh(day.path(), "find out -name '*.parquet'"))
        .text()
        .lines()
        .count();
    let partitions = run(&mut sh(day.path(), "find out -mindepth 2 -type d"))
        .text()
        .lines()
        .count();
    assert_eq!(files, partitions);
    assert_eq!(day.count("out", "true"), 2 * before);
    let second = run(&mut sh(day.path(), "compact out --all")).code(0);
    assert_eq!(second.text(), "");
}

#[test]
fn a_reader_that_leaves_is_silent() {
    let day = Day::new(24_000);
    let outcome = run(&mut sh(
        day.path(),
        "ingest raw/*.ndjson --schema s.json --rejects bad.ndjson | head -c 1000 >/dev/null",
    ));
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
}

#[test]
fn metrics_account_for_every_row() {
    let day = Day::new(24_000);
    run(sh(day.path(), PIPE).env("MILLRACE_METRICS", "m.jsonl")).code(0);
    let lines = std::fs::read_to_string(day.path().join("m.jsonl")).unwrap();
    let all: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |tool: &str, field: &str| {
        all.iter().find(|line| line["tool"] == tool).unwrap()[field]
            .as_u64()
            .unwrap()
    };
    assert_eq!(all.len(), 3);
    assert_eq!(of("ingest", "records_in"), day.counts.rows);
    assert_eq!(
        of("ingest", "records_in"),
        of("ingest", "records_out") + of("ingest", "rejected")
    );
    assert_eq!(of("ingest", "records_out"), of("validate", "records_in"));
    assert_eq!(
        of("validate", "records_in"),
        of("validate", "records_out") + of("validate", "rejected")
    );
    assert_eq!(of("validate", "records_out"), of("partition", "records_in"));
    assert_eq!(of("partition", "records_out"), day.count("out", "true"));
}
