//! `compact --sort-by`: a partition's rows in order, recorded, and left alone the next time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod tree;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray};
use millrace_testkit::{Outcome, run, tempdir, tool};
use std::fs;
use std::path::Path;
use std::sync::Arc;

fn compact(root: &Path, args: &[&str]) -> Outcome {
    run(tool("compact").arg(root).args(args))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Many ties and some nulls.
fn key(id: i64) -> Option<i64> {
    let noise = (id as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 40;
    (!noise.is_multiple_of(19)).then_some((noise % 500) as i64)
}

fn rows(first: i64, count: i64) -> RecordBatch {
    let ids = first..first + count;
    let noise = |id: i64| (id as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let text = |id: i64| format!("{:016x}{:016x}", noise(id), noise(id ^ 77).rotate_left(9));
    RecordBatch::try_from_iter_with_nullable([
        (
            "id",
            Arc::new(Int64Array::from_iter_values(ids.clone())) as ArrayRef,
            true,
        ),
        (
            "k",
            Arc::new(ids.clone().map(key).collect::<Int64Array>()),
            true,
        ),
        (
            "text",
            Arc::new(StringArray::from_iter_values(ids.map(text))),
            true,
        ),
    ])
    .unwrap()
}

/// `parts` files of `count` rows each in p=0 and p=1.
fn write(root: &Path, parts: i64, count: i64) {
    for p in 0..2 {
        let folder = root.join(format!("p={p}"));
        fs::create_dir_all(&folder).unwrap();
        for part in 0..parts {
            let path = folder.join(format!("part-{part}.parquet"));
            tree::file(
                &path,
                &rows((p * parts + part) * count, count),
                &[("owner", "us")],
            );
        }
    }
}

fn ids(root: &Path, partition: &str) -> Vec<i64> {
    let (_, batch) = &tree::read(root)[partition];
    let column = batch.column_by_name("id").unwrap();
    column.as_primitive::<Int64Type>().values().to_vec()
}

fn sorted(mut ids: Vec<i64>, descending: bool) -> Vec<i64> {
    ids.sort_unstable();
    ids.sort_by_key(|id| match (key(*id), descending) {
        (None, _) => (1, 0),
        (Some(key), false) => (0, key),
        (Some(key), true) => (0, -key),
    });
    ids
}

#[test]
fn rows_are_sorted_across_files_and_a_second_run_does_nothing() {
    let base = tempdir().unwrap();
    let root = base.path().join("out");
    write(&root, 5, 20_000);
    let before = [ids(&root, "p=0"), ids(&root, "p=1")];
    // A budget that forces runs to be spilled, and several files.
    let args = [
        "--all",
        "--sort-by",
        "k",
        "--target-size",
        "500kB",
        "--memory",
        "4MB",
    ];
    let done = compact(&root, &args).code(0);
    assert_eq!(done.text(), "p=0\np=1\n");
    for (at, before) in before.into_iter().enumerate() {
        let partition = format!("p={at}");
        assert!(
            ids(&root, &partition) == sorted(before, false),
            "{partition}"
        );
        let files = names(&root.join(&partition));
        let sizes: Vec<u64> = files
            .iter()
            .map(|name| {
                fs::metadata(root.join(&partition).join(name))
                    .unwrap()
                    .len()
            })
            .collect();
        assert!(sizes.len() > 2, "{sizes:?}");
        assert!(sizes.iter().all(|size| *size < 1_000_000), "{sizes:?}");
        for name in files {
            let footer = tree::footer(&root.join(&partition).join(name));
            for group in footer.metadata().row_groups() {
                let sorting = group.sorting_columns().unwrap();
                assert_eq!((sorting.len(), sorting[0].column_idx), (1, 1));
                assert!(!sorting[0].descending && !sorting[0].nulls_first);
            }
            let pairs = footer
                .metadata()
                .file_metadata()
                .key_value_metadata()
                .unwrap();
            assert!(pairs.iter().any(|pair| pair.key == "owner"));
        }
    }
    assert!(
        fs::read_dir(base.path().join(".out.millrace/tx"))
            .unwrap()
            .next()
            .is_none()
    );
    let files = names(&root.join("p=0"));
    let again = compact(&root, &args).code(0);
    assert_eq!(
        (again.text().as_str(), again.stderr.as_str()),
        ("", "compact: nothing to compact\n")
    );
    assert_eq!(names(&root.join("p=0")), files);
    // Another order is another matter.
    let args = ["p=0", "--sort-by", "k desc", "--target-size", "500kB"];
    assert_eq!(compact(&root, &args).code(0).text(), "p=0\n");
    let found = ids(&root, "p=0");
    assert!(found == sorted(found.clone(), true));
    assert_eq!(compact(&root, &args).code(0).text(), "");
}

#[test]
fn what_partition_sorted_is_left_alone_until_rows_are_added() {
    let base = tempdir().unwrap();
    let root = base.path().join("out");
    write(&root, 2, 3000);
    let script = "prune out | partition sorted --by p --sort-by 'k,id desc' && compact sorted --all --sort-by k \
                  && compact sorted --all --sort-by 'k,id desc'";
    let done = run(&mut millrace_testkit::sh(base.path(), script)).code(0);
    assert_eq!(
        done.stderr.matches("nothing to compact").count(),
        2,
        "{}",
        done.stderr
    );
    let script = "compact sorted --all --sort-by 'k,id' && prune out --limit 10 | partition sorted --mode append --sort-by 'k,id' \
                  && compact sorted --all --sort-by 'k,id' && compact sorted --all --sort-by 'k,id'";
    let done = run(&mut millrace_testkit::sh(base.path(), script)).code(0);
    assert_eq!(
        done.stderr.matches("nothing to compact").count(),
        1,
        "{}",
        done.stderr
    );
    let (files, batch) = &tree::read(&base.path().join("sorted"))["p=0"];
    assert_eq!((*files, batch.num_rows()), (1, 6010));
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    let contents = |threads: &str| {
        let base = tempdir().unwrap();
        let root = base.path().join("out");
        write(&root, 3, 5000);
        let args = [
            "--all",
            "--sort-by",
            "k",
            "--run-id",
            "r",
            "--threads",
            threads,
            "--memory",
            "300MB",
        ];
        compact(&root, &args).code(0);
        let read = |p: &str| {
            let folder = root.join(p);
            names(&folder)
                .into_iter()
                .map(|name| {
                    fs::read(folder.join(&name))
                        .map(|bytes| (name, bytes))
                        .unwrap()
                })
                .collect::<Vec<_>>()
        };
        [read("p=0"), read("p=1")]
    };
    let one = contents("1");
    assert!(contents("2") == one && contents("4") == one);
}

#[test]
fn refusals_and_crashes_leave_the_rows() {
    let base = tempdir().unwrap();
    let root = base.path().join("out");
    write(&root, 3, 200);
    let refused = compact(&root, &["--all", "--sort-by", "nope"]).code(2);
    for part in ["cannot sort partition 'p=0'", "no column 'nope'"] {
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
    let before = tree::ids(&root);
    for place in [
        "tx.stage.checked",
        "tx.commit.before",
        "tx.commit.ready",
        "tx.flip#2",
        "tx.recorded",
    ] {
        let mut command = tool("compact");
        command.env("MILLRACE_FAILPOINT", format!("{place}=kill"));
        run(command.arg(&root).args(["--all", "--sort-by", "k desc"])).code(137);
        assert_eq!(tree::ids(&root), before, "{place}");
        compact(&root, &["--all", "--sort-by", "k"]).code(0);
        assert_eq!(tree::ids(&root), before, "{place}");
    }
    let found = ids(&root, "p=1");
    assert_eq!(found, sorted(found.clone(), false));
    assert_eq!(
        tree::read(&root)["p=1"].1.column(1).null_count(),
        found.iter().filter(|id| key(**id).is_none()).count()
    );
}
