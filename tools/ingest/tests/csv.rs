//! CSV and TSV: headers, dialects, nulls, records over several lines.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod kit;

use kit::{Scratch, columns, rows, schema};

fn scratch(content: impl AsRef<[u8]>) -> Scratch {
    let scratch = Scratch::with("s.json", schema("a:integer b:string"));
    scratch.write("a.csv", content);
    scratch
}

#[test]
fn headers_name_columns_in_any_order() {
    let scratch = scratch("\u{feff}b,a\r\nx,1\r\n\"y, \"\"z\"\"\r\n2\",2");
    assert_eq!(
        scratch.rows("a.csv --schema s.json"),
        [r#"{"a":1,"b":"x"}"#, r#"{"a":2,"b":"y, \"z\"\r\n2"}"#]
    );
    scratch.write("b.csv", "a,b\n3,z\n");
    assert_eq!(scratch.rows("a.csv b.csv a.csv --schema s.json").len(), 5);
    assert_eq!(
        scratch.rows("b.csv --schema s.json --select b"),
        [r#"{"b":"z"}"#]
    );
}

#[test]
fn a_header_that_does_not_go_with_the_schema_is_refused() {
    let scratch = scratch("a,c\n1,2\n");
    let lacks = scratch.ingest("a.csv --schema s.json").code(3);
    assert!(
        lacks
            .stderr
            .starts_with("ingest: 'a.csv': the header lacks the column 'b'\nhint: "),
        "{}",
        lacks.stderr
    );
    scratch.write(
        "t.json",
        schema("a:integer b:string").replace("]}", r#"],"fieldsMatch":"partial"}"#),
    );
    assert_eq!(
        scratch.rows("a.csv --schema t.json"),
        [r#"{"a":1,"b":null}"#]
    );
    scratch.write("twice.csv", "a,b,a\n1,2,3\n");
    assert!(
        scratch
            .ingest("twice.csv --schema s.json")
            .code(3)
            .stderr
            .contains("column 'a' stands twice")
    );
    assert!(
        scratch
            .ingest("twice.csv")
            .code(3)
            .stderr
            .contains("column 'a' stands twice")
    );
    scratch.write("extra.csv", "a,b,c\n1,2,3\n");
    assert_eq!(
        scratch.rows("extra.csv --schema s.json"),
        [r#"{"a":1,"b":"2"}"#]
    );
    assert!(
        scratch
            .ingest("extra.csv --schema s.json --extra-fields warn")
            .code(0)
            .stderr
            .contains("'/c'")
    );
    assert!(
        scratch
            .ingest("extra.csv --schema s.json --extra-fields refuse")
            .code(3)
            .stderr
            .contains("'c'")
    );
}

#[test]
fn without_a_header_columns_are_the_schemas_or_numbered() {
    let scratch = scratch("1,x\n2,y\n");
    assert_eq!(
        scratch.rows("a.csv --schema s.json --no-header"),
        [r#"{"a":1,"b":"x"}"#, r#"{"a":2,"b":"y"}"#]
    );
    assert_eq!(
        scratch.rows("a.csv --no-header")[1],
        r#"{"column_1":2,"column_2":"y"}"#
    );
}

#[test]
fn dialects() {
    let scratch = scratch("# made by hand\na;b\n1;'x;''y'\n# more\n2;z\n");
    let dialect = "--delimiter ; --quote ' --comment #";
    assert_eq!(
        scratch.rows(&format!("a.csv --schema s.json {dialect}")),
        [r#"{"a":1,"b":"x;'y"}"#, r#"{"a":2,"b":"z"}"#]
    );
    scratch.write("a.tsv", "a\tb\n1\tx, \"y\"\n");
    assert_eq!(
        scratch.rows("a.tsv --schema s.json"),
        [r#"{"a":1,"b":"x, \"y\""}"#]
    );
    scratch.write("q.csv", "a,b\n1,\"x\n");
    let mut unquoted = scratch.command("q.csv --schema s.json");
    let unquoted = millrace_testkit::run(unquoted.args(["--quote", ""])).code(0);
    assert_eq!(rows(&unquoted), [r#"{"a":1,"b":"\"x"}"#]);
    scratch.ingest("a.csv --delimiter ; --quote ;").code(2);
}

#[test]
fn nulls() {
    let scratch = scratch("a,b\n,\n-,NA\n1,\"\"\n");
    assert_eq!(
        scratch.rows("a.csv --schema s.json --rejects bad"),
        [r#"{"a":null,"b":null}"#, r#"{"a":1,"b":""}"#]
    );
    let listed = "--null-value - --null-value NA --rejects bad";
    assert_eq!(
        scratch.rows(&format!("a.csv --schema s.json {listed}")),
        [r#"{"a":null,"b":null}"#, r#"{"a":1,"b":""}"#]
    );
}

#[test]
fn ragged_and_torn_records_are_refused_with_their_place() {
    let scratch = scratch("a,b\n1,x\n2\n3,\"y\nz\",w\n4,\"v\nw\"\nfive,y\n6,\"open\n7,x\n");
    let outcome = scratch
        .ingest("a.csv --schema s.json --rejects bad")
        .code(0);
    assert_eq!(
        rows(&outcome),
        [r#"{"a":1,"b":"x"}"#, r#"{"a":4,"b":"v\nw"}"#]
    );
    let rejects: Vec<serde_json::Value> = scratch
        .read("bad")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let places: Vec<(u64, u64, &str)> = rejects
        .iter()
        .map(|reject| (&reject["source"], reject["raw"].as_str().unwrap()))
        .map(|(source, raw)| {
            (
                source["line"].as_u64().unwrap(),
                source["offset"].as_u64().unwrap(),
                raw,
            )
        })
        .collect();
    let text = scratch.read("a.csv");
    assert_eq!(
        places.iter().map(|place| place.0).collect::<Vec<_>>(),
        [3, 4, 8, 9]
    );
    for (_, offset, raw) in &places {
        assert!(text[*offset as usize..].starts_with(raw), "{offset} {raw}");
    }
    let first = scratch.ingest("a.csv --schema s.json").code(3);
    assert!(
        first.stderr.starts_with("ingest: a.csv:3: byte 8: "),
        "{}",
        first.stderr
    );
}

#[test]
fn an_open_quote_costs_its_file_and_no_other() {
    let scratch = scratch("a,b\n1,\"open\n");
    scratch.write("b.csv", "a,b\n2,x\n");
    assert_eq!(
        scratch.rows("a.csv b.csv --schema s.json --rejects bad"),
        [r#"{"a":2,"b":"x"}"#]
    );
    assert_eq!(scratch.read("bad").lines().count(), 1);
}

#[test]
fn types_are_inferred_from_cells() {
    let scratch = scratch(
        "id,price,day,at,ok,zip,note\n1,9.99,2026-03-17,2026-03-17 05:00:00,true,007,\n2,10.50,2026-03-18,2026-03-17 06:00:00,false,123,x\n",
    );
    let outcome = scratch.ingest("a.csv").code(0);
    assert_eq!(
        columns(&outcome),
        "id Int64, price Decimal128(18, 2), day Date32, at Timestamp(µs), ok Boolean, zip Utf8, note Utf8"
    );
    let printed = scratch.ingest("a.csv --print-schema").code(0).stdout;
    scratch.write("t.json", printed);
    assert_eq!(scratch.rows("a.csv --schema t.json"), rows(&outcome));
    scratch.write("b.csv", "id\n1\n");
    assert!(
        scratch
            .ingest("a.csv b.csv")
            .code(2)
            .stderr
            .contains("several headers")
    );
}

#[test]
fn source_lines_count_lines_not_records() {
    let scratch = scratch("a,b\n1,\"x\ny\"\n\n2,z\n");
    scratch.write("b.csv", "a,b\n3,q\n");
    let lines: Vec<String> = scratch
        .rows("a.csv b.csv --schema s.json --source-columns")
        .iter()
        .map(|row| row[row.find("_source_file").unwrap()..].replace('"', ""))
        .collect();
    assert_eq!(
        lines,
        [
            "_source_file:a.csv,_source_line:2}",
            "_source_file:a.csv,_source_line:5}",
            "_source_file:b.csv,_source_line:2}"
        ]
    );
}

#[test]
fn the_bytes_do_not_depend_on_threads_and_records_may_cross_chunks() {
    let scratch = scratch("");
    let record = |n: usize| format!("{n},\"{}\n\"\n", "line \"\"quoted\"\"\n".repeat(n % 50));
    let text: String = (0..20_000).map(record).collect();
    scratch.write("a.csv", format!("a,b\n{text}"));
    let streams: Vec<Vec<u8>> = [1, 2, 4]
        .map(|threads| {
            scratch
                .ingest(&format!(
                    "a.csv --schema s.json --threads {threads} --source-columns"
                ))
                .code(0)
                .stdout
        })
        .into();
    assert!(streams[0] == streams[1] && streams[0] == streams[2]);
    let outcome = scratch.ingest("a.csv --schema s.json").code(0);
    assert_eq!(rows(&outcome).len(), 20_000);
}

#[test]
fn quarantined_cells_are_read_back_in_the_schemas_order() {
    let scratch = scratch("a,b\nx,one\n2,two\n");
    scratch
        .ingest("a.csv --schema s.json --rejects bad")
        .code(0);
    scratch.write(
        "mended",
        scratch
            .read("bad")
            .replace(r#""raw":"x,one""#, r#""raw":"1,one""#),
    );
    assert_eq!(
        scratch.rows("mended --format rejects --schema s.json"),
        [r#"{"a":1,"b":"one"}"#]
    );
}

#[test]
fn files_without_records_are_fine() {
    let scratch = scratch("");
    scratch.write("header.csv", "a,b\n");
    assert_eq!(
        scratch.rows("a.csv header.csv --schema s.json"),
        [] as [String; 0]
    );
}
