//! `partition --sort-by`: rows in order across the files of a partition, within the budget.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod support;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use millrace_testkit::{run_with, tempdir};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::ParquetMetaData;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use support::*;

/// Columns id, k (many ties, some null), p and ballast that hardly compresses.
fn table(start: i64, n: i64) -> RecordBatch {
    let noise = |i: i64| {
        (i as u64)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(29)
    };
    let ids = start..start + n;
    let k: Int64Array = ids.clone().map(key).collect();
    let p = ids
        .clone()
        .map(|i| ["a", "b", "b", "b"][noise(i) as usize % 4]);
    let ballast = ids.clone().map(|i| {
        let one = noise(i);
        format!(
            "{one:016x}{:016x}{:016x}",
            one.wrapping_mul(31) ^ 7,
            noise(i + 1).wrapping_mul(one | 1)
        )
    });
    RecordBatch::try_from_iter_with_nullable([
        (
            "id",
            Arc::new(Int64Array::from_iter_values(ids.clone())) as ArrayRef,
            true,
        ),
        ("k", Arc::new(k), true),
        ("p", Arc::new(StringArray::from_iter_values(p)), true),
        (
            "ballast",
            Arc::new(StringArray::from_iter_values(ballast)),
            true,
        ),
    ])
    .unwrap()
}

/// The key of row `i`.
fn key(i: i64) -> Option<i64> {
    let noise = (i as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 40;
    (!noise.is_multiple_of(17)).then_some((noise % 1000) as i64)
}

fn input(rows: i64) -> Vec<u8> {
    let batches: Vec<RecordBatch> = (0..rows)
        .step_by(4096)
        .map(|start| table(start, 4096.min(rows - start)))
        .collect();
    stream(&batches)
}

fn write_sorted(dir: &Path, order: &str, more: &[&str], input: &[u8]) -> millrace_testkit::Outcome {
    let arguments = [&["out", "--by", "p", "--sort-by", order], more].concat();
    run_with(&mut partition(dir, &arguments), input)
}

/// The ids of each partition in the order of its files, and how many files there are.
fn read(root: &Path) -> BTreeMap<String, (usize, Vec<i64>)> {
    let mut found: BTreeMap<String, (usize, Vec<i64>)> = BTreeMap::new();
    for name in files(root).keys() {
        let partition = name.rsplit_once('/').unwrap().0.to_owned();
        let entry = found.entry(partition).or_default();
        entry.0 += 1;
        let file = File::open(root.join(name)).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            let ids = batch.column_by_name("id").unwrap();
            entry
                .1
                .extend(ids.as_primitive::<Int64Type>().values().iter());
        }
    }
    found
}

fn footer(path: &Path) -> Arc<ParquetMetaData> {
    let file = File::open(path).unwrap();
    ParquetRecordBatchReaderBuilder::try_new(file)
        .unwrap()
        .metadata()
        .clone()
}

/// Ids of a partition by key, equal ones in the order of the stream.
fn expected(ids: &[i64], descending: bool) -> Vec<i64> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    let place = |id: &i64| match (key(*id), descending) {
        (None, _) => (1, 0),
        (Some(key), false) => (0, key),
        (Some(key), true) => (0, -key),
    };
    ids.sort_by_key(place);
    ids
}

#[test]
fn every_partition_is_in_order_over_all_of_its_files() {
    let input = input(60_000);
    for (order, descending) in [("k", false), ("k desc", true)] {
        let dir = tempdir().unwrap();
        let out = dir.path().join("out");
        // 60 000 rows of about 100 bytes with a budget of 2 MB: dozens of runs.
        let more = [
            "--memory",
            "2MB",
            "--target-size",
            "300kB",
            "--temp-dir",
            "temp",
        ];
        std::fs::create_dir(dir.path().join("temp")).unwrap();
        write_sorted(dir.path(), order, &more, &input).code(0);
        assert_eq!(
            std::fs::read_dir(dir.path().join("temp")).unwrap().count(),
            0
        );
        let found = read(&out);
        assert_eq!(
            found.values().map(|(_, ids)| ids.len()).sum::<usize>(),
            60_000
        );
        for (partition, (count, ids)) in &found {
            assert!(
                *count > 1 || partition == "p=a",
                "{partition} has {count} files"
            );
            assert!(*ids == expected(ids, descending), "{order} in {partition}");
        }
        for name in files(&out).keys() {
            for group in footer(&out.join(name)).row_groups() {
                let sorting = group.sorting_columns().unwrap();
                let said: Vec<_> = sorting
                    .iter()
                    .map(|column| (column.column_idx, column.descending, column.nulls_first))
                    .collect();
                // p is in the path: k is the second column of the files.
                assert_eq!(said, [(1, descending, false)]);
            }
        }
    }
}

#[test]
fn nulls_go_where_they_are_asked_to() {
    let dir = tempdir().unwrap();
    write_sorted(dir.path(), "k desc nulls first,id desc", &[], &input(3000)).code(0);
    for (_, ids) in read(&dir.path().join("out")).values() {
        let mut expected = ids.clone();
        expected.sort_by_key(|id| (key(*id).is_some(), key(*id).map(|key| -key), -id));
        assert_eq!(*ids, expected);
        assert!(key(ids[0]).is_none());
    }
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    let input = input(40_000);
    for memory in ["2MB", "256MB"] {
        let all: Vec<_> = ["1", "2", "5"]
            .map(|threads| {
                let dir = tempdir().unwrap();
                let more = [
                    "--threads",
                    threads,
                    "--run-id",
                    "r",
                    "--memory",
                    memory,
                    "--target-size",
                    "500kB",
                ];
                write_sorted(dir.path(), "k", &more, &input).code(0);
                files(&dir.path().join("out"))
            })
            .into();
        assert!(all.iter().all(|files| *files == all[0]), "{memory}");
    }
}

/// The budget holds for one partition that is many times larger.
#[test]
fn memory_is_bounded_for_a_large_partition() {
    let peak = |rows: i64, memory: &str| {
        let dir = tempdir().unwrap();
        let arguments = [
            "out",
            "--sort-by",
            "k",
            "--memory",
            memory,
            "--metrics",
            "m",
            "--threads",
            "1",
        ];
        run_with(&mut partition(dir.path(), &arguments), &input(rows)).code(0);
        let line = std::fs::read_to_string(dir.path().join("m")).unwrap();
        let metrics: serde_json::Value = serde_json::from_str(&line).unwrap();
        metrics["peak_rss_bytes"].as_u64().unwrap()
    };
    let few = peak(1000, "16MB");
    // About 90 MB of rows.
    let many = peak(900_000, "16MB");
    assert!(
        many < few + 40_000_000,
        "{few} bytes for few rows, {many} for many"
    );
}

#[test]
fn what_cannot_be_sorted_by_is_refused() {
    let input = input(10);
    for (order, said) in [
        (
            "nope",
            "no column 'nope' to sort by; the files' columns are id, k, ballast",
        ),
        ("p", "no column 'p' to sort by"),
        ("k,k desc", "occurs twice"),
        ("k up", "'up' is not asc, desc"),
        ("", "expected a column"),
    ] {
        let dir = tempdir().unwrap();
        let refused = write_sorted(dir.path(), order, &[], &input).code(2);
        assert!(refused.stderr.contains(said), "{order}: {}", refused.stderr);
        assert!(files(dir.path()).is_empty());
    }
}

#[test]
fn a_kill_while_rows_are_sorted_leaves_nothing() {
    let dir = tempdir().unwrap();
    std::fs::create_dir(dir.path().join("temp")).unwrap();
    let arguments = [
        "out",
        "--by",
        "p",
        "--sort-by",
        "k",
        "--memory",
        "2MB",
        "--temp-dir",
        "temp",
    ];
    let mut child = partition(dir.path(), &arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input(60_000);
    // All but the end: it has spilled by then, and waits.
    std::io::Write::write_all(&mut stdin, &input[..input.len() - 64]).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(files(&dir.path().join("out")).is_empty());
    assert_eq!(
        std::fs::read_dir(dir.path().join("temp")).unwrap().count(),
        0
    );
    // Also at the commit's first steps, and the next run does it whole.
    for place in ["tx.stage.checked", "tx.stage.synced", "tx.commit.before"] {
        let mut command = partition(dir.path(), &arguments);
        command.env("MILLRACE_FAILPOINT", format!("{place}=kill"));
        run_with(&mut command, &input).code(137);
        assert!(files(&dir.path().join("out")).is_empty(), "{place}");
    }
    run_with(&mut partition(dir.path(), &arguments), &input).code(0);
    assert_eq!(
        read(&dir.path().join("out"))
            .values()
            .map(|(_, ids)| ids.len())
            .sum::<usize>(),
        60_000
    );
    let state = dir.path().join(".out.millrace/tx");
    assert_eq!(std::fs::read_dir(state).unwrap().count(), 0);
}

#[test]
fn a_poisoned_stream_commits_nothing_and_a_repetition_is_a_no_op() {
    let dir = tempdir().unwrap();
    let cut = poisoned(&[table(0, 5000)]);
    write_sorted(dir.path(), "k", &[], &cut).code(3);
    assert!(files(&dir.path().join("out")).is_empty());
    write_sorted(dir.path(), "k", &["--run-id", "r"], &input(5000)).code(0);
    let again = write_sorted(dir.path(), "k", &["--run-id", "r"], &input(5000)).code(0);
    assert!(
        again.stderr.contains("already committed"),
        "{}",
        again.stderr
    );
}

#[test]
fn pages_of_the_first_column_can_be_skipped() {
    let dir = tempdir().unwrap();
    write_sorted(dir.path(), "k", &[], &input(50_000)).code(0);
    let out = dir.path().join("out");
    let name = files(&out)
        .into_keys()
        .find(|name| name.starts_with("p=b/"))
        .unwrap();
    let options = parquet::arrow::arrow_reader::ArrowReaderOptions::new()
        .with_page_index_policy(parquet::file::metadata::PageIndexPolicy::Required);
    let file = File::open(out.join(name)).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).unwrap();
    assert!(reader.metadata().column_index().is_some());
    let script = "prune out --where \"k = 7\" --count";
    let count = millrace_testkit::run(&mut millrace_testkit::sh(dir.path(), script)).code(0);
    let expected = (0..50_000).filter(|id| key(*id) == Some(7)).count();
    assert_eq!(count.text().trim(), expected.to_string());
}
