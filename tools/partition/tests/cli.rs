//! `partition` as a process: modes, scope, guards, runs, and what is left on disk.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod support;

use millrace_testkit::{run, run_with, tempdir, tool};
use support::*;

#[test]
fn help_version_and_wrong_flags() {
    let short = run(tool("partition").arg("-h")).code(0).text();
    let long = run(tool("partition").arg("--help")).code(0).text();
    assert!(long.len() > short.len() && long.contains("SPEC lists the columns"));
    assert!(
        run(tool("partition").arg("--version"))
            .code(0)
            .text()
            .starts_with("partition ")
    );
    for (arguments, part) in [
        (vec!["out", "--bogus"], "--bogus"),
        (vec![], "<DATASET>"),
        (vec!["out", "--by", "a=foo(b)"], "no function 'foo'"),
        (
            vec!["out", "--by", "x=date(missing)"],
            "no column 'missing'",
        ),
        (vec!["out", "--max-shrink", "2"], "not a rate"),
        (vec!["out", "--mode", "replace-unit"], "needs a unit"),
        (vec!["out", "--target-size", "0"], "size of 0"),
        (
            vec!["out", "--by", "region", "--bloom", "nope"],
            "no column 'nope' for --bloom",
        ),
        (
            vec!["out", "--by", "region", "--scope", "region is"],
            "hint:",
        ),
        (vec!["s3://bucket/out"], "s3"),
    ] {
        let dir = tempdir().unwrap();
        let outcome = run_with(&mut partition(dir.path(), &arguments), &stream(&[day(10)])).code(2);
        assert!(
            outcome.stderr.contains(part),
            "{arguments:?}: {}",
            outcome.stderr
        );
        assert!(files(dir.path()).is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_day_becomes_24_hours_and_nothing_but_parquet() {
    let dir = tempdir().unwrap();
    let outcome = write(
        dir.path(),
        &["--metrics", "m.jsonl"],
        &stream(&[day(2400), events(5000, 24, DAY, HOUR)]),
    )
    .code(0);
    let list: Vec<String> = outcome.text().lines().map(str::to_owned).collect();
    assert_eq!(list.len(), 24);
    assert_eq!(list[5], "order_date=2026-03-17/order_hour=05");
    let found = ids(&dir.path().join("out"));
    assert_eq!(found.keys().cloned().collect::<Vec<_>>(), list);
    assert_eq!(
        found["order_date=2026-03-17/order_hour=05"],
        (500..600).chain([5005]).collect::<Vec<i64>>()
    );
    assert!(
        files(&dir.path().join("out"))
            .keys()
            .all(|name| name.ends_with(".parquet"))
    );
    let line = std::fs::read_to_string(dir.path().join("m.jsonl")).unwrap();
    let metrics: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&metrics["records_in"], &metrics["records_out"]),
        (&2424.into(), &2424.into())
    );
    assert_eq!(
        (
            &metrics["partition"]["partitions"],
            &metrics["partition"]["files"]
        ),
        (&24.into(), &24.into())
    );
    assert_eq!(metrics["exit"], 0);
    let bytes: usize = files(&dir.path().join("out")).values().map(Vec::len).sum();
    assert_eq!(metrics["bytes_out"], bytes);
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    let input = stream(&[noise(60_000), events(90_000, 20_000, DAY, 100_000)]);
    let all: Vec<_> = ["1", "2", "4"]
        .map(|threads| {
            let dir = tempdir().unwrap();
            write(
                dir.path(),
                &[
                    "--threads",
                    threads,
                    "--run-id",
                    "r",
                    "--target-size",
                    "20kB",
                ],
                &input,
            )
            .code(0);
            files(&dir.path().join("out"))
        })
        .into();
    assert!(all[0].len() > 24);
    assert!(all.iter().all(|files| *files == all[0]));
}

#[test]
fn without_a_spec_the_dataset_is_split_by_size() {
    let dir = tempdir().unwrap();
    let more = ["out", "--target-size", "50kB"];
    let outcome = run_with(&mut partition(dir.path(), &more), &stream(&[noise(30_000)])).code(0);
    assert_eq!(outcome.text(), ".\n");
    let found = files(&dir.path().join("out"));
    assert!(found.len() > 2 && found.keys().all(|name| !name.contains('/')));
    assert_eq!(count(&dir.path().join("out")), 30_000);
}

#[test]
fn create_refuses_data_overwrite_replaces_append_adds() {
    let dir = tempdir().unwrap();
    let out = dir.path().join("out");
    write(dir.path(), &[], &stream(&[day(240)])).code(0);
    let before = files(&out);
    let refused = write(dir.path(), &[], &stream(&[events(900, 10, DAY, 1)])).code(2);
    assert!(
        refused.stderr.contains("already has data"),
        "{}",
        refused.stderr
    );
    assert_eq!(files(&out), before);

    write(
        dir.path(),
        &["--mode", "overwrite"],
        &stream(&[events(900, 9, DAY, 1)]),
    )
    .code(0);
    let found = ids(&out);
    assert_eq!(
        found["order_date=2026-03-17/order_hour=00"],
        (900..909).collect::<Vec<i64>>()
    );
    assert_eq!(
        found["order_date=2026-03-17/order_hour=01"],
        (10..20).collect::<Vec<i64>>()
    );

    // The recorded spec holds when --by is left out.
    let append = ["out", "--mode", "append"];
    run_with(
        &mut partition(dir.path(), &append),
        &stream(&[events(950, 2, DAY, 1)]),
    )
    .code(0);
    assert_eq!(
        ids(&out)["order_date=2026-03-17/order_hour=00"],
        (900..909).chain(950..952).collect::<Vec<i64>>()
    );

    let other = ["out", "--mode", "append", "--by", "region"];
    let refused = run_with(&mut partition(dir.path(), &other), &stream(&[day(3)])).code(2);
    assert!(
        refused
            .stderr
            .contains("is partitioned by 'order_date=date("),
        "{}",
        refused.stderr
    );

    // Whoever removed it meant to start over, and is told how.
    std::fs::remove_dir_all(&out).unwrap();
    let refused = run_with(&mut partition(dir.path(), &other), &stream(&[day(3)])).code(2);
    assert!(
        refused.stderr.contains("to start over, remove")
            && refused.stderr.contains(".out.millrace"),
        "{}",
        refused.stderr
    );
}

#[test]
fn plain_columns_move_into_the_path_unless_kept() {
    let dir = tempdir().unwrap();
    run_with(
        &mut partition(dir.path(), &["out", "--by", "region"]),
        &stream(&[day(30)]),
    )
    .code(0);
    run_with(
        &mut partition(dir.path(), &["kept", "--by", "region", "--keep-columns"]),
        &stream(&[day(30)]),
    )
    .code(0);
    let columns = |root: &str| {
        let root = dir.path().join(root);
        let name = files(&root).into_keys().next().unwrap();
        let file = std::fs::File::open(root.join(name)).unwrap();
        let reader =
            parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        reader
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(columns("out"), ["order_id", "event_timestamp", "note"]);
    assert_eq!(
        columns("kept"),
        ["order_id", "event_timestamp", "region", "note"]
    );
}

#[test]
fn a_stream_of_other_columns_is_refused() {
    let dir = tempdir().unwrap();
    write(dir.path(), &[], &stream(&[day(24)])).code(0);
    let before = files(&dir.path().join("out"));
    let other = day(24).project(&[0, 1, 2]).unwrap();
    let refused = write(dir.path(), &["--mode", "append"], &stream(&[other])).code(3);
    assert!(
        refused
            .stderr
            .contains("does not fit dataset 'out': column 4 is no column"),
        "{}",
        refused.stderr
    );
    assert_eq!(files(&dir.path().join("out")), before);
}

#[test]
fn rows_outside_of_the_scope_are_refused_kept_or_ignored() {
    let input = stream(&[events(0, 48, DAY - 24 * HOUR, HOUR)]);
    for scope in ["order_date=2026-03-17", "order_date = '2026-03-17'"] {
        let dir = tempdir().unwrap();
        let scoped = ["--mode", "overwrite", "--scope", scope];
        let refused = write(dir.path(), &scoped, &input).code(3);
        assert!(
            refused.stderr.contains("row 1 lies outside of the scope"),
            "{}",
            refused.stderr
        );
        assert!(
            refused
                .stderr
                .contains("'order_date=2026-03-16/order_hour=00'"),
            "{}",
            refused.stderr
        );
        assert!(files(&dir.path().join("out")).is_empty());

        let kept = write(
            dir.path(),
            &[&scoped[..], &["--outside", "late.arrows"]].concat(),
            &input,
        )
        .code(0);
        assert!(
            kept.stderr.contains("24 rows lie outside"),
            "{}",
            kept.stderr
        );
        let late = std::fs::read(dir.path().join("late.arrows")).unwrap();
        write(dir.path(), &["--mode", "append", "--step", "late"], &late).code(0);
        assert_eq!(count(&dir.path().join("out")), 48);
        assert_eq!(
            ids(&dir.path().join("out"))["order_date=2026-03-16/order_hour=23"],
            [23]
        );

        let ignored = [&scoped[..], &["--outside", "ignore", "--metrics", "m"]].concat();
        write(dir.path(), &ignored, &input).code(0);
        let metrics = std::fs::read_to_string(dir.path().join("m")).unwrap();
        assert!(metrics.contains("\"outside\":24"), "{metrics}");
    }
}

#[test]
fn a_scope_is_replaced_even_by_nothing() {
    let dir = tempdir().unwrap();
    let out = dir.path().join("out");
    write(dir.path(), &[], &stream(&[day(24)])).code(0);
    let hours = |from: i64, n: i64| stream(&[events(100, n, DAY + from * HOUR, HOUR)]);
    let scope = ["--mode", "overwrite", "--scope", "order_date=2026-03-17"];
    let refused = write(dir.path(), &scope, &hours(0, 20)).code(1);
    assert!(
        refused.stderr.contains("would shrink from 1 to 0 rows"),
        "{}",
        refused.stderr
    );
    assert_eq!(count(&out), 24);
    write(
        dir.path(),
        &[&scope[..], &["--max-shrink", "100%"]].concat(),
        &hours(0, 20),
    )
    .code(0);
    assert_eq!(ids(&out).len(), 20);

    let hour = [
        "--mode",
        "overwrite",
        "--scope",
        "order_date=2026-03-17/order_hour=5",
    ];
    let refused = write(dir.path(), &hour, &hours(0, 0)).code(1);
    assert!(
        refused.stderr.contains("--allow-empty"),
        "{}",
        refused.stderr
    );
    write(
        dir.path(),
        &[&hour[..], &["--allow-empty"]].concat(),
        &hours(0, 0),
    )
    .code(0);
    assert_eq!(ids(&out).len(), 19);
    assert!(!ids(&out).contains_key("order_date=2026-03-17/order_hour=05"));
}

#[test]
fn an_empty_stream_overwrites_nothing_unless_allowed() {
    let dir = tempdir().unwrap();
    let empty = stream(&[day(24).slice(0, 0)]);
    for more in [
        &["--mode", "overwrite"][..],
        &["--mode", "overwrite", "--dry-run"],
    ] {
        let refused = write(dir.path(), more, &empty).code(1);
        assert!(
            refused.stderr.contains("the input is empty"),
            "{}",
            refused.stderr
        );
        assert!(refused.stderr.contains("--allow-empty"));
    }
    write(
        dir.path(),
        &["--mode", "overwrite", "--allow-empty"],
        &empty,
    )
    .code(0);
    write(dir.path(), &["--mode", "append"], &empty).code(0);
    write(dir.path(), &[], &empty).code(0);
    let late = events(0, 2, DAY - 1, 1);
    let scope = [
        "--mode",
        "append",
        "--scope",
        "order_date=2026-03-17",
        "--outside",
        "ignore",
    ];
    let one = write(dir.path(), &scope, &stream(&[late])).code(0);
    assert_eq!(one.stderr, "partition: 1 row lies outside of the scope\n");
}

#[test]
fn late_rows_do_not_replace_a_day() {
    let dir = tempdir().unwrap();
    let out = dir.path().join("out");
    write(dir.path(), &[], &stream(&[day(2400)])).code(0);
    let before = files(&out);
    let late = stream(&[events(9000, 3, DAY, 1)]);
    let refused = write(dir.path(), &["--mode", "overwrite"], &late).code(1);
    assert!(
        refused
            .stderr
            .contains("would shrink from 100 to 3 rows (-97.0%)"),
        "{}",
        refused.stderr
    );
    assert_eq!(files(&out), before);

    let dry = write(
        dir.path(),
        &["--mode", "overwrite", "--dry-run", "--max-shrink", "1"],
        &late,
    )
    .code(0);
    assert_eq!(
        dry.text(),
        "order_date=2026-03-17/order_hour=00  100 → 3  -97.0%\n1 partition, 100 → 3 rows\n"
    );
    let dry = write(dir.path(), &["--mode", "overwrite", "--dry-run"], &late).code(1);
    assert!(
        dry.text().contains("-97.0%") && dry.stderr.contains("would be refused"),
        "{}",
        dry.stderr
    );
    assert_eq!(files(&out), before);
}

#[test]
fn a_dry_run_leaves_no_trace() {
    let dir = tempdir().unwrap();
    let dry = write(
        dir.path(),
        &["--dry-run", "--output", "json"],
        &stream(&[day(48)]),
    )
    .code(0);
    let value: serde_json::Value = serde_json::from_str(&dry.text()).unwrap();
    assert_eq!(value["partitions"].as_array().unwrap().len(), 24);
    assert_eq!(value["partitions"][0]["rows"]["after"], 2);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn the_same_run_again_is_a_no_op() {
    let dir = tempdir().unwrap();
    let out = dir.path().join("out");
    let input = stream(&[day(240)]);
    let appending = ["--mode", "append", "--run-id", "r-1", "--metrics", "m"];
    let first = write(dir.path(), &appending, &input).code(0);
    let before = files(&out);
    let again = write(dir.path(), &appending, &input).code(0);
    assert_eq!(again.text(), first.text());
    assert!(
        again
            .stderr
            .contains("run r-1 was already committed: input drained, nothing written"),
        "{}",
        again.stderr
    );
    assert_eq!(files(&out), before);
    let metrics = std::fs::read_to_string(dir.path().join("m")).unwrap();
    assert!(metrics.lines().last().unwrap().contains("\"noop\":true"));

    // Other batches are the same rows; other rows or another request are not.
    let split = stream(&[day(240).slice(0, 100), day(240).slice(100, 140)]);
    write(dir.path(), &appending, &split).code(0);
    write(dir.path(), &appending, &stream(&[day(239)])).code(3);
    write(
        dir.path(),
        &["--mode", "overwrite", "--run-id", "r-1"],
        &input,
    )
    .code(2);
    assert_eq!(files(&out), before);
    write(
        dir.path(),
        &["--mode", "append", "--run-id", "r-1", "--step", "two"],
        &input,
    )
    .code(0);
    assert_eq!(count(&out), 480);
    // A cut stream is no repetition.
    write(dir.path(), &appending, &input[..input.len() - 8]).code(4);
}

#[test]
fn a_run_is_taken_back() {
    let dir = tempdir().unwrap();
    let out = dir.path().join("out");
    write(dir.path(), &["--run-id", "one"], &stream(&[day(240)])).code(0);
    let before = files(&out);
    write(
        dir.path(),
        &["--mode", "overwrite", "--run-id", "two"],
        &stream(&[events(0, 9, DAY, 1)]),
    )
    .code(0);
    assert_ne!(files(&out), before);
    let undone = run(&mut partition(dir.path(), &["out", "--undo", "two"])).code(0);
    assert_eq!(undone.text(), "order_date=2026-03-17/order_hour=00\n");
    assert_eq!(files(&out), before);
    run(&mut partition(dir.path(), &["out", "--undo", "nobody"])).code(2);
}

#[test]
fn a_unit_replaces_what_it_wrote_before() {
    let dir = tempdir().unwrap();
    let out = dir.path().join("out");
    let unit = |unit: &str, rows| {
        write(
            dir.path(),
            &["--mode", "replace-unit", "--unit", unit],
            &stream(&[rows]),
        )
        .code(0)
    };
    unit("a", events(0, 4, DAY, HOUR));
    unit("b", events(100, 4, DAY, HOUR));
    unit("a", events(10, 2, DAY + HOUR, HOUR));
    let found = ids(&out);
    let expected = [vec![100], vec![10, 101], vec![11, 102], vec![103]];
    assert_eq!(found.into_values().collect::<Vec<_>>(), expected);
}

#[test]
fn a_column_of_the_partitions_name_must_agree() {
    let dir = tempdir().unwrap();
    let rows = day(24);
    let hours = |shift: i32| {
        std::sync::Arc::new(arrow_array::Int32Array::from_iter_values(
            (0..24).map(|h| (h + shift) % 24),
        ))
    };
    let with = |shift| {
        let mut columns: Vec<(String, arrow_array::ArrayRef)> = vec![];
        for (i, field) in rows.schema().fields().iter().enumerate() {
            columns.push((field.name().clone(), rows.column(i).clone()));
        }
        columns.push(("order_hour".to_owned(), hours(shift)));
        arrow_array::RecordBatch::try_from_iter(columns).unwrap()
    };
    write(dir.path(), &[], &stream(&[with(0)])).code(0);
    let refused = write(dir.path(), &["--mode", "overwrite"], &stream(&[with(1)])).code(3);
    assert!(
        refused
            .stderr
            .contains("row 1: column 'order_hour' is '1', but"),
        "{}",
        refused.stderr
    );
    assert_eq!(count(&dir.path().join("out")), 24);
}

#[test]
fn too_many_partitions_are_refused() {
    let dir = tempdir().unwrap();
    let refused = write(dir.path(), &["--max-partitions", "23"], &stream(&[day(24)])).code(3);
    assert!(
        refused.stderr.contains("more than 23 partitions"),
        "{}",
        refused.stderr
    );
    assert!(files(&dir.path().join("out")).is_empty());
}

#[test]
fn a_partition_is_no_dataset() {
    let dir = tempdir().unwrap();
    write(dir.path(), &[], &stream(&[day(24)])).code(0);
    let arguments = ["out/order_date=2026-03-17", "--by", BY];
    let refused = run_with(&mut partition(dir.path(), &arguments), &stream(&[day(24)])).code(2);
    assert!(
        refused.stderr.contains("--scope order_date=2026-03-17"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_tree_of_another_spelling_is_not_mixed() {
    let dir = tempdir().unwrap();
    let foreign = dir.path().join("out/order_date=2026-03-17/order_hour=5");
    write(dir.path(), &[], &stream(&[events(0, 1, DAY + 5 * HOUR, 1)])).code(0);
    std::fs::rename(
        dir.path().join("out/order_date=2026-03-17/order_hour=05"),
        &foreign,
    )
    .unwrap();
    let refused = write(
        dir.path(),
        &["--mode", "append"],
        &stream(&[events(0, 1, DAY + 5 * HOUR, 1)]),
    )
    .code(3);
    assert!(
        refused.stderr.contains("order_hour=5") && refused.stderr.contains("mean the same"),
        "{}",
        refused.stderr
    );
}

#[test]
fn output_forms() {
    let dir = tempdir().unwrap();
    let json = write(
        dir.path(),
        &["--output", "json", "--run-id", "r"],
        &stream(&[day(24)]),
    )
    .code(0)
    .text();
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&value["run_id"], &value["rows"], &value["files"]),
        (&"r".into(), &24.into(), &24.into())
    );
    assert_eq!(
        value["partitions"][3]["path"],
        "order_date=2026-03-17/order_hour=03"
    );
    let none = write(
        dir.path(),
        &["--output", "none", "--mode", "append"],
        &stream(&[day(24)]),
    )
    .code(0);
    assert_eq!(none.text(), "");
}

#[test]
fn compression_and_bloom_filters() {
    for codec in ["zstd:3", "snappy", "lz4", "none"] {
        let dir = tempdir().unwrap();
        write(
            dir.path(),
            &["--compression", codec, "--bloom", "order_id,note"],
            &stream(&[day(240)]),
        )
        .code(0);
        let out = dir.path().join("out");
        assert_eq!(count(&out), 240);
        let name = files(&out).into_keys().next().unwrap();
        let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(
            std::fs::File::open(out.join(name)).unwrap(),
        )
        .unwrap();
        let group = reader.metadata().row_group(0);
        let blooms: Vec<bool> = group
            .columns()
            .iter()
            .map(|column| column.bloom_filter_offset().is_some())
            .collect();
        assert_eq!(blooms, [true, false, false, true]);
        let compressed = format!("{:?}", group.column(0).compression()).to_lowercase();
        let expected = match codec {
            "none" => "uncompressed",
            other => other.split(':').next().unwrap(),
        };
        assert!(compressed.starts_with(expected), "{compressed}");
    }
}

fn metadata(path: &std::path::Path) -> std::collections::BTreeMap<String, String> {
    let file = std::fs::File::open(path).unwrap();
    let reader =
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let pairs = reader.metadata().file_metadata().key_value_metadata();
    pairs
        .unwrap()
        .iter()
        .filter(|pair| pair.key.starts_with("millrace."))
        .map(|pair| (pair.key.clone(), pair.value.clone().unwrap()))
        .collect()
}

#[test]
fn files_tell_where_their_rows_come_from_and_compact_keeps_what_holds() {
    let dir = tempdir().unwrap();
    let out = dir.path().join("out");
    let run = |id: &str, start: i64| {
        let more = [
            "--mode",
            "append",
            "--pipeline",
            "orders",
            "--run-id",
            id,
            "--step",
            "s",
            "--unit",
            "u",
        ];
        write(dir.path(), &more, &stream(&[events(start, 10, DAY, 1)])).code(0);
    };
    run("r1", 0);
    let name = files(&out).into_keys().next().unwrap();
    let found = metadata(&out.join(name));
    let version = env!("CARGO_PKG_VERSION");
    let expected = [
        ("millrace.pipeline", "orders"),
        ("millrace.run_id", "r1"),
        ("millrace.step", "s"),
        ("millrace.tool", "partition"),
        ("millrace.units", "[\"u\"]"),
        ("millrace.version", version),
    ];
    let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
    run("r2", 100);
    millrace_testkit::run(tool("compact").arg(&out).arg("--all")).code(0);
    let names: Vec<String> = files(&out).into_keys().collect();
    assert_eq!(names.len(), 1);
    let found = metadata(&out.join(&names[0]));
    assert!(!found.contains_key("millrace.run_id"), "{found:?}");
    assert_eq!(found["millrace.tool"], "partition");
    assert_eq!(found["millrace.pipeline"], "orders");
}

#[test]
fn without_a_run_id_two_runs_make_the_same_bytes() {
    let contents = || {
        let dir = tempdir().unwrap();
        write(dir.path(), &[], &stream(&[day(48)])).code(0);
        let found = files(&dir.path().join("out"));
        assert!(found.keys().all(|name| {
            !metadata(&dir.path().join("out").join(name)).contains_key("millrace.run_id")
        }));
        found.into_values().collect::<Vec<_>>()
    };
    assert_eq!(contents(), contents());
}
