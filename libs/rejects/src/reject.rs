//! One refused record: where it was, why it was refused, and all of it.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};
use serde_json::value::RawValue;

/// Where a refused record stood. What is not known is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Source<'a> {
    /// The input file as the user named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<&'a str>,
    /// Its line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Byte offset of the record in the (decompressed) file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Row of the stream, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
}

impl<'a> Source<'a> {
    /// A record of a file.
    pub fn file(file: &'a str, line: u64, offset: u64) -> Self {
        Source {
            file: Some(file),
            line: Some(line),
            offset: Some(offset),
            row: None,
        }
    }

    /// A row of a stream.
    pub fn row(row: u64) -> Self {
        Source {
            row: Some(row),
            ..Source::default()
        }
    }
}

/// One reason why a record was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Column name or JSON pointer; empty when it is about the whole record.
    pub field: String,
    /// What was broken: a Table Schema constraint (`minimum`), `type`, `syntax`, the name of a rule.
    pub constraint: String,
    /// The offending value as JSON text, verbatim. Text that is no JSON is stored as a string.
    pub value: String,
    /// What was expected, in words.
    pub expected: String,
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut reason = serializer.serialize_struct("Reason", 4)?;
        reason.serialize_field("field", &self.field)?;
        reason.serialize_field("constraint", &self.constraint)?;
        match serde_json::from_str::<&RawValue>(&self.value) {
            Ok(value) if !self.value.contains('\n') => reason.serialize_field("value", value)?,
            _ => reason.serialize_field("value", &self.value)?,
        }
        reason.serialize_field("expected", &self.expected)?;
        reason.end()
    }
}

/// The refused record itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// Its bytes as they were read.
    Raw(&'a [u8]),
    /// A row as JSON text on one line.
    Record(&'a str),
}

/// One refused record.
#[derive(Clone, Copy, Debug)]
pub struct Reject<'a> {
    /// Where it was.
    pub source: Source<'a>,
    /// Why it was refused: every reason, not only the first.
    pub reasons: &'a [Reason],
    /// All of it.
    pub content: Content<'a>,
}
