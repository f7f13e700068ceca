//! The command line: help, wrong flags, missing files, terminals, full disks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod kit;

use kit::{Scratch, schema};
use millrace_testkit::{run, sh};
use std::process::Stdio;

fn scratch() -> Scratch {
    let scratch = Scratch::with("s.json", schema("a:integer"));
    scratch.write("a.ndjson", "{\"a\":1}\n".repeat(200_000));
    scratch
}

#[test]
fn help_is_short_and_long_and_the_version_is_told() {
    let scratch = scratch();
    let short = scratch.ingest("-h").code(0).text();
    let long = scratch.ingest("--help").code(0).text();
    assert!(short.starts_with("Parse raw files into a stream of typed record batches"));
    assert!(long.len() > 2 * short.len());
    for option in [
        "--files-from",
        "--max-rejects",
        "--extra-fields",
        "--null-value",
        "--max-record-size",
        "--run-id",
    ] {
        assert!(short.contains(option) && long.contains(option), "{option}");
    }
    assert!(
        scratch
            .ingest("--version")
            .code(0)
            .text()
            .starts_with("ingest ")
    );
    let page = scratch.ingest("--generate man").code(0).text();
    for section in [
        ".SH EXAMPLES",
        ".SH SCHEMA",
        ".SH \"BAD RECORDS\"",
        ".SH NOTES",
    ] {
        assert!(page.contains(section), "{section}");
    }
}

#[test]
fn wrong_command_lines_are_usage() {
    let scratch = scratch();
    for (arguments, expected) in [
        ("--nope", "unexpected argument '--nope'"),
        (
            "a.ndjson --format xml",
            "invalid value 'xml' for '--format <FORMAT>'",
        ),
        (
            "a.ndjson --delimiter ab --format csv",
            "expected one ASCII character",
        ),
        (
            "a.ndjson --schema s.json --infer-rows 5",
            "cannot be used with",
        ),
        ("a.ndjson --threads 0", "invalid value '0'"),
        ("a.ndjson -0", "--files-from"),
        (
            "s3://bucket/key --schema s.json",
            "object stores are not supported yet",
        ),
        (
            "a.ndjson --schema bad.json",
            "schema 'bad.json': /fields/0/type: 'strng' is not a type",
        ),
    ] {
        scratch.write("bad.json", r#"{"fields":[{"name":"a","type":"strng"}]}"#);
        let outcome = scratch.ingest(arguments).code(2);
        assert!(
            outcome.stderr.contains(expected),
            "{arguments}: {}",
            outcome.stderr
        );
        assert!(
            outcome.stderr.lines().count() <= 2,
            "{arguments}: {}",
            outcome.stderr
        );
    }
}

#[test]
fn what_is_not_there_is_named() {
    let scratch = scratch();
    scratch.write("d/_only_hidden", "x");
    for (arguments, path) in [
        ("gone.ndjson --schema s.json", "gone.ndjson"),
        ("gone/*.ndjson --schema s.json", "gone/*.ndjson"),
        ("d --schema s.json", "'d'"),
        ("a.ndjson --schema gone.json", "gone.json"),
        ("--files-from gone.list", "gone.list"),
        ("a.ndjson gone.ndjson --schema s.json", "gone.ndjson"),
        ("a.ndjson --schema s.json --rejects gone/bad", "'gone"),
    ] {
        let outcome = scratch.ingest(arguments).code(4);
        assert!(
            outcome.stderr.contains(path),
            "{arguments}: {}",
            outcome.stderr
        );
        let stream = String::from_utf8_lossy(&outcome.stdout).into_owned();
        assert!(stream.contains(r#""exit":4"#), "{arguments}: not poisoned");
    }
    scratch.write("empty.list", "\n");
    scratch
        .ingest("--files-from empty.list --schema s.json")
        .code(4);
}

#[test]
fn an_unknown_format_is_asked_for() {
    let scratch = scratch();
    scratch.write("notes.txt", "hello\n");
    let outcome = scratch.ingest("notes.txt").code(2);
    assert!(
        outcome
            .stderr
            .starts_with("ingest: cannot tell the format of 'notes.txt'\nhint: say --format")
    );
    scratch.write("x.zip", "PK\u{3}\u{4}");
    assert!(
        scratch
            .ingest("x.zip")
            .code(2)
            .stderr
            .contains("zip files are not supported")
    );
}

#[test]
fn a_full_disk_is_an_environment_failure_in_one_line() {
    let scratch = scratch();
    let mut command = scratch.command("a.ndjson --schema s.json");
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let outcome: millrace_testkit::Outcome = command
        .stdin(Stdio::null())
        .stdout(full)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap()
        .into();
    let outcome = outcome.code(4);
    assert_eq!(
        outcome.stderr,
        "ingest: cannot write standard output: no space left on device\n"
    );
}

#[test]
fn a_reader_that_left_ends_it_silently() {
    let scratch = scratch();
    let dir = scratch.path("");
    let outcome = run(&mut sh(
        &dir,
        "{ ingest a.ndjson --schema s.json; echo $? >code; } | head -c 1000 >/dev/null",
    ));
    assert_eq!(outcome.stderr, "");
    assert_eq!(scratch.read("code"), "141\n");
}

#[test]
fn the_metrics_line_is_exact() {
    let scratch = scratch();
    let outcome = scratch
        .ingest("a.ndjson --schema s.json --metrics m --pipeline p --unit u --step s -q")
        .code(0);
    let line: serde_json::Value = serde_json::from_str(&scratch.read("m")).unwrap();
    assert_eq!(
        (&line["pipeline"], &line["unit"], &line["step"]),
        (&"p".into(), &"u".into(), &"s".into())
    );
    for (name, expected) in [
        ("records_in", 200_000),
        ("records_out", 200_000),
        ("rejected", 0),
        ("bytes_in", 1_600_000),
    ] {
        assert_eq!(line[name], expected, "{name}");
    }
    assert_eq!(line["bytes_out"], outcome.stdout.len());
    assert!(line["peak_rss_bytes"].as_u64().unwrap() < 64 << 20);
}
