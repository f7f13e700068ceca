//! Bad records: located, kept, limited, read back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod kit;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use kit::{Scratch, batches, rows, schema};

/// Ten records, of which 3, 6 and 9 are bad.
fn ten() -> Scratch {
    let scratch = Scratch::with("s.json", schema("a:integer b:string"));
    let line = |n: u32| match n {
        3 => "{\"a\":1.5,\"b\":\"x\"}\n".to_owned(),
        6 => "{\"a\":6,\"b\":\"\u{1}\"}\n".to_owned(),
        9 => "{\"a\":9\n".to_owned(),
        _ => format!("{{\"a\":{n},\"b\":\"x\"}}\n"),
    };
    scratch.write("a.ndjson", (1..=10).map(line).collect::<String>());
    scratch
}

#[test]
fn the_first_one_ends_the_run_with_its_place_and_poisons_the_stream() {
    let scratch = ten();
    let outcome = scratch
        .ingest("a.ndjson --schema s.json --metrics m")
        .code(3);
    assert_eq!(
        outcome.stderr,
        "ingest: a.ndjson:3: byte 37: /a: '1.5' is not an integer\n\
         hint: --rejects FILE keeps refused records and goes on\n"
    );
    let stream = String::from_utf8_lossy(&outcome.stdout).into_owned();
    let poison = stream.lines().last().unwrap();
    assert!(
        poison.contains(r#""tool":"ingest","exit":3,"error":"a.ndjson:3: byte 37"#),
        "{poison}"
    );
    let metrics: serde_json::Value = serde_json::from_str(&scratch.read("m")).unwrap();
    assert_eq!(metrics["exit"], 3);
    let count = |name: &str| metrics[name].as_u64().unwrap();
    assert_eq!(
        count("records_in"),
        count("records_out") + count("rejected")
    );
    assert_eq!(count("rejected"), 1);
}

#[test]
fn with_a_place_to_go_the_run_goes_on() {
    let scratch = ten();
    let outcome = scratch
        .ingest("a.ndjson --schema s.json --rejects bad.ndjson --metrics m")
        .code(0);
    assert_eq!(rows(&outcome).len(), 7);
    assert_eq!(
        outcome.stderr,
        "ingest: 3 of 10 records refused: see 'bad.ndjson'\n"
    );
    let rejects: Vec<serde_json::Value> = scratch
        .read("bad.ndjson")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let lines: Vec<u64> = rejects
        .iter()
        .map(|reject| reject["source"]["line"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, [3, 6, 9]);
    assert_eq!(rejects[0]["source"]["offset"], 32);
    assert_eq!(rejects[0]["reasons"][0]["constraint"], "type");
    assert_eq!(rejects[0]["reasons"][0]["value"].to_string(), "1.5");
    assert_eq!(rejects[2]["raw"], "{\"a\":9");
    let metrics: serde_json::Value = serde_json::from_str(&scratch.read("m")).unwrap();
    assert_eq!(
        (
            &metrics["records_in"],
            &metrics["records_out"],
            &metrics["rejected"]
        ),
        (&10.into(), &7.into(), &3.into())
    );
    assert_eq!(metrics["bytes_in"], scratch.read("a.ndjson").len());
    assert_eq!(metrics["bytes_out"], outcome.stdout.len());
}

#[test]
fn a_count_ends_the_run_at_once_and_a_rate_at_its_end() {
    let scratch = ten();
    let count = scratch
        .ingest("a.ndjson --schema s.json --rejects bad --max-rejects 1")
        .code(1);
    assert!(
        count.stderr.contains("more than 1 records refused"),
        "{}",
        count.stderr
    );
    assert_eq!(
        scratch.read("bad").lines().count(),
        2,
        "the rejects are complete up to the limit"
    );
    let rate = scratch
        .ingest("a.ndjson --schema s.json --rejects bad --max-rejects 10%")
        .code(1);
    assert!(
        rate.stderr
            .contains("3 of 10 records refused, more than 10%"),
        "{}",
        rate.stderr
    );
    assert_eq!(scratch.read("bad").lines().count(), 3);
    assert!(
        String::from_utf8_lossy(&rate.stdout).contains(r#""exit":1"#),
        "the stream is poisoned"
    );
    scratch
        .ingest("a.ndjson --schema s.json --rejects bad --max-rejects 30%")
        .code(0);
    scratch
        .ingest("a.ndjson --schema s.json --rejects bad --max-rejects 3")
        .code(0);
    let alone = scratch
        .ingest("a.ndjson --schema s.json --max-rejects 3")
        .code(2);
    assert!(alone.stderr.contains("--rejects"), "{}", alone.stderr);
}

#[test]
fn a_run_that_fails_leaves_its_rejects_under_another_name() {
    let scratch = ten();
    scratch.write("cut.ndjson.gz", [0x1f, 0x8b, 8, 0]);
    scratch
        .ingest("a.ndjson cut.ndjson.gz --schema s.json --rejects bad")
        .code(3);
    assert!(!scratch.path("bad").exists());
    assert_eq!(scratch.read("bad.failed").lines().count(), 3);
}

#[test]
fn names_of_rejects_are_filled_in() {
    let scratch = ten();
    scratch.ingest("a.ndjson --schema s.json --rejects bad-{unit}-{run_id} --unit 2026-03-17T05 --run-id r7").code(0);
    assert_eq!(scratch.read("bad-2026-03-17T05-r7").lines().count(), 3);
    scratch
        .ingest("a.ndjson --schema s.json --rejects bad-{unit}")
        .code(2);
}

#[test]
fn a_mended_quarantine_is_read_back() {
    let scratch = ten();
    scratch
        .ingest("a.ndjson --schema s.json --rejects bad")
        .code(0);
    let mended = scratch
        .read("bad")
        .replace("{\\\"a\\\":1.5", "{\\\"a\\\":3")
        .replace("\"{\\\"a\\\":9\"", "\"{\\\"a\\\":9}\"");
    let mended = mended.replace(
        r#""raw":"{\"a\":6,\"b\":\"\u0001\"}""#,
        r#""record":{"a":6,"b":"six"}"#,
    );
    scratch.write("mended", mended);
    let again = scratch.rows("mended --format rejects --schema s.json");
    assert_eq!(
        again,
        [
            r#"{"a":3,"b":"x"}"#,
            r#"{"a":6,"b":"six"}"#,
            r#"{"a":9,"b":null}"#
        ]
    );
    let unmended = scratch
        .ingest("bad --format rejects --schema s.json")
        .code(3);
    assert!(
        unmended
            .stderr
            .starts_with("ingest: bad:1: byte 0: /a: '1.5' is not an integer"),
        "{}",
        unmended.stderr
    );
    scratch.write("junk", "\n{\"source\":{}}\n");
    let junk = scratch
        .ingest("junk --format rejects --schema s.json")
        .code(3);
    assert!(
        junk.stderr
            .starts_with("ingest: junk:2: a rejects envelope without"),
        "{}",
        junk.stderr
    );
}

#[test]
fn a_record_may_be_so_long_and_no_longer() {
    let scratch = Scratch::with("s.json", schema("a:string"));
    let record = |length: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(length - 8));
    for newline in ["\n", "\r\n", ""] {
        scratch.write(
            "a.ndjson",
            format!("{}\n{}{newline}", record(10), record(1000)),
        );
        assert_eq!(
            scratch
                .rows("a.ndjson --schema s.json --max-record-size 1000B")
                .len(),
            2
        );
    }
    scratch.write("a.ndjson", format!("{}\n{}\n", record(10), record(1002)));
    let long = scratch
        .ingest("a.ndjson --schema s.json --max-record-size 1000B --rejects bad")
        .code(3);
    assert!(
        long.stderr
            .starts_with("ingest: a.ndjson:2: byte 11: the record is longer than 1000 bytes"),
        "{}",
        long.stderr
    );
    scratch.write(
        "a.ndjson",
        format!("{}\n{}\n", record(20_000_000), record(5_000_000)),
    );
    assert_eq!(scratch.rows("a.ndjson --schema s.json").len(), 2);
    scratch
        .ingest("a.ndjson --schema s.json --max-record-size 19MB")
        .code(3);
}

#[test]
fn a_later_record_that_contradicts_the_sample_is_refused_and_says_so() {
    let scratch = Scratch::with("a.ndjson", "{\"a\":1}\n{\"a\":2}\n{\"a\":\"x\"}\n");
    let outcome = scratch.ingest("a.ndjson --infer-rows 2").code(3);
    assert!(
        outcome.stderr.starts_with("ingest: a.ndjson:3: byte 21: /a: '\"x\"' is not an integer (inferred from the first 2 rows)"),
        "{}",
        outcome.stderr
    );
    let outcome = scratch
        .ingest("a.ndjson --infer-rows 2 --rejects bad")
        .code(0);
    assert_eq!(rows(&outcome).len(), 2);
    assert!(
        scratch
            .read("bad")
            .contains("inferred from the first 2 rows")
    );
}

/// What takes far more memory decoded than it was: rows of nulls, and reasons.
#[test]
fn records_that_grow_leave_in_parts() {
    let scratch = Scratch::new();
    let rows: String = (0..300_000)
        .map(|row| if row % 1000 == 7 { "x\n" } else { "{}\n" })
        .collect();
    scratch.write("a.ndjson", rows + &"x\n".repeat(150_000) + "{\"c0\":1}\n");
    let fields: Vec<String> = (0..20).map(|column| format!("c{column}:integer")).collect();
    scratch.write("s.json", schema(&fields.join(" ")));
    let run = |threads: usize| {
        let outcome = scratch
            .ingest(&format!(
                "a.ndjson --schema s.json --source-columns --rejects bad --threads {threads} --metrics m{threads}"
            ))
            .code(0);
        (outcome.stdout, scratch.read("bad"))
    };
    let (stream, bad) = run(1);
    assert!(
        run(3) == (stream.clone(), bad.clone()),
        "threads make a difference"
    );
    let last = batches(&stream).pop().unwrap();
    assert_eq!(
        last.column(0)
            .as_primitive::<Int64Type>()
            .value(last.num_rows() - 1),
        1
    );
    assert_eq!(bad.lines().count(), 150_300);
    assert!(bad.lines().last().unwrap().contains("\"line\":450000"));
    let metrics: serde_json::Value = serde_json::from_str(&scratch.read("m1")).unwrap();
    assert!(
        metrics["peak_rss_bytes"].as_u64().unwrap() < 64 << 20,
        "{metrics}"
    );
}
