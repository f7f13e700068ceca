//! `unique`, `primaryKey`, `uniqueKeys`: exact over the whole stream.

use crate::streams::*;
use arrow_array::*;
use serde_json::json;
use std::sync::Arc;

fn unique() -> Place {
    Place::with_fields(
        json!([{ "name": "x", "type": "integer", "constraints": { "unique": true } }]),
    )
}

const ARGS: [&str; 4] = ["--schema", "s.json", "--rejects", "bad.ndjson"];

#[test]
fn the_first_of_a_key_is_good_across_batches_and_nulls_are_no_keys() {
    let place = unique();
    let batches = [
        [Some(1), Some(2), None],
        [Some(2), None, Some(3)],
        [Some(1), Some(3), Some(4)],
    ];
    let batches: Vec<RecordBatch> = batches.map(|values| batch(&[("x", int(values))])).to_vec();
    let outcome = place.run(&ARGS, &stream(&batches)).code(0);
    assert_eq!(
        ints(&outcome.stdout, "x"),
        [Some(1), Some(2), None, None, Some(3), Some(4)]
    );
    let rows: Vec<u64> = place
        .rejects()
        .iter()
        .map(|r| r["source"]["row"].as_u64().unwrap())
        .collect();
    assert_eq!(rows, [4, 7, 8]);
}

#[test]
fn a_row_that_is_rejected_claims_no_key() {
    let place = Place::with_fields(json!([
        { "name": "x", "type": "integer", "constraints": { "unique": true } },
        { "name": "y", "type": "integer", "constraints": { "minimum": 0 } },
    ]));
    let columns = [("x", int([7, 7, 7])), ("y", int([-1, 1, -1]))];
    let outcome = place.run(&ARGS, &rows(&columns)).code(0);
    assert_eq!(ints(&outcome.stdout, "y"), [Some(1)]);
    let reasons: Vec<usize> = place
        .rejects()
        .iter()
        .map(|r| r["reasons"].as_array().unwrap().len())
        .collect();
    assert_eq!(reasons, [1, 2]);
}

#[test]
fn a_primary_key_is_unique_as_a_whole_and_never_null() {
    let place = Place::with_schema(json!({
        "fields": [{ "name": "a", "type": "string" }, { "name": "b", "type": "string" }],
        "primaryKey": ["a", "b"],
    }));
    let columns = [
        (
            "a",
            text([Some("x"), Some("x"), Some("xy"), None, Some("x")]),
        ),
        (
            "b",
            text([Some("yz"), Some("y"), Some("z"), Some("z"), Some("yz")]),
        ),
    ];
    assert_eq!(
        place.reasons(&rows(&columns)),
        [
            (
                4,
                "a,b".to_owned(),
                "primaryKey".to_owned(),
                json!({ "a": null, "b": "z" })
            ),
            (
                5,
                "a,b".to_owned(),
                "primaryKey".to_owned(),
                json!({ "a": "x", "b": "yz" })
            ),
        ]
    );
}

#[test]
fn unique_keys_let_nulls_pass() {
    let place = Place::with_schema(json!({
        "fields": [{ "name": "a", "type": "integer" }, { "name": "b", "type": "integer" }],
        "uniqueKeys": [["a"], ["a", "b"]],
    }));
    let columns = [
        ("a", int([Some(1), None, None, Some(1)])),
        ("b", int([None, Some(2), Some(2), Some(3)])),
    ];
    let found: Vec<_> = place
        .reasons(&rows(&columns))
        .into_iter()
        .map(|(row, field, ..)| (row, field))
        .collect();
    assert_eq!(found, [(4, "a".to_owned())]);
}

#[test]
fn keys_of_every_type() {
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![0.0, -0.0, f64::NAN, -f64::NAN]));
    let views: ArrayRef = Arc::new(StringViewArray::from(vec![
        "a",
        "b",
        "a",
        "a text beyond twelve bytes",
    ]));
    let days: ArrayRef = Arc::new(Date32Array::from(vec![1, 2, 1, 3]));
    for (kind, column, expected) in [
        ("number", floats, vec![2, 4]),
        ("string", views, vec![3]),
        ("date", days, vec![3]),
    ] {
        assert_eq!(
            broken(json!({ "type": kind }), json!({ "unique": true }), column),
            expected,
            "{kind}"
        );
    }
}

/// 300 000 keys with some 50 000 repeats, of 12 bytes each: 3 MB, and more with
/// the table, in 256 kB of memory.
#[test]
fn exact_beyond_the_memory() {
    let place = unique();
    let value =
        |row: i64| ((row as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20) as i64 % 400_000;
    let batches: Vec<RecordBatch> = (0..300_000 / 8192 + 1)
        .map(|part| {
            batch(&[(
                "x",
                int((part * 8192..((part + 1) * 8192).min(300_000)).map(value)),
            )])
        })
        .collect();
    let input = stream(&batches);
    let mut seen = std::collections::HashSet::new();
    let firsts: Vec<Option<i64>> = (0..300_000)
        .map(value)
        .filter(|value| seen.insert(*value))
        .map(Some)
        .collect();
    assert!(firsts.len() < 270_000, "the test needs repeats");

    let args = [
        &ARGS[..],
        &[
            "--metrics",
            "m.json",
            "--memory",
            "256kB",
            "--temp-dir",
            ".",
        ],
    ]
    .concat();
    let spilled = place.run(&args, &input).code(0);
    assert!(ints(&spilled.stdout, "x") == firsts);
    assert!(
        place.json("m.json")["validate"]["spilled_bytes"]
            .as_u64()
            .unwrap()
            > 3_000_000
    );
    assert_eq!(place.rejects().len(), 300_000 - firsts.len());
    assert_eq!(place.names(), ["bad.ndjson", "m.json", "s.json"]);
    // The same bytes as in memory.
    let bad = place.text("bad.ndjson");
    let roomy = place.run(&ARGS, &input).code(0);
    assert!(roomy.stdout == spilled.stdout && place.text("bad.ndjson") == bad);

    let args = [&ARGS[..], &["--memory", "256kB", "--temp-dir", "nowhere"]].concat();
    let outcome = place.run(&args, &input).code(4);
    assert!(
        outcome.stderr.contains("'nowhere'") && outcome.stderr.contains("--temp-dir"),
        "{}",
        outcome.stderr
    );
    assert_eq!(poison(&outcome.stdout).0, 4);
}
