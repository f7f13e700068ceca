//! Constraints inside of objects and arrays.

use crate::streams::*;
use arrow_array::builder::{Int64Builder, ListBuilder};
use arrow_array::types::Int64Type;
use arrow_array::*;
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, Fields};
use serde_json::json;
use std::sync::Arc;

fn customers() -> ArrayRef {
    let fields: Fields = vec![
        Field::new("email", DataType::Utf8, true),
        Field::new("age", DataType::Int64, true),
    ]
    .into();
    // Row 3 is null; what its members hold does not count.
    let columns = vec![
        text([Some("a@b"), None, None, Some("no")]),
        int([Some(-1), Some(5), Some(-7), None]),
    ];
    Arc::new(StructArray::new(
        fields,
        columns,
        Some(NullBuffer::from(vec![true, true, false, true])),
    ))
}

#[test]
fn members_of_objects() {
    let place = Place::with_fields(
        json!([{ "name": "customer", "type": "object", "constraints": { "minLength": 2 }, "fields": [
            { "name": "email", "type": "string", "format": "email", "constraints": { "required": true } },
            { "name": "age", "type": "integer", "constraints": { "minimum": 0 } },
        ]}]),
    );
    assert_eq!(
        place.reasons(&rows(&[("customer", customers())])),
        [
            (
                1,
                "/customer/age".to_owned(),
                "minimum".to_owned(),
                json!(-1)
            ),
            (
                2,
                "customer".to_owned(),
                "minLength".to_owned(),
                json!({ "email": null, "age": 5 })
            ),
            (
                2,
                "/customer/email".to_owned(),
                "required".to_owned(),
                json!(null)
            ),
            (
                4,
                "customer".to_owned(),
                "minLength".to_owned(),
                json!({ "email": "no", "age": null })
            ),
            (
                4,
                "/customer/email".to_owned(),
                "format".to_owned(),
                json!("no")
            ),
        ]
    );
}

#[test]
fn items_of_arrays() {
    let lists = |large: bool| -> ArrayRef {
        let mut builder = ListBuilder::new(Int64Builder::new());
        for list in [
            Some(vec![Some(1), Some(9), Some(-1)]),
            None,
            Some(vec![]),
            Some(vec![None, Some(99)]),
        ] {
            builder.append_option(list);
        }
        let lists = builder.finish();
        match large {
            true => arrow_cast::cast(
                &lists,
                &DataType::LargeList(Arc::new(Field::new("item", DataType::Int64, true))),
            )
            .unwrap(),
            false => Arc::new(lists),
        }
    };
    let place = Place::with_fields(
        json!([{ "name": "a/b", "type": "array", "constraints": { "minLength": 1, "maxLength": 2 }, "items":
            { "type": "integer", "constraints": { "required": true, "minimum": 0, "maximum": 9 } }
        }]),
    );
    for large in [false, true] {
        let found = place.reasons(&rows(&[("a/b", lists(large))]));
        let found: Vec<_> = found
            .iter()
            .map(|(row, field, name, value)| (*row, field.as_str(), name.as_str(), value.clone()))
            .collect();
        assert_eq!(
            found,
            [
                (1, "a/b", "maxLength", json!([1, 9, -1])),
                (1, "/a~1b/2", "minimum", json!(-1)),
                (3, "a/b", "minLength", json!([])),
                (4, "/a~1b/0", "required", json!(null)),
                (4, "/a~1b/1", "maximum", json!(99)),
            ]
        );
    }
}

#[test]
fn fixed_lists_and_list_views() {
    let place = Place::with_fields(
        json!([{ "name": "x", "type": "array", "items": { "type": "integer", "constraints": { "minimum": 0 } } }]),
    );
    let fixed = FixedSizeListArray::from_iter_primitive::<Int64Type, _, _>(
        [Some(vec![Some(1), Some(-1)]), None],
        2,
    );
    let views = ListViewArray::from_iter_primitive::<Int64Type, _, _>([
        Some(vec![Some(1), Some(-1)]),
        None,
    ]);
    for lists in [Arc::new(fixed) as ArrayRef, Arc::new(views)] {
        assert_eq!(
            place.reasons(&rows(&[("x", lists)])),
            [(1, "/x/1".to_owned(), "minimum".to_owned(), json!(-1))]
        );
    }
}

#[test]
fn a_member_that_is_not_there_is_a_mismatch() {
    let place = Place::with_fields(
        json!([{ "name": "customer", "type": "object", "fields": [{ "name": "phone", "type": "string" }] }]),
    );
    let outcome = place
        .run(&["--schema", "s.json"], &rows(&[("customer", customers())]))
        .code(3);
    assert!(
        outcome.stderr.contains("'/customer/phone'"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn unique_inside_is_refused() {
    let place = Place::with_fields(
        json!([{ "name": "customer", "type": "object", "fields": [{ "name": "email", "type": "string", "constraints": { "unique": true } }] }]),
    );
    let outcome = place
        .run(&["--schema", "s.json"], &rows(&[("customer", customers())]))
        .code(2);
    assert!(
        outcome
            .stderr
            .contains("'/customer/email' cannot be unique"),
        "{}",
        outcome.stderr
    );
}
