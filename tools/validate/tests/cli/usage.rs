//! Help, versions, wrong options, missing files.

use crate::streams::*;
use serde_json::json;

#[test]
fn help_version_and_manual() {
    let place = Place::new();
    for (args, part) in [
        (&["--help"][..], "--max-rejects"),
        (&["-h"], "--max-rejects"),
        (&["--version"], "validate "),
        (&["--generate", "man"], "EXAMPLES"),
        (&["--generate", "bash"], "validate"),
    ] {
        let outcome = place.run(args, b"").code(0);
        assert!(outcome.text().contains(part), "{args:?}");
        assert_eq!(outcome.stderr, "");
    }
    let (short, long) = (
        place.run(&["-h"], b"").text(),
        place.run(&["--help"], b"").text(),
    );
    assert!(short.len() < long.len());
}

#[test]
fn wrong_options_are_usage_errors() {
    let place = Place::new();
    for args in [
        &["--nope"][..],
        &["operand"],
        &["--memory", "much"],
        &["--max-rejects"],
    ] {
        let outcome = place.run(args, b"").code(2);
        assert!(
            outcome.stderr.starts_with("validate: "),
            "{}",
            outcome.stderr
        );
        assert_eq!(outcome.stderr.lines().count(), 2, "{}", outcome.stderr);
    }
}

#[test]
fn files_that_are_not_there_or_not_right() {
    let place = Place::new();
    place.write("bad.json", "{");
    place.write(
        "odd.json",
        json!({ "fields": [{ "name": "x", "type": "integer", "constraints": { "minimun": 1 } }] })
            .to_string(),
    );
    place.write("latin.json", b"\"\xe9\"");
    let input = rows(&[("x", int([1]))]);
    for (args, code, part) in [
        (
            ["--schema", "gone.json"],
            4,
            "'gone.json': no such file or directory",
        ),
        (["--schema", "."], 4, "'.'"),
        (
            ["--rules", "gone.txt"],
            4,
            "'gone.txt': no such file or directory",
        ),
        (["--schema", "bad.json"], 2, "schema 'bad.json'"),
        (["--schema", "odd.json"], 2, "/fields/0/constraints/minimun"),
        (["--schema", "latin.json"], 2, "'latin.json' is not UTF-8"),
    ] {
        let outcome = place.run(&args, &input).code(code);
        assert!(outcome.stderr.contains(part), "{}", outcome.stderr);
        assert_eq!(poison(&outcome.stdout).0, i64::from(code));
    }
}

#[test]
fn the_metrics_line_counts_exactly_also_on_failure() {
    let place = Place::with_fields(
        json!([{ "name": "x", "type": "integer", "constraints": { "minimum": 0 } }]),
    );
    let input = rows(&[("x", int([1, -2, 3, -4]))]);
    let args = [
        "--schema",
        "s.json",
        "--rejects",
        "bad.ndjson",
        "--metrics",
        "m.json",
        "--run-id",
        "r1",
    ];
    let outcome = place.run(&args, &input).code(0);
    let line = place.json("m.json");
    let expected = json!([4, 2, 2, "r1", 0, input.len(), outcome.stdout.len()]);
    let names = [
        "records_in",
        "records_out",
        "rejected",
        "run_id",
        "exit",
        "bytes_in",
        "bytes_out",
    ];
    assert_eq!(json!(names.map(|name| line[name].clone())), expected);
    std::fs::remove_file(place.path("m.json")).unwrap();
    place
        .run(&[&args[..], &["--max-rejects", "25%"]].concat(), &input)
        .code(1);
    let line = place.json("m.json");
    assert_eq!(
        json!(["records_in", "records_out", "rejected", "exit"].map(|name| line[name].clone())),
        json!([4, 2, 2, 1])
    );
    assert!(
        line["error"]
            .as_str()
            .unwrap()
            .contains("--max-rejects allows 25%")
    );
}
