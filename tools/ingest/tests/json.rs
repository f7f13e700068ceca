//! JSON documents: arrays streamed element by element, objects over several lines.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod kit;

use kit::{Scratch, rows, schema};

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
