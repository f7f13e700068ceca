//! Values as folders: inside the dataset, and equal when read back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod support;

use millrace_dataset::listing;
use millrace_testkit::{run_with, tempdir};
use std::process::Command;
use support::*;

const HOSTILE: [Option<&str>; 26] = [
    Some("../../x"),
    Some("a/b"),
    Some("%2F"),
    Some(""),
    None,
    Some("🙂"),
    Some("new\nline"),
    Some("*?[a]{b}"),
    Some("null"),
    Some("NULL"),
    Some("it's"),
    Some("a b"),
    Some(".."),
    Some("."),
    Some("ü"),
    Some("a=b"),
    Some("c\\d"),
    Some("tab\t"),
    Some("+"),
    Some("\0z"),
    Some("05"),
    Some("~"),
    Some("\u{1b}[31m"),
    Some("%"),
    Some("-"),
    Some("\u{202e}rtl"),
];

#[test]
fn hostile_values_stay_inside_and_read_back() {
    let dir = tempdir().unwrap();
    let arguments = ["deep/down/out", "--by", "v"];
    std::fs::create_dir_all(dir.path().join("deep/down")).unwrap();
    let outcome = run_with(
        &mut partition(dir.path(), &arguments),
        &stream(&[values(HOSTILE.to_vec())]),
    )
    .code(0);
    assert_eq!(
        outcome.text().lines().count(),
        HOSTILE.len(),
        "one line a partition"
    );
    let out = dir.path().join("deep/down/out");
    let inside = files(&out).len();
    let state = files(&dir.path().join("deep/down/.out.millrace")).len();
    assert_eq!(inside, HOSTILE.len());
    assert_eq!(files(dir.path()).len(), inside + state, "nothing elsewhere");
    for partition in listing::list(&out).unwrap() {
        let id = ids(&out)[&partition.path][0];
        assert_eq!(
            partition.values[0].1.as_deref(),
            HOSTILE[id as usize],
            "{}",
            partition.path
        );
    }
}

#[test]
fn values_without_a_folder_are_refused_by_name() {
    let long = "€".repeat(90);
    for (value, part) in [
        (long.as_str(), "272 bytes when escaped"),
        ("__HIVE_DEFAULT_PARTITION__", "for null"),
    ] {
        let dir = tempdir().unwrap();
        let input = stream(&[values(vec![Some("ok"), Some(value)])]);
        let refused = run_with(&mut partition(dir.path(), &["out", "--by", "v"]), &input).code(3);
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
        assert_eq!(refused.stderr.lines().count(), 1);
        assert!(files(&dir.path().join("out")).is_empty());
    }
}

/// Other readers give every value back. Needs MILLRACE_TEST_PYTHON with duckdb and pyarrow.
#[test]
fn foreign_readers_read_the_same_values() {
    let Some(python) = std::env::var_os("MILLRACE_TEST_PYTHON") else {
        println!("skipped: MILLRACE_TEST_PYTHON names no Python with duckdb and pyarrow");
        return;
    };
    let dir = tempdir().unwrap();
    run_with(
        &mut partition(dir.path(), &["out", "--by", "v"]),
        &stream(&[values(HOSTILE.to_vec())]),
    )
    .code(0);
    let script = r#"
import json, duckdb, pyarrow as pa, pyarrow.dataset as ds
expected = dict(enumerate(json.load(open("expected.json"))))
found = duckdb.sql("select id, v from read_parquet('out/**/*.parquet', hive_partitioning=true, hive_types={'v': 'VARCHAR'})").fetchall()
assert dict(found) == expected, ("duckdb", found)
table = ds.dataset("out", partitioning=ds.HivePartitioning(pa.schema([("v", pa.string())]))).to_table()
found = dict(zip(table["id"].to_pylist(), table["v"].to_pylist()))
assert found == expected, ("pyarrow", found)
"#;
    let expected = serde_json::to_string(&HOSTILE.to_vec()).unwrap();
    std::fs::write(dir.path().join("expected.json"), expected).unwrap();
    let outcome = Command::new(python)
        .args(["-c", script])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(
        outcome.status.success(),
        "{}",
        String::from_utf8_lossy(&outcome.stderr)
    );
}
