//! SQL rules.

use crate::streams::*;
use serde_json::json;

fn input() -> Vec<u8> {
    rows(&[
        ("a", int([Some(1), Some(-1), None, Some(5)])),
        ("b", int([Some(2), Some(2), Some(0), Some(1)])),
    ])
}

#[test]
fn false_fails_null_passes() {
    let place = Place::new();
    let outcome = place
        .run(&["--rule", "a < b", "--rejects", "bad.ndjson"], &input())
        .code(0);
    assert_eq!(ints(&outcome.stdout, "a"), [Some(1), Some(-1), None]);
    assert_eq!(
        place.rejects()[0]["reasons"],
        json!([{ "field": "", "constraint": "rule", "value": { "a": 5, "b": 1 }, "expected": "a < b" }])
    );
    let outcome = place
        .run(
            &["--rule", "a IS NOT NULL", "--rejects", "bad.ndjson"],
            &input(),
        )
        .code(0);
    assert_eq!(ints(&outcome.stdout, "a"), [Some(1), Some(-1), Some(5)]);
}

#[test]
fn every_rule_that_fails_is_a_reason() {
    let place = Place::new();
    place.write(
        "rules.txt",
        "# amounts\n\npositive: a > 0\n  small: a <= 3\n",
    );
    let args = [
        "--rules",
        "rules.txt",
        "--rule",
        "even: b % 2 = 0",
        "--rule",
        "a <> 5",
        "--rejects",
        "bad.ndjson",
    ];
    place.run(&args, &input()).code(0);
    let names: Vec<Vec<String>> = place
        .rejects()
        .iter()
        .map(|r| {
            r["reasons"]
                .as_array()
                .unwrap()
                .iter()
                .map(|r| r["constraint"].as_str().unwrap().to_owned())
                .collect()
        })
        .collect();
    assert_eq!(names, [vec!["positive"], vec!["even", "rule", "small"]]);
}

#[test]
fn the_first_failure_names_the_rule() {
    let place = Place::new();
    let outcome = place.run(&["--rule", "positive: a > 0"], &input()).code(1);
    assert_eq!(
        outcome.stderr.lines().next().unwrap(),
        "validate: row 2: 'a' is -1, expected a > 0 (positive)"
    );
}

#[test]
fn a_wrong_rule_is_a_usage_error_with_its_place() {
    let place = Place::new();
    place.write("rules.txt", "a > 0\na >\n");
    for (args, part) in [
        (["--rule", "a >"], "rule 'a >'"),
        (["--rules", "rules.txt"], "'rules.txt' line 2"),
        (["--rule", "nope > 0"], "no column 'nope'"),
        (["--rule", "a"], "rule 'a'"),
    ] {
        let outcome = place.run(&args, &input()).code(2);
        assert!(outcome.stderr.contains(part), "{}", outcome.stderr);
        assert_eq!(poison(&outcome.stdout).0, 2);
    }
}

#[test]
fn rules_and_schema_go_together() {
    let place = Place::with_fields(
        json!([{ "name": "a", "type": "integer", "constraints": { "minimum": 0 } }]),
    );
    place
        .run(
            &[
                "--schema",
                "s.json",
                "--rule",
                "a > 0",
                "--rejects",
                "bad.ndjson",
            ],
            &input(),
        )
        .code(0);
    let reasons: Vec<_> = place.rejects()[0]["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["constraint"].clone())
        .collect();
    assert_eq!(reasons, [json!("minimum"), json!("rule")]);
}
