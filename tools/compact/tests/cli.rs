//! The tool as a process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod tree;

use arrow_array::{ArrayRef, Int32Array, ListArray, RecordBatch, StringArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field};
use millrace_testkit::{Outcome, run, run_with, sh, tempdir, tool};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

fn compact(root: &Path, args: &[&str]) -> Outcome {
    run(tool("compact").arg(root).args(args))
}

fn names(root: &Path, partition: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root.join(partition))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn small_files_become_one_and_a_second_run_does_nothing() {
    let base = tempdir().unwrap();
    let root = base.path().join("out");
    tree::write(&root, 3, 7, 500);
    let before = tree::read(&root);
    let done = compact(&root, &["--all"]).code(0);
    assert_eq!(done.text(), "order_hour=0\norder_hour=1\norder_hour=2\n");
    let after = tree::read(&root);
    for (path, (files, rows)) in &after {
        assert_eq!(*files, 1);
        assert_eq!(*rows, before[path].1, "{path}");
    }
    assert!(root.join("_SUCCESS").exists());
    let files = names(&root, "order_hour=1");
    let again = compact(&root, &["--all"]).code(0);
    assert_eq!(
        (again.text().as_str(), again.stderr.as_str()),
        ("", "compact: nothing to compact\n")
    );
    assert_eq!(names(&root, "order_hour=1"), files);
    assert!(
        files.len() == 1 && files[0].starts_with("part-00000-") && files[0].ends_with(".parquet"),
        "{files:?}"
    );
}

#[test]
fn huge_files_are_split_at_the_target() {
    let base = tempdir().unwrap();
    let root = base.path().join("out");
    tree::write(&root, 1, 1, 200_000);
    let before = tree::read(&root);
    compact(&root, &["--all", "--target-size", "300kB"]).code(0);
    let after = tree::read(&root);
    assert_eq!(after["order_hour=0"].1, before["order_hour=0"].1);
    let files = names(&root, "order_hour=0");
    assert!(files.len() > 3, "{files:?}");
    for name in &files[..files.len() - 1] {
        let size = fs::metadata(root.join("order_hour=0").join(name))
            .unwrap()
            .len();
        assert!((250_000..450_000).contains(&size), "{name} {size}");
    }
    assert_eq!(
        compact(&root, &["--all", "--target-size", "300kB"])
            .code(0)
            .text(),
        ""
    );
}

#[test]
fn good_row_groups_are_copied_with_their_indexes() {
    let base = tempdir().unwrap();
    let root = base.path().join("out");
    fs::create_dir_all(&root).unwrap();
    for part in 0..4 {
        tree::file(
            &root.join(format!("{part}.parquet")),
            &tree::batch(part * 60_000, 60_000),
            &[],
        );
    }
    // A small one among them is encoded again, in the same file.
    tree::file(&root.join("2b.parquet"), &tree::batch(500_000, 100), &[]);
    let size = fs::metadata(root.join("0.parquet")).unwrap().len();
    let target = (size * 5 / 2).to_string();
    let before = tree::read(&root);
    let old = tree::footer(&root.join("0.parquet"));
    let done = compact(&root, &["--all", "--target-size", &target]).code(0);
    assert_eq!(done.text(), ".\n");
    assert_eq!(tree::read(&root)[""].1, before[""].1);
    let files = names(&root, "");
    assert_eq!(files.len(), 2, "{files:?}");
    let new = tree::footer(&root.join(&files[0]));
    let (old_group, new_group) = (old.metadata().row_group(0), new.metadata().row_group(0));
    assert_eq!(new_group.num_rows(), 60_000);
    for leaf in 0..2 {
        let (old_column, new_column) = (old_group.column(leaf), new_group.column(leaf));
        assert_eq!(old_column.statistics(), new_column.statistics());
        assert_eq!(old_column.compressed_size(), new_column.compressed_size());
        let pages = |footer: &parquet::arrow::arrow_reader::ArrowReaderMetadata| {
            let footer = footer.metadata();
            (
                footer.column_index().unwrap()[0][leaf].clone(),
                footer.offset_index().unwrap()[0][leaf]
                    .page_locations()
                    .len(),
            )
        };
        assert_eq!(pages(&old), pages(&new));
        assert_eq!(
            old_column.bloom_filter_offset().is_some(),
            new_column.bloom_filter_offset().is_some()
        );
        assert!(pages(&new).1 > 10);
    }
    assert!(new_group.column(0).bloom_filter_offset().is_some());
}

#[test]
fn row_groups_without_page_indexes_stand_beside_others() {
    let base = tempdir().unwrap();
    let root = base.path().join("out");
    fs::create_dir_all(&root).unwrap();
    let lists = |rows: &RecordBatch| {
        let ids = rows.column(0).clone();
        let mut columns = rows.columns().to_vec();
        let offsets = OffsetBuffer::from_lengths(vec![1; rows.num_rows()]);
        let item = Arc::new(Field::new("item", DataType::Int64, true));
        columns.push(Arc::new(ListArray::new(item, offsets, ids, None)));
        let names = ["id", "text", "list"].into_iter().zip(columns);
        RecordBatch::try_from_iter_with_nullable(names.map(|(name, column)| (name, column, true)))
    };
    for (nested, copied) in [(false, 2), (true, 0)] {
        for part in 0..3 {
            // The last one is small, and encoded again.
            let rows = tree::batch(part * 60_000, if part == 2 { 100 } else { 60_000 });
            let rows = if nested { lists(&rows).unwrap() } else { rows };
            tree::plain_file(&root.join(format!("{part}.parquet")), &rows);
        }
        let before = tree::read(&root);
        let size = fs::metadata(root.join("0.parquet")).unwrap().len();
        let target = (size * 4).to_string();
        let args = ["--all", "--target-size", &target];
        let told = compact(
            &root,
            &[&args[..], &["--dry-run", "--output", "json"]].concat(),
        );
        let told: Value = serde_json::from_str(&told.code(0).text()).unwrap();
        assert_eq!(told["partitions"][0]["copied_row_groups"], copied, "{told}");
        compact(&root, &args).code(0);
        assert_eq!(tree::read(&root)[""].1, before[""].1);
        let files = names(&root, "");
        let [file] = &files[..] else {
            panic!("{files:?}");
        };
        // Each page of each row group is found by its place; copied ones have 1,024 rows.
        let footer = tree::footer(&root.join(file));
        let places = footer.metadata().offset_index().unwrap().iter().flatten();
        let counts = places.map(|index| index.page_locations().len());
        assert!(counts.max().unwrap() >= if nested { 2 } else { 58 });
        fs::remove_dir_all(&root).unwrap();
        fs::remove_dir_all(base.path().join(".out.millrace")).unwrap();
        fs::create_dir_all(&root).unwrap();
    }
}

#[test]
fn columns_that_differ_are_merged_by_name() {
    let base = tempdir().unwrap();
    let root = base.path().join("out");
    tree::write(&root, 1, 1, 10);
    let a = |array: ArrayRef| array;
    let newer = RecordBatch::try_from_iter_with_nullable([
        (
            "note",
            a(Arc::new(StringArray::from(vec![Some("n"), None]))),
            true,
        ),
        ("id", a(Arc::new(Int32Array::from(vec![100, 101]))), true),
    ])
    .unwrap();
    tree::file(&root.join("order_hour=0/z.parquet"), &newer, &[]);
    let before = tree::read(&root);
    compact(&root, &["order_hour=0"]).code(0);
    let after = tree::read(&root);
    assert_eq!(after["order_hour=0"].0, 1);
    assert_eq!(after["order_hour=0"].1, before["order_hour=0"].1);
    let odd =
        RecordBatch::try_from_iter([("id", a(Arc::new(StringArray::from(vec!["x"]))))]).unwrap();
    tree::file(&root.join("order_hour=0/zz.parquet"), &odd, &[]);
    let files = names(&root, "order_hour=0");
    let refused = compact(&root, &["--all"]).code(3);
    assert!(
        refused.stderr.contains("column 'id' is Int64 in '")
            && refused.stderr.contains("zz.parquet'"),
        "{}",
        refused.stderr
    );
    assert_eq!(names(&root, "order_hour=0"), files);
}

#[test]
fn texts_with_and_without_dictionaries_stand_side_by_side() {
    for codec in [Compression::ZSTD(ZstdLevel::default()), Compression::SNAPPY] {
        let base = tempdir().unwrap();
        let root = base.path().join("out");
        fs::create_dir_all(root.join("k=1")).unwrap();
        for part in 0..6i32 {
            let text = |n: i32| (n % 7 != part).then(|| format!("text {}", n % (3 + 2 * part)));
            let texts: StringArray = (0..2000).map(text).collect();
            let none: StringArray = (0..2000).map(|_| None::<&str>).collect();
            let columns: [(&str, ArrayRef, bool); 3] = [
                ("id", Arc::new(Int32Array::from_iter_values(0..2000)), false),
                ("text", Arc::new(texts), true),
                ("none", Arc::new(none), true),
            ];
            let rows = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
            let properties = WriterProperties::builder()
                .set_compression(codec)
                .set_dictionary_enabled(part != 3)
                .set_max_row_group_row_count(Some(if part == 4 { 300 } else { 2000 }));
            let path = root.join(format!("k=1/part-{part}.parquet"));
            tree::close(&path, &rows, properties.build());
        }
        let before = tree::read(&root);
        compact(&root, &["--all"]).code(0);
        let after = tree::read(&root);
        assert_eq!((after["k=1"].0, &after["k=1"].1), (1, &before["k=1"].1));
    }
}

#[test]
fn metadata_and_units_are_kept() {
    let base = tempdir().unwrap();
    let root = base.path().join("out");
    fs::create_dir_all(&root).unwrap();
    for (name, unit) in [("a", "05"), ("b", "06")] {
        let unit = format!("[\"{unit}\"]");
        tree::file(
            &root.join(format!("{name}.parquet")),
            &tree::batch(0, 5),
            &[("owner", "us"), ("millrace.units", &unit), ("file", name)],
        );
    }
    compact(&root, &["--all"]).code(0);
    let footer = tree::footer(&root.join(&names(&root, "")[0]));
    let value = |key: &str| {
        let pairs = footer
            .metadata()
            .file_metadata()
            .key_value_metadata()
            .unwrap();
        pairs
            .iter()
            .find(|pair| pair.key == key)
            .and_then(|pair| pair.value.clone())
            .unwrap_or_default()
    };
    assert_eq!(
        (
            value("owner").as_str(),
            value("millrace.units").as_str(),
            value("file").as_str()
        ),
        ("us", "[\"05\",\"06\"]", "a")
    );
}

#[test]
fn partitions_are_chosen() {
    let base = tempdir().unwrap();
    let root = base.path().join("out");
    tree::write(&root, 5, 2, 10);
    assert_eq!(
        compact(&root, &["order_hour=0"]).code(0).text(),
        "order_hour=0\n"
    );
    assert_eq!(
        compact(&root, &["--where", "order_hour BETWEEN 1 AND 2"])
            .code(0)
            .text(),
        "order_hour=1\norder_hour=2\n"
    );
    let list = |input: &[u8], args: &[&str]| run_with(tool("compact").arg(&root).args(args), input);
    assert_eq!(
        list(b"order_hour=3\n", &["-"]).code(0).text(),
        "order_hour=3\n"
    );
    assert_eq!(
        list(
            b"order_hour=4\0",
            &["--partitions-from", "-", "-0", "--output", "none"]
        )
        .code(0)
        .text(),
        ""
    );
    assert!(tree::read(&root).values().all(|(files, _)| *files == 1));
    let refused = list(b"", &["-"]).code(3);
    assert!(
        refused.stderr.contains("the list of partitions is empty"),
        "{}",
        refused.stderr
    );
    let refused = compact(&root, &["--where", "id = 5"]).code(2);
    assert!(
        refused.stderr.contains("there is no column 'id'"),
        "{}",
        refused.stderr
    );
    let gone = compact(&root, &["order_hour=99"]).code(0);
    assert!(
        gone.stderr
            .contains("warning: there is no partition 'order_hour=99'"),
        "{}",
        gone.stderr
    );
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let base = tempdir().unwrap();
    let root = base.path().join("out");
    tree::write(&root, 2, 3, 10);
    let told = compact(&root, &["--all", "--dry-run"]).code(0).text();
    let told: Vec<Vec<&str>> = told
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        told[0].join(" "),
        "partition files bytes → files copied encoded left alone"
    );
    assert_eq!((told[1][0], told[1][1]), ("order_hour=0", "3"));
    assert_eq!(told[1][told[1].len() - 4..], ["1", "0", "3", "0"]);
    assert_eq!(told[3][..6].join(" "), "2 partitions, 6 files → 2,");
    let told: Value = serde_json::from_str(
        &compact(&root, &["--all", "--dry-run", "--output", "json"])
            .code(0)
            .text(),
    )
    .unwrap();
    let second = &told["partitions"][1];
    assert_eq!(second["inputs"].as_array().unwrap().len(), 3);
    assert_eq!(
        (&second["copied_row_groups"], &second["encoded_row_groups"]),
        (&0.into(), &3.into())
    );
    assert_eq!(
        (&second["outputs"], &second["sorts"]),
        (&1.into(), &false.into())
    );
    assert_eq!(tree::read(&root)["order_hour=0"].0, 3);
    assert_eq!(
        fs::read_dir(base.path()).unwrap().count(),
        1,
        "no state was made"
    );
    let nothing = compact(&root, &["--all", "--dry-run", "--target-size", "1kB"]).code(0);
    assert_eq!(
        (nothing.text().as_str(), nothing.stderr.as_str()),
        ("", "compact: nothing to compact\n")
    );
}

#[test]
fn a_run_that_was_committed_is_not_done_again() {
    let base = tempdir().unwrap();
    let root = base.path().join("out");
    tree::write(&root, 2, 3, 10);
    let first = compact(&root, &["--all", "--run-id", "r-1"]).code(0);
    let files = names(&root, "order_hour=0");
    let metrics = base.path().join("metrics");
    let again = compact(
        &root,
        &[
            "--all",
            "--run-id",
            "r-1",
            "--metrics",
            metrics.to_str().unwrap(),
        ],
    )
    .code(0);
    assert_eq!(first.text(), again.text());
    assert!(
        again.stderr.contains("run r-1 was already committed"),
        "{}",
        again.stderr
    );
    assert_eq!(names(&root, "order_hour=0"), files);
    let line: Value = serde_json::from_str(&fs::read_to_string(&metrics).unwrap()).unwrap();
    assert_eq!(line["noop"], true);
    let other = compact(&root, &["order_hour=0", "--run-id", "r-1"]).code(2);
    assert!(other.stderr.contains("another scope"), "{}", other.stderr);
}

#[test]
fn threads_change_no_byte() {
    let base = tempdir().unwrap();
    let contents = |threads: &str| {
        let root = base.path().join(format!("out{threads}"));
        tree::write(&root, 3, 4, 3000);
        compact(
            &root,
            &[
                "--all",
                "--run-id",
                "r",
                "--threads",
                threads,
                "--target-size",
                "20kB",
            ],
        )
        .code(0);
        let of = |hour: i32| -> Vec<(String, Vec<u8>)> {
            let folder = format!("order_hour={hour}");
            names(&root, &folder)
                .into_iter()
                .map(|name| {
                    (
                        name.clone(),
                        fs::read(root.join(&folder).join(name)).unwrap(),
                    )
                })
                .collect()
        };
        (0..3).map(of).collect::<Vec<_>>()
    };
    let one = contents("1");
    assert!(one[0].len() > 1);
    assert!(contents("2") == one && contents("5") == one);
}

/// Kills at every step of the commit in turn: each partition is old or new to the row,
/// and the next run completes whatever there is.
#[test]
fn a_crash_at_any_step_leaves_old_or_new() {
    let mut fired = 0;
    for step in 1.. {
        let base = tempdir().unwrap();
        let root = base.path().join("out");
        tree::write(&root, 2, 3, 50);
        let before = tree::ids(&root);
        let mut command = tool("compact");
        command.env("MILLRACE_FAILPOINT", format!("count={step}:kill"));
        let outcome = run(command.arg(&root).arg("--all"));
        assert_eq!(tree::ids(&root), before, "killed at step {step}");
        for (path, (files, _)) in tree::read(&root) {
            assert!(
                files == 1 || files == 3,
                "{path} has {files} files after step {step}"
            );
        }
        compact(&root, &["--all"]).code(0);
        assert_eq!(tree::ids(&root), before, "recovered after step {step}");
        assert!(
            tree::read(&root).values().all(|(files, _)| *files == 1),
            "step {step}"
        );
        if outcome.code == 0 {
            break;
        }
        assert_eq!(outcome.code, 137, "{}", outcome.stderr);
        fired += 1;
    }
    assert!(fired > 10, "only {fired} steps were broken");
}

#[test]
fn appends_by_others_stay_and_a_lost_input_is_busy() {
    for lost in [false, true] {
        let base = tempdir().unwrap();
        let root = base.path().join("out");
        tree::write(&root, 1, 3, 50);
        let mut command = tool("compact");
        command
            .env("MILLRACE_FAILPOINT", "tx.stage.synced=pause:1500")
            .arg(&root)
            .arg("--all");
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        sleep(Duration::from_millis(700));
        if lost {
            fs::remove_file(root.join("order_hour=0/part-001.zstd.parquet")).unwrap();
        } else {
            tree::file(
                &root.join("order_hour=0/other.parquet"),
                &tree::batch(9000, 5),
                &[],
            );
        }
        let outcome: Outcome = child.wait_with_output().unwrap().into();
        assert_eq!(outcome.code, if lost { 5 } else { 0 }, "{}", outcome.stderr);
        let after = tree::ids(&root);
        assert_eq!(after["order_hour=0"].len(), if lost { 100 } else { 155 });
    }
}

#[test]
fn wrong_requests_and_bad_files() {
    let base = tempdir().unwrap();
    let root = base.path().join("out");
    tree::write(&root, 1, 2, 10);
    for args in [
        &[][..],
        &["--all", "order_hour=0"],
        &["--nope"],
        &["--all", "--target-size", "0"],
        &["--all", "--min-size", "1GB"],
        &["x=1"],
    ] {
        let refused = compact(&root, args).code(2);
        assert!(refused.stderr.lines().count() <= 2, "{}", refused.stderr);
    }
    compact(&root.join("order_hour=0"), &["--all"]).code(2);
    let missing = compact(&base.path().join("gone"), &["--all"]).code(4);
    assert!(missing.stderr.contains("gone"), "{}", missing.stderr);
    fs::write(
        root.join("order_hour=0/bad.parquet"),
        "PAR1 this is no Parquet file PAR1",
    )
    .unwrap();
    let refused = compact(&root, &["--all"]).code(3);
    assert!(refused.stderr.contains("bad.parquet"), "{}", refused.stderr);
    assert_eq!(names(&root, "order_hour=0").len(), 3);
    for (args, said) in [
        (&["-h"][..], "Usage: compact"),
        (&["--help"], "never a mix"),
        (&["--version"], "compact 0."),
        (&["--generate", "man"], ".SH EXAMPLES"),
    ] {
        assert!(
            run(tool("compact").args(args))
                .code(0)
                .text()
                .contains(said),
            "{args:?}"
        );
    }
}

#[test]
fn damaged_pages_commit_nothing() {
    let base = tempdir().unwrap();
    let root = base.path().join("out");
    tree::write(&root, 1, 2, 2000);
    let path = root.join("order_hour=0/part-001.zstd.parquet");
    let mut bytes = fs::read(&path).unwrap();
    bytes[200..400].fill(0xa5);
    fs::write(&path, &bytes).unwrap();
    let refused = compact(&root, &["--all"]).code(3);
    // Found by the decoder, or by comparing what came out with what the footers say.
    assert!(
        refused.stderr.contains("order_hour=0"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.lines().count() <= 2, "{}", refused.stderr);
    assert_eq!(names(&root, "order_hour=0").len(), 2);
}

/// One footer of five says something else than the rows of its file do.
#[test]
fn a_bound_that_no_row_has_commits_nothing() {
    for (what, part, bound, lie) in [("least", 4, 4000i64, -1i64), ("greatest", 1, 1999, 7000)] {
        let base = tempdir().unwrap();
        let root = base.path().join("out");
        tree::write(&root, 1, 5, 1000);
        let path = root.join(format!("order_hour=0/part-{part:03}.zstd.parquet"));
        let mut bytes = fs::read(&path).unwrap();
        let end = bytes.len() - 8;
        let length = u32::from_le_bytes(bytes[end..end + 4].try_into().unwrap());
        let footer = &mut bytes[end - length as usize..end];
        let is_bound = |at: &usize| footer[*at..*at + 8] == bound.to_le_bytes();
        let places: Vec<usize> = (0..footer.len() - 8).filter(is_bound).collect();
        assert!(!places.is_empty());
        for place in places {
            footer[place..place + 8].copy_from_slice(&lie.to_le_bytes());
        }
        fs::write(&path, bytes).unwrap();
        let before = names(&root, "order_hour=0");
        let refused = compact(&root, &["--all"]).code(3);
        let told = format!("in the {what} value of column 'id': nothing committed");
        assert!(refused.stderr.contains(&told), "{}", refused.stderr);
        assert_eq!(names(&root, "order_hour=0"), before);
    }
}

#[test]
fn who_reads_the_list_does_not_matter() {
    let base = tempdir().unwrap();
    let root = base.path().join("out");
    tree::write(&root, 2, 2, 10);
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let outcome: Outcome = tool("compact")
        .arg(&root)
        .arg("order_hour=0")
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap()
        .into();
    assert_eq!(outcome.code, 4);
    assert!(
        outcome
            .stderr
            .contains("committed, but the list is not printed"),
        "{}",
        outcome.stderr
    );
    let outcome = run(&mut sh(
        base.path(),
        "{ compact out --all; echo $? >&2; } | true",
    ))
    .code(0);
    assert_eq!(outcome.stderr, "0\n");
    assert!(tree::read(&root).values().all(|(files, _)| *files == 1));
}

#[test]
fn a_dry_run_tells_which_row_groups_are_copied() {
    let base = tempdir().unwrap();
    let root = base.path().join("out");
    fs::create_dir_all(&root).unwrap();
    for part in 0..3 {
        let rows = tree::batch(part * 60_000, 60_000);
        tree::file(&root.join(format!("{part}.parquet")), &rows, &[]);
    }
    tree::file(&root.join("3.parquet"), &tree::batch(500_000, 100), &[]);
    let size = fs::metadata(root.join("0.parquet")).unwrap().len();
    let target = (size * 2).to_string();
    let sizes = [
        "--all",
        "--target-size",
        &target,
        "--dry-run",
        "--output",
        "json",
    ];
    let told: Value = serde_json::from_str(&compact(&root, &sizes).code(0).text()).unwrap();
    let plan = &told["partitions"][0];
    assert_eq!(
        (&plan["copied_row_groups"], &plan["encoded_row_groups"]),
        (&3.into(), &1.into()),
        "{told}"
    );
    let sorting = [&sizes[..], &["--sort-by", "id"]].concat();
    let told: Value = serde_json::from_str(&compact(&root, &sorting).code(0).text()).unwrap();
    assert_eq!(told["partitions"][0]["encoded_row_groups"], 4);
    assert_eq!(told["partitions"][0]["sorts"], true);
}

/// A damaged file is found also where sizes alone give nothing to do.
#[test]
fn a_damaged_file_is_an_error_whether_or_not_there_is_something_to_do() {
    for parts in [1, 3] {
        let base = tempdir().unwrap();
        let root = base.path().join("out");
        tree::write(&root, 2, parts, 100);
        let victim = root.join("order_hour=1/part-000.zstd.parquet");
        let mut bytes = fs::read(&victim).unwrap();
        let end = bytes.len();
        bytes[end - 60..end - 8].fill(0xff);
        fs::write(&victim, bytes).unwrap();
        for more in [
            &["--all"][..],
            &["--all", "--dry-run"],
            &["order_hour=1"],
            &["--all", "--sort-by", "id"],
        ] {
            let refused = compact(&root, more).code(3);
            assert!(
                refused
                    .stderr
                    .contains("order_hour=1/part-000.zstd.parquet'"),
                "{}",
                refused.stderr
            );
        }
        // Other partitions are none of its business.
        compact(&root, &["order_hour=0"]).code(0);
    }
}
