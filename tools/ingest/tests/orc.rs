//! ORC files: schemas, selection, sources, damage.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod kit;

use kit::{Scratch, columns, rows, schema};
use millrace_testkit::orc::{FLAT, NESTED, WORDS};

#[test]
fn files_are_read_whatever_the_name() {
    let scratch = Scratch::with("f", FLAT);
    assert_eq!(
        columns(&scratch.ingest("f").code(0)),
        "a Int32, b Utf8, t Timestamp(ns), d Decimal128(9, 2), f Float64, ok Boolean, day Date32"
    );
    let found = scratch.rows("f --format orc");
    assert_eq!(found.len(), 12);
    assert_eq!(
        found[0],
        r#"{"a":1,"b":"x","t":"1969-12-31T23:00:00.500","d":1.50,"f":0.5,"ok":true,"day":"1960-01-01"}"#
    );
    scratch.write("n", NESTED);
    assert_eq!(
        scratch.rows("n")[0],
        r#"{"a":1,"tags":["p","q"],"point":{"x":1,"y":"u"},"count":{"k":1}}"#
    );
}

#[test]
fn selected_columns_alone_are_read_in_the_order_asked_for() {
    let scratch = Scratch::with("w", WORDS);
    let outcome = scratch.ingest("w --select b,a --source-columns").code(0);
    assert_eq!(
        columns(&outcome),
        "b Utf8, a Int64, _source_file Utf8, _source_line Int64"
    );
    assert_eq!(
        rows(&outcome)[1],
        r#"{"b":"green","a":-1,"_source_file":"w","_source_line":2}"#
    );
    scratch.ingest("w --select z").code(2);
}

#[test]
fn a_schema_says_the_types_and_the_first_file_else() {
    let scratch = Scratch::with("w", WORDS);
    scratch.write("t.json", schema("b:string a:integer"));
    let outcome = scratch.ingest("w --schema t.json").code(0);
    assert_eq!(columns(&outcome), "b Utf8, a Int64");
    scratch.write("n", NESTED);
    scratch.write("u.json", schema("tags:string"));
    let wrong = scratch.ingest("n --schema u.json").code(3);
    assert!(
        wrong.stderr.contains("column 'tags' of 'n' is List("),
        "{}",
        wrong.stderr
    );
    let printed = scratch.ingest("w --print-schema").code(0).text();
    scratch.write("s.json", printed);
    assert_eq!(scratch.rows("w --schema s.json").len(), 40);
    scratch.write("f", FLAT);
    let narrower = scratch.ingest("w f").code(0);
    assert_eq!(rows(&narrower)[40], r#"{"a":1,"b":"x"}"#);
}

#[test]
fn the_file_is_read_from_its_end() {
    let scratch = Scratch::with("w.orc.zst", zstd::encode_all(WORDS, 1).unwrap());
    let piped = scratch.ingest_from(WORDS, "").code(2);
    assert!(
        piped.stderr.contains("hint: name the file"),
        "{}",
        piped.stderr
    );
    let archive = scratch.ingest("w.orc.zst").code(2);
    assert!(
        archive.stderr.contains("decompress it first"),
        "{}",
        archive.stderr
    );
}

#[test]
fn a_file_that_is_cut_is_refused_and_the_stream_poisoned() {
    let scratch = Scratch::new();
    for cut in (3..WORDS.len()).step_by(29).chain([WORDS.len() - 1]) {
        scratch.write("f", &WORDS[..cut]);
        let outcome = scratch.ingest("f").code(3);
        assert!(
            outcome.stderr.starts_with("ingest: cannot decode 'f': ")
                && outcome.stderr.lines().count() == 1,
            "{cut}: {}",
            outcome.stderr
        );
        let stream = String::from_utf8_lossy(&outcome.stdout).into_owned();
        assert!(stream.contains(r#""exit":3"#), "{cut}: not poisoned");
    }
}

#[test]
fn a_damaged_value_is_refused_with_its_place() {
    let scratch = Scratch::new();
    let text = NESTED.windows(3).position(|text| text == b"pqr").unwrap();
    let mut bytes = NESTED.to_vec();
    bytes[text + 2] = 0xff;
    scratch.write("f", &bytes);
    assert_eq!(
        scratch.ingest("f --rejects bad").code(3).stderr,
        "ingest: cannot decode 'f': stripe 1: row 4: /tags/item: the text is not UTF-8\n"
    );
    assert_eq!(scratch.rows("f --select a").len(), 4);
}

#[test]
fn a_named_format_is_insisted_on() {
    let scratch = Scratch::with("a.orc", "{\"a\":1}\n");
    for arguments in ["a.orc", "a.orc --format orc"] {
        assert_eq!(
            scratch.ingest(arguments).code(3).stderr,
            "ingest: 'a.orc' is not an ORC file\n"
        );
    }
    assert_eq!(scratch.rows("a.orc --format ndjson"), [r#"{"a":1}"#]);
}
