//! `partition --schema-change`: what is taken, what is recorded, and what readers see.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod support;

use arrow_array::{
    ArrayRef, Date32Array, Decimal128Array, Float32Array, Float64Array, Int32Array, Int64Array,
    RecordBatch, StringArray, TimestampMicrosecondArray,
};
use millrace_testkit::{Outcome, TempDir, run, run_with, sh, tempdir, tool};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use support::*;

fn table(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    stream(&[RecordBatch::try_from_iter_with_nullable(columns).unwrap()])
}

fn ints(values: &[i32]) -> ArrayRef {
    Arc::new(Int32Array::from(values.to_vec()))
}

fn longs(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

/// Rows of k int32, p, x float32 in p=a and p=b.
fn base() -> Vec<u8> {
    let x: ArrayRef = Arc::new(Float32Array::from(vec![1.5, 2.5]));
    table(vec![
        ("k", ints(&[1, 2])),
        ("p", texts(&["a", "b"])),
        ("x", x),
    ])
}

/// A row of k int64 and a further column in p=b, x missing.
fn wider() -> Vec<u8> {
    table(vec![
        ("y", texts(&["new"])),
        ("p", texts(&["b"])),
        ("k", longs(&[3_000_000_000])),
    ])
}

fn dataset() -> TempDir {
    let dir = tempdir().unwrap();
    append(&dir, &["--by", "p", "--run-id", "base"], &base()).code(0);
    dir
}

fn append(dir: &TempDir, more: &[&str], input: &[u8]) -> Outcome {
    let arguments = [&["out", "--mode", "append"], more].concat();
    run_with(&mut partition(dir.path(), &arguments), input)
}

/// Name and type of each recorded column.
fn recorded(dir: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(dir.join(".out.millrace/dataset.json")).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let field = |field: &Value| {
        let exact = field.get("arrowType").unwrap_or(&field["type"]);
        (
            field["name"].as_str().unwrap().to_owned(),
            exact.as_str().unwrap().to_owned(),
        )
    };
    let fields = value["dataset"]["schema"]["fields"].as_array().unwrap();
    fields.iter().map(field).collect()
}

fn pair(name: &str, kind: &str) -> (String, String) {
    (name.to_owned(), kind.to_owned())
}

/// What `prune` answers, a JSON object a row, and the schema of its stream.
fn pruned(dir: &TempDir, arguments: &str) -> (Vec<Value>, String) {
    let rows = sh(
        dir.path(),
        &format!("prune out {arguments} | show --output ndjson"),
    );
    let rows = run(&mut { rows }).code(0).text();
    let schema = sh(
        dir.path(),
        &format!("prune out {arguments} | show --output schema"),
    );
    let rows = rows
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    (rows, run(&mut { schema }).code(0).text())
}

#[test]
fn widen_unites_by_name_and_readers_see_the_union() {
    let dir = dataset();
    append(&dir, &["--schema-change", "widen"], &wider()).code(0);
    let union = [
        pair("k", "integer"),
        pair("x", "float32"),
        pair("y", "string"),
    ];
    assert_eq!(recorded(dir.path()), union);
    // The first columns again: narrower, and without y.
    append(&dir, &["--schema-change", "widen"], &base()).code(0);
    assert_eq!(recorded(dir.path()), union);
    let (rows, whole) = pruned(&dir, "");
    let expected = [
        json!({"k": 1, "x": 1.5, "y": null, "p": "a"}),
        json!({"k": 1, "x": 1.5, "y": null, "p": "a"}),
        json!({"k": 2, "x": 2.5, "y": null, "p": "b"}),
        json!({"k": 3_000_000_000_i64, "x": null, "y": "new", "p": "b"}),
        json!({"k": 2, "x": 2.5, "y": null, "p": "b"}),
    ];
    let mut found: Vec<String> = rows.iter().map(Value::to_string).collect();
    let mut expected: Vec<String> = expected.iter().map(Value::to_string).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    // The same columns and types, whichever files are read.
    for part in ["p=a", "--where \"k < 2\"", "--where \"y = 'new'\""] {
        assert_eq!(pruned(&dir, part).1, whole, "{part}");
    }
    let one = pruned(&dir, "--where \"k > 2500000000\"").0;
    assert_eq!(one.len(), 1);
    // A stream of the recorded columns needs no flag; compact unites the files.
    run(tool("compact")
        .current_dir(dir.path())
        .args(["out", "--all"]))
    .code(0);
    let mut after: Vec<String> = pruned(&dir, "").0.iter().map(Value::to_string).collect();
    after.sort();
    assert_eq!(after, expected);
}

#[test]
fn refuse_is_the_default_and_names_column_and_types() {
    let dir = dataset();
    let before = files(dir.path());
    let refused = append(&dir, &[], &wider()).code(3);
    for part in [
        "column 1 is",
        "\"y\"",
        "recorded is",
        "\"k\"",
        "--schema-change",
    ] {
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
    assert_eq!(files(dir.path()), before);
    let path = table(vec![
        ("k", ints(&[1])),
        ("p", ints(&[7])),
        ("x", Arc::new(Float32Array::from(vec![1.0]))),
    ]);
    let refused = append(&dir, &[], &path).code(3);
    assert!(
        refused
            .stderr
            .contains("partition column 'p' is Int32, recorded is Utf8"),
        "{}",
        refused.stderr
    );
}

#[test]
fn widen_refuses_what_would_lose_or_move_something() {
    let dir = dataset();
    let before = files(dir.path());
    let with_k = |k: ArrayRef| table(vec![("k", k), ("p", texts(&["a"]))]);
    for (k, found) in [
        (texts(&["1"]), "column 'k' is Utf8, recorded is Int32"),
        (
            Arc::new(Date32Array::from(vec![1])) as ArrayRef,
            "column 'k' is Date32, recorded is Int32",
        ),
        (
            Arc::new(TimestampMicrosecondArray::from(vec![1])),
            "column 'k' is Timestamp(µs), recorded is Int32",
        ),
    ] {
        let refused = append(&dir, &["--schema-change", "widen"], &with_k(k)).code(3);
        assert!(refused.stderr.contains(found), "{}", refused.stderr);
    }
    let long_to_double = table(vec![
        ("k", ints(&[1])),
        ("p", texts(&["a"])),
        ("x", longs(&[1])),
    ]);
    let refused = append(&dir, &["--schema-change", "widen"], &long_to_double).code(3);
    assert!(
        refused.stderr.contains("column 'x' is Int64"),
        "{}",
        refused.stderr
    );
    assert_eq!(files(dir.path()), before);
}

#[test]
fn columns_that_partitions_depend_on_keep_their_places() {
    let money = |digits: u8, scale: i8| -> ArrayRef {
        Arc::new(
            Decimal128Array::from(vec![1500])
                .with_precision_and_scale(digits, scale)
                .unwrap(),
        )
    };
    let dir = tempdir().unwrap();
    let by = ["--by", "b=bucket(8,m),n", "--schema-change", "widen"];
    let rows = |m: ArrayRef, n: ArrayRef| table(vec![("m", m), ("n", n), ("v", ints(&[1]))]);
    append(&dir, &by, &rows(money(10, 2), ints(&[5]))).code(0);
    append(&dir, &by, &rows(money(20, 2), longs(&[5]))).code(0);
    assert_eq!(recorded(dir.path())[0].0, "m");
    assert_eq!(pruned(&dir, "--where \"n = 5\"").0.len(), 2);
    let refused = append(&dir, &by, &rows(money(20, 3), longs(&[5]))).code(3);
    assert!(
        refused.stderr.contains("and partitions depend on it"),
        "{}",
        refused.stderr
    );
}

#[test]
fn replace_takes_any_columns_where_the_rest_still_fits() {
    let dir = dataset();
    let before = files(dir.path());
    let replace = ["--mode", "overwrite", "--schema-change", "replace"];
    let overwrite = |input: &[u8]| {
        let arguments = [&["out"], &replace[..]].concat();
        run_with(&mut partition(dir.path(), &arguments), input)
    };
    // p=a would stay, with k as a number.
    let one = table(vec![("k", texts(&["one"])), ("p", texts(&["b"]))]);
    let refused = overwrite(&one).code(3);
    for part in [
        "column 'k' is Utf8 in 'the stream' but Int32 in",
        "p=a/part-00000-",
    ] {
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
    assert_eq!(files(&dir.path().join("out")), {
        let out: std::collections::BTreeMap<_, _> = before
            .into_iter()
            .filter_map(|(name, bytes)| Some((name.strip_prefix("out/")?.to_owned(), bytes)))
            .collect();
        out
    });
    // It says so in a dry run too.
    let arguments = [&["out", "--dry-run"], &replace[..]].concat();
    run_with(&mut partition(dir.path(), &arguments), &one).code(3);
    // What fits beside it may lose columns and change types.
    let fits = table(vec![("k", longs(&[9])), ("p", texts(&["b"]))]);
    overwrite(&fits).code(0);
    assert_eq!(recorded(dir.path()), [pair("k", "integer")]);
    assert_eq!(pruned(&dir, "").0.len(), 2);
    // Replacing all of it may do anything.
    let all = table(vec![
        ("k", texts(&["one", "two"])),
        ("p", texts(&["a", "b"])),
    ]);
    overwrite(&all).code(0);
    assert_eq!(recorded(dir.path()), [pair("k", "string")]);
    assert_eq!(pruned(&dir, "").0[1]["k"], "two");
}

#[test]
fn a_column_that_was_dropped_comes_back_only_as_it_is_in_the_files() {
    let dir = dataset();
    let replace = ["--schema-change", "replace"];
    append(
        &dir,
        &replace,
        &table(vec![("k", ints(&[4])), ("p", texts(&["c"]))]),
    )
    .code(0);
    assert_eq!(recorded(dir.path()), [pair("k", "int32")]);
    let back = |x: ArrayRef| table(vec![("k", ints(&[5])), ("p", texts(&["c"])), ("x", x)]);
    let widen = ["--schema-change", "widen"];
    let refused = append(&dir, &widen, &back(texts(&["text"]))).code(3);
    assert!(
        refused
            .stderr
            .contains("column 'x' is Utf8 in 'the stream' but Float32 in"),
        "{}",
        refused.stderr
    );
    append(&dir, &widen, &back(Arc::new(Float64Array::from(vec![0.5])))).code(0);
    assert_eq!(pruned(&dir, "--where \"x = 1.5\"").0.len(), 1);
}

#[test]
fn recovery_carries_the_schema_and_undo_takes_it_back() {
    for place in ["tx.commit.ready", "tx.flips.synced", "tx.recorded"] {
        let dir = dataset();
        let widen = [
            "out",
            "--mode",
            "append",
            "--schema-change",
            "widen",
            "--run-id",
            "w",
        ];
        let mut command = partition(dir.path(), &widen);
        command.env("MILLRACE_FAILPOINT", format!("{place}=kill"));
        run_with(&mut command, &wider()).code(137);
        // Any writer completes it; the same run again is a no-op.
        run_with(&mut partition(dir.path(), &widen), &wider()).code(0);
        assert_eq!(recorded(dir.path()).len(), 3, "{place}");
        assert_eq!(pruned(&dir, "").0.len(), 3, "{place}");
        run(&mut partition(dir.path(), &["out", "--undo", "w"])).code(0);
        assert_eq!(
            recorded(dir.path()),
            [pair("k", "int32"), pair("x", "float32")]
        );
    }
    // Before the commit point nothing is recorded.
    let dir = dataset();
    let widen = ["out", "--mode", "append", "--schema-change", "widen"];
    let mut command = partition(dir.path(), &widen);
    command.env("MILLRACE_FAILPOINT", "tx.commit.before=kill");
    run_with(&mut command, &wider()).code(137);
    assert_eq!(recorded(dir.path()).len(), 2);
}

#[test]
fn undo_keeps_a_schema_that_later_files_need() {
    let dir = dataset();
    let widen = ["--schema-change", "widen"];
    append(&dir, &[&widen[..], &["--run-id", "w"]].concat(), &wider()).code(0);
    let later = table(vec![
        ("k", longs(&[4])),
        ("p", texts(&["c"])),
        ("x", Arc::new(Float32Array::from(vec![1.0])) as ArrayRef),
        ("y", texts(&["late"])),
    ]);
    append(&dir, &[], &later).code(0);
    run(&mut partition(dir.path(), &["out", "--undo", "w"])).code(0);
    assert_eq!(recorded(dir.path()).len(), 3);
    append(&dir, &[], &later).code(0);
}

#[test]
fn a_run_that_was_committed_before_the_change_is_still_a_no_op() {
    let dir = dataset();
    append(&dir, &["--schema-change", "widen"], &wider()).code(0);
    let again = append(&dir, &["--by", "p", "--run-id", "base"], &base()).code(0);
    assert!(
        again.stderr.contains("already committed"),
        "{}",
        again.stderr
    );
    assert_eq!(count_rows(&dir), 3);
}

fn count_rows(dir: &TempDir) -> usize {
    pruned(dir, "").0.len()
}
