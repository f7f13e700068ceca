//! Files of columns by several threads: the same bytes and the same failure as by one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod kit;

use arrow_array::builder::{Int64Builder, ListBuilder};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, StructArray};
use kit::{Scratch, batches};
use millrace_testkit::Outcome;
use millrace_testkit::avro::{block, header, long, record, text};
use millrace_testkit::orc::NESTED;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use std::sync::Arc;

const ROWS: i64 = 30_000;

/// Five columns, two of them nested, in several row groups and pages.
fn parquet() -> Vec<u8> {
    let texts = |n: i64| (n % 7 > 0).then(|| format!("text {}", n * n % 9973));
    let texts: ArrayRef = Arc::new(StringArray::from_iter((0..ROWS).map(texts)));
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..ROWS));
    let mut lists = ListBuilder::new(Int64Builder::new());
    (0..ROWS).for_each(|n| lists.append_value((0..n % 4).map(Some)));
    let point = StructArray::try_from(vec![("x", ids.clone()), ("y", texts.clone())]).unwrap();
    let batch = RecordBatch::try_from_iter([
        ("id", ids),
        ("text", texts),
        ("list", Arc::new(lists.finish())),
        ("point", Arc::new(point)),
        (
            "f",
            Arc::new(Float64Array::from_iter_values(
                (0..ROWS).map(|n| n as f64 / 3.0),
            )),
        ),
    ]);
    written(&batch.unwrap())
}

fn written(batch: &RecordBatch) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(9_000))
        .set_data_page_size_limit(16 << 10)
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

/// Blocks of three rows, which are numbered.
fn avro(blocks: i64) -> Vec<u8> {
    let schema = record(&[("a", r#""long""#), ("b", r#""string""#)]);
    let row = |n: i64| [long(n), text(format!("row {n}"))].concat();
    let three = |first: i64| (first..first + 3).flat_map(row).collect::<Vec<u8>>();
    let blocks = (0..blocks).map(|number| block(3, &three(number * 3)));
    let blocks: Vec<Vec<u8>> = blocks.collect();
    [header(&schema, "null"), blocks.concat()].concat()
}

/// What each number of threads makes of `arguments`, which has to be the same.
fn all(scratch: &Scratch, arguments: &str) -> Outcome {
    let by = |threads| scratch.ingest(&format!("{arguments} --threads {threads}"));
    let one = by(1);
    for threads in [2, 3, 16] {
        let other = by(threads);
        assert_eq!(other.code, one.code, "{arguments} by {threads}");
        assert_eq!(other.stderr, one.stderr, "{arguments} by {threads}");
        assert!(other.stdout == one.stdout, "{arguments} by {threads}");
    }
    one
}

#[test]
fn every_format_gives_the_same_bytes() {
    let scratch = Scratch::with("p", parquet());
    scratch.write("a", avro(10_000));
    scratch.write("o", NESTED);
    for arguments in [
        "p",
        "p --select f,id",
        "p --select point --source-columns",
        "p p --batch-rows 1000",
        "a",
        "a a --batch-rows 100 --select b",
        "o",
    ] {
        let outcome = all(&scratch, arguments).code(0);
        assert!(!batches(&outcome.stdout).is_empty());
    }
    assert_eq!(
        scratch.rows("p --threads 2")[29_999],
        scratch.rows("p --threads 1")[29_999]
    );
    assert_eq!(scratch.rows("a --threads 2").len(), 30_000);
}

/// 500 rows, of which the first has this id, and a column that only some files have.
fn small(first: i64) -> Vec<u8> {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(first..first + 500));
    let texts = (first..first + 500).map(|n| format!("text {n}"));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
    let mut columns = vec![("id", ids.clone()), ("text", texts)];
    if first % 1000 == 500 {
        columns.push(("odd", ids));
    }
    written(&RecordBatch::try_from_iter(columns).unwrap())
}

/// The names of 40 small files, with a large one in the middle.
fn many(scratch: &Scratch) -> String {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values((0..200_000).map(|n| n * n)));
    let texts = (0..200_000).map(|n: i64| format!("{:x}", n * n * n));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
    let large = RecordBatch::try_from_iter([("id", ids), ("text", texts)]).unwrap();
    scratch.write("n20", written(&large));
    assert!(std::fs::metadata(scratch.path("n20")).unwrap().len() > 2 << 20);
    for n in (0..41).filter(|n| *n != 20) {
        scratch.write(&format!("n{n:02}"), small(n * 500));
    }
    (0..41).map(|n| format!("n{n:02} ")).collect()
}

#[test]
fn small_files_follow_each_other_and_large_ones() {
    let scratch = Scratch::new();
    let names = many(&scratch);
    let outcome = all(&scratch, &format!("{names} --source-columns"));
    let rows: usize = batches(&outcome.stdout)
        .iter()
        .map(|batch| batch.num_rows())
        .sum();
    assert_eq!(rows, 220_000);
    let told = all(&scratch, &format!("{names} --extra-fields warn")).code(0);
    assert_eq!(told.stderr.matches("odd").count(), 1, "{}", told.stderr);
    all(&scratch, &format!("{names} --extra-fields refuse")).code(3);
    // Compressed blocks, rows of another type, text: whatever comes first is told.
    scratch.write("n07", avro(3));
    let outcome = all(&scratch, &names).code(3);
    assert!(outcome.stderr.contains("n07"), "{}", outcome.stderr);
    scratch.write("n05", b"{}\n");
    let outcome = all(&scratch, &names).code(3);
    assert!(outcome.stderr.contains("n05"), "{}", outcome.stderr);
    std::fs::remove_file(scratch.path("n03")).unwrap();
    assert!(all(&scratch, &names).stderr.contains("n03"));
}

#[test]
fn a_damaged_file_fails_alike() {
    let whole = parquet();
    let scratch = Scratch::new();
    let mut failed = 0;
    for at in (4_000..whole.len() - 8_000).step_by(whole.len() / 30) {
        let mut bytes = whole.clone();
        bytes[at..at + 40].fill(0xff);
        scratch.write("p", bytes);
        let outcome = all(&scratch, "p");
        assert!(matches!(outcome.code, 0 | 3), "{at}: {}", outcome.stderr);
        failed += usize::from(outcome.code == 3);
    }
    assert!(failed > 10, "{failed}");

    // The 20,000th record of an Avro file, and a block behind it that is cut.
    let mut bytes = avro(10_000);
    let found = bytes.windows(9).position(|part| part == b"row 19999");
    bytes[found.unwrap()] = 0xff;
    scratch.write("a", &bytes[..bytes.len() - 3]);
    let outcome = all(&scratch, "a").code(3);
    assert!(
        outcome
            .stderr
            .contains("record 20000: /b: the text is not UTF-8"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn whoever_leaves_early_ends_it() {
    let scratch = Scratch::with("p", parquet());
    scratch.write("a", avro(10_000));
    for file in ["p", "a"] {
        let mut child = scratch
            .command(&format!("{file} --threads 2 --batch-rows 64"))
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(141), "{file}");
    }
}

/// 8,192 rows of these would take half a gigabyte.
#[test]
fn batches_of_wide_rows_are_short() {
    let wide = |n: i64| format!("{n}{}", "x".repeat(64 << 10));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values((0..300).map(wide)));
    let small: ArrayRef = Arc::new(Int64Array::from_iter_values(0..300));
    let batch = RecordBatch::try_from_iter([("wide", texts), ("small", small)]).unwrap();
    let scratch = Scratch::with("p", written(&batch));
    let outcome = all(&scratch, "p").code(0);
    let rows: Vec<usize> = batches(&outcome.stdout)
        .iter()
        .map(RecordBatch::num_rows)
        .collect();
    assert!(rows.iter().all(|rows| *rows <= 40), "{rows:?}");
    assert_eq!(rows.iter().sum::<usize>(), 300);
    let outcome = all(&scratch, "p --select small").code(0);
    assert_eq!(batches(&outcome.stdout).len(), 1);
}
