//! Foreign keys, into tables of every format.

use crate::streams::*;
use arrow_array::*;
use arrow_ipc::writer::FileWriter;
use parquet::arrow::ArrowWriter;
use serde_json::json;
use std::sync::Arc;

fn place() -> Place {
    Place::with_schema(json!({
        "fields": [{ "name": "customer", "type": "integer" }],
        "foreignKeys": [{ "fields": "customer", "reference": { "resource": "customers", "fields": "id" } }],
    }))
}

fn customers() -> RecordBatch {
    batch(&[
        ("name", text(["a", "b", "c"])),
        ("id", int([Some(1), Some(2), None])),
    ])
}

fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    out
}

fn arrow_file(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = FileWriter::try_new(Vec::new(), batch.schema_ref()).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

fn orders() -> Vec<u8> {
    rows(&[("customer", int([Some(1), Some(3), None, Some(2)]))])
}

#[test]
fn tables_of_every_format() {
    let place = place();
    place.write("t.parquet", parquet(&customers()));
    place.write("t.arrow", arrow_file(&customers()));
    place.write("t.arrows", stream(&[customers()]));
    place.write("t.csv", "name,id\na,1\n\"b,\n\",2\nc,\n");
    place.write("t.tsv", "\u{feff}id\tname\n1\ta\n2\tb\n");
    place.write(
        "t.ndjson",
        "{\"id\":1,\"x\":[]}\n{\"id\":2}\n{\"id\":null}\n{}\n",
    );
    std::fs::create_dir(place.path("folder")).unwrap();
    place.write("folder/1.parquet", parquet(&batch(&[("id", int([1]))])));
    place.write("folder/2.csv", "id\n2\n");
    for table in [
        "t.parquet",
        "t.arrow",
        "t.arrows",
        "t.csv",
        "t.tsv",
        "t.ndjson",
        "folder",
        "folder/*",
    ] {
        let reference = format!("customers={table}");
        let args = [
            "--schema",
            "s.json",
            "--reference",
            &reference,
            "--rejects",
            "bad.ndjson",
        ];
        let outcome = place.run(&args, &orders()).code(0);
        assert_eq!(
            ints(&outcome.stdout, "customer"),
            [Some(1), None, Some(2)],
            "{table}"
        );
        assert_eq!(
            place.rejects()[0]["reasons"],
            json!([{ "field": "customer", "constraint": "foreignKeys", "value": 3, "expected": "a value of id in customers" }])
        );
    }
}

#[test]
fn keys_of_several_columns_and_other_widths() {
    let place = Place::with_schema(json!({
        "fields": [{ "name": "a", "type": "integer" }, { "name": "b", "type": "string" }],
        "foreignKeys": [{ "fields": ["a", "b"], "reference": { "resource": "t", "fields": ["x", "y"] } }],
    }));
    let narrow: ArrayRef = Arc::new(Float32Array::from(vec![1.0, 2.0, 3.5]));
    let large: ArrayRef = Arc::new(LargeStringArray::from(vec!["p", "q", "r"]));
    place.write("t.parquet", parquet(&batch(&[("y", large), ("x", narrow)])));
    let columns = [
        ("a", int([Some(1), Some(2), Some(1), Some(3), None])),
        ("b", text(["p", "q", "q", "r", "z"])),
    ];
    let args = [
        "--schema",
        "s.json",
        "--reference",
        "t=t.parquet",
        "--rejects",
        "bad.ndjson",
    ];
    place.run(&args, &rows(&columns)).code(0);
    let found: Vec<u64> = place
        .rejects()
        .iter()
        .map(|r| r["source"]["row"].as_u64().unwrap())
        .collect();
    assert_eq!(found, [3, 4]);
}

#[test]
fn a_table_beyond_the_memory() {
    let place = place();
    place.write(
        "t.parquet",
        parquet(&batch(&[("id", int((0..200_000).map(|n| n * 2)))])),
    );
    let args = [
        "--schema",
        "s.json",
        "--reference",
        "customers=t.parquet",
        "--rejects",
        "bad.ndjson",
        "--memory",
        "128kB",
    ];
    let outcome = place
        .run(&args, &rows(&[("customer", int(0..10_000))]))
        .code(0);
    assert!(
        ints(&outcome.stdout, "customer") == (0..10_000).step_by(2).map(Some).collect::<Vec<_>>()
    );
}

#[test]
fn the_table_itself_is_called_self() {
    let place = Place::with_schema(json!({
        "fields": [{ "name": "id", "type": "integer" }, { "name": "parent", "type": "integer" }],
        "foreignKeys": [{ "fields": "parent", "reference": { "fields": "id" } }],
    }));
    let table = rows(&[("id", int([1, 2])), ("parent", int([Some(2), None]))]);
    let outcome = place.run(&["--schema", "s.json"], &table).code(2);
    assert!(
        outcome.stderr.contains("give --reference self=FILE"),
        "{}",
        outcome.stderr
    );
    place.write("t.arrows", &table);
    place
        .run(
            &["--schema", "s.json", "--reference", "self=t.arrows"],
            &table,
        )
        .code(0);
}

#[test]
fn what_is_wrong_with_a_reference_is_said() {
    let place = place();
    place.write("t.parquet", parquet(&batch(&[("other", int([1]))])));
    place.write("text.parquet", parquet(&batch(&[("id", text(["1"]))])));
    place.write("broken.parquet", b"PAR1 and then nothing PAR1");
    place.write("cut.arrows", &stream(&[customers()])[..100]);
    place.write("ragged.csv", "id,name\n1\n");
    place.write("unknown", "id\n1\n");
    for (reference, code, part) in [
        (None, 2, "give --reference customers=FILE"),
        (Some("customers"), 2, "NAME=PATH"),
        (Some("customers=gone.parquet"), 4, "'gone.parquet'"),
        (
            Some("customers=t.parquet"),
            3,
            "'t.parquet' has no column 'id'",
        ),
        (
            Some("customers=text.parquet"),
            3,
            "column 'id' of 'text.parquet' is of Arrow type Utf8, the stream's of Int64",
        ),
        (Some("customers=broken.parquet"), 3, "'broken.parquet'"),
        (Some("customers=cut.arrows"), 3, "'cut.arrows'"),
        (Some("customers=ragged.csv"), 3, "'ragged.csv'"),
        (
            Some("customers=unknown"),
            3,
            "cannot tell the format of 'unknown'",
        ),
    ] {
        let mut args = vec!["--schema", "s.json"];
        args.extend(
            reference
                .iter()
                .flat_map(|reference| ["--reference", reference]),
        );
        let outcome = place.run(&args, &orders()).code(code);
        assert!(
            outcome.stderr.contains(part),
            "{reference:?}: {}",
            outcome.stderr
        );
    }
}

#[test]
fn a_reference_that_nothing_refers_to_is_worth_a_word() {
    let place = Place::new();
    let outcome = place.run(&["--reference", "x=y"], &orders()).code(0);
    assert_eq!(
        outcome.stderr,
        "validate: warning: no foreign key of the schema refers to 'x'\n"
    );
    place
        .run(&["--reference", "x=y", "--reference", "x=z"], &orders())
        .code(2);
}
