//! What inference promises of its sample, judged by the decoder: a record that was looked
//! at decodes under the inferred schema without exception, and one that was passed over
//! is refused under any.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod support;
use millrace_schema::TableSchema;
use millrace_schema::infer::JsonInference;
use proptest::prelude::*;
use support::decode;

/// Values that narrow types cannot hold next to others.
const VALUES: &[&str] = &[
    "null",
    "true",
    "0",
    "-0",
    "-1",
    "12345678",
    "9007199254740993",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999999999999999999",
    "100000000000000000000000000000000000000",
    "1.25",
    "0.5",
    "-12.50",
    "3.00",
    "0.00000000000000000000000000000000000001",
    "123456789012345678901234567890.123456789",
    "1e3",
    "1.5e-3",
    "1e400",
    "1e-400",
    "0e999",
    r#""""#,
    r#""x""#,
    r#""\u0041""#,
    r#""2026-03-17""#,
    r#""0001-01-01""#,
    r#""2026-02-29""#,
    r#""2026-03-17T05:00:00Z""#,
    r#""2026-03-17t05:00:00.5z""#,
    r#""2026-03-17T05:00:00.123456789+01:00""#,
    r#""0001-01-01T00:00:00Z""#,
    r#""9999-12-31T23:59:59.999999999Z""#,
    r#""2026-03-17 05:00:00""#,
    r#""2026-03-17T05:00:00""#,
    r#""2026-03-17T05:00:00.1234567""#,
    r#""05:00:00""#,
    r#""05:00:00.000000001""#,
    r#""24:00:00""#,
    r#""2026-03-17T05\u003a00:00Z""#,
    "[]",
    "[1,2]",
    "[1,2.5,null]",
    r#"[{"a":1},{"a":"x","b":[]}]"#,
    "{}",
    r#"{"a":1}"#,
    r#"{"a":{"a":0.25},"b":null}"#,
];

/// What is no record.
const BAD: &[&str] = &[
    r#"{"k":1,"k":2}"#,
    r#"{"k":1,"\u006b":2}"#,
    r#"{"k":{"x":1,"x":1}}"#,
    r#"{"k":[{"x":1,"x":1}]}"#,
    r#"{"k":01}"#,
    r#"{"k":1,}"#,
    r#"{"k":[1,]}"#,
    r#"{"k":"\ud800"}"#,
    r#"{"k":tru}"#,
    r#"{"k":1} x"#,
    r#"{"k" 1}"#,
    "[]",
    "1",
    "{\"k\":\"a\tb\"}",
];

fn line() -> impl Strategy<Value = String> {
    let value = || prop::sample::select(VALUES);
    prop_oneof![
        8 => (value(), value(), value()).prop_map(|(k, l, m)| format!(r#"{{"k":{k},"l":{l},"m":{m}}}"#)),
        4 => (value(), value()).prop_map(|(k, l)| format!(r#"{{ "l" : {l} , "\u006b" : {k} }}"#)),
        2 => value().prop_map(|k| format!(r#"{{"k":{k}}}"#)),
        2 => value().prop_map(|k| format!(r#"{{"deep":{}{k}{}}}"#, "[".repeat(70), "]".repeat(70))),
        2 => prop::sample::select(BAD).prop_map(str::to_owned),
    ]
}

/// Infers from all lines, decodes all lines: those looked at pass, the others do not.
fn check(lines: &[String]) {
    let mut inference = JsonInference::new();
    let good: Vec<bool> = lines
        .iter()
        .map(|line| inference.record(line.as_bytes()))
        .collect();
    let schema = match inference.schema() {
        Ok(schema) => schema,
        Err(_) => TableSchema::parse(r#"{"fields":[{"name":"k","type":"any"}]}"#).unwrap(),
    };
    let kept = decode(&schema, lines.join("\n"));
    let refused: Vec<usize> = kept
        .refused
        .iter()
        .map(|refusal| refusal.line as usize)
        .collect();
    // An empty line is no record, to either of them.
    let records = good.iter().enumerate();
    for (index, good) in records.filter(|(index, _)| !lines[*index].trim().is_empty()) {
        assert_eq!(
            *good,
            !refused.contains(&index),
            "{} under {}: {:?}",
            lines[index],
            schema.to_json(),
            kept.refused
        );
    }
}

#[test]
fn any_two_values_have_a_type_in_common() {
    for one in VALUES {
        for other in VALUES {
            check(&[format!(r#"{{"k":{one}}}"#), format!(r#"{{"k":{other}}}"#)]);
        }
    }
}

#[test]
fn the_deepest_values_are_kept_as_text() {
    for depth in [1, 20, 23, 24, 25, 63, 64, 65, 998, 999, 1000, 1_000_000] {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let deep = format!(r#"{{"k":{}1{}}}"#, open.repeat(depth), close.repeat(depth));
            check(&[deep.clone(), deep, r#"{"k":null}"#.to_owned()]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_was_looked_at_decodes_and_nothing_else(lines in prop::collection::vec(line(), 1..12)) {
        check(&lines);
    }

    #[test]
    fn a_changed_byte_changes_both_or_neither(lines in prop::collection::vec(line(), 1..4), at: prop::sample::Index, byte in prop::sample::select(b"\"\\{}[],:0 1-e.tnTZ+".to_vec())) {
        let mut lines = lines;
        let mut changed = lines.remove(0).into_bytes();
        let at = at.index(changed.len());
        changed[at] = byte;
        lines.push(String::from_utf8(changed).unwrap());
        check(&lines);
    }
}
