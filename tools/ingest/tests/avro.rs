//! Avro object container files: schemas, selection, sources, damage.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod kit;

use kit::{Scratch, columns, rows, schema};
use millrace_testkit::avro::{block, file, header, long, record, text};

const FIELDS: [(&str, &str); 3] = [
    ("a", r#""int""#),
    ("b", r#"["null","string"]"#),
    ("c", r#"{"type":"enum","name":"e","symbols":["X","Y"]}"#),
];

/// A file with the rows `from..to`, five to a block.
fn numbered(from: i64, to: i64) -> Vec<u8> {
    let mut bytes = header(&record(&FIELDS), "null");
    for first in (from..to).step_by(5) {
        let row = |n: i64| [long(n), long(1), text(format!("row {n}")), long(n % 2)].concat();
        let last = to.min(first + 5);
        let content: Vec<u8> = (first..last).flat_map(row).collect();
        bytes.extend(block(last - first, &content));
    }
    bytes
}

fn sample() -> Vec<u8> {
    let rows = [
        long(1),
        [long(1), text("x")].concat(),
        long(0),
        long(2),
        long(0),
        long(1),
    ];
    file(&record(&FIELDS), 2, &rows.concat())
}

const ROWS: [&str; 2] = [r#"{"a":1,"b":"x","c":"X"}"#, r#"{"a":2,"b":null,"c":"Y"}"#];

#[test]
fn files_pipes_and_archives_are_read_whatever_the_name() {
    let scratch = Scratch::with("f", sample());
    assert_eq!(scratch.rows("f"), ROWS);
    assert_eq!(scratch.rows("f --format avro"), ROWS);
    assert_eq!(
        columns(&scratch.ingest("f").code(0)),
        "a Int32, b Utf8, c Utf8"
    );
    assert_eq!(rows(&scratch.ingest_from(sample(), "").code(0)), ROWS);
    scratch.write("f.avro.zst", zstd::encode_all(&sample()[..], 1).unwrap());
    assert_eq!(scratch.rows("f.avro.zst f"), [ROWS, ROWS].concat());
}

#[test]
fn selected_columns_are_read_in_the_order_asked_for() {
    let scratch = Scratch::with("f", sample());
    let outcome = scratch.ingest("f --select c,a --source-columns").code(0);
    assert_eq!(
        columns(&outcome),
        "c Utf8, a Int32, _source_file Utf8, _source_line Int64"
    );
    assert_eq!(
        rows(&outcome)[1],
        r#"{"c":"Y","a":2,"_source_file":"f","_source_line":2}"#
    );
    scratch.ingest("f --select z").code(2);
}

#[test]
fn a_schema_says_the_types_and_the_first_file_else() {
    let scratch = Scratch::with("f", sample());
    scratch.write("s.json", schema("c:string a:integer"));
    let outcome = scratch.ingest("f --schema s.json").code(0);
    assert_eq!(columns(&outcome), "c Utf8, a Int64");
    assert_eq!(rows(&outcome)[0], r#"{"c":"X","a":1}"#);
    scratch.judges_schemas_of("f");
    let printed = scratch.ingest("f --print-schema").code(0).text();
    scratch.write("w.json", printed);
    assert_eq!(scratch.rows("f --schema w.json"), ROWS);
    let wider = record(&[
        ("b", r#""string""#),
        ("a", r#""long""#),
        ("c", r#""string""#),
    ]);
    let wider = file(&wider, 1, &[text("y"), long(3), text("Z")].concat());
    scratch.write("g", wider);
    assert_eq!(scratch.rows("g f")[1], r#"{"b":"x","a":1,"c":"X"}"#);
    let narrow = scratch.ingest("f g").code(3);
    assert!(
        narrow
            .stderr
            .contains("column 'a' of 'g' is Int64, that of 'f' is Int32"),
        "{}",
        narrow.stderr
    );
    scratch.write("h.ndjson", "{\"a\":1}\n");
    let text = scratch.ingest("f h.ndjson").code(3);
    assert!(
        text.stderr.contains("'h.ndjson' holds text"),
        "{}",
        text.stderr
    );
}

#[test]
fn many_blocks_make_batches_of_the_usual_size() {
    let scratch = Scratch::with("f", numbered(0, 20_001));
    let outcome = scratch.ingest("f --source-columns").code(0);
    let found = kit::batches(&outcome.stdout);
    let sizes: Vec<usize> = found.iter().map(|batch| batch.num_rows()).collect();
    assert_eq!(sizes, [8190, 8190, 3621]);
    assert!(rows(&outcome)[20_000].ends_with(r#""_source_line":20001}"#));
    let one = scratch.ingest("f --threads 1 --batch-rows 100").code(0);
    let four = scratch.ingest("f --threads 4 --batch-rows 100").code(0);
    assert!(one.stdout == four.stdout);
}

#[test]
fn a_file_that_is_cut_is_refused_and_the_stream_poisoned() {
    let scratch = Scratch::new();
    let whole = numbered(0, 40);
    let ends: Vec<usize> = (0..=40)
        .step_by(5)
        .map(|rows| numbered(0, rows).len())
        .collect();
    let cuts = (4..whole.len())
        .step_by(9)
        .filter(|cut| !ends.contains(cut));
    for cut in cuts {
        scratch.write("f", &whole[..cut]);
        let outcome = scratch.ingest("f").code(3);
        assert!(
            outcome.stderr.starts_with("ingest: cannot decode 'f': ")
                && outcome.stderr.ends_with("it is cut short\n"),
            "{cut}: {}",
            outcome.stderr
        );
        let stream = String::from_utf8_lossy(&outcome.stdout).into_owned();
        assert!(stream.contains(r#""exit":3"#), "{cut}: not poisoned");
    }
    scratch.write("good", numbered(0, 5));
    let second = scratch.ingest("good f --source-columns").code(3);
    assert!(second.stderr.contains("'f'"), "{}", second.stderr);
    let archive = zstd::encode_all(&whole[..], 1).unwrap();
    scratch.write("f.zst", &archive[..archive.len() - 5]);
    assert_eq!(
        scratch.ingest("f.zst").code(3).stderr,
        "ingest: cannot decompress 'f.zst': it is cut short\n"
    );
}

#[test]
fn a_damaged_record_is_refused_with_its_place() {
    let scratch = Scratch::new();
    let mut bytes = numbered(0, 20);
    let at = numbered(0, 10).len();
    let letter = at + bytes[at..].iter().position(|byte| *byte == b'w').unwrap();
    bytes[letter] = 0xff;
    scratch.write("f", &bytes);
    let expected = format!(
        "ingest: cannot decode 'f': block 3 at byte {at}: record 11: /b: the text is not UTF-8\n"
    );
    assert_eq!(scratch.ingest("f").code(3).stderr, expected);
    assert_eq!(
        scratch.ingest("f --select a --rejects bad").code(3).stderr,
        expected
    );
    for at in (4..bytes.len()).step_by(3) {
        let mut bytes = numbered(0, 20);
        bytes[at] ^= 0xff;
        scratch.write("f", &bytes);
        let outcome = scratch.ingest("f");
        assert!(matches!(outcome.code, 0 | 3), "{at}: {}", outcome.stderr);
        assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
        assert!(
            !outcome.stderr.contains("internal error"),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn a_named_format_is_insisted_on() {
    let scratch = Scratch::with("a.avro", "{\"a\":1}\n");
    for arguments in ["a.avro", "a.avro --format avro"] {
        assert_eq!(
            scratch.ingest(arguments).code(3).stderr,
            "ingest: 'a.avro' is not an Avro file\n"
        );
    }
    assert_eq!(scratch.rows("a.avro --format ndjson"), [r#"{"a":1}"#]);
}
