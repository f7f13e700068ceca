//! Table Schema files: every type, what is refused and where, and the way back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

use arrow_schema::{DataType, TimeUnit};
use millrace_fault::{Coded, Exit};
use millrace_schema::{FieldsMatch, Format, Kind, TableSchema};

fn one(field: &str) -> Result<TableSchema, millrace_schema::Error> {
    TableSchema::parse(&format!(r#"{{"fields": [{field}]}}"#))
}

fn arrow(field: &str) -> String {
    one(field)
        .unwrap()
        .to_arrow()
        .field(0)
        .data_type()
        .to_string()
}

#[test]
fn every_type_has_its_arrow_type() {
    for (field, expected) in [
        (r#"{"name":"a","type":"integer"}"#, "Int64"),
        (r#"{"name":"a","type":"number"}"#, "Float64"),
        (
            r#"{"name":"a","type":"number","decimal":[10,2]}"#,
            "Decimal128(10, 2)",
        ),
        (r#"{"name":"a","type":"string","format":"email"}"#, "Utf8"),
        (r#"{"name":"a","type":"boolean"}"#, "Boolean"),
        (r#"{"name":"a","type":"date"}"#, "Date32"),
        (
            r#"{"name":"a","type":"datetime"}"#,
            "Timestamp(µs, \"UTC\")",
        ),
        (
            r#"{"name":"a","type":"datetime","format":"%d/%m/%Y %H:%M"}"#,
            "Timestamp(µs)",
        ),
        (
            r#"{"name":"a","type":"datetime","format":"%d/%m/%Y %H:%M %z"}"#,
            "Timestamp(µs, \"UTC\")",
        ),
        (r#"{"name":"a","type":"time"}"#, "Time64(µs)"),
        (r#"{"name":"a","type":"year"}"#, "Int32"),
        (r#"{"name":"a","type":"yearmonth"}"#, "Utf8"),
        (r#"{"name":"a","type":"duration"}"#, "Duration(µs)"),
        (r#"{"name":"a","type":"object"}"#, "Utf8"),
        (r#"{"name":"a","type":"array"}"#, "Utf8"),
        (r#"{"name":"a","type":"list"}"#, "Utf8"),
        (r#"{"name":"a","type":"geopoint"}"#, "Utf8"),
        (r#"{"name":"a","type":"geojson"}"#, "Utf8"),
        (r#"{"name":"a","type":"any"}"#, "Utf8"),
        (r#"{"name":"a"}"#, "Utf8"),
        (
            r#"{"name":"a","type":"integer","arrowType":"uint8"}"#,
            "UInt8",
        ),
        (
            r#"{"name":"a","type":"number","arrowType":"decimal128(38, 0)"}"#,
            "Decimal128(38, 0)",
        ),
        (
            r#"{"name":"a","type":"number","arrowType":"float32"}"#,
            "Float32",
        ),
        (
            r#"{"name":"a","type":"string","arrowType":"utf8_view"}"#,
            "Utf8View",
        ),
        (
            r#"{"name":"a","type":"datetime","arrowType":"timestamp(ns,Europe/Berlin)"}"#,
            "Timestamp(ns, \"Europe/Berlin\")",
        ),
    ] {
        assert_eq!(arrow(field), expected, "{field}");
    }
}

#[test]
fn objects_and_arrays_nest() {
    let schema = one(
        r#"{"name":"o","type":"object","fields":[
            {"name":"id","type":"integer"},
            {"name":"tags","type":"array","items":{"type":"string","constraints":{"minLength":1}}}]}"#,
    )
    .unwrap();
    let DataType::Struct(members) = schema.fields[0].arrow_type.clone() else {
        panic!()
    };
    assert_eq!(members[0].data_type(), &DataType::Int64);
    let DataType::List(item) = members[1].data_type() else {
        panic!()
    };
    assert_eq!(
        (item.name().as_str(), item.data_type()),
        ("item", &DataType::Utf8)
    );
}

#[test]
fn constraints_keys_and_missing_values_are_data() {
    let schema = TableSchema::parse(
        r#"{"fields":[
            {"name":"id","type":"integer","constraints":{"required":true,"unique":true,"minimum":1}},
            {"name":"amount","type":"number","decimal":[20,2],"constraints":{"exclusiveMaximum":12345678901234567.89}},
            {"name":"day","type":"date","constraints":{"minimum":"2020-01-01"},"missingValues":["-"]},
            {"name":"sku","type":"string","constraints":{"pattern":"[A-Z]+","minLength":1,"maxLength":9,"enum":["A","B"]}}],
          "missingValues":["", {"value":"NA","label":"not there"}], "primaryKey":"id", "uniqueKeys":[["day","sku"]],
          "foreignKeys":[{"fields":"sku","reference":{"resource":"skus","fields":"code"}},
                         {"fields":["id"],"reference":{"fields":["id"]}}],
          "fieldsMatch":"subset", "my:own":[1]}"#,
    )
    .unwrap();
    let [id, amount, day, sku] = schema.fields.as_slice() else {
        panic!()
    };
    assert!(id.constraints.required && id.constraints.unique);
    assert_eq!(
        amount.constraints.exclusive_maximum.as_deref(),
        Some("12345678901234567.89")
    );
    assert_eq!(day.constraints.minimum.as_deref(), Some("2020-01-01"));
    assert_eq!(sku.constraints.enumeration.as_ref().map(Vec::len), Some(2));
    assert_eq!(schema.missing_in_text(id), ["", "NA"]);
    assert_eq!(schema.missing_in_json(day), ["-"]);
    assert_eq!(
        (schema.primary_key.len(), schema.unique_keys[0].len()),
        (1, 2)
    );
    assert_eq!(schema.foreign_keys[0].resource.as_deref(), Some("skus"));
    assert_eq!(schema.foreign_keys[1].resource, None);
    assert_eq!(schema.fields_match, Some(FieldsMatch::Subset));
    assert_eq!(TableSchema::parse(&schema.to_json()).unwrap(), schema);
    let printed = schema.to_json();
    assert!(
        printed.contains("12345678901234567.89")
            && printed.contains("my:own")
            && printed.ends_with("}\n")
    );
}

#[test]
fn an_empty_json_string_is_not_missing_unless_listed() {
    let schema = one(r#"{"name":"a","type":"string"}"#).unwrap();
    assert_eq!(
        schema.missing_in_json(&schema.fields[0]),
        Vec::<&str>::new()
    );
    assert_eq!(schema.missing_in_text(&schema.fields[0]), [""]);
}

#[test]
fn every_refusal_names_its_place() {
    for (json, expected) in [
        ("", "not JSON: line 1 column 0: EOF while parsing a value"),
        (
            "{",
            "not JSON: line 1 column 1: EOF while parsing an object",
        ),
        ("[]", "[] is not an object"),
        ("{}", "expected a property 'fields'"),
        (
            r#"{"fields":[]}"#,
            "/fields: [] is not a list of at least one field",
        ),
        (
            r#"{"fields":[{"type":"string"}]}"#,
            "/fields/0: expected a property 'name'",
        ),
        (
            r#"{"fields":[{"name":1}]}"#,
            "/fields/0/name: 1 is not a string",
        ),
        (
            r#"{"fields":[{"name":"a"},{"name":"a"}]}"#,
            "/fields/1/name: there are two fields named 'a'",
        ),
        (
            r#"{"fields":[{"name":"a","type":"strng"}]}"#,
            "/fields/0/type: 'strng' is not a type",
        ),
        (
            r#"{"fields":[{"name":"a","type":"date","format":"%Q"}]}"#,
            "/fields/0/format: '%Q' is not one of",
        ),
        (
            r#"{"fields":[{"name":"a","type":"date","format":"%Y"}]}"#,
            "/fields/0/format: '%Y' is not a whole date",
        ),
        (
            r#"{"fields":[{"name":"a","type":"integer","format":"hex"}]}"#,
            "/fields/0/format: 'hex' is not a format of integer",
        ),
        (
            r#"{"fields":[{"name":"a","type":"integer","arrowType":"utf8"}]}"#,
            "/fields/0/arrowType: 'utf8' is not an Arrow type of integer",
        ),
        (
            r#"{"fields":[{"name":"a","type":"number","decimal":[39,2]}]}"#,
            "/fields/0/decimal: [39,2] is not a list",
        ),
        (
            r#"{"fields":[{"name":"a","type":"number","decimal":[2,3]}]}"#,
            "/fields/0/decimal: [2,3] is not a list",
        ),
        (
            r#"{"fields":[{"name":"a","type":"integer","decimal":[2,1]}]}"#,
            "/fields/0/decimal: only a field of type number",
        ),
        (
            r#"{"fields":[{"name":"a","type":"string","constraints":{"minimun":1}}]}"#,
            "/fields/0/constraints/minimun: 'minimun' is not a constraint",
        ),
        (
            r#"{"fields":[{"name":"a","type":"string","constraints":{"minimum":1}}]}"#,
            "/fields/0/constraints/minimum: a field of type string cannot have a bound",
        ),
        (
            r#"{"fields":[{"name":"a","type":"integer","constraints":{"minimum":"x"}}]}"#,
            "/fields/0/constraints/minimum: \"x\" is not a value of type integer",
        ),
        (
            r#"{"fields":[{"name":"a","type":"date","constraints":{"minimum":"2026-02-30"}}]}"#,
            "/fields/0/constraints/minimum: \"2026-02-30\" is not a value",
        ),
        (
            r#"{"fields":[{"name":"a","type":"string","constraints":{"minLength":-1}}]}"#,
            "/fields/0/constraints/minLength: -1 is not a whole number",
        ),
        (
            r#"{"fields":[{"name":"a","type":"string","constraints":{"pattern":"("}}]}"#,
            "/fields/0/constraints/pattern: not a regular expression: unclosed group",
        ),
        (
            r#"{"fields":[{"name":"a","type":"string","constraint":{}}]}"#,
            "/fields/0/constraint: 'constraint' is not a property",
        ),
        (
            r#"{"fields":[{"name":"a"}],"primarykey":"a"}"#,
            "/primarykey: 'primarykey' is not a property",
        ),
        (
            r#"{"fields":[{"name":"a"}],"primaryKey":"b"}"#,
            "/primaryKey: there is no field 'b'",
        ),
        (
            r#"{"fields":[{"name":"a"}],"uniqueKeys":["a","b"]}"#,
            "/uniqueKeys/1: there is no field 'b'",
        ),
        (
            r#"{"fields":[{"name":"a"}],"foreignKeys":[{"fields":"a","reference":{"resource":"r","fields":["x","y"]}}]}"#,
            "/foreignKeys/0/reference/fields",
        ),
        (
            r#"{"fields":[{"name":"a"}],"fieldsMatch":"loose"}"#,
            "/fieldsMatch: \"loose\" is not one of",
        ),
        (
            r#"{"fields":[{"name":"a","type":"object","fields":[{"name":"b","type":"x"}]}]}"#,
            "/fields/0/fields/0/type: 'x' is not a type",
        ),
        (
            r#"{"fields":[{"name":"a","type":"array","items":{"type":"x"}}]}"#,
            "/fields/0/items/type: 'x' is not a type",
        ),
        (
            r#"{"fields":[{"name":"a","type":"boolean","trueValues":["0"]}]}"#,
            "/fields/0: '0' is a true and a false value",
        ),
        (
            r#"{"fields":[{"name":"a","type":"number","groupChar":",","decimalChar":","}]}"#,
            "/fields/0: 'groupChar' and 'decimalChar' are the same",
        ),
    ] {
        let error = TableSchema::parse(json).unwrap_err();
        assert!(
            error.to_string().starts_with(expected),
            "{json}\n{error}\n{expected}"
        );
        assert_eq!(error.exit(), Exit::USAGE);
    }
}

#[test]
fn slips_are_hinted_at() {
    let hint = |field: &str| Coded::hint(&one(field).unwrap_err()).unwrap();
    assert_eq!(
        hint(r#"{"name":"a","type":"strng"}"#),
        "did you mean 'string'?"
    );
    assert_eq!(
        hint(r#"{"name":"a","constraints":{"requird":true}}"#),
        "did you mean 'required'?"
    );
    assert_eq!(
        hint(r#"{"name":"a","arrowtype":"int8"}"#),
        "did you mean 'arrowType'?"
    );
    assert!(hint(r#"{"name":"a","type":"quaternion"}"#).starts_with("one of string"));
}

#[test]
fn schemas_too_deep_are_refused_not_crashed_on() {
    let mut field = r#"{"name":"a","type":"integer"}"#.to_owned();
    for _ in 0..40 {
        field = format!(r#"{{"name":"a","type":"array","items":{field}}}"#);
    }
    assert!(one(&field).is_ok());
    for _ in 0..40 {
        field = format!(r#"{{"name":"a","type":"array","items":{field}}}"#);
    }
    assert!(one(&field).is_err());
}

#[test]
fn arrow_schemas_come_back() {
    use arrow_schema::{Field, Schema};
    let arrow = Schema::new(vec![
        Field::new("a", DataType::Int16, true),
        Field::new("b", DataType::Timestamp(TimeUnit::Nanosecond, None), false),
        Field::new("c", DataType::Decimal128(12, 3), true),
        Field::new(
            "d",
            DataType::List(Field::new("element", DataType::Utf8, true).into()),
            true,
        ),
        Field::new(
            "e",
            DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into()),
            true,
        ),
        Field::new("f", DataType::Binary, true),
    ]);
    let schema = TableSchema::from_arrow(&arrow);
    let kinds: Vec<&Kind> = schema.fields.iter().map(|field| &field.kind).collect();
    assert_eq!(schema.fields[0].arrow_type, DataType::Int16);
    assert_eq!(
        schema.fields[1].arrow_type,
        DataType::Timestamp(TimeUnit::Nanosecond, None)
    );
    assert!(schema.fields[1].constraints.required);
    assert_eq!(
        kinds[2],
        &Kind::Decimal {
            precision: 12,
            scale: 3
        }
    );
    assert!(matches!(kinds[3], Kind::Array(item) if item.kind == Kind::String));
    assert_eq!((kinds[4], kinds[5]), (&Kind::String, &Kind::Any));
    assert_eq!(TableSchema::parse(&schema.to_json()).unwrap(), schema);
}

#[test]
fn formats_are_kept() {
    let schema = one(r#"{"name":"a","type":"date","format":"%d/%m/%Y"}"#).unwrap();
    let Format::Pattern(pattern) = &schema.fields[0].format else {
        panic!()
    };
    assert_eq!(pattern.read("17/03/2026").unwrap().days(), 20_529);
    assert!(schema.to_json().contains(r#""format": "%d/%m/%Y""#));
}
