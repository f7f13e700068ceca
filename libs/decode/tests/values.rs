//! Every kind of value: what is read, what is refused and with which words.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod support;
use serde_json::{Value, json};
use support::{decode, schema};

/// Decodes `{"v":TEXT}` with the field `v` as given; its value, or rule and expectation.
fn read(field: &str, text: &str) -> Result<Value, (String, String)> {
    let schema = schema(&format!(r#"{{"name":"v",{field}}}"#));
    for spaced in [false, true] {
        let line = if spaced {
            format!("{{\"v\" : {text} }}\n")
        } else {
            format!("{{\"v\":{text}}}\n")
        };
        let kept = decode(&schema, &line);
        match kept.refused.first() {
            Some(refusal) => {
                assert_eq!(
                    (refusal.reason.field.as_str(), refusal.reason.value.as_str()),
                    ("/v", text)
                );
                if spaced {
                    return Err((
                        refusal.reason.constraint.to_owned(),
                        refusal.reason.expected.clone(),
                    ));
                }
            }
            None if spaced => return Ok(kept.values()[0]["v"].clone()),
            None => {}
        }
    }
    unreachable!()
}

fn good(field: &str, cases: &[(&str, Value)]) {
    for (text, expected) in cases {
        assert_eq!(read(field, text).as_ref(), Ok(expected), "{field} {text}");
    }
    assert_eq!(read(field, "null"), Ok(Value::Null));
}

fn bad(field: &str, rule: &str, expected: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(
            read(field, text),
            Err((rule.to_owned(), expected.to_owned())),
            "{field} {text}"
        );
    }
}

#[test]
fn integers() {
    let field = r#""type":"integer""#;
    good(
        field,
        &[
            ("0", json!(0)),
            ("-0", json!(0)),
            ("7", json!(7)),
            ("-12345678", json!(-12_345_678)),
            ("123456789012345", json!(123_456_789_012_345_i64)),
            ("1234567890123456", json!(1_234_567_890_123_456_i64)),
            ("9223372036854775807", json!(i64::MAX)),
            ("-9223372036854775808", json!(i64::MIN)),
        ],
    );
    bad(
        field,
        "type",
        "an integer",
        &[
            "1.5", "1.0", "1e2", "0e0", "true", "\"1\"", "[1]", "{}", "1E400",
        ],
    );
    bad(
        field,
        "range",
        "an integer from -9223372036854775808 to 9223372036854775807",
        &[
            "9223372036854775808",
            "-9223372036854775809",
            "123456789012345678901234567890",
        ],
    );
}

#[test]
fn integers_of_other_widths() {
    for (arrow, least, most) in [
        ("int8", "-128", "127"),
        ("int16", "-32768", "32767"),
        ("int32", "-2147483648", "2147483647"),
        ("uint8", "0", "255"),
        ("uint16", "0", "65535"),
        ("uint32", "0", "4294967295"),
        ("uint64", "0", "18446744073709551615"),
        (
            "decimal128(38,0)",
            "-99999999999999999999999999999999999999",
            "99999999999999999999999999999999999999",
        ),
    ] {
        let field = format!(r#""type":"integer","arrowType":"{arrow}""#);
        for text in [least, most] {
            assert_eq!(read(&field, text).unwrap().to_string(), text, "{arrow}");
        }
        let expected = format!("an integer from {least} to {most}");
        let over = format!("{most}0");
        bad(
            &field,
            "range",
            &expected,
            &[&over, "-1000000000000000000000000000000000000000"],
        );
        bad(&field, "type", "an integer", &["1.0", "1e1"]);
    }
}

#[test]
fn numbers() {
    let field = r#""type":"number""#;
    for text in [
        "0",
        "0.1",
        "-0.5",
        "19.99",
        "1e5",
        "123456.1234567",
        "0.1234567890123456789",
        "5e-324",
        "2.2250738585072014e-308",
        "1.7976931348623157e308",
        "9007199254740992",
        "9007199254740994",
        "1234567.7654321",
        "12345678.5",
        "-73.98765432101",
        "100000000000000000000",
        "8.41e21",
        "9007199254740993.5",
        "0e-400",
        "-0.0",
    ] {
        let expected: f64 = text.parse().unwrap();
        assert_eq!(
            read(field, text)
                .unwrap()
                .to_string()
                .parse::<f64>()
                .unwrap()
                .to_bits(),
            expected.to_bits(),
            "{text}"
        );
    }
    bad(
        field,
        "range",
        "a number within the range of 64 bits",
        &["1e400", "-1e309", "1e-400", "0.1e-999999999999"],
    );
    bad(
        field,
        "digits",
        "an integer that a 64-bit number holds exactly",
        &["9007199254740993", "-12345678901234567891"],
    );
    bad(
        field,
        "type",
        "a number",
        &["\"1\"", "true", "[]", "\"NaN\""],
    );
    let single = r#""type":"number","arrowType":"float32""#;
    good(
        single,
        &[("16777216", json!(16_777_216.0)), ("0.5", json!(0.5))],
    );
    bad(
        single,
        "digits",
        "an integer that a 32-bit number holds exactly",
        &["16777217"],
    );
    bad(
        single,
        "range",
        "a number within the range of 32 bits",
        &["1e39", "1e-60"],
    );
}

#[test]
fn decimals() {
    let field = r#""type":"number","decimal":[12,2]"#;
    let exact = |text: &str| read(field, text).unwrap().to_string();
    for (text, expected) in [
        ("0", "0.00"),
        ("1.5", "1.50"),
        ("-0.05", "-0.05"),
        ("9999999999.99", "9999999999.99"),
        ("1e3", "1000.00"),
        ("125e-2", "1.25"),
        ("1.2300", "1.23"),
        ("12345678.9", "12345678.90"),
        ("-0", "0.00"),
        ("1.5e1", "15.00"),
        ("1.000000000000000000000000000000000000000000", "1.00"),
    ] {
        assert_eq!(exact(text), expected, "{text}");
    }
    bad(
        field,
        "digits",
        "at most 2 digits after the point",
        &[
            "1.234",
            "1e-3",
            "0.001",
            "1.0000000000000000000000000000000000000001",
        ],
    );
    bad(
        field,
        "range",
        "at most 10 digits before the point",
        &["10000000000", "1e10", "-99999999999.5", "1e999999999999"],
    );
    bad(field, "type", "a number", &["\"1.50\"", "false"]);
    assert_eq!(
        read(
            r#""type":"number","decimal":[38,38]"#,
            "0.12345678901234567890123456789012345678"
        )
        .unwrap()
        .to_string(),
        "0.12345678901234567890123456789012345678"
    );
}

#[test]
fn strings_and_booleans() {
    good(
        r#""type":"string""#,
        &[
            ("\"\"", json!("")),
            (r#""\u0000\ud83d\ude00\/""#, json!("\0😀/")),
            ("\"é\"", json!("é")),
            (
                r#""0123456789012345678901234567890\t1234567890123456789012345678901234567890""#,
                json!("0123456789012345678901234567890\t1234567890123456789012345678901234567890"),
            ),
        ],
    );
    bad(
        r#""type":"string""#,
        "type",
        "a string",
        &["1", "true", "{}", "[\"a\"]"],
    );
    good(
        r#""type":"boolean""#,
        &[("true", json!(true)), ("false", json!(false))],
    );
    bad(
        r#""type":"boolean""#,
        "type",
        "true or false",
        &["1", "0", "\"true\"", "[]"],
    );
}

#[test]
fn dates_and_times() {
    good(
        r#""type":"date""#,
        &[
            ("\"2024-02-29\"", json!("2024-02-29")),
            (r#""2024\u002d02-29""#, json!("2024-02-29")),
        ],
    );
    bad(
        r#""type":"date""#,
        "type",
        "a date such as 2026-03-17",
        &[
            "\"2023-02-29\"",
            "\"2026-3-17\"",
            "\"2026-03-17T00:00:00\"",
            "20260317",
            "\"\"",
            "\" 2026-03-17\"",
        ],
    );
    good(
        r#""type":"date","format":"%d/%m/%Y""#,
        &[("\"17/03/2026\"", json!("2026-03-17"))],
    );
    bad(
        r#""type":"date","format":"%d/%m/%Y""#,
        "type",
        "a date of the form '%d/%m/%Y'",
        &["\"2026-03-17\""],
    );
    good(
        r#""type":"time""#,
        &[
            ("\"05:07:09\"", json!("05:07:09")),
            ("\"05:07:09.250\"", json!("05:07:09.250")),
        ],
    );
    bad(
        r#""type":"time""#,
        "type",
        "a time such as 05:00:00",
        &["\"24:00:00\"", "\"05:07\"", "\"05:07:60\"", "5"],
    );
    good(
        r#""type":"time","arrowType":"time32(s)""#,
        &[("\"23:59:59.000\"", json!("23:59:59"))],
    );
    bad(
        r#""type":"time","arrowType":"time32(s)""#,
        "digits",
        "at most 0 digits of a second",
        &["\"23:59:59.5\""],
    );
    good(
        r#""type":"year""#,
        &[
            ("2026", json!(2026)),
            ("\"2026\"", json!(2026)),
            ("\"-0044\"", json!(-44)),
        ],
    );
    bad(
        r#""type":"year""#,
        "range",
        "a year from -9999 to 9999",
        &["10000"],
    );
    good(
        r#""type":"yearmonth""#,
        &[("\"2026-03\"", json!("2026-03"))],
    );
    bad(
        r#""type":"yearmonth""#,
        "type",
        "a year and a month such as 2026-03",
        &["\"2026-13\"", "202603"],
    );
    bad(
        r#""type":"duration""#,
        "range",
        "a duration without years and months, which have no fixed length",
        &["\"P1M\"", "\"P1Y\""],
    );
    bad(
        r#""type":"duration""#,
        "type",
        "an ISO 8601 duration such as P1DT2H30M",
        &["\"1h\"", "5", "\"P\""],
    );
}

#[test]
fn timestamps() {
    let field = r#""type":"datetime""#;
    for (text, expected) in [
        ("2026-03-17T05:00:00Z", "2026-03-17T05:00:00Z"),
        ("2026-03-17T05:00:00.123Z", "2026-03-17T05:00:00.123Z"),
        ("2026-03-17T05:00:00.1Z", "2026-03-17T05:00:00.100Z"),
        ("2026-03-17T05:00:00.123456Z", "2026-03-17T05:00:00.123456Z"),
        (
            "2026-03-17T05:00:00.123456000Z",
            "2026-03-17T05:00:00.123456Z",
        ),
        ("2026-03-17T05:00:00+02:00", "2026-03-17T03:00:00Z"),
        ("2026-03-17T00:30:00.5-23:59", "2026-03-18T00:29:00.500Z"),
        ("2026-03-17t05:00:00z", "2026-03-17T05:00:00Z"),
        ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("2026-03-17T05:00:00", "2026-03-17T05:00:00Z"),
    ] {
        assert_eq!(
            read(field, &format!("\"{text}\"")),
            Ok(json!(expected)),
            "{text}"
        );
    }
    bad(
        field,
        "digits",
        "at most 6 digits of a second",
        &[
            "\"2026-03-17T05:00:00.1234567Z\"",
            "\"2026-03-17T05:00:00.000000001Z\"",
        ],
    );
    bad(
        field,
        "type",
        "a timestamp such as 2026-03-17T05:00:00Z",
        &[
            "\"2026-03-17 05:00:00Z\"",
            "\"2026-03-17\"",
            "\"2026-02-30T05:00:00Z\"",
            "\"2026-03-17T24:00:00Z\"",
            "\"2026-03-17T05:00:60Z\"",
            "\"2026-03-17T05:00:00.Z\"",
            "\"2026-03-17T05:00:00.1234567891Z\"",
            "1773723600",
            "\"2026-03-17T05:00:00+0200\"",
            "\"2026-03-17T05:00:00+24:00\"",
            "\"2026-03-17T05:00:00ZZ\"",
            "\"\"",
            "\"\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000T05:00:00Z\"",
        ],
    );
    let wall = r#""type":"datetime","arrowType":"timestamp(ms)""#;
    good(
        wall,
        &[(
            "\"2026-03-17T05:00:00.5\"",
            json!("2026-03-17T05:00:00.500"),
        )],
    );
    bad(
        wall,
        "type",
        "a timestamp without an offset (the column has no zone)",
        &["\"2026-03-17T05:00:00Z\"", "\"2026-03-17T05:00:00+01:00\""],
    );
    let zoned = r#""type":"datetime","arrowType":"timestamp(us,Europe/Berlin)""#;
    bad(
        zoned,
        "type",
        "a timestamp with an offset from UTC or 'Z'",
        &["\"2026-03-17T05:00:00\""],
    );
    let nanos = r#""type":"datetime","arrowType":"timestamp(ns,UTC)""#;
    good(
        nanos,
        &[(
            "\"2026-03-17T05:00:00.123456789Z\"",
            json!("2026-03-17T05:00:00.123456789Z"),
        )],
    );
    bad(
        nanos,
        "range",
        "a time within 64 bits",
        &["\"2500-01-01T00:00:00Z\"", "\"0001-01-01T00:00:00Z\""],
    );
    good(
        r#""type":"datetime","format":"any""#,
        &[("\"2026-03-17 05:00:00\"", json!("2026-03-17T05:00:00Z"))],
    );
    good(
        r#""type":"datetime","format":"%d.%m.%Y %H:%M""#,
        &[("\"17.03.2026 05:07\"", json!("2026-03-17T05:07:00"))],
    );
}

#[test]
fn nested_and_raw() {
    let list = r#""type":"array","items":{"type":"array","items":{"type":"integer"}}"#;
    good(
        list,
        &[
            ("[]", json!([])),
            ("[[1,2],null,[]]", json!([[1, 2], null, []])),
            ("[ [ 1 , null ] ]", json!([[1, null]])),
        ],
    );
    let object = r#""type":"object","fields":[{"name":"a","type":"integer"},{"name":"b","type":"object","fields":[{"name":"c","type":"string"}]}]"#;
    good(
        object,
        &[
            ("{}", json!({"a": null, "b": null})),
            (
                r#"{"b":{"c":"x"},"zzz":[1],"a":1}"#,
                json!({"a": 1, "b": {"c": "x"}}),
            ),
        ],
    );
    bad(object, "type", "an object", &["[]", "1"]);
    good(
        r#""type":"any""#,
        &[
            ("[1, 2.50]", json!("[1, 2.50]")),
            ("\"a\\u0041\"", json!("\"a\\u0041\"")),
            ("1e400", json!("1e400")),
        ],
    );
    good(r#""type":"object""#, &[("{\"a\": 1}", json!("{\"a\": 1}"))]);
    bad(r#""type":"object""#, "type", "an object", &["[1]", "1"]);
}

#[test]
fn the_pointer_leads_to_the_value() {
    let schema = schema(
        r#"{"name":"a/b~c","type":"array","items":{"type":"object","fields":[{"name":"d","type":"integer"}]}}"#,
    );
    let kept = decode(&schema, r#"{"a/b~c":[{"d":1},{"d":2},{"d":"x"}]}"#);
    let reason = &kept.refused[0].reason;
    assert_eq!(
        (
            reason.field.as_str(),
            reason.value.as_str(),
            reason.position
        ),
        ("/a~1b~0c/2/d", "\"x\"", 31)
    );
}

#[test]
fn missing_values_are_null_where_they_are_listed() {
    let schema = millrace_schema::TableSchema::parse(
        r#"{"fields":[{"name":"i","type":"integer"},{"name":"s","type":"string"},{"name":"d","type":"date"}],"missingValues":["-","n/a"]}"#,
    ).unwrap();
    let kept = decode(&schema, r#"{"i":"-","s":"n/a","d":"n\u002fa"}"#);
    assert_eq!(kept.values(), [json!({"i": null, "s": null, "d": null})]);
    assert_eq!(decode(&schema, r#"{"i":""}"#).refused.len(), 1);
}
