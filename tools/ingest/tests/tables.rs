//! Parquet and Arrow inputs: passed on, matched by name, widened without loss.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod kit;

use arrow_array::{
    ArrayRef, DictionaryArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use kit::{Scratch, columns, rows};
use parquet::arrow::ArrowWriter;
use std::sync::Arc;

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

fn ints(values: [i64; 2]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

fn arrow_file(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = arrow_ipc::writer::FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

fn arrow_stream(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

fn sample() -> RecordBatch {
    batch(vec![
        ("a", ints([1, 2])),
        ("b", Arc::new(StringArray::from(vec![Some("x"), None]))),
        ("c", ints([5, 6])),
    ])
}

const ROWS: [&str; 2] = [r#"{"a":1,"b":"x","c":5}"#, r#"{"a":2,"b":null,"c":6}"#];

#[test]
fn every_format_arrives_whatever_the_name() {
    let scratch = Scratch::new();
    scratch.write("p", parquet(&sample()));
    scratch.write("f", arrow_file(&sample()));
    scratch.write("s", arrow_stream(&sample()));
    for file in ["p", "f", "s"] {
        assert_eq!(scratch.rows(file), ROWS, "{file}");
    }
    assert_eq!(scratch.rows("p f s").len(), 6);
    let piped = scratch.ingest_from(arrow_stream(&sample()), "").code(0);
    assert_eq!(rows(&piped), ROWS);
}

#[test]
fn selected_columns_alone_are_read_in_the_order_asked_for() {
    let scratch = Scratch::new();
    scratch.write("p", parquet(&sample()));
    scratch.write("f", arrow_file(&sample()));
    scratch.write("s", arrow_stream(&sample()));
    for file in ["p", "f", "s"] {
        let outcome = scratch
            .ingest(&format!("{file} --select c,a --source-columns"))
            .code(0);
        assert_eq!(
            columns(&outcome),
            "c Int64, a Int64, _source_file Utf8, _source_line Int64"
        );
        assert_eq!(
            rows(&outcome)[1],
            format!(r#"{{"c":6,"a":2,"_source_file":"{file}","_source_line":2}}"#)
        );
    }
    scratch.ingest("p --select z").code(2);
}

#[test]
fn several_files_are_matched_by_name() {
    let scratch = Scratch::with("1", parquet(&sample()));
    let words = DictionaryArray::<arrow_array::types::Int32Type>::from_iter(["p", "q"]);
    let turned = batch(vec![
        ("c", Arc::new(Int32Array::from(vec![7, 8])) as ArrayRef),
        ("b", Arc::new(words) as ArrayRef),
        ("a", ints([3, 4])),
    ]);
    scratch.write("2", arrow_file(&turned));
    assert_eq!(
        scratch.rows("1 2")[2..],
        [r#"{"a":3,"b":"p","c":7}"#, r#"{"a":4,"b":"q","c":8}"#]
    );
    let narrow = scratch.ingest("2 1").code(3);
    assert!(
        narrow
            .stderr
            .contains("column 'c' of '1' is Int64, that of '2' is Int32"),
        "{}",
        narrow.stderr
    );
    scratch.write("3", parquet(&batch(vec![("a", ints([1, 2]))])));
    let lacks = scratch.ingest("1 3").code(3);
    assert!(
        lacks.stderr.contains("'3' lacks the column 'b' of '1'"),
        "{}",
        lacks.stderr
    );
    let more = scratch.ingest("3 1").code(0);
    assert!(
        more.stderr
            .contains("2 fields are not in the schema and were left out: 'b', 'c'"),
        "{}",
        more.stderr
    );
    scratch.ingest("3 1 --extra-fields refuse").code(3);
    scratch.write("4.ndjson", "{\"a\":1}\n");
    assert!(
        scratch
            .ingest("1 4.ndjson")
            .code(3)
            .stderr
            .contains("'4.ndjson' holds text")
    );
    assert!(
        scratch
            .ingest("4.ndjson 1")
            .code(3)
            .stderr
            .contains("'1' holds columns")
    );
}

#[test]
fn a_schema_says_the_types() {
    let scratch = Scratch::with("p", parquet(&sample()));
    scratch.write("s.json", r#"{"fields":[{"name":"c","type":"number","decimal":[20,1]},{"name":"b","type":"string","arrowType":"large_utf8"}]}"#);
    let outcome = scratch.ingest("p --schema s.json").code(0);
    assert_eq!(columns(&outcome), "c Decimal128(20, 1), b LargeUtf8");
    assert_eq!(rows(&outcome)[0], r#"{"c":5.0,"b":"x"}"#);
    scratch.judges_schemas_of("p");
}

#[test]
fn print_schema_describes_the_first_file() {
    let scratch = Scratch::new();
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![0.5, 1.0]));
    scratch.write(
        "p",
        parquet(&batch(vec![("a", ints([1, 2])), ("x", floats)])),
    );
    let text = scratch.ingest("p --print-schema").code(0).text();
    scratch.write("s.json", &text);
    assert_eq!(scratch.rows("p --schema s.json")[0], r#"{"a":1,"x":0.5}"#);
}

#[test]
fn files_that_are_cut_anywhere_are_refused_with_their_name() {
    let scratch = Scratch::new();
    for (name, whole) in [
        ("p", parquet(&sample())),
        ("f", arrow_file(&sample())),
        ("s", arrow_stream(&sample())),
    ] {
        let step = whole.len() / 40 + 1;
        for cut in (8..whole.len()).step_by(step).chain([whole.len() - 1]) {
            scratch.write(name, &whole[..cut]);
            let outcome = scratch.ingest(name).code(3);
            assert!(
                outcome.stderr.contains(name) && outcome.stderr.lines().count() == 1,
                "{name} {cut}: {}",
                outcome.stderr
            );
        }
    }
}

#[test]
fn damaged_files_never_panic_nor_succeed_with_other_bounds() {
    let scratch = Scratch::new();
    for (name, whole) in [("p", parquet(&sample())), ("f", arrow_file(&sample()))] {
        for at in (8..whole.len()).step_by(7) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xff;
            scratch.write(name, &bytes);
            let outcome = scratch.ingest(name);
            assert!(
                matches!(outcome.code, 0 | 3),
                "{name} {at}: {} {}",
                outcome.code,
                outcome.stderr
            );
            assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
        }
    }
}

#[test]
fn formats_read_from_their_end_need_a_plain_file() {
    let scratch = Scratch::with(
        "p.parquet.zst",
        zstd::encode_all(&parquet(&sample())[..], 1).unwrap(),
    );
    assert!(
        scratch
            .ingest_from(parquet(&sample()), "")
            .code(2)
            .stderr
            .contains("hint: name the file")
    );
    assert!(
        scratch
            .ingest("p.parquet.zst")
            .code(2)
            .stderr
            .contains("decompress it first")
    );
    scratch.write(
        "s.arrows.zst",
        zstd::encode_all(&arrow_stream(&sample())[..], 1).unwrap(),
    );
    assert_eq!(scratch.rows("s.arrows.zst"), ROWS);
}

#[test]
fn a_named_format_is_insisted_on() {
    let scratch = Scratch::with("a.parquet", "{\"a\":1}\n");
    assert!(
        scratch
            .ingest("a.parquet")
            .code(3)
            .stderr
            .contains("'a.parquet' is not a Parquet file")
    );
    assert!(
        scratch
            .ingest("a.parquet --format arrow")
            .code(3)
            .stderr
            .contains("neither an Arrow stream")
    );
    assert_eq!(scratch.rows("a.parquet --format ndjson"), [r#"{"a":1}"#]);
}
