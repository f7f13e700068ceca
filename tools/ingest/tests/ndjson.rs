//! NDJSON in, rows out: the main path, and everything that may surround records.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod kit;

use kit::{Scratch, batches, columns, rows, schema};
use millrace_testkit::orders::Orders;

#[test]
fn every_type_arrives_as_its_arrow_type() {
    let scratch = Scratch::with(
        "a.ndjson",
        r#"{"i":1,"n":1.5,"d":12.34,"s":"ä\n","b":true,"day":"2026-03-17","at":"2026-03-17T05:00:00+01:00","t":"05:00:00","y":2026,"ym":"2026-03","o":{"x":1},"l":["a",null],"any":[1, {"k":2}]}"#,
    );
    scratch.write(
        "s.json",
        r#"{"fields":[{"name":"i","type":"integer"},{"name":"n","type":"number"},{"name":"d","type":"number","decimal":[10,2]},
        {"name":"s","type":"string"},{"name":"b","type":"boolean"},{"name":"day","type":"date"},{"name":"at","type":"datetime"},
        {"name":"t","type":"time"},{"name":"y","type":"year"},{"name":"ym","type":"yearmonth"},
        {"name":"o","type":"object","fields":[{"name":"x","type":"integer"}]},
        {"name":"l","type":"array","items":{"type":"string"}},{"name":"any","type":"any"}]}"#,
    );
    let outcome = scratch.ingest("a.ndjson --schema s.json").code(0);
    assert_eq!(
        rows(&outcome),
        [concat!(
            r#"{"i":1,"n":1.5,"d":12.34,"s":"ä\n","b":true,"day":"2026-03-17","at":"2026-03-17T04:00:00Z","t":"05:00:00","#,
            r#""y":2026,"ym":"2026-03","o":{"x":1},"l":["a",null],"any":"[1, {\"k\":2}]"}"#
        )]
    );
}

#[test]
fn a_mark_returns_blank_lines_and_a_missing_last_newline_are_no_data() {
    let scratch = Scratch::with("s.json", schema("a:integer"));
    scratch.write("a.ndjson", "\u{feff}{\"a\":1}\r\n\r\n  \n{\"a\":2}");
    scratch.write("b.ndjson", "\u{feff}{\"a\":3}");
    assert_eq!(
        scratch.rows("a.ndjson b.ndjson --schema s.json"),
        [r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#]
    );
}

#[test]
fn inputs_keep_their_order_whatever_they_are() {
    let scratch = Scratch::with("s.json", schema("a:integer"));
    for (name, value) in [
        ("d/2.ndjson", 2),
        ("d/1.ndjson", 1),
        ("d/e/3.ndjson", 3),
        ("d/_x.ndjson", 9),
        ("d/.y.ndjson", 9),
        ("z.ndjson", 0),
    ] {
        scratch.write(name, format!("{{\"a\":{value}}}\n"));
    }
    let values = |arguments: &str| {
        scratch
            .rows(&format!("{arguments} --schema s.json"))
            .iter()
            .map(|row| row[5..6].to_owned())
            .collect::<String>()
    };
    assert_eq!(values("z.ndjson d"), "0123");
    assert_eq!(values("d/[0-9].ndjson z.ndjson"), "120");
    assert_eq!(values("d/**/?.ndjson"), "123");
    scratch.write("list", "z.ndjson\n\nd/2.ndjson\n");
    assert_eq!(values("--files-from list"), "02");
    scratch.write("list0", "d/2.ndjson\0z.ndjson");
    assert_eq!(values("d/1.ndjson --files-from list0 -0"), "120");
    let piped = scratch
        .ingest_from("d/2.ndjson\nz.ndjson\n", "--files-from - --schema s.json")
        .code(0);
    assert_eq!(rows(&piped), [r#"{"a":2}"#, r#"{"a":0}"#]);
}

#[test]
fn standard_input_with_and_without_a_dash() {
    let scratch = Scratch::with("s.json", schema("a:integer"));
    scratch.write("b.ndjson", "{\"a\":2}\n");
    let text = "{\"a\":1}\n";
    assert_eq!(
        rows(&scratch.ingest_from(text, "--schema s.json").code(0)),
        [r#"{"a":1}"#]
    );
    assert_eq!(
        rows(
            &scratch
                .ingest_from(text, "b.ndjson - --schema s.json")
                .code(0)
        ),
        [r#"{"a":2}"#, r#"{"a":1}"#]
    );
    let twice = scratch.ingest_from(text, "- - --schema s.json").code(2);
    assert!(twice.stderr.contains("only once"), "{}", twice.stderr);
}

#[test]
fn empty_files_are_fine() {
    let scratch = Scratch::with("s.json", schema("a:integer"));
    scratch.write("empty.ndjson", "");
    scratch.write("blank.ndjson", "\n\n");
    scratch.write("one.ndjson", "{\"a\":1}");
    assert_eq!(
        scratch.rows("empty.ndjson --schema s.json"),
        [] as [String; 0]
    );
    assert_eq!(
        scratch.rows("empty.ndjson blank.ndjson one.ndjson empty.ndjson --schema s.json"),
        [r#"{"a":1}"#]
    );
    let outcome = scratch.ingest("empty.ndjson").code(3);
    assert!(
        outcome
            .stderr
            .contains("cannot infer a schema: there are no records"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_record_of_ten_thousand_fields_is_inferred_and_one_of_more_told() {
    let scratch = Scratch::new();
    let record = |fields: usize| {
        let fields: Vec<String> = (0..fields).map(|i| format!("\"k{i}\":{i}")).collect();
        format!("{{{}}}\n", fields.join(","))
    };
    scratch.write("a.ndjson", record(10_000));
    scratch.write("b.ndjson", record(10_001));
    let rows = scratch.rows("a.ndjson");
    assert_eq!(rows.len(), 1);
    assert!(rows[0].ends_with(r#""k9999":9999}"#));
    let outcome = scratch.ingest("b.ndjson").code(3);
    let expected =
        "ingest: cannot infer a schema: the records have more than 10000 different fields\n";
    assert!(outcome.stderr.starts_with(expected), "{}", outcome.stderr);
}

/// A day of orders in files of very different sizes.
fn orders(scratch: &Scratch) -> u64 {
    let orders = Orders {
        rows: 60_000,
        bad: 0.01,
        ..Orders::default()
    };
    let mut all = Vec::new();
    let mut rows = 0;
    for hour in 0..24 {
        rows += orders.write_hour(hour, &mut all).unwrap().rows;
    }
    let mut rest = all.as_slice();
    for (index, size) in [9_000_000_usize, 700, 0, 3_000, 1_000_000, usize::MAX]
        .into_iter()
        .enumerate()
    {
        let near = size.min(rest.len());
        let end = rest[..near]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(near, |newline| newline + 1);
        scratch.write(&format!("day/{index}.ndjson"), &rest[..end]);
        rest = &rest[end..];
    }
    rows
}

#[test]
fn the_bytes_do_not_depend_on_threads() {
    let scratch = Scratch::new();
    let total = orders(&scratch);
    scratch.write(
        "s.json",
        scratch
            .ingest("day --print-schema --infer-rows 20000")
            .code(0)
            .stdout,
    );
    let mut streams = Vec::new();
    let mut quarantines = Vec::new();
    for threads in [1, 2, 4] {
        for schema in ["--schema s.json", "--infer-rows 500"] {
            let outcome = scratch
                .ingest(&format!("day {schema} --threads {threads} --rejects bad --extra-fields ignore --source-columns"))
                .code(0);
            streams.push(outcome.stdout);
            quarantines.push(scratch.read("bad"));
        }
    }
    for (index, stream) in streams.iter().enumerate() {
        assert!(
            *stream == streams[index % 2],
            "the streams of run {index} differ"
        );
        assert!(
            quarantines[index] == quarantines[index % 2],
            "the rejects of run {index} differ"
        );
    }
    let rows: usize = batches(&streams[0])
        .iter()
        .map(arrow_array::RecordBatch::num_rows)
        .sum();
    assert_eq!(rows as u64 + quarantines[0].lines().count() as u64, total);
    assert!(batches(&streams[0]).len() > 5);
}

#[test]
fn rejects_and_source_lines_name_the_very_line() {
    let scratch = Scratch::new();
    orders(&scratch);
    let outcome = scratch
        .ingest("day --infer-rows 500 --rejects bad --source-columns --extra-fields ignore")
        .code(0);
    for line in scratch.read("bad").lines().step_by(37) {
        let reject: serde_json::Value = serde_json::from_str(line).unwrap();
        let file = scratch.read(reject["source"]["file"].as_str().unwrap());
        let number = reject["source"]["line"].as_u64().unwrap() as usize;
        let offset = reject["source"]["offset"].as_u64().unwrap() as usize;
        let raw = reject["raw"].as_str().unwrap_or_default();
        if !raw.is_empty() {
            assert_eq!(file.lines().nth(number - 1), Some(raw));
            assert!(file[offset..].starts_with(raw));
        }
    }
    let all = rows(&outcome);
    for row in all.iter().step_by(4999).chain(all.last()) {
        let row: serde_json::Value = serde_json::from_str(row).unwrap();
        let file = scratch.read(row["_source_file"].as_str().unwrap());
        let line = file
            .lines()
            .nth(row["_source_line"].as_u64().unwrap() as usize - 1)
            .unwrap();
        assert!(
            line.contains(row["event_id"].as_str().unwrap()),
            "{row} {line}"
        );
    }
}

#[test]
fn selected_columns_come_in_the_order_asked_for_and_the_others_are_still_checked() {
    let scratch = Scratch::with("s.json", schema("a:integer b:string c:boolean"));
    scratch.write(
        "a.ndjson",
        "{\"a\":1,\"b\":\"x\",\"c\":true}\n{\"a\":\"no\",\"b\":\"y\",\"c\":true}\n",
    );
    let outcome = scratch
        .ingest("a.ndjson --schema s.json --select c,b --rejects bad")
        .code(0);
    assert_eq!(columns(&outcome), "c Boolean, b Utf8");
    assert_eq!(rows(&outcome), [r#"{"c":true,"b":"x"}"#]);
    assert!(scratch.read("bad").contains(r#""field":"/a""#));
    let missing = scratch
        .ingest("a.ndjson --schema s.json --select nope")
        .code(2);
    assert!(
        missing.stderr.contains("there is no column 'nope'")
            && missing.stderr.contains("one of a, b, c")
    );
    scratch
        .ingest("a.ndjson --schema s.json --select a,a")
        .code(2);
}

#[test]
fn extra_fields_are_ignored_named_or_refused() {
    let scratch = Scratch::with("s.json", schema("a:integer"));
    scratch.write("a.ndjson", "{\"a\":1,\"z\":[1]}\n{\"z\":2,\"a\":2}\n");
    let quiet = scratch.ingest("a.ndjson --schema s.json").code(0);
    assert_eq!((rows(&quiet).len(), quiet.stderr.as_str()), (2, ""));
    let warned = scratch
        .ingest("a.ndjson --schema s.json --extra-fields warn")
        .code(0);
    assert!(
        warned
            .stderr
            .contains("warning: 1 field is not in the schema and was left out: '/z'"),
        "{}",
        warned.stderr
    );
    let refused = scratch
        .ingest("a.ndjson --schema s.json --extra-fields refuse")
        .code(3);
    assert!(
        refused.stderr.contains("a.ndjson:1: byte ") && refused.stderr.contains("/z"),
        "{}",
        refused.stderr
    );
}

#[test]
fn batches_hold_so_many_rows() {
    let scratch = Scratch::with("s.json", schema("a:integer"));
    let text: String = (0..20_000)
        .map(|row| format!("{{\"a\":{row}}}\n"))
        .collect();
    scratch.write("a.ndjson", text);
    let sizes = |arguments: &str| -> Vec<usize> {
        let outcome = scratch
            .ingest(&format!("a.ndjson --schema s.json {arguments}"))
            .code(0);
        batches(&outcome.stdout)
            .iter()
            .map(arrow_array::RecordBatch::num_rows)
            .collect()
    };
    assert_eq!(sizes(""), [8192, 8192, 3616]);
    assert_eq!(sizes("--batch-rows 15000 --threads 1"), [15_000, 5_000]);
    scratch
        .ingest("a.ndjson --schema s.json --batch-rows 0")
        .code(2);
}
