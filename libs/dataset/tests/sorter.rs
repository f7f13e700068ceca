//! The sorter against a slow twin: order to the row, in memory and spilled, for any threads.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{
    ArrayRef, DictionaryArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    StringViewArray,
};
use arrow_schema::DataType;
use millrace_dataset::write::{SortOrder, SortSettings, Sorter, WriteError};
use millrace_fault::Exit;
use millrace_testkit::tempdir;
use std::cmp::Ordering;
use std::path::Path;
use std::sync::Arc;

/// What decides about a row.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    partition: u32,
    number: Option<i32>,
    text: Option<String>,
    /// Its place in the input.
    id: i64,
}

/// `n` rows with few distinct keys, nulls among them.
fn rows(n: i64) -> Vec<Row> {
    let noise = |i: i64| {
        (i as u64)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(23)
    };
    let row = |id: i64| {
        let noise = noise(id);
        Row {
            partition: (noise % 3) as u32 * 7,
            number: (!noise.is_multiple_of(11)).then_some((noise >> 8) as i32 % 50),
            text: (!noise.is_multiple_of(7))
                .then(|| format!("{:0width$}", noise % 13, width = (noise % 3) as usize * 40)),
            id,
        }
    };
    (0..n).map(row).collect()
}

fn batch(rows: &[Row]) -> RecordBatch {
    let texts = || rows.iter().map(|row| row.text.as_deref());
    let dictionary: DictionaryArray<Int32Type> = texts().collect();
    let ballast = rows.iter().map(|row| format!("{:0>100}", row.id));
    RecordBatch::try_from_iter_with_nullable([
        (
            "id",
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.id))) as ArrayRef,
            true,
        ),
        (
            "number",
            Arc::new(rows.iter().map(|row| row.number).collect::<Int32Array>()),
            true,
        ),
        ("text", Arc::new(texts().collect::<StringArray>()), true),
        ("coded", Arc::new(dictionary), true),
        (
            "view",
            Arc::new(StringViewArray::from_iter_values(ballast)),
            true,
        ),
    ])
    .unwrap()
}

fn order(text: &str) -> SortOrder {
    text.parse().unwrap()
}

/// What the sorter makes of `rows`, and how many bytes it spilled.
fn sorted(
    rows: &[Row],
    by: &str,
    memory: u64,
    threads: usize,
    temp: &Path,
) -> (Vec<(u32, i64)>, bool) {
    let settings = SortSettings {
        memory,
        threads,
        temp_dir: temp.to_owned(),
    };
    let schema = batch(&rows[..1]).schema();
    let mut sorter = Sorter::new(&schema, &order(by), settings).unwrap();
    for piece in rows.chunks(777) {
        let partitions: Vec<u32> = piece.iter().map(|row| row.partition).collect();
        sorter.push(batch(piece), &partitions).unwrap();
    }
    let spilled = sorter.spilled_bytes() > 0;
    let mut found = Vec::new();
    let take = |partition, rows: RecordBatch| {
        assert_eq!(rows.schema(), schema);
        let ids = rows.column(0).as_primitive::<Int64Type>();
        let views = rows.column(4).as_string_view();
        for row in 0..rows.num_rows() {
            assert_eq!(views.value(row), format!("{:0>100}", ids.value(row)));
            found.push((partition, ids.value(row)));
        }
        Ok::<(), WriteError>(())
    };
    sorter.finish(take).unwrap();
    assert_eq!(
        std::fs::read_dir(temp).unwrap().count(),
        0,
        "no name is left"
    );
    (found, spilled)
}

/// The same by the standard library, which is stable.
fn expected(rows: &[Row], compare: impl Fn(&Row, &Row) -> Ordering) -> Vec<(u32, i64)> {
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| a.partition.cmp(&b.partition).then_with(|| compare(a, b)));
    rows.iter().map(|row| (row.partition, row.id)).collect()
}

/// Nulls last, whatever the direction.
fn last<T: Ord>(a: &Option<T>, b: &Option<T>, descending: bool) -> Ordering {
    match (a, b) {
        (None, None) => Ordering::Equal,
        (None, _) => Ordering::Greater,
        (_, None) => Ordering::Less,
        (Some(a), Some(b)) if descending => b.cmp(a),
        (Some(a), Some(b)) => a.cmp(b),
    }
}

#[test]
fn to_the_row_with_nulls_and_ties_in_memory_and_spilled() {
    let temp = tempdir().unwrap();
    let rows = rows(60_000);
    type Compare = fn(&Row, &Row) -> Ordering;
    let cases: [(&str, Compare); 5] = [
        ("number", |a, b| last(&a.number, &b.number, false)),
        ("number desc, text", |a, b| {
            last(&a.number, &b.number, true).then_with(|| last(&a.text, &b.text, false))
        }),
        ("text desc nulls first", |a, b| {
            b.text
                .is_none()
                .cmp(&a.text.is_none())
                .then_with(|| b.text.cmp(&a.text))
        }),
        ("coded nulls first, number desc", |a, b| {
            a.text
                .cmp(&b.text)
                .then_with(|| last(&a.number, &b.number, true))
        }),
        ("id desc", |a, b| b.id.cmp(&a.id)),
    ];
    for (by, compare) in cases {
        let expected = expected(&rows, compare);
        // 1 MiB: dozens of runs, more than are merged at once.
        for (memory, spills) in [(1 << 30, false), (4 << 20, true), (1 << 20, true)] {
            let (found, spilled) = sorted(&rows, by, memory, 1, temp.path());
            assert_eq!(spilled, spills, "{by} within {memory}");
            assert!(found == expected, "{by} within {memory}");
        }
        let (found, _) = sorted(&rows, by, 4 << 20, 4, temp.path());
        assert!(found == expected, "{by} with threads");
        let (found, _) = sorted(&rows, by, 1 << 30, 3, temp.path());
        assert!(found == expected, "{by} with threads");
    }
}

#[test]
fn floats_are_in_total_order() {
    let values = [
        f64::NAN,
        1.0,
        -0.0,
        f64::NEG_INFINITY,
        0.0,
        f64::INFINITY,
        -1.0,
    ];
    let column: ArrayRef = Arc::new(Float64Array::from(values.to_vec()));
    let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
    let temp = tempdir().unwrap();
    let settings = SortSettings {
        memory: 1 << 20,
        threads: 1,
        temp_dir: temp.path().to_owned(),
    };
    let mut sorter = Sorter::new(&batch.schema(), &order("x"), settings).unwrap();
    sorter.push(batch, &[0; 7]).unwrap();
    let mut found = Vec::new();
    sorter
        .finish(|_, rows| {
            let column = rows
                .column(0)
                .as_primitive::<arrow_array::types::Float64Type>();
            found.extend(column.values().iter().map(|value| format!("{value:?}")));
            Ok::<(), WriteError>(())
        })
        .unwrap();
    assert_eq!(found, ["-inf", "-1.0", "-0.0", "0.0", "1.0", "inf", "NaN"]);
}

#[test]
fn nothing_in_nothing_out_and_a_missing_folder_is_the_environment() {
    let temp = tempdir().unwrap();
    let rows = rows(60_000);
    let schema = batch(&rows[..1]).schema();
    assert_eq!(
        schema.field(3).data_type().to_string(),
        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)).to_string()
    );
    let settings = |temp_dir: &Path| SortSettings {
        memory: 1 << 20,
        threads: 1,
        temp_dir: temp_dir.to_owned(),
    };
    let sorter = Sorter::new(&schema, &order("id"), settings(temp.path())).unwrap();
    sorter
        .finish(|_, _| -> Result<(), WriteError> { panic!("no rows came") })
        .unwrap();
    let gone = temp.path().join("gone");
    let mut sorter = Sorter::new(&schema, &order("id"), settings(&gone)).unwrap();
    let partitions = vec![0; 777];
    let error = rows
        .chunks(777)
        .find_map(|piece| sorter.push(batch(piece), &partitions[..piece.len()]).err())
        .unwrap();
    assert_eq!(millrace_fault::Coded::exit(&error), Exit::ENVIRONMENT);
    assert!(error.to_string().contains("/gone'"), "{error}");
}
