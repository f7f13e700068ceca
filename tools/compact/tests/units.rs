//! `--keep-units`: files of different units stay apart.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod tree;

use millrace_testkit::{Outcome, run, tempdir, tool};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const PARTITION: &str = "order_hour=5";

fn compact(root: &Path, args: &[&str]) -> Outcome {
    run(tool("compact").arg(root).args(args))
}

/// A file with rows `first..first + 100` for each of `units`, in one partition.
fn write(root: &Path, units: &[Option<&str>]) {
    let folder = root.join(PARTITION);
    fs::create_dir_all(&folder).unwrap();
    for (number, units) in units.iter().enumerate() {
        let metadata = units.map(|units| ("millrace.units", units));
        let metadata: Vec<(&str, &str)> = metadata.into_iter().collect();
        let rows = tree::batch(number as i64 * 100, 100);
        tree::file(
            &folder.join(format!("{number:02}.parquet")),
            &rows,
            &metadata,
        );
    }
}

/// The least row and the number of rows of each file, by its units.
fn found(root: &Path) -> BTreeMap<String, Vec<(i64, usize)>> {
    let mut found: BTreeMap<String, Vec<(i64, usize)>> = BTreeMap::new();
    for entry in fs::read_dir(root.join(PARTITION)).unwrap() {
        let path = entry.unwrap().path();
        let footer = tree::footer(&path);
        let file = footer.metadata().file_metadata();
        let pairs = file.key_value_metadata().into_iter().flatten();
        let units = pairs
            .filter(|pair| pair.key == "millrace.units")
            .filter_map(|pair| pair.value.clone());
        let alone = tempdir().unwrap();
        fs::create_dir(alone.path().join(PARTITION)).unwrap();
        fs::copy(&path, alone.path().join(PARTITION).join("x.parquet")).unwrap();
        let ids = tree::ids(alone.path()).remove(PARTITION).unwrap();
        let units = units.collect::<String>();
        found.entry(units).or_default().push((ids[0], ids.len()));
    }
    found.values_mut().for_each(|files| files.sort_unstable());
    found
}

const MIXED: [Option<&str>; 8] = [
    Some(r#"["a"]"#),
    None,
    Some(r#"["b"]"#),
    Some(r#"["a"]"#),
    Some(r#"["b","a"]"#),
    Some(r#"["a","b"]"#),
    None,
    Some(r#"["c"]"#),
];

#[test]
fn files_of_one_unit_are_put_together_and_no_others() {
    let base = tempdir().unwrap();
    let root = base.path().join("out");
    write(&root, &MIXED);
    let done = compact(&root, &["--all", "--keep-units"]).code(0);
    assert_eq!(done.text(), format!("{PARTITION}\n"));
    let expected = [
        ("", vec![(100, 200)]),
        (r#"["a","b"]"#, vec![(400, 200)]),
        (r#"["a"]"#, vec![(0, 200)]),
        (r#"["b"]"#, vec![(200, 100)]),
        (r#"["c"]"#, vec![(700, 100)]),
    ];
    let expected = expected.map(|(units, files)| (units.to_owned(), files));
    assert_eq!(found(&root), BTreeMap::from(expected));
    let again = compact(&root, &["--all", "--keep-units"]).code(0);
    assert_eq!(again.stderr, "compact: nothing to compact\n");
    // Without it all become one, which has all of their names.
    compact(&root, &["--all"]).code(0);
    let all = BTreeMap::from([(r#"["a","b","c"]"#.to_owned(), vec![(0, 800)])]);
    assert_eq!(found(&root), all);
}

#[test]
fn large_files_of_several_units_are_split_within_one_folder() {
    let base = tempdir().unwrap();
    let root = base.path().join("out");
    fs::create_dir_all(root.join(PARTITION)).unwrap();
    for (number, units) in [r#"["a"]"#, r#"["b"]"#].into_iter().enumerate() {
        let path = root.join(PARTITION).join(format!("{number}.parquet"));
        let rows = tree::batch(number as i64 * 100_000, 100_000);
        tree::file(&path, &rows, &[("millrace.units", units)]);
    }
    let args = ["--all", "--keep-units", "--target-size", "200KB"];
    compact(&root, &args).code(0);
    let found = found(&root);
    assert_eq!(found.len(), 2);
    for files in found.values() {
        assert!(files.len() > 1, "{files:?}");
        assert_eq!(files.iter().map(|(_, rows)| rows).sum::<usize>(), 100_000);
    }
}

#[test]
fn the_plan_says_what_is_of_which_unit() {
    let base = tempdir().unwrap();
    let root = base.path().join("out");
    write(&root, &MIXED);
    let args = ["--all", "--keep-units", "--dry-run"];
    let table = compact(&root, &args).code(0).text();
    for line in [
        "order_hour=5 (no unit)",
        "order_hour=5 (a) ",
        "order_hour=5 (a, b) ",
        "1 partition, 6 files → 3, ",
    ] {
        assert!(table.contains(line), "{line}: {table}");
    }
    let json = compact(&root, &[&args[..], &["--output", "json"]].concat()).code(0);
    let plans: Value = serde_json::from_str(&json.text()).unwrap();
    let units: Vec<&Value> = plans["partitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|plan| &plan["units"])
        .collect();
    assert_eq!(
        units,
        [
            &serde_json::json!([]),
            &serde_json::json!(["a"]),
            &serde_json::json!(["a", "b"])
        ]
    );
}

#[test]
fn what_is_no_list_of_units_is_refused() {
    let base = tempdir().unwrap();
    let root = base.path().join("out");
    write(&root, &[Some("a"), Some(r#"["a"]"#)]);
    let refused = compact(&root, &["--all", "--keep-units"]).code(3);
    assert!(
        refused
            .stderr
            .contains("00.parquet': millrace.units is no list of names"),
        "{}",
        refused.stderr
    );
    compact(&root, &["--all", "--keep-units", "--sort-by", "id"]).code(2);
}
