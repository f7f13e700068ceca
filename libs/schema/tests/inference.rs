//! Whatever is seen, the schema inferred from it is one that can be written, read back
//! and turned into Arrow; and the order of records does not change its types.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

use millrace_schema::TableSchema;
use millrace_schema::infer::JsonInference;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1_000_000_i64..1_000_000).prop_map(|n| json!(n as f64 / 100.0)),
        "[a-z]{0,5}|2026-03-1[0-9]|2026-03-17[T ]05:00:00(Z|\\.1234567)?|05:00:00"
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c]", inner, 0..3).prop_map(|members| json!(members)),
        ]
    })
}

fn records() -> impl Strategy<Value = Vec<Value>> {
    let record =
        prop::collection::btree_map("[a-d]", value(), 1..4).prop_map(|members| json!(members));
    prop::collection::vec(record, 1..8)
}

fn infer<'a>(records: impl Iterator<Item = &'a Value>) -> TableSchema {
    let mut inference = JsonInference::new();
    for record in records {
        assert!(inference.record(record.to_string().as_bytes()));
    }
    inference.schema().unwrap()
}

/// The schema's file with all lists of fields sorted by name.
fn by_name(schema: &TableSchema) -> Value {
    sorted(serde_json::from_str(&schema.to_json()).unwrap())
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, sorted(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) if items.iter().all(Value::is_object) => {
            let named = |item: Value| (item["name"].to_string(), sorted(item));
            items
                .into_iter()
                .map(named)
                .collect::<BTreeMap<_, _>>()
                .into_values()
                .collect::<Vec<_>>()
                .into()
        }
        other => other,
    }
}

proptest! {
    #[test]
    fn an_inferred_schema_is_a_schema_in_any_order(records in records()) {
        let schema = infer(records.iter());
        let read = TableSchema::parse(&schema.to_json()).unwrap();
        prop_assert_eq!(&read, &schema);
        prop_assert_eq!(read.to_arrow(), schema.to_arrow());
        prop_assert_eq!(by_name(&infer(records.iter().rev())), by_name(&schema));
    }
}
