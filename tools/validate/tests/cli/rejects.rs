//! The quarantine as `validate` fills it.

use crate::streams::*;
use arrow_array::cast::AsArray;
use arrow_array::*;
use serde_json::json;
use std::sync::Arc;

fn place() -> Place {
    Place::with_fields(json!([{ "name": "x", "type": "integer", "constraints": { "minimum": 0 } }]))
}

fn input() -> Vec<u8> {
    rows(&[("x", int([1, -2])), ("note", text([Some("a"), None]))])
}

#[test]
fn an_envelope_holds_source_reasons_and_record() {
    let place = place();
    place
        .run(&["--schema", "s.json", "--rejects", "bad.ndjson"], &input())
        .code(0);
    assert_eq!(
        place.text("bad.ndjson"),
        concat!(
            r#"{"source":{"row":2},"reasons":[{"field":"x","constraint":"minimum","value":-2,"expected":"at least 0"}],"#,
            r#""record":{"x":-2,"note":null}}"#,
            "\n"
        )
    );
}

#[test]
fn source_columns_are_the_source_and_not_the_record() {
    let place = place();
    let columns = [
        ("_source_file", text(["in/a.csv", "in/a.csv"])),
        ("_source_line", int([7, 9])),
        ("x", int([1, -2])),
    ];
    place
        .run(
            &["--schema", "s.json", "--rejects", "bad.ndjson"],
            &rows(&columns),
        )
        .code(0);
    let envelope = &place.rejects()[0];
    assert_eq!(
        envelope["source"],
        json!({ "file": "in/a.csv", "line": 9, "row": 2 })
    );
    assert_eq!(envelope["record"], json!({ "x": -2 }));
    let outcome = place.run(&["--schema", "s.json"], &rows(&columns)).code(1);
    assert!(
        outcome
            .stderr
            .starts_with("validate: row 2 ('in/a.csv' line 9): 'x' is -2"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn values_are_verbatim() {
    let place = Place::with_fields(
        json!([{ "name": "x", "type": "number", "decimal": [38, 10], "constraints": { "maximum": 0 } }]),
    );
    let decimals = Decimal128Array::from(vec![10i128.pow(38) - 1])
        .with_precision_and_scale(38, 10)
        .unwrap();
    let columns: [(&str, ArrayRef); 3] = [
        ("x", Arc::new(decimals)),
        ("big", Arc::new(UInt64Array::from(vec![u64::MAX]))),
        ("bytes", Arc::new(BinaryArray::from_vec(vec![b"\xff\x00"]))),
    ];
    place
        .run(
            &["--schema", "s.json", "--rejects", "bad.ndjson"],
            &rows(&columns),
        )
        .code(0);
    let text = place.text("bad.ndjson");
    assert!(
        text.contains(r#""value":9999999999999999999999999999.9999999999,"#),
        "{text}"
    );
    assert!(text.contains(r#""record":{"x":9999999999999999999999999999.9999999999,"big":18446744073709551615,"bytes":"/wA="}"#), "{text}");
}

#[test]
fn names_expand() {
    let place = place();
    let args = [
        "--schema",
        "s.json",
        "--rejects",
        "bad-{unit}-{run_id}.ndjson",
    ];
    let identity = ["--run-id", "r1", "--unit", "2026-03-17T05"];
    place
        .run(&[&args[..], &identity].concat(), &input())
        .code(0);
    assert!(place.path("bad-2026-03-17T05-r1.ndjson").exists());
    let mut command = place.command(&args);
    command
        .env("MILLRACE_RUN_ID", "r2")
        .env("MILLRACE_UNIT", "u");
    millrace_testkit::run_with(&mut command, &input()).code(0);
    assert!(place.path("bad-u-r2.ndjson").exists());
    let outcome = place.run(&args, &input()).code(2);
    assert!(
        outcome.stderr.contains("MILLRACE_UNIT"),
        "{}",
        outcome.stderr
    );
    assert_eq!(poison(&outcome.stdout).0, 2);
}

#[test]
fn arrow_rejects_are_a_stream_again() {
    let place = place();
    place
        .run(&["--schema", "s.json", "--rejects", "bad.arrows"], &input())
        .code(0);
    let bytes = std::fs::read(place.path("bad.arrows")).unwrap();
    let batches = read(&bytes);
    assert_eq!(
        batches[0]["record"].as_string::<i32>().value(0),
        r#"{"x":-2,"note":null}"#
    );
    // It can be validated in turn.
    assert_eq!(place.run(&[], &bytes).code(0).stdout.len(), bytes.len());
}

#[test]
fn devices_and_pipes_are_written_straight() {
    let place = place();
    let outcome = place
        .run(&["--schema", "s.json", "--rejects", "/dev/null"], &input())
        .code(0);
    assert_eq!(ints(&outcome.stdout, "x"), [Some(1)]);
    let outcome = place
        .run(
            &["-q", "--schema", "s.json", "--rejects", "/dev/stderr"],
            &input(),
        )
        .code(0);
    assert!(
        outcome.stderr.starts_with(r#"{"source":{"row":2}"#),
        "{}",
        outcome.stderr
    );
    assert_eq!(place.names(), ["s.json"]);
}

#[test]
fn a_full_disk_under_rejects_or_report_ends_the_run_before_the_end_marker() {
    let place = place();
    for option in ["--rejects", "--report"] {
        let mut args = vec!["--schema", "s.json", option, "/dev/full"];
        if option == "--report" {
            args.extend(["--rejects", "bad.ndjson"]);
        }
        let outcome = place.run(&args, &input()).code(4);
        assert!(
            outcome
                .stderr
                .contains("'/dev/full': no space left on device"),
            "{}",
            outcome.stderr
        );
        assert_eq!(poison(&outcome.stdout).0, 4);
    }
}

#[test]
fn rejects_do_not_go_where_the_data_goes() {
    let place = place();
    let outcome = place
        .run(&["--schema", "s.json", "--rejects", "-"], &input())
        .code(2);
    assert!(
        outcome.stderr.contains("standard output"),
        "{}",
        outcome.stderr
    );
    let outcome = place
        .run(&["--rejects", "gone/bad.ndjson"], &input())
        .code(4);
    assert!(outcome.stderr.contains("'gone"), "{}", outcome.stderr);
}
