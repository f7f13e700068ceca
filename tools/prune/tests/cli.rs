//! The tool as a process: what it skips, lists and refuses.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod tree;

use millrace_testkit::{Outcome, run, run_with, sh, tempdir, tool};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Stdio;

fn prune(root: &Path, args: &[&str]) -> Outcome {
    run(tool("prune").arg(root).args(args))
}

fn explained(root: &Path, filter: &str) -> Value {
    let text = prune(root, &["--where", filter, "--explain", "--output", "json"])
        .code(0)
        .text();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn explain_tells_each_level() {
    let root = tempdir().unwrap();
    tree::write(root.path());
    let value = explained(
        root.path(),
        "order_date = '2026-03-18' AND order_hour = 1 AND id < 6020",
    );
    assert_eq!(
        value["partitions"],
        serde_json::json!({"read": 1, "total": 12})
    );
    assert_eq!(value["files"], serde_json::json!({"read": 1, "total": 24}));
    // Two files of three row groups each; pages hold 40 rows.
    assert_eq!(value["row_groups"]["read"], 1);
    assert_eq!(value["row_groups"]["total"], 6);
    assert_eq!(value["row_groups"]["skipped_by_statistics"], 5);
    assert_eq!(
        value["rows"],
        serde_json::json!({"read": 40, "total": 1200})
    );
    assert!(
        value["bytes"]["read"].as_u64() < Some(20_000) && value["bytes"]["read"].as_u64() > Some(0),
        "{value}"
    );
    let mixed =
        "order_date = '2026-03-17' AND id < 10 OR order_date = '2026-03-18' AND region = 'eu'";
    assert_eq!(explained(root.path(), mixed)["partitions"]["read"], 8);
    let value = explained(root.path(), "region = 'f' AND order_hour = 1");
    assert_eq!(
        value["row_groups"]["skipped_by_bloom_filter"], 18,
        "{value}"
    );
    assert_eq!(value["row_groups"]["read"], 0);
    let text = prune(
        root.path(),
        &["--where", "order_hour = 1", "--select", "id", "--explain"],
    )
    .code(0)
    .text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[1].split_whitespace().take(4).collect::<Vec<_>>(),
        ["partitions", "3", "of", "12"],
        "{text}"
    );
    assert_eq!(
        lines[5].split_whitespace().take(4).collect::<Vec<_>>(),
        ["columns", "1", "of", "7"],
        "{text}"
    );
}

#[test]
fn counts_come_from_metadata_where_they_can() {
    let root = tempdir().unwrap();
    tree::write(root.path());
    let metrics = root.path().with_extension("metrics");
    let count = |filter: &str| {
        let _ = fs::remove_file(&metrics);
        let text = prune(
            root.path(),
            &[
                "--count",
                "--where",
                filter,
                "--metrics",
                metrics.to_str().unwrap(),
            ],
        )
        .code(0)
        .text();
        let line: Value = serde_json::from_str(&fs::read_to_string(&metrics).unwrap()).unwrap();
        (
            text.trim().to_owned(),
            line["prune"]["row_groups_read"].as_u64().unwrap(),
            line["bytes_in"].as_u64().unwrap(),
        )
    };
    assert_eq!(count("order_hour = 1"), ("3600".into(), 0, 0));
    assert_eq!(
        count("id >= 400 AND ts IS NOT NULL"),
        ("14000".into(), 0, 0)
    );
    assert_eq!(count("id >= 410").1, 1);
    let _ = fs::remove_file(&metrics);
    assert_eq!(
        prune(
            root.path(),
            &["--count", "--limit", "7", "--output", "json"]
        )
        .code(0)
        .text(),
        "{\"rows\":7}\n"
    );
}

#[test]
fn metrics_tell_the_levels() {
    let root = tempdir().unwrap();
    tree::write(root.path());
    let metrics = root.path().with_extension("metrics");
    prune(
        root.path(),
        &[
            "--where",
            "order_hour = 1 AND id < 1300",
            "--metrics",
            metrics.to_str().unwrap(),
        ],
    )
    .code(0);
    let line: Value = serde_json::from_str(&fs::read_to_string(&metrics).unwrap()).unwrap();
    fs::remove_file(&metrics).unwrap();
    assert_eq!(
        (line["tool"].as_str(), line["exit"].as_u64()),
        (Some("prune"), Some(0))
    );
    assert_eq!(
        (line["records_in"].as_u64(), line["records_out"].as_u64()),
        (Some(200), Some(100))
    );
    let own = &line["prune"];
    assert_eq!(
        (&own["partitions_total"], &own["partitions_read"]),
        (&12.into(), &3.into())
    );
    assert_eq!(
        (&own["row_groups_total"], &own["row_groups_read"]),
        (&18.into(), &1.into())
    );
}

#[test]
fn files_are_listed_for_others() {
    let root = tempdir().unwrap();
    tree::write(root.path());
    let listed = prune(
        root.path(),
        &[
            "--where",
            "order_date = '2026-03-17' AND id < 700",
            "--files",
            "-0",
        ],
    )
    .code(0)
    .text();
    let files: Vec<&str> = listed.split_terminator('\0').collect();
    assert_eq!(files.len(), 2);
    assert!(files.iter().all(|file| Path::new(file).is_file()));
    let listed = prune(root.path(), &["--where", "id < 0", "--files"]).code(0);
    assert_eq!(listed.text(), "");
    let json = prune(
        root.path(),
        &["--where", "id < 10", "--files", "--output", "json"],
    )
    .code(0)
    .text();
    assert!(
        json.starts_with('"') && json.ends_with("parquet\"\n"),
        "{json}"
    );
}

#[test]
fn partitions_by_path_and_by_list() {
    let root = tempdir().unwrap();
    tree::write(root.path());
    let count = |args: &[&str]| {
        prune(root.path(), &[args, &["--count"]].concat())
            .code(0)
            .text()
    };
    assert_eq!(count(&["order_date=2026-03-17"]), "4800\n");
    assert_eq!(
        count(&[
            "order_date=2026-03-17/order_hour=01",
            "order_date=2026-03-17/order_hour=1"
        ]),
        "1200\n"
    );
    let inside = root.path().join("order_date=2026-03-18/order_hour=2");
    assert_eq!(prune(&inside, &["--count"]).code(0).text(), "1200\n");
    let list =
        |input: &[u8], args: &[&str]| run_with(tool("prune").arg(root.path()).args(args), input);
    assert_eq!(
        list(
            b"order_date=2026-03-17/order_hour=1\norder_date=2026-03-18\n",
            &["-", "--count"]
        )
        .code(0)
        .text(),
        "6000\n"
    );
    assert_eq!(
        list(
            b"order_date=2026-03-17\0",
            &["--partitions-from", "-", "-0", "--count"]
        )
        .code(0)
        .text(),
        "4800\n"
    );
    assert_eq!(list(b"", &["-", "--count"]).code(0).text(), "0\n");
    let gone = prune(root.path(), &["order_date=2030-01-01", "--count"]).code(0);
    assert_eq!(gone.text(), "0\n");
    assert!(
        gone.stderr
            .contains("warning: there is no partition 'order_date=2030-01-01'"),
        "{}",
        gone.stderr
    );
    let wrong = prune(root.path(), &["region=eu", "--count"]).code(2);
    assert!(
        wrong.stderr.contains("expected order_date=…/order_hour=…"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn nothing_matched_is_an_empty_stream_with_the_schema() {
    let root = tempdir().unwrap();
    tree::write(root.path());
    for filter in ["order_hour = 99", "id < 0", "FALSE"] {
        let found = tree::read(&prune(root.path(), &["--where", filter]).code(0).stdout);
        assert_eq!(found.num_rows(), 0);
        assert!(
            found.schema().index_of("order_hour").is_ok()
                && found.schema().index_of("price").is_ok()
        );
    }
}

#[test]
fn a_single_file() {
    let root = tempdir().unwrap();
    tree::write(root.path());
    let file = root
        .path()
        .join("order_date=2026-03-17/order_hour=0/part-0.snappy.parquet");
    let found = tree::read(&prune(&file, &["--where", "id < 10"]).code(0).stdout);
    assert_eq!((found.num_rows(), found.num_columns()), (10, 6));
    assert_eq!(
        prune(&file, &["--files"]).code(0).text().trim(),
        file.to_str().unwrap()
    );
}

#[test]
fn wrong_requests() {
    let root = tempdir().unwrap();
    tree::write(root.path());
    for (args, said) in [
        (
            &["--where", "idd = 1"][..],
            "there is no column 'idd' at character 1\nhint: there is 'id'",
        ),
        (
            &["--where", "id ="],
            "cannot parse the expression 'id =': expected an expression, found the end",
        ),
        (
            &["--where", "region = 5"],
            "cannot compare column 'region' (text) and the number 5",
        ),
        (&["--select", "id,zz"], "there is no column 'zz'"),
        (&["--select", "id,id"], "column 'id' is selected twice"),
        (&["--count", "--files"], "cannot be used with"),
        (&["--limit", "-1"], ""),
        (&["--no-such-flag"], "unexpected argument"),
    ] {
        let refused = prune(root.path(), args).code(2);
        assert!(
            refused.stderr.contains(said),
            "{args:?}: {}",
            refused.stderr
        );
        assert!(refused.stderr.lines().count() <= 2, "{}", refused.stderr);
    }
    run(&mut tool("prune")).code(2);
    let missing = prune(&root.path().join("gone"), &[]).code(4);
    assert!(missing.stderr.contains("gone"), "{}", missing.stderr);
    let empty = tempdir().unwrap();
    let empty = prune(empty.path(), &["--count"]).code(4);
    assert!(
        empty.stderr.contains("holds no Parquet files"),
        "{}",
        empty.stderr
    );
}

#[test]
fn help_version_and_manual() {
    for (args, said) in [
        (&["-h"][..], "Usage: prune"),
        (&["--help"], "Nothing is deleted"),
        (&["--version"], "prune 0."),
        (&["--generate", "man"], ".SH EXAMPLES"),
        (&["--generate", "bash"], "_prune"),
    ] {
        let shown = run(tool("prune").args(args)).code(0);
        assert!(shown.text().contains(said), "{args:?}: {}", shown.text());
    }
}

#[test]
fn damaged_files_are_named() {
    let root = tempdir().unwrap();
    tree::write(root.path());
    let path = root
        .path()
        .join("order_date=2026-03-17/order_hour=0/part-0.snappy.parquet");
    let good = fs::read(&path).unwrap();
    fs::write(&path, &good[..good.len() - 3]).unwrap();
    let refused = prune(root.path(), &["--count"]).code(3);
    assert!(
        refused
            .stderr
            .contains("order_hour=0/part-0.snappy.parquet"),
        "{}",
        refused.stderr
    );
    // Bytes in the middle: whatever they do, no panic, and never a clean end with other rows.
    let whole = prune(path_with(&path, &good), &[]).code(0).stdout;
    for at in (4..good.len() - 8).step_by(good.len() / 40) {
        let mut bad = good.clone();
        bad[at] ^= 0xff;
        fs::write(&path, &bad).unwrap();
        let outcome = prune(&path, &[]);
        assert!(
            !outcome.stderr.contains("internal error") || outcome.code == 3,
            "{at}: {}",
            outcome.stderr
        );
        assert!(
            matches!(outcome.code, 0 | 3),
            "{at}: {} {}",
            outcome.code,
            outcome.stderr
        );
        if outcome.code == 3 {
            assert!(
                outcome.stderr.contains("part-0.snappy.parquet"),
                "{at}: {}",
                outcome.stderr
            );
            assert_eq!(
                outcome.stderr.lines().count(),
                1,
                "{at}: {}",
                outcome.stderr
            );
        } else {
            assert_eq!(
                tree::read(&outcome.stdout).num_rows(),
                tree::read(&whole).num_rows(),
                "{at}"
            );
        }
    }
}

fn path_with<'a>(path: &'a Path, bytes: &[u8]) -> &'a Path {
    fs::write(path, bytes).unwrap();
    path
}

#[test]
fn files_that_do_not_fit_are_both_named() {
    let root = tempdir().unwrap();
    tree::write(root.path());
    let other: arrow_array::ArrayRef =
        std::sync::Arc::new(arrow_array::StringArray::from(vec!["x"]));
    let odd = root
        .path()
        .join("order_date=2026-03-19/order_hour=3/z.parquet");
    tree::file(
        &odd,
        &arrow_array::RecordBatch::try_from_iter([("id", other.clone()), ("region", other)])
            .unwrap(),
    );
    let refused = prune(root.path(), &[]).code(3);
    assert!(
        refused
            .stderr
            .contains("part-0.snappy.parquet' but Utf8 in"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("z.parquet"), "{}", refused.stderr);
    // Not asked for, not in the way.
    prune(root.path(), &["order_date=2026-03-17"]).code(0);
}

#[test]
fn evaluation_errors_are_data_and_poison() {
    let root = tempdir().unwrap();
    tree::write(root.path());
    let refused = prune(root.path(), &["--where", "CAST(region AS INT) = 1"]).code(3);
    assert!(
        refused.stderr.contains(
            "part-0.snappy.parquet': cannot evaluate the expression: cannot cast 'eu' to integer"
        ),
        "{}",
        refused.stderr
    );
    assert!(String::from_utf8_lossy(&refused.stdout).contains("\"tool\":\"prune\""));
}

#[test]
fn full_disks_and_readers_that_leave() {
    let root = tempdir().unwrap();
    tree::write(root.path());
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = tool("prune");
    let outcome: Outcome = command
        .arg(root.path())
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap()
        .into();
    assert_eq!(outcome.code, 4, "{}", outcome.stderr);
    assert_eq!(outcome.stderr.lines().count(), 1);
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let outcome: Outcome = tool("prune")
        .arg(root.path())
        .arg("--files")
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap()
        .into();
    assert_eq!(outcome.code, 4, "{}", outcome.stderr);
    let script = format!(
        "prune {0} | head -c 1000 >/dev/null; prune {0} --files | head -n 1 >/dev/null",
        root.path().display()
    );
    let outcome = run(&mut sh(root.path(), &script)).code(0);
    assert_eq!(outcome.stderr, "");
}

/// A file that was replaced between listing and opening is read as it was; one that is
/// gone for good poisons the stream.
#[test]
fn files_that_vanish() {
    for gone in [false, true] {
        let base = tempdir().unwrap();
        let root = base.path().join("out");
        tree::write(&root);
        let mut command = tool("prune");
        command
            .env("MILLRACE_FAILPOINT", "prune.listed=pause:1500")
            .arg(&root);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(700));
        let folder = "order_date=2026-03-18/order_hour=1";
        let trash = base
            .path()
            .join(".out.millrace/trash/0123456789abcdef/new")
            .join(folder);
        fs::create_dir_all(&trash).unwrap();
        let name = "part-1.snappy.parquet";
        if gone {
            fs::remove_file(root.join(folder).join(name)).unwrap();
        } else {
            fs::rename(root.join(folder).join(name), trash.join(name)).unwrap();
        }
        let outcome: Outcome = child.wait_with_output().unwrap().into();
        if gone {
            assert_eq!(outcome.code, 4, "{}", outcome.stderr);
            assert!(
                outcome.stderr.contains(name) && outcome.stderr.contains("run again"),
                "{}",
                outcome.stderr
            );
            assert!(String::from_utf8_lossy(&outcome.stdout).contains("\"exit\":4"));
        } else {
            assert_eq!(outcome.code, 0, "{}", outcome.stderr);
            assert_eq!(
                tree::read(&outcome.stdout).num_rows(),
                24 * tree::ROWS as usize
            );
        }
    }
}
