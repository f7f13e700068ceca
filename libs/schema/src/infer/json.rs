//! Inference over JSON records: their text is scanned, no tree is built.
//!
//! A malformed record widens nothing; the decoder will refuse it with its place.

use super::scan::Scan;
use super::shape::{MOST_FIELDS, Shape};
use super::{check, glance};
use crate::{Error, TableSchema};

/// Objects and arrays inside each other, the record included, that a schema describes.
/// What is deeper is kept as its text: the message that carries a schema has bounds too.
pub(super) const DEEPEST: usize = 24;

/// Collects what JSON records hold.
#[derive(Debug)]
pub struct JsonInference {
    records: Shape,
}

impl Default for JsonInference {
    fn default() -> Self {
        JsonInference {
            records: Shape::of_records(),
        }
    }
}

impl JsonInference {
    /// Most fields of records: where there are more, keys are taken for data, and there is
    /// no schema.
    pub const MOST_FIELDS: usize = MOST_FIELDS;

    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the records have more than [`JsonInference::MOST_FIELDS`] different fields.
    pub fn has_too_many_fields(&self) -> bool {
        self.records.is_crowded()
    }

    /// Looks at one record: an object with nothing but white space around it. False
    /// if it is not one.
    pub fn record(&mut self, record: &[u8]) -> bool {
        let scan = Scan(record);
        let begin = scan.behind_space(0);
        if scan.byte(begin) != b'{' || simdutf8::basic::from_utf8(record).is_err() {
            return false;
        }
        let ends = |end: usize| scan.behind_space(end) == record.len();
        if glance::value(scan, begin, &mut self.records, 0).is_some_and(ends) {
            return true;
        }
        // Checked as a whole before anything of it counts.
        let whole = check::value(scan, begin, 0).is_some_and(ends);
        if whole {
            observe(scan, begin, &mut self.records, 0);
        }
        whole
    }

    /// The narrowest schema that holds every record seen.
    pub fn schema(&self) -> Result<TableSchema, Error> {
        match self.records.fields() {
            Some(fields) => Ok(TableSchema::of(fields)),
            None => Err(Error::at(
                "",
                "there is no schema to infer: no record with fixed fields was seen",
            )),
        }
    }
}

/// Widens `shape` by the value at `at`, which has been checked; where it ends.
fn observe(scan: Scan<'_>, at: usize, shape: &mut Shape, depth: usize) -> Option<usize> {
    let at = scan.behind_space(at);
    match scan.byte(at) {
        b'{' | b'[' if depth == DEEPEST => {
            shape.deep = true;
            check::value(scan, at, depth)
        }
        b'{' => observe_object(scan, at, shape, depth + 1),
        b'[' => observe_array(scan, at, shape, depth + 1),
        b'"' => {
            let close = scan.string(at + 1)?;
            shape.see_text(scan.slice(at + 1, close));
            Some(close + 1)
        }
        b't' | b'f' => {
            shape.see_boolean();
            scan.word(at)
        }
        b'n' => scan.word(at),
        _ => {
            let number = scan.number(at)?;
            shape.see_number(&number);
            Some(at + number.len())
        }
    }
}

fn observe_object(scan: Scan<'_>, at: usize, shape: &mut Shape, depth: usize) -> Option<usize> {
    let members = shape.see_object();
    let mut at = scan.behind_space(at + 1);
    while scan.byte(at) != b'}' {
        let (key, value) = scan.key(at)?;
        at = match members.named(&key) {
            Some(member) => observe(scan, value, member, depth)?,
            None => check::value(scan, value, depth)?,
        };
        at = behind_comma(scan, at);
    }
    Some(at + 1)
}

fn observe_array(scan: Scan<'_>, at: usize, shape: &mut Shape, depth: usize) -> Option<usize> {
    let items = shape.see_array();
    let mut at = scan.behind_space(at + 1);
    while scan.byte(at) != b']' {
        at = behind_comma(scan, observe(scan, at, items, depth)?);
    }
    Some(at + 1)
}

fn behind_comma(scan: Scan<'_>, at: usize) -> usize {
    match scan.behind(at, b',') {
        Some(next) => scan.behind_space(next),
        None => scan.behind_space(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, Kind};

    #[test]
    fn ten_thousand_fields_make_a_record_and_a_thousand_members_an_object() {
        let object = |members: usize| {
            let members: Vec<String> = (0..members).map(|i| format!("\"k{i}\":{i}")).collect();
            format!("{{{}}}", members.join(","))
        };
        let schema = infer(&[&object(MOST_FIELDS)]);
        assert_eq!(schema.fields.len(), MOST_FIELDS);
        let mut inference = JsonInference::new();
        assert!(inference.record(object(MOST_FIELDS).as_bytes()));
        assert!(!inference.has_too_many_fields());
        assert!(inference.record(br#"{"another":1}"#));
        assert!(inference.has_too_many_fields());
        assert!(inference.schema().is_err());
        assert!(matches!(kind(&[&object(1000)]), Kind::Object(_)));
        assert!(matches!(kind(&[&object(1001)]), Kind::Any));
    }
    use arrow_schema::{DataType, TimeUnit};

    fn infer(records: &[&str]) -> TableSchema {
        let mut inference = JsonInference::new();
        for record in records {
            assert!(inference.record(record.as_bytes()), "{record}");
        }
        inference.schema().unwrap()
    }

    fn kind(values: &[&str]) -> Kind {
        let records: Vec<String> = values
            .iter()
            .map(|value| format!("{{\"a\":{value}}}"))
            .collect();
        let records: Vec<&str> = records.iter().map(String::as_str).collect();
        infer(&records).fields[0].kind.clone()
    }

    #[test]
    fn scalars_widen() {
        assert_eq!(kind(&["null", "true"]), Kind::Boolean);
        assert_eq!(kind(&["1", "null", "-9223372036854775808"]), Kind::Integer);
        assert_eq!(kind(&["1", "2.5"]), Kind::Number);
        assert_eq!(
            kind(&["1.25", "-2.50"]),
            Kind::Decimal {
                precision: 18,
                scale: 2
            }
        );
        assert_eq!(kind(&["1.5", "1.25"]), Kind::Number);
        assert_eq!(kind(&["1e3", "1"]), Kind::Number);
        assert_eq!(
            kind(&["18446744073709551616", "1"]),
            Kind::Decimal {
                precision: 38,
                scale: 0
            }
        );
        assert_eq!(kind(&["\"2026-03-17\""]), Kind::Date);
        assert_eq!(
            kind(&["\"2026-03-17\"", "\"2026-03-17T05:00:00Z\""]),
            Kind::Datetime
        );
        assert_eq!(
            kind(&["\"2026-03-17T05:00:00\"", "\"2026-03-17T05:00:00Z\""]),
            Kind::String
        );
        assert_eq!(kind(&["\"2026-03-17\"", "\"x\""]), Kind::String);
        assert_eq!(kind(&["\"05:00:00\"", "\"2026-03-17\""]), Kind::String);
        assert_eq!(kind(&["1", "\"x\""]), Kind::Any);
        assert_eq!(kind(&["true", "1"]), Kind::Any);
        assert_eq!(kind(&["null"]), Kind::Any);
        assert_eq!(kind(&["\"\""]), Kind::String);
    }

    #[test]
    fn widths_of_integers_and_instants() {
        let types = |value: &str| infer(&[&format!("{{\"a\":{value}}}")]).fields[0].clone();
        assert_eq!(types("18446744073709551615").arrow_type, DataType::UInt64);
        let spaced = types("\"2026-03-17 05:00:00.1234567\"");
        assert_eq!(spaced.format, Format::Any);
        assert_eq!(
            spaced.arrow_type,
            DataType::Timestamp(TimeUnit::Nanosecond, None)
        );
    }

    #[test]
    fn objects_and_lists_widen_field_by_field() {
        let schema = infer(&[
            r#"{"o":{"x":1},"l":[1],"e":{},"n":[]}"#,
            r#" { "l" : [ 2.5 , null ] , "o" : { "y" : "s" , "x" : 2 } , "m" : [{"k":1},{"k":true}] } "#,
        ]);
        let text = schema.to_json();
        assert_eq!(TableSchema::parse(&text).unwrap(), schema);
        let names: Vec<&str> = schema
            .fields
            .iter()
            .map(|field| field.name.as_str())
            .collect();
        assert_eq!(names, ["o", "l", "e", "n", "m"]);
        let Kind::Object(members) = &schema.fields[0].kind else {
            panic!("{text}")
        };
        assert_eq!(
            (members[0].kind.clone(), members[1].kind.clone()),
            (Kind::Integer, Kind::String)
        );
        let Kind::Array(item) = &schema.fields[1].kind else {
            panic!("{text}")
        };
        assert_eq!(item.kind, Kind::Number);
        assert_eq!(
            (schema.fields[2].declared, schema.fields[3].declared),
            ("object", "array")
        );
        let Kind::Array(item) = &schema.fields[4].kind else {
            panic!("{text}")
        };
        let Kind::Object(members) = &item.kind else {
            panic!("{text}")
        };
        assert_eq!(members[0].kind, Kind::Any);
    }

    #[test]
    fn escaped_keys_are_the_same_keys() {
        let schema = infer(&[r#"{"a\u0062":1}"#, r#"{"ab":2}"#]);
        assert_eq!(schema.fields.len(), 1);
        assert_eq!(schema.fields[0].name, "ab");
    }

    #[test]
    fn malformed_records_widen_nothing() {
        let mut inference = JsonInference::new();
        for bad in [
            "",
            "1",
            "[]",
            "{",
            r#"{"a":1"#,
            r#"{"a":01}"#,
            r#"{"a":1,}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":tru}"#,
            r#"{"a":1} x"#,
            r#"{"a" 1}"#,
            r#"{a:1}"#,
            "{\"a\":\"\u{1}\"}",
            r#"{"a":1.}"#,
            r#"{"a":-}"#,
            r#"{"a":"\x"}"#,
            r#"{"a":1e}"#,
            r#"{"a":"\u12"#,
            r#"{"a":[1 2]}"#,
        ] {
            assert!(!inference.record(bad.as_bytes()), "{bad}");
        }
        assert!(!inference.record(b"{\"a\":\"\xff\"}"));
        assert!(
            !inference.record(
                format!(
                    "{{\"a\":{}1{}}}",
                    "[".repeat(1_000_000),
                    "]".repeat(1_000_000)
                )
                .as_bytes()
            )
        );
        assert!(inference.schema().is_err());
    }

    #[test]
    fn an_object_used_as_a_map_stays_text() {
        let members: Vec<String> = (0..2000).map(|key| format!("\"k{key}\":1")).collect();
        let schema = infer(&[&format!("{{\"m\":{{{}}}}}", members.join(","))]);
        assert_eq!(
            (&schema.fields[0].kind, schema.fields[0].declared),
            (&Kind::Any, "object")
        );
    }
}
