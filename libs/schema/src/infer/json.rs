//! Inference over JSON records: their text is scanned, no tree is built.
//!
//! A record is checked whole before it is looked at, so that a malformed one widens
//! nothing; the decoder will refuse it with its place.

use super::shape::Shape;
use crate::{Error, TableSchema};
use std::borrow::Cow;

/// Records nested deeper are left to the decoder to judge.
const DEEPEST: usize = 64;

/// Collects what JSON records hold.
#[derive(Debug, Default)]
pub struct JsonInference {
    records: Shape,
}

impl JsonInference {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at one record: an object with nothing but white space around it. False
    /// if it is not one.
    pub fn record(&mut self, record: &[u8]) -> bool {
        if !is_record(record) {
            return false;
        }
        Scanner { rest: record }.observe(&mut self.records);
        true
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

fn is_record(record: &[u8]) -> bool {
    let mut scanner = Scanner { rest: record };
    scanner.skip_space();
    let whole = scanner.rest.first() == Some(&b'{') && scanner.check(0).is_some();
    scanner.skip_space();
    whole && scanner.rest.is_empty() && std::str::from_utf8(record).is_ok()
}

/// A cursor over JSON text.
struct Scanner<'a> {
    rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    fn skip_space(&mut self) {
        let space = self
            .rest
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
            .count();
        self.rest = &self.rest[space..];
    }

    fn skip(&mut self, count: usize) -> &'a [u8] {
        let (skipped, rest) = self.rest.split_at(count);
        self.rest = rest;
        skipped
    }

    /// The next byte that is not space, taken if it is `byte`.
    fn took(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.rest.first() == Some(&byte);
        self.rest = &self.rest[usize::from(found)..];
        found
    }

    /// Skips a value of RFC 8259's grammar; None if there is none.
    fn check(&mut self, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        self.skip_space();
        match self.rest.first()? {
            b'{' => self.check_all(b'}', |scanner| {
                scanner.skip_space();
                scanner.string()?;
                scanner.took(b':').then_some(())?;
                scanner.check(depth + 1)
            }),
            b'[' => self.check_all(b']', |scanner| scanner.check(depth + 1)),
            b'"' => self.string().map(drop),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => {
                let length = number(self.rest)?;
                self.skip(length);
                Some(())
            }
        }
    }

    /// Parts with commas between them, from the opening bracket to `end`.
    fn check_all(&mut self, end: u8, part: impl Fn(&mut Self) -> Option<()>) -> Option<()> {
        self.skip(1);
        if self.took(end) {
            return Some(());
        }
        loop {
            part(self)?;
            if self.took(end) {
                return Some(());
            }
            self.took(b',').then_some(())?;
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(())
    }

    /// A string's text between the quotes, escapes unresolved.
    fn string(&mut self) -> Option<&'a [u8]> {
        let text = self.rest.strip_prefix(b"\"")?;
        let mut at = 0;
        loop {
            at += text[at..]
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
            match text[at] {
                b'"' => break,
                b'\\' => at += escape(&text[at..])?,
                _ => return None,
            }
        }
        self.rest = &text[at + 1..];
        Some(&text[..at])
    }

    /// Widens `shape` by the next value, which has been checked.
    fn observe(&mut self, shape: &mut Shape) {
        self.skip_space();
        match self.rest.first() {
            Some(b'{') => self.observe_object(shape),
            Some(b'[') => {
                let items = shape.see_array();
                self.skip(1);
                if !self.took(b']') {
                    self.observe(items);
                    while self.took(b',') {
                        self.observe(items);
                    }
                    self.took(b']');
                }
            }
            Some(b'"') => shape.see_text(self.string().unwrap_or_default()),
            Some(b't') => {
                self.skip(4);
                shape.see_boolean();
            }
            Some(b'f') => {
                self.skip(5);
                shape.see_boolean();
            }
            Some(b'n') => drop(self.skip(4)),
            _ => {
                let length = number(self.rest).unwrap_or(self.rest.len());
                shape.see_number(self.skip(length));
            }
        }
    }

    fn observe_object(&mut self, shape: &mut Shape) {
        let members = shape.see_object();
        self.skip(1);
        let mut expected = 0;
        while !self.took(b'}') {
            self.took(b',');
            self.skip_space();
            let key = unescaped(self.string().unwrap_or_default());
            self.took(b':');
            match members.find(&key, expected) {
                Some(position) => {
                    self.observe(members.shape(position));
                    expected = position + 1;
                }
                None => self.observe(&mut Shape::default()),
            }
        }
    }
}

/// The length of the escape at the front of `text`; None if there is no such escape,
/// or half a surrogate pair.
fn escape(text: &[u8]) -> Option<usize> {
    match text.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => match hex(text)? {
            0xd800..=0xdbff => matches!(hex(&text[6..])?, 0xdc00..=0xdfff).then_some(12),
            0xdc00..=0xdfff => None,
            _ => Some(6),
        },
        _ => None,
    }
}

fn hex(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |value, digit| {
        Some(value * 16 + char::from(*digit).to_digit(16)? as u16)
    })
}

fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\\') {
        return Cow::Borrowed(text);
    }
    let quoted = [b"\"", text, b"\""].concat();
    let string: String = serde_json::from_slice(&quoted).unwrap_or_default();
    Cow::Owned(string.into_bytes())
}

/// The length of the JSON number at the front of `text`.
pub(super) fn number(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        text[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let mut at = usize::from(text.first() == Some(&b'-'));
    at += match (text.get(at)?, digits(at)) {
        (_, 0) => return None,
        (b'0', 2..) => return None,
        (_, count) => count,
    };
    if text.get(at) == Some(&b'.') {
        at += match digits(at + 1) {
            0 => return None,
            count => count + 1,
        };
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        at += match digits((at + 1 + sign).min(text.len())) {
            0 => return None,
            count => count + 1 + sign,
        };
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, Kind};
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
