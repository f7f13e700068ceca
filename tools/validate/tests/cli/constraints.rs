//! Each constraint of a column, with nulls and at its edges, on every kind of column.

use crate::streams::*;
use arrow_array::types::{Int8Type, Int32Type};
use arrow_array::*;
use arrow_buffer::i256;
use serde_json::{Value, json};
use std::sync::Arc;

const NONE: [u64; 0] = [];

fn kind(name: &str) -> Value {
    json!({ "type": name })
}

#[test]
fn required() {
    let required = json!({ "required": true });
    assert_eq!(
        broken(
            kind("integer"),
            required.clone(),
            int([Some(1), None, Some(0)])
        ),
        [2]
    );
    assert_eq!(
        broken(kind("string"), required.clone(), text(["", "a"])),
        NONE
    );
    assert_eq!(
        broken(
            kind("string"),
            required.clone(),
            Arc::new(NullArray::new(2))
        ),
        [1, 2]
    );
    let values = StringArray::from(vec![Some("a"), None]);
    let dictionary = DictionaryArray::<Int8Type>::new(vec![0, 1].into(), Arc::new(values));
    assert_eq!(broken(kind("string"), required, Arc::new(dictionary)), [2]);
}

#[test]
fn lengths_count_characters() {
    let column = || text([Some("ab"), Some("äöü"), Some("😀😀😀😀"), Some(""), None]);
    assert_eq!(
        broken(kind("string"), json!({ "minLength": 3 }), column()),
        [1, 4]
    );
    assert_eq!(
        broken(kind("string"), json!({ "maxLength": 3 }), column()),
        [3]
    );
    let views: StringViewArray = ["ab", "a text beyond twelve bytes"]
        .into_iter()
        .map(Some)
        .collect();
    assert_eq!(
        broken(kind("string"), json!({ "maxLength": 12 }), Arc::new(views)),
        [2]
    );
    let large: LargeStringArray = ["ab", "abc"].into_iter().map(Some).collect();
    assert_eq!(
        broken(kind("string"), json!({ "minLength": 3 }), Arc::new(large)),
        [1]
    );
}

#[test]
fn bounds_of_whole_numbers() {
    let column = || {
        int([
            Some(-1),
            Some(0),
            Some(1),
            Some(i64::MAX),
            Some(i64::MIN),
            None,
        ])
    };
    assert_eq!(
        broken(kind("integer"), json!({ "minimum": 0 }), column()),
        [1, 5]
    );
    assert_eq!(
        broken(kind("integer"), json!({ "maximum": 0 }), column()),
        [3, 4]
    );
    assert_eq!(
        broken(kind("integer"), json!({ "exclusiveMinimum": 0 }), column()),
        [1, 2, 5]
    );
    assert_eq!(
        broken(kind("integer"), json!({ "exclusiveMaximum": 0 }), column()),
        [2, 3, 4]
    );
    assert_eq!(
        broken(
            kind("integer"),
            json!({ "minimum": "-1", "maximum": "1" }),
            column()
        ),
        [4, 5]
    );
    // Beyond the type: every value breaks it, or none does.
    assert_eq!(
        broken(
            kind("integer"),
            json!({ "maximum": "99999999999999999999" }),
            column()
        ),
        NONE
    );
    assert_eq!(
        broken(
            kind("integer"),
            json!({ "minimum": "99999999999999999999" }),
            column()
        ),
        [1, 2, 3, 4, 5]
    );
    assert_eq!(
        broken(
            kind("integer"),
            json!({ "exclusiveMaximum": i64::MIN }),
            column()
        ),
        [1, 2, 3, 4, 5]
    );
    let small: ArrayRef = Arc::new(Int8Array::from(vec![-128, 127]));
    assert_eq!(
        broken(
            kind("integer"),
            json!({ "minimum": -129, "maximum": 128 }),
            small
        ),
        NONE
    );
    let large: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX, u64::MAX - 1]));
    assert_eq!(
        broken(
            kind("integer"),
            json!({ "maximum": "18446744073709551614" }),
            large
        ),
        [1]
    );
}

#[test]
fn bounds_of_floats() {
    let column = || -> ArrayRef {
        Arc::new(Float64Array::from(vec![
            Some(-0.0),
            Some(0.0),
            Some(f64::NAN),
            Some(-f64::NAN),
            Some(f64::INFINITY),
            None,
        ]))
    };
    assert_eq!(
        broken(kind("number"), json!({ "minimum": 0 }), column()),
        [3, 4]
    );
    assert_eq!(
        broken(kind("number"), json!({ "exclusiveMinimum": 0 }), column()),
        [1, 2, 3, 4]
    );
    assert_eq!(
        broken(kind("number"), json!({ "maximum": 0 }), column()),
        [3, 4, 5]
    );
    let single: ArrayRef = Arc::new(Float32Array::from(vec![0.1, 0.2]));
    assert_eq!(
        broken(kind("number"), json!({ "maximum": 0.1 }), single),
        [2]
    );
}

#[test]
fn bounds_of_decimals_are_exact() {
    let cents = |values: Vec<i128>| -> ArrayRef {
        Arc::new(
            Decimal128Array::from(values)
                .with_precision_and_scale(38, 2)
                .unwrap(),
        )
    };
    let money = json!({ "type": "number", "decimal": [38, 2] });
    assert_eq!(
        broken(
            money.clone(),
            json!({ "minimum": "0.10" }),
            cents(vec![9, 10, 11])
        ),
        [1]
    );
    // Half a cent lies between two values.
    assert_eq!(
        broken(
            money.clone(),
            json!({ "minimum": "0.105" }),
            cents(vec![10, 11])
        ),
        [1]
    );
    assert_eq!(
        broken(
            money.clone(),
            json!({ "exclusiveMinimum": "0.105" }),
            cents(vec![10, 11])
        ),
        [1]
    );
    assert_eq!(
        broken(
            money.clone(),
            json!({ "maximum": "-0.105" }),
            cents(vec![-10, -11])
        ),
        [1]
    );
    assert_eq!(
        broken(
            money.clone(),
            json!({ "exclusiveMaximum": "-0.105" }),
            cents(vec![-10, -11])
        ),
        [1]
    );
    let most = 10i128.pow(38) - 1;
    let bound = "999999999999999999999999999999999999.98";
    assert_eq!(
        broken(
            money,
            json!({ "maximum": bound }),
            cents(vec![most, most - 1])
        ),
        [1]
    );
    let wide = Decimal256Array::from(vec![i256::from_i128(5), i256::from_i128(-5)])
        .with_precision_and_scale(76, 1)
        .unwrap();
    assert_eq!(
        broken(kind("number"), json!({ "minimum": 0 }), Arc::new(wide)),
        [2]
    );
    assert_eq!(
        broken(kind("number"), json!({ "minimum": 0.5 }), int([0, 1])),
        [1]
    );
}

#[test]
fn bounds_of_moments() {
    let days: ArrayRef = Arc::new(Date32Array::from(vec![Some(20_528), Some(20_529), None]));
    assert_eq!(
        broken(
            kind("date"),
            json!({ "minimum": "2026-03-17" }),
            days.clone()
        ),
        [1]
    );
    assert_eq!(
        broken(
            kind("date"),
            json!({ "exclusiveMaximum": "2026-03-17" }),
            days
        ),
        [2]
    );

    let at = 1_773_709_200_000_000; // 2026-03-17T01:00:00Z
    let micros = || TimestampMicrosecondArray::from(vec![at - 1, at, at + 1]);
    let zoned = || -> ArrayRef { Arc::new(micros().with_timezone("UTC")) };
    assert_eq!(
        broken(
            kind("datetime"),
            json!({ "minimum": "2026-03-17T02:00:00+01:00" }),
            zoned()
        ),
        [1]
    );
    assert_eq!(
        broken(
            kind("datetime"),
            json!({ "maximum": "2026-03-17T01:00:00Z" }),
            zoned()
        ),
        [3]
    );
    assert_eq!(
        broken(
            kind("datetime"),
            json!({ "maximum": "2026-03-17" }),
            zoned()
        ),
        [1, 2, 3]
    );
    assert_eq!(
        broken(
            kind("datetime"),
            json!({ "minimum": "2026-03-17T01:00:00" }),
            Arc::new(micros())
        ),
        [1]
    );
    // A bound between two values of a coarse column.
    let seconds: ArrayRef = Arc::new(
        TimestampSecondArray::from(vec![at / 1_000_000, at / 1_000_000 + 1])
            .with_timezone("+02:00"),
    );
    assert_eq!(
        broken(
            kind("datetime"),
            json!({ "minimum": "2026-03-17T01:00:00.5Z" }),
            seconds
        ),
        [1]
    );

    let times: ArrayRef = Arc::new(Time64MicrosecondArray::from(vec![0, 3_600_000_000]));
    assert_eq!(
        broken(kind("time"), json!({ "minimum": "00:30:00" }), times),
        [1]
    );
    let spans: ArrayRef = Arc::new(DurationMillisecondArray::from(vec![90_000, 90_001]));
    assert_eq!(
        broken(kind("duration"), json!({ "maximum": "PT1M30S" }), spans),
        [2]
    );
    let years: ArrayRef = Arc::new(Int32Array::from(vec![1999, 2000]));
    assert_eq!(
        broken(kind("year"), json!({ "minimum": "2000" }), years),
        [1]
    );
    assert_eq!(
        broken(
            kind("yearmonth"),
            json!({ "minimum": "2025-12", "exclusiveMaximum": "2026-02" }),
            text(["2025-11", "2025-12", "2026-01", "2026-02"])
        ),
        [1, 4]
    );
}

#[test]
fn a_length_in_months_cannot_bound() {
    let place = Place::with_fields(
        json!([{ "name": "x", "type": "duration", "constraints": { "minimum": "P1M" } }]),
    );
    let spans: ArrayRef = Arc::new(DurationSecondArray::from(vec![1]));
    let outcome = place
        .run(&["--schema", "s.json"], &rows(&[("x", spans)]))
        .code(2);
    assert!(
        outcome.stderr.contains("'P1M' cannot be compared"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn patterns_match_the_whole_value() {
    let column = || {
        text([
            Some("EUR"),
            Some("EURO"),
            Some("eur"),
            Some(""),
            Some("EUR\n"),
            None,
        ])
    };
    assert_eq!(
        broken(kind("string"), json!({ "pattern": "[A-Z]{3}" }), column()),
        [2, 3, 4, 5]
    );
    assert_eq!(
        broken(kind("string"), json!({ "pattern": "EUR|EURO" }), column()),
        [3, 4, 5]
    );
}

#[test]
fn an_enum_compares_in_the_type_of_the_field() {
    assert_eq!(
        broken(
            kind("string"),
            json!({ "enum": ["a", "b"] }),
            text([Some("a"), Some("A"), Some(""), None])
        ),
        [2, 3]
    );
    assert_eq!(
        broken(
            kind("integer"),
            json!({ "enum": [1, "2", 3.0] }),
            int([1, 2, 3, 4])
        ),
        [4]
    );
    assert_eq!(
        broken(
            kind("boolean"),
            json!({ "enum": [true] }),
            Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))
        ),
        [2]
    );
    assert_eq!(
        broken(
            kind("number"),
            json!({ "enum": [0.1, "1e3"] }),
            Arc::new(Float64Array::from(vec![0.1, 1000.0, 0.2, f64::NAN]))
        ),
        [3, 4]
    );
    let cents = Decimal128Array::from(vec![50, 55])
        .with_precision_and_scale(9, 2)
        .unwrap();
    assert_eq!(
        broken(
            kind("number"),
            json!({ "enum": ["0.5", "0.555"] }),
            Arc::new(cents)
        ),
        [2]
    );
    let days: ArrayRef = Arc::new(Date32Array::from(vec![20_528, 20_529]));
    assert_eq!(
        broken(kind("date"), json!({ "enum": ["2026-03-17"] }), days),
        [1]
    );
    let instants = TimestampSecondArray::from(vec![0, 3600]).with_timezone("UTC");
    assert_eq!(
        broken(
            kind("datetime"),
            json!({ "enum": ["1970-01-01T01:00:00+01:00"] }),
            Arc::new(instants)
        ),
        [2]
    );
    assert_eq!(
        broken(
            kind("any"),
            json!({ "enum": [{ "a": [1, null] }, "x"] }),
            text([r#"{ "a" : [1,null] }"#, "x", "\"x\"", "{}"])
        ),
        [4]
    );
    let runs = RunArray::<Int32Type>::try_new(
        &Int32Array::from(vec![2, 3]),
        &StringArray::from(vec!["a", "z"]),
    )
    .unwrap();
    assert_eq!(
        broken(kind("string"), json!({ "enum": ["a"] }), Arc::new(runs)),
        [3]
    );
}

#[test]
fn an_enum_of_another_type_is_refused() {
    let place = Place::with_fields(
        json!([{ "name": "x", "type": "integer", "constraints": { "enum": [1, "one"] } }]),
    );
    let outcome = place
        .run(&["--schema", "s.json"], &rows(&[("x", int([1]))]))
        .code(2);
    assert!(outcome.stderr.contains("\"one\""), "{}", outcome.stderr);
}

#[test]
fn formats_of_text() {
    let of = |format: &str, good: &str| {
        let place =
            Place::with_fields(json!([{ "name": "x", "type": "string", "format": format }]));
        let found = place.reasons(&rows(&[(
            "x",
            text([Some(good), Some("no such thing"), None]),
        )]));
        assert_eq!(
            found,
            [(2, "x".into(), "format".into(), json!("no such thing"))],
            "{format}"
        );
    };
    of("email", "ada@example.org");
    of("uri", "https://example.org/a?b#c");
    of("uuid", "0192f3c4-0000-7000-8000-000000000000");
    of("binary", "aGk=");
}

#[test]
fn every_reason_of_a_row_in_the_order_of_the_schema() {
    let place = Place::with_fields(json!([
        { "name": "id", "type": "integer", "constraints": { "minimum": 1, "maximum": 0, "unique": true } },
        { "name": "code", "type": "string", "constraints": { "required": true, "minLength": 2, "pattern": "[A-Z]+" } },
    ]));
    let found = place.reasons(&rows(&[
        ("code", text([Some("é"), None])),
        ("id", int([0, 1])),
    ]));
    let found: Vec<(u64, &str, &str)> = found
        .iter()
        .map(|(row, field, name, _)| (*row, field.as_str(), name.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (1, "id", "minimum"),
            (1, "code", "minLength"),
            (1, "code", "pattern"),
            (2, "id", "maximum"),
            (2, "code", "required"),
        ]
    );
}

#[test]
fn a_column_of_another_type_is_a_mismatch() {
    let place = Place::with_fields(json!([{ "name": "x", "type": "integer" }]));
    let outcome = place
        .run(&["--schema", "s.json"], &rows(&[("x", text(["1"]))]))
        .code(3);
    assert_eq!(
        outcome.stderr.lines().next().unwrap(),
        "validate: column 'x' is of Arrow type Utf8, the schema's field is of type integer"
    );
    let outcome = place
        .run(&["--schema", "s.json"], &rows(&[("y", int([1]))]))
        .code(3);
    assert!(
        outcome.stderr.contains("no column 'x'"),
        "{}",
        outcome.stderr
    );
}
