//! The answer is that of reading everything and filtering, whatever was skipped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod tree;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_select::filter::filter_record_batch;
use millrace_expr::Predicate;
use millrace_testkit::{run, tempdir, tool};
use std::path::Path;

fn prune(root: &Path, args: &[&str]) -> Vec<u8> {
    run(tool("prune").arg(root).args(args)).code(0).stdout
}

fn filtered(all: &RecordBatch, sql: &str) -> RecordBatch {
    let bound = Predicate::parse(sql).unwrap().bind(&all.schema()).unwrap();
    filter_record_batch(all, &bound.evaluate(all).unwrap()).unwrap()
}

#[test]
fn everything_is_there_once() {
    let root = tempdir().unwrap();
    tree::write(root.path());
    let all = tree::read(&prune(root.path(), &[]));
    assert_eq!(*all.schema(), tree::schema());
    let ids = all.column(0).as_primitive::<Int64Type>();
    let expected: Vec<i64> = (0..24 * tree::ROWS).collect();
    assert_eq!(ids.values(), expected.as_slice());
    let hours = all
        .column_by_name("order_hour")
        .unwrap()
        .as_primitive::<Int64Type>();
    assert!(
        (0..all.num_rows()).all(|row| hours.value(row) == ids.value(row) / (2 * tree::ROWS) % 4)
    );
    let lacking = all.column_by_name("ok").unwrap();
    assert!(
        (0..all.num_rows()).all(|row| ids.value(row) / tree::ROWS % 2 == 0 || lacking.is_null(row))
    );
}

const ATOMS: &[&str] = &[
    "id = 4321",
    "id IN (17, 7000, 14399)",
    "id BETWEEN 1190 AND 1210",
    "id < 130 OR id > 14350",
    "id % 1000 = 7",
    "id IN (1, 99999)",
    "id = 99999",
    "id <> 5",
    "NOT id > 100",
    "amount > 24",
    "amount < 0.5",
    "amount = 0",
    "amount IS NULL",
    "amount BETWEEN 3 AND 4",
    "amount = 'NaN'::double",
    "region = 'asia'",
    "region IN ('eu', 'x')",
    "region LIKE 'a%'",
    "region NOT LIKE '%s%'",
    "region IS NULL",
    "region = 'nowhere'",
    "upper(region) = 'EU'",
    "ts >= '2026-03-17 01:00:00'",
    "ts < TIMESTAMP '2026-03-17 00:10:00Z'",
    "extract(hour from ts) = 1",
    "price > 6.5",
    "price IS NOT NULL",
    "price = 0.07",
    "ok",
    "ok IS NOT TRUE",
    "note IS NULL",
    "note = 'note 30'",
    "note LIKE 'note 5%'",
    "order_hour = 2",
    "order_hour = '03'",
    "order_date = '2026-03-18'",
    "order_date > DATE '2026-03-18'",
    "order_hour IN (0, 3)",
    "order_hour * 100 < id / 10",
    "order_hour IS NULL",
    "id = 4321 OR order_hour = 1",
    "CASE WHEN ok THEN id < 50 ELSE order_hour = 3 END",
    "order_hour = 1 AND id < 9000 OR order_date = '2026-03-19' AND ok",
    "coalesce(note, region) = 'us'",
    "id IS DISTINCT FROM 12",
    "length(region) + order_hour = 3",
    "TRUE",
    "FALSE",
    "NULL",
];

#[test]
fn pruned_is_filtered() {
    let root = tempdir().unwrap();
    tree::write(root.path());
    let all = tree::read(&prune(root.path(), &[]));
    let mut predicates: Vec<String> = ATOMS.iter().map(|atom| (*atom).to_owned()).collect();
    // Pairs of all kinds, the same ones each time.
    for n in 0..90_usize {
        let (a, b) = (
            ATOMS[n * 7 % ATOMS.len()],
            ATOMS[(n * 13 + 5) % ATOMS.len()],
        );
        predicates.push(match n % 4 {
            0 => format!("({a}) AND ({b})"),
            1 => format!("({a}) OR ({b})"),
            2 => format!("NOT ({a}) AND ({b})"),
            _ => format!("(({a}) AND ({b})) IS NOT FALSE"),
        });
    }
    for sql in predicates {
        let expected = filtered(&all, &sql);
        let found = tree::read(&prune(root.path(), &["--where", &sql]));
        assert_eq!(found, expected, "{sql}");
        let count = String::from_utf8(prune(root.path(), &["--where", &sql, "--count"])).unwrap();
        assert_eq!(count.trim(), expected.num_rows().to_string(), "{sql}");
    }
}

#[test]
fn threads_change_no_byte() {
    let root = tempdir().unwrap();
    tree::write(root.path());
    for args in [
        &["--where", "id % 3 = 0"][..],
        &[
            "--where",
            "amount < 9",
            "--select",
            "order_hour,id",
            "--limit",
            "999",
        ],
        &[],
    ] {
        let one = prune(root.path(), &[args, &["--threads", "1"]].concat());
        for threads in ["2", "7"] {
            assert!(
                prune(root.path(), &[args, &["--threads", threads]].concat()) == one,
                "{args:?}"
            );
        }
    }
}

#[test]
fn columns_limits_and_sources() {
    let root = tempdir().unwrap();
    tree::write(root.path());
    let found = tree::read(&prune(
        root.path(),
        &[
            "--select",
            "order_hour, ID,note",
            "--where",
            "id >= 600",
            "--limit",
            "5",
        ],
    ));
    let schema = found.schema();
    let names: Vec<&str> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    assert_eq!(names, ["order_hour", "id", "note"]);
    assert_eq!(
        found.column(1).as_primitive::<Int64Type>().values(),
        &[600, 601, 602, 603, 604]
    );
    let args = [
        "--where",
        "id IN (600, 1250)",
        "--source-columns",
        "--select",
        "_source_file,_source_line,order_hour",
    ];
    let found = tree::read(&prune(root.path(), &args));
    let (files, lines) = (
        found.column(0).as_string::<i32>(),
        found.column(1).as_primitive::<Int64Type>(),
    );
    let base = root.path().display();
    assert_eq!(
        files.value(0),
        format!("{base}/order_date=2026-03-17/order_hour=0/part-1.snappy.parquet")
    );
    assert_eq!(
        files.value(1),
        format!("{base}/order_date=2026-03-17/order_hour=1/part-0.snappy.parquet")
    );
    assert_eq!(lines.values(), &[1, 51]);
    let found = tree::read(&prune(
        root.path(),
        &["--where", "order_hour = 2", "--limit", "0"],
    ));
    assert_eq!((found.num_rows(), found.num_columns()), (0, 9));
}

#[test]
fn source_columns_come_after_a_selection_that_does_not_name_them() {
    let root = tempdir().unwrap();
    tree::write(root.path());
    for (list, expected) in [
        ("id", ["id", "_source_file", "_source_line"]),
        ("_source_line,id", ["_source_line", "id", "_source_file"]),
    ] {
        let args = ["--limit", "1", "--source-columns", "--select", list];
        let schema = tree::read(&prune(root.path(), &args)).schema();
        let names: Vec<&String> = schema.fields().iter().map(|field| field.name()).collect();
        assert_eq!(names, expected);
    }
}

#[test]
fn a_file_that_carries_the_path_column_must_agree() {
    let root = tempdir().unwrap();
    let write = |folder: &str, hours: Vec<i32>| {
        let folder = root.path().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        let ids: arrow_array::ArrayRef = std::sync::Arc::new(
            arrow_array::Int64Array::from_iter_values(0..hours.len() as i64),
        );
        let hours: arrow_array::ArrayRef =
            std::sync::Arc::new(arrow_array::Int32Array::from(hours));
        tree::file(
            &folder.join("x.parquet"),
            &RecordBatch::try_from_iter([("hour", hours), ("id", ids)]).unwrap(),
        );
    };
    write("hour=05", vec![5, 5]);
    let found = tree::read(&prune(root.path(), &["--where", "hour = 5"]));
    assert_eq!(found.num_rows(), 2);
    assert_eq!(found.schema().field(1).name(), "hour");
    write("hour=06", vec![6, 7]);
    let refused = run(tool("prune").arg(root.path())).code(3);
    assert!(
        refused.stderr.contains("column 'hour' of"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("is '7' where the path says '06'"),
        "{}",
        refused.stderr
    );
}
