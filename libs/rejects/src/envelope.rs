//! The envelope: one line of JSON around a refused record.
//!
//! `{"source": {file, line, offset, row}, "reasons": [{field, constraint, value,
//! expected}], "raw": text | "raw_base64": text | "record": {…}}`. `raw` holds what was
//! read, exactly; bytes that are not UTF-8 are in `raw_base64` instead, so that
//! nothing is lost. `record` is a row as JSON.

use crate::reject::{Content, Reason, Reject, Source};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use millrace_fault::{Coded, Exit};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use thiserror::Error;

#[derive(Serialize)]
struct Line<'a> {
    source: Source<'a>,
    reasons: &'a [Reason],
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<&'a RawValue>,
}

/// Appends the envelope of `reject` and a newline to `out`.
pub(crate) fn write(reject: &Reject<'_>, out: &mut Vec<u8>) -> serde_json::Result<()> {
    let mut line = Line {
        source: reject.source,
        reasons: reject.reasons,
        raw: None,
        raw_base64: None,
        record: None,
    };
    match reject.content {
        Content::Record(json) => line.record = Some(serde_json::from_str(json)?),
        Content::Raw(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => line.raw = Some(text),
            Err(_) => line.raw_base64 = Some(STANDARD.encode(bytes)),
        },
    }
    serde_json::to_writer(&mut *out, &line)?;
    out.push(b'\n');
    Ok(())
}

/// A line of a rejects file, read back.
#[derive(Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The input file it came from, if the envelope tells.
    pub file: Option<Cow<'a, str>>,
    /// Its line there, from 1.
    pub line: Option<u64>,
    /// Its byte offset there.
    pub offset: Option<u64>,
    /// Its row in the stream, from 1.
    pub row: Option<u64>,
    /// The record, mended or not.
    pub content: Restored<'a>,
}

/// What an envelope held.
#[derive(Debug, PartialEq, Eq)]
pub enum Restored<'a> {
    /// The bytes of `raw` or `raw_base64`: a record in the form it was first read in.
    Raw(Cow<'a, [u8]>),
    /// The text of `record`, verbatim: JSON.
    Record(&'a str),
}

/// Why a line is no envelope.
#[derive(Debug, Error)]
pub enum EnvelopeError {
    /// Not a JSON object of the envelope's form.
    #[error("not a rejects envelope: {0}")]
    Form(String),
    /// Nothing in it to read back.
    #[error("a rejects envelope without 'raw', 'raw_base64' or 'record'")]
    Empty,
    /// More than one record in it.
    #[error("a rejects envelope with more than one of 'raw', 'raw_base64' and 'record'")]
    Ambiguous,
    /// `raw_base64` is not base64.
    #[error("'raw_base64' is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
}

impl Coded for EnvelopeError {
    fn exit(&self) -> Exit {
        Exit::DATA
    }

    fn hint(&self) -> Option<String> {
        match self {
            EnvelopeError::Ambiguous => Some("keep the mended one and delete the others".into()),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct Parsed<'a> {
    #[serde(borrow, default)]
    source: ParsedSource<'a>,
    #[serde(borrow, default)]
    raw: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    raw_base64: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    record: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct ParsedSource<'a> {
    #[serde(borrow, default)]
    file: Option<Cow<'a, str>>,
    #[serde(default)]
    line: Option<u64>,
    #[serde(default)]
    offset: Option<u64>,
    #[serde(default)]
    row: Option<u64>,
}

/// Reads one line of a rejects file (with or without its newline) back. Properties
/// that the envelope does not know are ignored: a note of who mended it, say.
pub fn parse_envelope(line: &[u8]) -> Result<Envelope<'_>, EnvelopeError> {
    let parsed: Parsed<'_> =
        serde_json::from_slice(line).map_err(|error| EnvelopeError::Form(error.to_string()))?;
    let content = match (parsed.raw, parsed.raw_base64, parsed.record) {
        (Some(raw), None, None) => Restored::Raw(into_bytes(raw)),
        (None, Some(coded), None) => Restored::Raw(Cow::Owned(STANDARD.decode(coded.as_bytes())?)),
        (None, None, Some(record)) => Restored::Record(record.get()),
        (None, None, None) => return Err(EnvelopeError::Empty),
        _ => return Err(EnvelopeError::Ambiguous),
    };
    let ParsedSource {
        file,
        line,
        offset,
        row,
    } = parsed.source;
    Ok(Envelope {
        file,
        line,
        offset,
        row,
        content,
    })
}

fn into_bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(content: Content<'_>) -> Vec<u8> {
        let reasons = [Reason {
            field: "amount".into(),
            constraint: "maximum".into(),
            value: "12345678901234567890.10".into(),
            expected: "at most 100".into(),
        }];
        let mut out = Vec::new();
        write(
            &Reject {
                source: Source::file("a.ndjson", 7, 99),
                reasons: &reasons,
                content,
            },
            &mut out,
        )
        .unwrap();
        out
    }

    #[test]
    fn raw_text_and_numbers_are_verbatim() {
        let out = line(Content::Raw(
            br#"{"amount": 12345678901234567890.10, "s": "a\n"}"#,
        ));
        assert_eq!(
            String::from_utf8(out.clone()).unwrap(),
            concat!(
                r#"{"source":{"file":"a.ndjson","line":7,"offset":99},"reasons":[{"field":"amount","#,
                r#""constraint":"maximum","value":12345678901234567890.10,"expected":"at most 100"}],"#,
                r#""raw":"{\"amount\": 12345678901234567890.10, \"s\": \"a\\n\"}"}"#,
                "\n"
            )
        );
        let back = parse_envelope(&out).unwrap();
        assert_eq!(
            back.content,
            Restored::Raw(br#"{"amount": 12345678901234567890.10, "s": "a\n"}"#.into())
        );
        assert_eq!(
            (back.file.as_deref(), back.line, back.offset, back.row),
            (Some("a.ndjson"), Some(7), Some(99), None)
        );
    }

    #[test]
    fn bytes_that_are_not_text_survive() {
        let bytes = b"\xff\x00,\"\n\x80";
        let out = line(Content::Raw(bytes));
        assert!(
            String::from_utf8(out.clone())
                .unwrap()
                .contains("raw_base64")
        );
        assert_eq!(
            parse_envelope(&out).unwrap().content,
            Restored::Raw(bytes.as_slice().into())
        );
    }

    #[test]
    fn a_record_is_kept_as_text() {
        let json = r#"{"a":1.10,"b":123456789012345678901234567890,"c":null}"#;
        assert_eq!(
            parse_envelope(&line(Content::Record(json)))
                .unwrap()
                .content,
            Restored::Record(json)
        );
    }

    #[test]
    fn a_value_that_is_no_json_becomes_a_string() {
        let reason = |value: &str| Reason {
            field: "".into(),
            constraint: "".into(),
            value: value.into(),
            expected: "".into(),
        };
        let json = |value: &str| serde_json::to_value(reason(value)).unwrap()["value"].clone();
        assert_eq!(json("{oops"), serde_json::json!("{oops"));
        assert_eq!(json(""), serde_json::json!(""));
        assert_eq!(json("[1,\n2]"), serde_json::json!("[1,\n2]"));
        assert_eq!(
            serde_json::to_string(&reason("1e400"))
                .unwrap()
                .matches("1e400")
                .count(),
            1
        );
    }

    #[test]
    fn what_is_no_envelope_is_refused() {
        assert!(matches!(
            parse_envelope(b"{\"a\":1"),
            Err(EnvelopeError::Form(_))
        ));
        assert!(matches!(
            parse_envelope(b"[]"),
            Err(EnvelopeError::Form(_) | EnvelopeError::Empty)
        ));
        assert!(matches!(parse_envelope(b"{}"), Err(EnvelopeError::Empty)));
        assert!(matches!(
            parse_envelope(br#"{"raw":"x","record":{}}"#),
            Err(EnvelopeError::Ambiguous)
        ));
        assert!(matches!(
            parse_envelope(br#"{"raw_base64":"?"}"#),
            Err(EnvelopeError::Base64(_))
        ));
        assert!(parse_envelope(br#"{"raw":"x","mended_by":"me"}"#).is_ok());
    }
}
