//! `partition --timezone`: days and hours of a zone, recorded, and exact for readers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod support;

use arrow_array::{ArrayRef, RecordBatch, TimestampMicrosecondArray};
use millrace_testkit::{run, run_with, sh, tempdir};
use std::sync::Arc;
use support::*;

/// 2026-10-25T00:00:00Z: clocks go back in Berlin at 01:00Z, in New York a week later.
const AUTUMN: i64 = 1_792_886_400_000_000;
/// 2026-03-29T00:00:00Z: clocks go forward in Berlin at 01:00Z.
const SPRING: i64 = 1_774_742_400_000_000;

const BERLIN: [&str; 2] = ["--timezone", "Europe/Berlin"];

#[test]
fn days_have_23_and_25_hours() {
    for (from, day, hours, missing) in [
        (AUTUMN, "2026-10-25", 25, None),
        (SPRING, "2026-03-29", 23, Some("02")),
    ] {
        let dir = tempdir().unwrap();
        // A row every half hour, two days around.
        let rows = events(0, 192, from - 24 * HOUR, HOUR / 2);
        write(dir.path(), &BERLIN, &stream(&[rows])).code(0);
        let found = ids(&dir.path().join("out"));
        let of_day: Vec<(&String, usize)> = found
            .iter()
            .filter(|(path, _)| path.starts_with(&format!("order_date={day}/")))
            .map(|(path, rows)| (path, rows.len()))
            .collect();
        let rows: usize = of_day.iter().map(|(_, rows)| rows).sum();
        assert_eq!(rows, 2 * hours, "{day}");
        let of_hour = |hour: &str| {
            let path = format!("order_date={day}/order_hour={hour}");
            found.get(&path).map_or(0, Vec::len)
        };
        match missing {
            Some(hour) => assert_eq!(of_hour(hour), 0),
            None => assert_eq!(of_hour("02"), 4, "both passes of the hour"),
        }
        assert_eq!(of_hour("00"), 2);
        assert_eq!(of_hour("23"), 2);
    }
}

#[test]
fn the_zone_is_recorded_and_another_one_refused() {
    let dir = tempdir().unwrap();
    let input = stream(&[events(0, 4, AUTUMN, HOUR)]);
    write(dir.path(), &["--timezone", "europe/berlin"], &input).code(0);
    let state = std::fs::read_to_string(dir.path().join(".out.millrace/dataset.json")).unwrap();
    assert!(state.contains(r#""timezone":"Europe/Berlin""#), "{state}");
    let before = files(&dir.path().join("out"));
    for zone in ["UTC", "America/New_York"] {
        let more = ["--mode", "append", "--timezone", zone];
        let refused = write(dir.path(), &more, &input).code(2);
        let said = format!("has the days and hours of Europe/Berlin, not those of {zone}");
        assert!(refused.stderr.contains(&said), "{}", refused.stderr);
    }
    assert_eq!(files(&dir.path().join("out")), before);
    // Left out it holds, also when partitions are rewritten in place.
    write(dir.path(), &["--mode", "append"], &input).code(0);
    assert_eq!(ids(&dir.path().join("out")).len(), before.len());
    let script = "prune out | partition out --mode overwrite --output none";
    run(&mut sh(dir.path(), script)).code(0);
    assert_eq!(ids(&dir.path().join("out")).len(), before.len());
    assert_eq!(count(&dir.path().join("out")), 8);

    let utc = tempdir().unwrap();
    write(utc.path(), &["--timezone", "UTC"], &input).code(0);
    let refused = write(
        utc.path(),
        &[&["--mode", "append"], &BERLIN[..]].concat(),
        &input,
    )
    .code(2);
    assert!(
        refused
            .stderr
            .contains("of UTC, not those of Europe/Berlin"),
        "{}",
        refused.stderr
    );
}

#[test]
fn what_a_zone_cannot_mean_is_refused() {
    let dir = tempdir().unwrap();
    let input = stream(&[day(3)]);
    for (arguments, said) in [
        (
            ["out", "--by", "region", "--timezone", "Asia/Tokyo"],
            "--timezone changes nothing",
        ),
        (
            ["out", "--by", BY, "--timezone", "Mars/Olympus"],
            "there is no time zone 'Mars/Olympus'",
        ),
        (
            ["out", "--by", BY, "--timezone", "+02:00"],
            "there is no time zone '+02:00'",
        ),
    ] {
        let refused = run_with(&mut partition(dir.path(), &arguments), &input).code(2);
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
    }
    let naive: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![AUTUMN]));
    let table = RecordBatch::try_from_iter([("ts", naive.clone()), ("v", naive)]).unwrap();
    let arguments = ["out", "--by", "d=date(ts)", "--timezone", "Asia/Tokyo"];
    let refused = run_with(&mut partition(dir.path(), &arguments), &stream(&[table])).code(2);
    assert!(
        refused.stderr.contains("expected a timestamp with a zone"),
        "{}",
        refused.stderr
    );
    assert!(files(dir.path()).is_empty());
}

#[test]
fn the_same_run_in_another_zone_is_another_request() {
    let dir = tempdir().unwrap();
    let input = stream(&[events(0, 4, AUTUMN, HOUR)]);
    write(
        dir.path(),
        &[&["--run-id", "r"], &BERLIN[..]].concat(),
        &input,
    )
    .code(0);
    let again = write(dir.path(), &["--run-id", "r"], &input).code(0);
    assert!(
        again.stderr.contains("already committed"),
        "{}",
        again.stderr
    );
}

/// Path columns are local, the source column is not: no row may be skipped for it.
#[test]
fn predicates_on_the_source_column_stay_exact() {
    let dir = tempdir().unwrap();
    for (name, zone) in [
        ("utc", "UTC"),
        ("berlin", "Europe/Berlin"),
        ("tokyo", "Asia/Tokyo"),
    ] {
        let arguments = [name, "--by", BY, "--timezone", zone];
        let rows = [events(0, 300, AUTUMN - 48 * HOUR, HOUR / 3 + 7)];
        run_with(&mut partition(dir.path(), &arguments), &stream(&rows)).code(0);
    }
    for predicate in [
        "event_timestamp >= '2026-10-25T00:00:00Z'",
        "event_timestamp < '2026-10-24T22:00:00Z'",
        "event_timestamp BETWEEN '2026-10-25T00:30:00Z' AND '2026-10-25T01:30:00Z'",
        "event_timestamp = '2026-10-23T00:00:00Z'",
    ] {
        let count = |name: &str| {
            let script = format!("prune {name} --count --where \"{predicate}\"");
            run(&mut sh(dir.path(), &script)).code(0).text()
        };
        let expected = count("utc");
        assert_ne!(expected.trim(), "0");
        assert_eq!(count("berlin"), expected, "{predicate}");
        assert_eq!(count("tokyo"), expected, "{predicate}");
    }
}
