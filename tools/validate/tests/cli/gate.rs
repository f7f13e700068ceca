//! How many bad rows are too many, and what is left behind either way.

use crate::streams::*;
use arrow_array::RecordBatch;
use serde_json::json;

fn positive() -> Place {
    Place::with_fields(json!([{ "name": "x", "type": "integer", "constraints": { "minimum": 0 } }]))
}

/// Batches of ten rows, 0 to 99; rows whose number is in `bad` are negative.
fn hundred(bad: &[i64]) -> Vec<u8> {
    let batches: Vec<RecordBatch> = (0..10)
        .map(|part| {
            let value = |row: i64| if bad.contains(&row) { -row } else { row };
            batch(&[("x", int((part * 10..part * 10 + 10).map(value)))])
        })
        .collect();
    stream(&batches)
}

#[test]
fn without_rejects_the_first_bad_row_ends_the_run() {
    let place = positive();
    let outcome = place
        .run(&["--schema", "s.json"], &hundred(&[17, 18, 50]))
        .code(1);
    assert_eq!(
        outcome.stderr,
        "validate: row 18: 'x' is -17, expected at least 0 (minimum)\nhint: with --rejects FILE bad rows go there and the others pass\n"
    );
    let (exit, tool, error) = poison(&outcome.stdout);
    assert_eq!((exit, tool.as_str()), (1, "validate"));
    assert!(error.starts_with("row 18: 'x' is -17"), "{error}");
    place.run(&["--schema", "s.json"], &hundred(&[])).code(0);
}

#[test]
fn the_message_counts_further_reasons_and_cuts_values() {
    let place = Place::with_fields(
        json!([{ "name": "x", "type": "string", "constraints": { "maxLength": 3, "pattern": "[a-z]*", "enum": ["a"] } }]),
    );
    let long = "A".repeat(500);
    let outcome = place
        .run(
            &["--schema", "s.json"],
            &rows(&[("x", text([long.as_str()]))]),
        )
        .code(1);
    let line = outcome.stderr.lines().next().unwrap();
    assert!(
        line.ends_with("…, expected at most 3 characters (maxLength), and 2 more"),
        "{line}"
    );
    assert!(line.chars().count() < 200, "{line}");
}

#[test]
fn with_rejects_there_is_no_limit_and_order_is_kept() {
    let place = positive();
    let bad = [3, 4, 17, 99];
    let outcome = place
        .run(
            &["--schema", "s.json", "--rejects", "bad.ndjson"],
            &hundred(&bad),
        )
        .code(0);
    let good: Vec<Option<i64>> = (0..100)
        .filter(|row| !bad.contains(row))
        .map(Some)
        .collect();
    assert_eq!(ints(&outcome.stdout, "x"), good);
    let found: Vec<u64> = place
        .rejects()
        .iter()
        .map(|r| r["source"]["row"].as_u64().unwrap())
        .collect();
    assert_eq!(found, [4, 5, 18, 100]);
    assert_eq!(
        outcome.stderr,
        "validate: 4 of 100 rows rejected (4%), see 'bad.ndjson'\n"
    );
    let quiet = place
        .run(
            &["--schema", "s.json", "--rejects", "bad.ndjson", "-q"],
            &hundred(&bad),
        )
        .code(0);
    assert_eq!(quiet.stderr, "");
}

#[test]
fn a_count_stops_at_once() {
    let place = positive();
    let args = [
        "--schema",
        "s.json",
        "--rejects",
        "bad.ndjson",
        "--max-rejects",
        "2",
        "--report",
        "r.json",
    ];
    place.run(&args, &hundred(&[3, 17])).code(0);
    assert_eq!(
        (
            place.json("r.json")["accepted"].clone(),
            place.json("r.json")["complete"].clone()
        ),
        (json!(true), json!(true))
    );
    let outcome = place.run(&args, &hundred(&[3, 17, 18, 19, 50])).code(1);
    assert_eq!(
        outcome.stderr,
        "validate: 3 of 19 rows rejected (15.789474%), --max-rejects allows 2\nhint: they are in 'bad.ndjson'\n".replace("15.789474", "15.79")
    );
    assert_eq!(poison(&outcome.stdout).0, 1);
    // Rejects and report are complete up to where the run stopped.
    assert_eq!(place.rejects().len(), 3);
    assert_eq!(place.names(), ["bad.ndjson", "r.json", "s.json"]);
    let report = place.json("r.json");
    assert_eq!(
        (&report["rows"], &report["rejected"], &report["passed"]),
        (&json!(19), &json!(3), &json!(16))
    );
    assert_eq!(
        (&report["accepted"], &report["complete"]),
        (&json!(false), &json!(false))
    );
}

#[test]
fn a_rate_is_judged_at_the_end() {
    let place = positive();
    let args = |rate| {
        [
            "--schema",
            "s.json",
            "--rejects",
            "bad.ndjson",
            "--report",
            "r.json",
            "--max-rejects",
            rate,
        ]
    };
    // The first ten rows are all bad: 100 % so far, 10 % in the end.
    let bad: Vec<i64> = (1..11).collect();
    place.run(&args("10%"), &hundred(&bad)).code(0);
    place.run(&args("0.1"), &hundred(&bad)).code(0);
    let outcome = place.run(&args("9.9%"), &hundred(&bad)).code(1);
    assert_eq!(
        outcome.stderr.lines().next().unwrap(),
        "validate: 10 of 100 rows rejected (10%), --max-rejects allows 9.9%"
    );
    assert_eq!(poison(&outcome.stdout).0, 1);
    assert_eq!(place.rejects().len(), 10);
    let report = place.json("r.json");
    assert_eq!(
        (&report["accepted"], &report["complete"], &report["rows"]),
        (&json!(false), &json!(true), &json!(100))
    );
}

#[test]
fn nothing_at_all_is_within_every_limit() {
    let place = positive();
    let empty = rows(&[("x", int(Vec::<i64>::new()))]);
    for limit in ["0", "0%"] {
        let outcome = place
            .run(
                &[
                    "--schema",
                    "s.json",
                    "--rejects",
                    "bad.ndjson",
                    "--max-rejects",
                    limit,
                ],
                &empty,
            )
            .code(0);
        assert_eq!(ints(&outcome.stdout, "x"), []);
        assert_eq!(place.text("bad.ndjson"), "");
    }
}

#[test]
fn a_warning_does_not_stop() {
    let place = positive();
    let args = |limit| {
        [
            "--schema",
            "s.json",
            "--rejects",
            "bad.ndjson",
            "-q",
            "--warn-rejects",
            limit,
        ]
    };
    let outcome = place.run(&args("1"), &hundred(&[3, 4])).code(0);
    assert_eq!(
        outcome.stderr,
        "validate: warning: 2 of 100 rows rejected (2%), --warn-rejects allows 1\n"
    );
    assert_eq!(place.run(&args("2%"), &hundred(&[3, 4])).code(0).stderr, "");
}

#[test]
fn limits_need_somewhere_to_put_rejects() {
    let place = positive();
    for limit in ["--max-rejects", "--warn-rejects"] {
        let outcome = place
            .run(&["--schema", "s.json", limit, "1"], &hundred(&[]))
            .code(2);
        assert!(outcome.stderr.contains("--rejects"), "{}", outcome.stderr);
    }
    place
        .run(&["--rejects", "b", "--max-rejects", "101%"], &hundred(&[]))
        .code(2);
}

#[test]
fn the_report_counts_per_constraint_with_first_examples() {
    let place = Place::with_fields(json!([
        { "name": "x", "type": "integer", "constraints": { "minimum": 0, "maximum": 1000 } },
    ]));
    let lines: Vec<i64> = (1..=10).collect();
    let batch = rows(&[
        ("x", int((0..10).map(|n| -n))),
        ("_source_file", text(vec!["in.csv"; 10])),
        ("_source_line", int(lines)),
    ]);
    let args = [
        "--schema",
        "s.json",
        "--rule",
        "even: x % 2 = 0",
        "--rejects",
        "bad.ndjson",
        "--report",
        "r.json",
    ];
    place
        .run(
            &[
                &args[..],
                &["--run-id", "r1", "--unit", "2026-03-17", "--pipeline", "p"],
            ]
            .concat(),
            &batch,
        )
        .code(0);
    let example = |row: i64| json!({ "row": row, "file": "in.csv", "line": row, "field": "x", "value": 1 - row });
    assert_eq!(
        place.json("r.json"),
        json!({
            "tool": "validate", "pipeline": "p", "run_id": "r1", "unit": "2026-03-17", "step": null,
            "rows": 10, "passed": 1, "rejected": 9, "reject_rate": 0.9, "max_rejects": null, "accepted": true, "complete": true,
            "constraints": [
                { "field": "x", "constraint": "minimum", "expected": "at least 0", "count": 9, "examples": [example(2), example(3), example(4)] },
                { "field": "x", "constraint": "maximum", "expected": "at most 1000", "count": 0, "examples": [] },
                { "field": "x", "constraint": "even", "expected": "x % 2 = 0", "count": 5, "examples": [example(2), example(4), example(6)] },
            ],
        })
    );
}

#[test]
fn the_first_bad_row_is_in_the_report_too() {
    let place = positive();
    place
        .run(
            &["--schema", "s.json", "--report", "r.json"],
            &hundred(&[17]),
        )
        .code(1);
    let report = place.json("r.json");
    assert_eq!(
        (
            &report["rows"],
            &report["rejected"],
            &report["accepted"],
            &report["complete"]
        ),
        (&json!(18), &json!(1), &json!(false), &json!(false))
    );
    assert_eq!(report["constraints"][0]["examples"][0]["value"], json!(-17));
}
