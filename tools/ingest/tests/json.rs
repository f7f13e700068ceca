//! JSON documents: arrays streamed element by element, objects over several lines.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod kit;

use kit::{Scratch, rows, schema};
use std::io::Write;

fn scratch(content: impl AsRef<[u8]>) -> Scratch {
    let scratch = Scratch::with("s.json", schema("a:integer b:string"));
    scratch.write("a.json", content);
    scratch
}

#[test]
fn arrays_and_documents_are_records() {
    let scratch = scratch("\u{feff}[\n  {\"a\": 1,\n   \"b\": \"x\"},\n  {\"a\": 2}\n]\n");
    assert_eq!(
        scratch.rows("a.json --schema s.json"),
        [r#"{"a":1,"b":"x"}"#, r#"{"a":2,"b":null}"#]
    );
    scratch.write("b.json", "{\n  \"a\": 3\n}\n");
    scratch.write("c.json", "{\"a\":4}\n{\"a\":5}\n");
    scratch.write("d.json", "[]");
    scratch.write("e.json", "");
    let values = scratch.rows("a.json b.json c.json d.json e.json --schema s.json --select a");
    assert_eq!(values.join(""), r#"{"a":1}{"a":2}{"a":3}{"a":4}{"a":5}"#);
    let piped = scratch
        .ingest_from("[{\"a\":6}]", "--schema s.json")
        .code(0);
    assert_eq!(rows(&piped), [r#"{"a":6,"b":null}"#]);
}

#[test]
fn bad_elements_are_located_and_kept() {
    let scratch = scratch("[\n {\"a\": 1},\n {\"a\":\n  \"x\"},\n 7,\n {\"a\": 3}]");
    let outcome = scratch
        .ingest("a.json --schema s.json --rejects bad --source-columns")
        .code(0);
    assert_eq!(
        rows(&outcome),
        [
            r#"{"a":1,"b":null,"_source_file":"a.json","_source_line":2}"#,
            r#"{"a":3,"b":null,"_source_file":"a.json","_source_line":6}"#
        ]
    );
    let rejects: Vec<serde_json::Value> = scratch
        .read("bad")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rejects[0]["source"]["line"], 3);
    assert_eq!(rejects[0]["source"]["offset"], 14);
    assert_eq!(rejects[0]["raw"], "{\"a\":\n  \"x\"}");
    assert_eq!(rejects[1]["source"]["line"], 5);
    scratch.write(
        "mended",
        scratch
            .read("bad")
            .lines()
            .next()
            .unwrap()
            .replace("\\\"x\\\"", "2"),
    );
    assert_eq!(
        scratch.rows("mended --format rejects --schema s.json"),
        [r#"{"a":2,"b":null}"#]
    );
}

#[test]
fn an_array_that_is_malformed_or_not_closed_is_refused() {
    for (text, expected) in [
        ("[{\"a\":1}", "byte 8: expected ']'"),
        ("[{\"a\":1}\n", "expected ']'"),
        ("[{\"a\":1} {\"a\":2}]", "byte 9: expected ',' or ']'"),
        ("[{\"a\":1},]", "byte 9: expected a JSON value"),
        (
            "[{\"a\":1}] x",
            "byte 10: expected nothing behind the array",
        ),
        ("[{\"a\":", "expected a closing bracket"),
    ] {
        let scratch = scratch(text);
        let outcome = scratch
            .ingest("a.json --schema s.json --rejects bad --format json")
            .code(3);
        assert!(
            outcome.stderr.contains("'a.json': ") && outcome.stderr.contains(expected),
            "{text}: {}",
            outcome.stderr
        );
    }
}

#[test]
fn large_arrays_are_streamed_and_do_not_depend_on_threads() {
    let scratch = scratch("");
    let elements: Vec<String> = (0..150_000)
        .map(|n| format!("{{\"a\": {n},\n \"b\": \"[{{,\\\"{n}\"}}"))
        .collect();
    scratch.write("a.json", format!("[{}]", elements.join(",\n")));
    let streams: Vec<Vec<u8>> = [1, 2, 4]
        .map(|threads| {
            scratch
                .ingest(&format!(
                    "a.json --threads {threads} --source-columns --infer-rows 140000"
                ))
                .code(0)
                .stdout
        })
        .into();
    assert!(streams[0] == streams[1] && streams[0] == streams[2]);
    let all = scratch.rows("a.json --schema s.json --source-columns");
    assert_eq!(all.len(), 150_000);
    assert!(
        all[149_999].ends_with(r#""_source_line":299999}"#),
        "{}",
        all[149_999]
    );
    scratch.write(
        "late.json",
        format!("[{},{{\"a\":\"x\"}}]", elements[..100_000].join(",")),
    );
    let late = scratch.ingest("late.json --infer-rows 90000").code(3);
    assert!(
        late.stderr.contains("(inferred from the first 90000 rows)"),
        "{}",
        late.stderr
    );
}

#[test]
fn documents_after_each_other_are_inferred_across_chunks() {
    let scratch = scratch("");
    let text: String = (0..100_000)
        .map(|n| format!("{{\n \"a\": {n},\n \"b\": \"some text\"\n}}\n"))
        .collect();
    scratch.write("a.json", text);
    assert_eq!(scratch.rows("a.json --infer-rows 99999").len(), 100_000);
}

/// Runs ingest with `times` copies of `piece` between `begin` and `end` on a pipe; the
/// line of metrics.
fn metrics_of(arguments: &str, [begin, piece, end]: [&str; 3], times: usize) -> serde_json::Value {
    let scratch = scratch("");
    let mut command = scratch.command(&format!("{arguments} --metrics m"));
    command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(begin.as_bytes()).unwrap();
    // A run that has seen enough closes the pipe.
    let written = (0..times).try_for_each(|_| pipe.write_all(piece.as_bytes()));
    let _ = written.and_then(|()| pipe.write_all(end.as_bytes()));
    drop(pipe);
    child.wait().unwrap();
    serde_json::from_str(&scratch.read("m")).unwrap()
}

#[test]
fn an_array_larger_than_memory_is_streamed() {
    let record = format!("{{\"a\": 1,\n \"b\": \"{}\"}},\n", "x".repeat(80));
    let piece = record.repeat(10_000);
    let times = 200_000_000 / piece.len() + 1;
    for arguments in ["--schema s.json", ""] {
        let parts = ["[\n", piece.as_str(), "{\"a\":2}\n]"];
        let line = metrics_of(arguments, parts, times);
        assert_eq!(line["exit"], 0, "{line}");
        assert_eq!(line["records_out"], 10_000 * times + 1);
        assert!(line["bytes_in"].as_u64().unwrap() > 200_000_000);
        // The sample that a schema is inferred from is up to 32 MiB.
        let most = if arguments.is_empty() { 128 } else { 64 };
        let peak = line["peak_rss_bytes"].as_u64().unwrap();
        assert!(peak < most << 20, "{arguments}: {peak} bytes");
    }
}

#[test]
fn a_document_larger_than_a_record_may_be_is_refused_early() {
    let piece = "[1, 2, 3], ".repeat(10_000);
    let parts = ["{\"a\": [", piece.as_str(), "0]}"];
    let times = 200_000_000 / piece.len();
    let arguments = "--format json --schema s.json --max-record-size 4MiB";
    let line = metrics_of(arguments, parts, times);
    assert_eq!(line["exit"], 3, "{line}");
    let error = line["error"].as_str().unwrap();
    assert!(
        error.contains("the record is longer than 4194304 bytes"),
        "{error}"
    );
    assert!(line["bytes_in"].as_u64().unwrap() < 10_000_000);
    assert!(line["peak_rss_bytes"].as_u64().unwrap() < 64 << 20);
}
