//! show as a process: what each form prints, what it refuses, and how.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    missing_docs
)]

use arrow_array::builder::{Int64Builder, ListBuilder};
use arrow_array::types::Int32Type;
use arrow_array::*;
use arrow_schema::{DataType, Field, Schema};
use millrace_fault::Failure;
use millrace_stream::Output;
use millrace_testkit::{Outcome, TempDir, run, run_with, sh, tempdir, tool};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

fn orders() -> RecordBatch {
    let mut items = ListBuilder::new(Int64Builder::new());
    items.append_value([Some(1), None]);
    items.append_null();
    items.append_value([]);
    let address = StructArray::from(vec![(
        Arc::new(Field::new("city", DataType::Utf8, true)),
        Arc::new(StringArray::from(vec![Some("Köln"), None, Some("a\"b")])) as ArrayRef,
    )]);
    let amounts = Decimal128Array::from(vec![
        Some(12_345_678_901_234_567_890_123_456_789_012_345_678),
        None,
        Some(-5),
    ]);
    let columns: Vec<(&str, ArrayRef, bool)> = vec![
        (
            "order_id",
            Arc::new(Int64Array::from(vec![1, 2, i64::MAX])),
            false,
        ),
        (
            "customer",
            Arc::new(StringArray::from(vec![Some("Ann, \"A\""), None, Some("")])),
            true,
        ),
        (
            "amount",
            Arc::new(amounts.with_precision_and_scale(38, 4).unwrap()),
            true,
        ),
        (
            "at",
            Arc::new(
                TimestampMicrosecondArray::from(vec![Some(1_773_723_600_123_456), None, Some(0)])
                    .with_timezone("Europe/Berlin"),
            ),
            true,
        ),
        (
            "day",
            Arc::new(Date32Array::from(vec![Some(20_529), None, Some(i32::MAX)])),
            true,
        ),
        (
            "rate",
            Arc::new(Float64Array::from(vec![
                Some(0.1),
                Some(f64::NAN),
                Some(1e300),
            ])),
            true,
        ),
        (
            "colour",
            Arc::new(
                ["red", "blue", "red"]
                    .into_iter()
                    .collect::<DictionaryArray<Int32Type>>(),
            ),
            true,
        ),
        ("items", Arc::new(items.finish()), true),
        ("address", Arc::new(address), true),
        (
            "paid",
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
            true,
        ),
        (
            "raw",
            Arc::new(BinaryArray::from_opt_vec(vec![
                Some(b"\x00\xff"),
                None,
                Some(b""),
            ])),
            true,
        ),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn numbers(rows: i64) -> RecordBatch {
    let ids = Arc::new(Int64Array::from_iter_values(0..rows)) as ArrayRef;
    RecordBatch::try_from_iter([("id", ids)]).unwrap()
}

fn stream(path: &Path, batches: &[RecordBatch], result: Result<(), Failure>) {
    let mut output = Output::to(File::create(path).unwrap());
    output.start(&batches[0].schema()).unwrap();
    for batch in batches {
        output.write(batch).unwrap();
    }
    let _ = output.close("ingest", result);
}

fn parquet(path: &Path, batch: &RecordBatch) {
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None)
            .unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

fn arrow(path: &Path, batch: &RecordBatch) {
    let mut writer =
        arrow_ipc::writer::FileWriter::try_new(File::create(path).unwrap(), &batch.schema())
            .unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
}

/// A folder with the orders as stream, Arrow file and Parquet, and longer ones.
fn folder() -> TempDir {
    let dir = tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    stream(&at("orders.arrows"), &[orders()], Ok(()));
    arrow(&at("orders.arrow"), &orders());
    parquet(&at("orders.parquet"), &orders());
    stream(&at("long.arrows"), &[numbers(1000), numbers(1000)], Ok(()));
    parquet(&at("long.parquet"), &numbers(2000));
    arrow(&at("long.arrow"), &numbers(2000));
    stream(
        &at("poisoned.arrows"),
        &[numbers(1000)],
        Err(Failure::environment("cannot read 'raw': 503")),
    );
    stream(&at("empty.arrows"), &[numbers(0)], Ok(()));
    let whole = std::fs::read(at("long.arrows")).unwrap();
    std::fs::write(at("cut.arrows"), &whole[..whole.len() - 1]).unwrap();
    let mut damaged = std::fs::read(at("orders.parquet")).unwrap();
    damaged[4..400].fill(0xaa);
    std::fs::write(at("damaged.parquet"), &damaged).unwrap();
    std::fs::write(at("cut.parquet"), &damaged[..500]).unwrap();
    std::fs::write(at("orders.ndjson"), "{\"order_id\":1}\n").unwrap();
    dir
}

fn show(dir: &TempDir, arguments: &str) -> Outcome {
    run(&mut sh(dir.path(), &format!("show {arguments}")))
}

#[test]
fn a_table_of_everything() {
    let dir = folder();
    let text = show(&dir, "orders.arrows").code(0).text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6, "{text}");
    let cells = |line: &str| {
        line.split(" │ ")
            .map(|cell| cell.trim().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        cells(lines[0]),
        [
            "order_id", "customer", "amount", "at", "day", "rate", "colour", "items", "address",
            "paid", "raw"
        ]
    );
    assert_eq!(
        cells(lines[3]),
        [
            "1",
            "Ann, \"A\"",
            "1234567890123456789012345678901234.5678",
            "2026-03-17T05:00:00.123456Z",
            "2026-03-17",
            "0.1",
            "red",
            "[1, NULL]",
            "{city: Köln}",
            "true",
            "00ff"
        ]
    );
    assert_eq!(
        cells(lines[4]),
        [
            "2",
            "NULL",
            "NULL",
            "NULL",
            "NULL",
            "NaN",
            "blue",
            "NULL",
            "{city: NULL}",
            "NULL",
            "NULL"
        ]
    );
    assert_eq!(
        cells(lines[5])[..3],
        ["9223372036854775807", "\"\"", "-0.0005"]
    );
    assert_eq!(cells(lines[5])[4], "2147483647 days since 1970-01-01");
    // Columns stand below one another.
    let bars = |line: &str| {
        line.chars()
            .enumerate()
            .filter(|(_, c)| "│┼".contains(*c))
            .map(|(n, _)| n)
            .collect::<Vec<_>>()
    };
    for line in &lines {
        assert_eq!(bars(line), bars(lines[0]), "{text}");
    }
}

#[test]
fn every_container_shows_the_same() {
    let dir = folder();
    for form in ["table", "csv", "ndjson"] {
        let expected = show(&dir, &format!("orders.arrows --output {form}"))
            .code(0)
            .text();
        assert!(!expected.is_empty());
        for input in [
            "orders.arrow",
            "orders.parquet",
            "<orders.arrows",
            "- <orders.arrows",
        ] {
            let text = show(&dir, &format!("--output {form} {input}"))
                .code(0)
                .text();
            assert_eq!(text, expected, "{form} {input}");
        }
        assert_eq!(
            run(&mut sh(
                dir.path(),
                &format!("cat orders.arrows | show --output {form}")
            ))
            .code(0)
            .text(),
            expected
        );
    }
}

#[test]
fn csv_keeps_missing_and_empty_apart() {
    let dir = folder();
    let expected = r#"order_id,customer,amount,at,day,rate,colour,items,address,paid,raw
1,"Ann, ""A""",1234567890123456789012345678901234.5678,2026-03-17T05:00:00.123456Z,2026-03-17,0.1,red,"[1,null]","{""city"":""Köln""}",true,00ff
2,,,,,NaN,blue,,"{""city"":null}",,
9223372036854775807,"",-0.0005,1970-01-01T00:00:00Z,2147483647 days since 1970-01-01,1e300,red,[],"{""city"":""a\""b""}",false,""
"#;
    assert_eq!(
        show(&dir, "orders.arrows --output csv").code(0).text(),
        expected
    );
}

#[test]
fn ndjson_is_exact() {
    let dir = folder();
    let expected = r#"{"order_id":1,"customer":"Ann, \"A\"","amount":1234567890123456789012345678901234.5678,"at":"2026-03-17T05:00:00.123456Z","day":"2026-03-17","rate":0.1,"colour":"red","items":[1,null],"address":{"city":"Köln"},"paid":true,"raw":"00ff"}
{"order_id":2,"customer":null,"amount":null,"at":null,"day":null,"rate":"NaN","colour":"blue","items":null,"address":{"city":null},"paid":null,"raw":null}
{"order_id":9223372036854775807,"customer":"","amount":-0.0005,"at":"1970-01-01T00:00:00Z","day":"2147483647 days since 1970-01-01","rate":1e+300,"colour":"red","items":[],"address":{"city":"a\"b"},"paid":false,"raw":""}
"#;
    let text = show(&dir, "orders.arrows --output ndjson").code(0).text();
    assert_eq!(text, expected);
    for line in text.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[test]
fn a_schema_is_one_line_a_column() {
    let dir = folder();
    let expected = "order_id  int64 not null
customer  utf8
amount    decimal128(38, 4)
at        timestamp(us, Europe/Berlin)
day       date32
rate      float64
colour    dictionary<int32, utf8>
items     list<int64>
address   struct<city: utf8>
paid      bool
raw       binary
";
    for file in ["orders.arrows", "orders.arrow", "orders.parquet"] {
        assert_eq!(
            show(&dir, &format!("{file} --output schema"))
                .code(0)
                .text(),
            expected,
            "{file}"
        );
    }
}

#[test]
fn counts_read_to_the_very_end() {
    let dir = folder();
    for file in ["long.arrows", "long.arrow", "long.parquet", "<long.arrows"] {
        assert_eq!(
            show(&dir, &format!("--output count {file}")).code(0).text(),
            "2000\n",
            "{file}"
        );
    }
    assert_eq!(
        show(&dir, "empty.arrows --output count").code(0).text(),
        "0\n"
    );
    let cut = show(&dir, "cut.arrows --output count").code(3);
    assert_eq!(cut.text(), "");
    assert!(
        cut.stderr.starts_with("show: 'cut.arrows' ends at byte"),
        "{}",
        cut.stderr
    );
    let piped = run(&mut sh(dir.path(), "cat cut.arrows | show --output count")).code(4);
    assert!(
        piped
            .stderr
            .ends_with("without an end marker: its producer died\n"),
        "{}",
        piped.stderr
    );
    let poisoned = show(&dir, "poisoned.arrows --output count").code(4);
    assert_eq!(
        poisoned.stderr,
        "show: upstream ingest failed (4): cannot read 'raw': 503\n"
    );
    assert_eq!(poisoned.text(), "");
}

#[test]
fn a_table_says_what_it_leaves_out() {
    let dir = folder();
    let last = |arguments: &str| {
        show(&dir, arguments)
            .code(0)
            .text()
            .lines()
            .last()
            .unwrap()
            .trim()
            .to_owned()
    };
    assert_eq!(last("long.parquet"), "… 1960 more rows");
    assert_eq!(last("long.arrow -n 1999"), "… 1 more row");
    assert_eq!(last("long.arrows"), "… at least 960 more rows");
    assert_eq!(last("long.arrows -n 1000"), "… at least 1000 more rows");
    assert_eq!(last("long.arrows -n 2000"), "999");
    assert_eq!(last("long.arrows -n 5000"), "999");
    assert_eq!(last("long.arrows -n all"), "999");
    assert_eq!(last("long.parquet -n 0"), "… 2000 more rows");
    assert_eq!(
        show(&dir, "long.arrows -n all").text().lines().count(),
        2003
    );
    assert_eq!(
        show(&dir, "empty.arrows").code(0).text(),
        "   id\nint64\n─────\n"
    );
}

#[test]
fn rows_are_limited_in_every_form() {
    let dir = folder();
    for file in ["long.arrows", "long.arrow", "long.parquet"] {
        assert_eq!(
            show(&dir, &format!("{file} -n 3 --output csv"))
                .code(0)
                .text(),
            "id\n0\n1\n2\n"
        );
        assert_eq!(
            show(&dir, &format!("{file} -n 1 --output ndjson"))
                .code(0)
                .text(),
            "{\"id\":0}\n"
        );
        assert_eq!(
            show(&dir, &format!("{file} --output csv"))
                .code(0)
                .text()
                .lines()
                .count(),
            2001
        );
    }
}

#[test]
fn failures_within_what_is_read_are_reported() {
    let dir = folder();
    for form in ["table -n all", "csv", "ndjson"] {
        let outcome = show(&dir, &format!("poisoned.arrows --output {form}")).code(4);
        assert!(
            outcome.text().lines().count() >= 1000,
            "what came before is shown"
        );
        assert_eq!(
            outcome.stderr,
            "show: upstream ingest failed (4): cannot read 'raw': 503\n"
        );
        show(&dir, &format!("cut.arrows --output {form}")).code(3);
    }
    show(&dir, "poisoned.arrows --output csv -n 5").code(0);
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    let dir = folder();
    let missing = show(&dir, "nowhere/x.arrows").code(4);
    assert_eq!(
        missing.stderr,
        "show: cannot read 'nowhere/x.arrows': no such file or directory\n"
    );
    let raw = show(&dir, "orders.ndjson").code(3);
    assert_eq!(
        raw.stderr,
        "show: 'orders.ndjson' is not an Arrow stream: it starts with '{\"order_id\":1}\\n'\nhint: 'ingest orders.ndjson | show' reads raw files\n"
    );
    for file in ["damaged.parquet", "cut.parquet"] {
        let damaged = show(&dir, file).code(3);
        assert!(
            damaged
                .stderr
                .starts_with(&format!("show: cannot decode '{file}': ")),
            "{}",
            damaged.stderr
        );
        assert_eq!(damaged.stderr.lines().count(), 1);
    }
    let empty = run_with(&mut tool("show"), b"").code(4);
    assert_eq!(
        empty.stderr,
        "show: standard input is empty, expected an Arrow stream: its producer died\n"
    );
    show(&dir, "</dev/null").code(3);
    show(&dir, ".").code(4);
}

#[test]
fn a_pipe_by_name_is_a_stream() {
    let dir = folder();
    let script = "mkfifo p; cat long.arrows >p & show p --output count; wait";
    assert_eq!(run(&mut sh(dir.path(), script)).code(0).text(), "2000\n");
    run(&mut sh(
        dir.path(),
        "cat cut.arrows >p & show p --output count",
    ))
    .code(4);
}

#[test]
fn a_reader_that_leaves_is_silent() {
    let dir = folder();
    stream(&dir.path().join("huge.arrows"), &[numbers(300_000)], Ok(()));
    for form in ["table -n all", "csv", "ndjson"] {
        let script = format!("{{ show huge.arrows --output {form}; echo $? >code; }} | head -n 1");
        let outcome = run(&mut sh(dir.path(), &script)).code(0);
        assert_eq!(outcome.stderr, "", "{form}");
        assert_eq!(
            std::fs::read_to_string(dir.path().join("code")).unwrap(),
            "141\n",
            "{form}"
        );
    }
}

#[test]
fn a_full_disk_is_4() {
    let dir = folder();
    for form in ["table", "csv", "ndjson", "schema", "count"] {
        let outcome = show(&dir, &format!("long.arrows --output {form} >/dev/full")).code(4);
        assert_eq!(
            outcome.stderr, "show: cannot write 'standard output': no space left on device\n",
            "{form}"
        );
    }
}

#[test]
fn metrics_are_counted() {
    let dir = folder();
    show(
        &dir,
        "long.arrows --output csv -n 1500 --metrics m.json >/dev/null",
    )
    .code(0);
    let line: serde_json::Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("m.json")).unwrap()).unwrap();
    assert_eq!(
        (line["records_in"].as_u64(), line["records_out"].as_u64()),
        (Some(2000), Some(1500))
    );
    assert_eq!(line["tool"], "show");
    show(&dir, "cut.arrows --output count --metrics m2.json").code(3);
    let line: serde_json::Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("m2.json")).unwrap()).unwrap();
    assert_eq!(
        (line["exit"].as_u64(), line["records_in"].as_u64()),
        (Some(3), Some(2000))
    );
}

#[test]
fn helps_and_refuses_like_every_tool() {
    let long = run(tool("show").arg("--help")).code(0).text();
    let short = run(tool("show").arg("-h")).code(0).text();
    assert!(short.len() < long.len());
    assert!(
        run(tool("show").arg("--version"))
            .code(0)
            .text()
            .starts_with("show ")
    );
    assert!(
        run(tool("show").args(["--generate", "man"]))
            .code(0)
            .text()
            .contains("EXAMPLES")
    );
    for wrong in [
        vec!["--no-such-flag"],
        vec!["-n", "x", "f"],
        vec!["--output", "xml"],
        vec!["a", "b"],
        vec!["-n", "3", "--output", "count"],
    ] {
        let refused = run(tool("show").args(&wrong)).code(2);
        assert!(refused.stderr.starts_with("show: "), "{}", refused.stderr);
        assert!(refused.stderr.lines().count() <= 2, "{}", refused.stderr);
    }
}

/// Control characters and wide text from data.
#[test]
fn names_and_values_cannot_move_the_cursor() {
    let dir = tempdir().unwrap();
    let texts = StringArray::from(vec![
        "\u{1b}[2J",
        "東京",
        "NULL",
        "line\nbreak",
        "\u{202e}rtl",
    ]);
    let schema = Arc::new(Schema::new(vec![Field::new(
        "na\nme",
        DataType::Utf8,
        true,
    )]));
    let batch = RecordBatch::try_new(schema, vec![Arc::new(texts)]).unwrap();
    stream(&dir.path().join("x"), &[batch], Ok(()));
    let text = show(&dir, "x").code(0).text();
    let expected =
        "na\\nme\nutf8\n───────────\n\\u{1b}[2J\n東京\n\"NULL\"\nline\\nbreak\n\\u{202e}rtl\n";
    assert_eq!(text, expected);
}

/// On a terminal the table is cut to its width. `script` makes one.
#[test]
fn a_terminal_gets_what_fits() {
    if run(&mut sh(Path::new("/"), "command -v script")).code != 0 {
        eprintln!("skipped: script(1) is not installed");
        return;
    }
    let dir = folder();
    let on_terminal = |columns: u32, command: &str| {
        let script = format!("script -qec 'stty cols {columns} rows 40; {command}' /dev/null");
        run(&mut sh(dir.path(), &script))
            .text()
            .replace("\r\n", "\n")
    };
    for columns in [20, 40, 60, 80, 120, 200] {
        let text = on_terminal(columns, "show orders.parquet");
        for line in text.lines().take(6) {
            assert!(
                line.chars().count() <= columns as usize,
                "{columns}: {text}"
            );
        }
        let all_fit = !text.contains("more column");
        assert_eq!(all_fit, columns == 200, "{columns}: {text}");
    }
    assert!(
        on_terminal(60, "show orders.parquet")
            .lines()
            .last()
            .unwrap()
            .starts_with("… ")
    );
    let refused = on_terminal(80, "show");
    assert!(
        refused.contains("show: standard input is a terminal, expected an Arrow stream"),
        "{refused}"
    );
}
