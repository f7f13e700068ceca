//! Values as folder names, the way Hive, Spark and DuckDB write and read them.
//!
//! Written: every ASCII character but letters, digits and `_ - . ~` becomes `%XX`, which
//! covers what Hive and Spark (control characters and `"#%'*/:=?\{[]^`) and DuckDB (all
//! but unreserved URL characters) escape. Characters beyond ASCII stay as they are: Spark
//! takes an escape for one character, DuckDB for one byte. Read: any `%XX`.
//! A null is `__HIVE_DEFAULT_PARTITION__`, the empty text an empty value (`region=`),
//! which Spark cannot read. The text `NULL`, DuckDB's other null, gets an escape in front,
//! so that it stays a text; the text `__HIVE_DEFAULT_PARTITION__` is refused, since pyarrow
//! and Polars take it for null however it is escaped.

use millrace_fault::{Coded, Exit, clip, quoted};
use std::borrow::Cow;
use thiserror::Error;

/// The folder value that stands for null.
pub const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The longest name that a local file system takes, in bytes.
const NAME_MAX: usize = 255;

/// A value that has no folder name.
#[derive(Debug, Error)]
#[error("value {} of {} cannot name a partition: {problem}", quoted(clip(.value, 80)), quoted(.column))]
pub struct NoName {
    /// The value.
    pub value: String,
    /// The partition column.
    pub column: String,
    /// Why not.
    pub problem: String,
}

impl Coded for NoName {
    fn exit(&self) -> Exit {
        Exit::DATA
    }
}

/// `value` as part of a folder name.
pub fn escape(value: &str) -> Cow<'_, str> {
    if value.bytes().all(is_plain) && !is_null_word(value) {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len() + 16);
    for (i, c) in value.char_indices() {
        if (c.is_ascii() && !is_plain(c as u8)) || (i == 0 && is_null_word(value)) {
            out.push_str(&format!("%{:02X}", c as u32));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~') || !byte.is_ascii()
}

/// Texts that a reader takes for null when they stand unescaped.
fn is_null_word(value: &str) -> bool {
    value.eq_ignore_ascii_case("null")
}

/// What [`escape`] (or Hive, Spark, DuckDB) was given. A `%` without two hexadecimal
/// digits stands for itself; escapes that do not make UTF-8 leave the text as it is.
pub fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        match escaped_byte(&bytes[i..]) {
            Some(byte) => {
                out.push(byte);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8(out).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn escaped_byte(bytes: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = bytes else {
        return None;
    };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    Some((digit(high)? << 4 | digit(low)?) as u8)
}

/// One folder name: `column=value`, refused when no file system would take it or
/// readers would take it for another value.
pub fn segment(column: &str, value: Option<&str>) -> Result<String, NoName> {
    let refused = |problem: String| {
        let value = value.unwrap_or(NULL).to_owned();
        Err(NoName {
            value,
            column: column.to_owned(),
            problem,
        })
    };
    if value == Some(NULL) {
        return refused("readers take this text for null".to_owned());
    }
    let text = format!("{}={}", escape(column), value.map_or(NULL.into(), escape));
    match text.len() {
        bytes if bytes > NAME_MAX => refused(format!(
            "{bytes} bytes when escaped, at most 255 fit a folder name"
        )),
        _ => Ok(text),
    }
}

/// The relative path of a partition: `order_date=2026-03-17/order_hour=05`.
pub fn path(values: &[(&str, Option<&str>)]) -> Result<String, NoName> {
    let segments: Result<Vec<String>, NoName> = values
        .iter()
        .map(|(column, value)| segment(column, *value))
        .collect();
    Ok(segments?.join("/"))
}

/// `column=value` of one folder name, unescaped; None for a folder of another kind.
pub fn parse_segment(name: &str) -> Option<(String, Option<String>)> {
    let (column, value) = name.split_once('=')?;
    let value = (value != NULL).then(|| unescape(value).into_owned());
    Some((unescape(column).into_owned(), value))
}

/// The columns and values of a relative path; folders of another kind have none.
pub fn parse_path(path: &str) -> Vec<(String, Option<String>)> {
    path.split('/').filter_map(parse_segment).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_hive_spark_and_duckdb_escape() {
        assert_eq!(escape("2026-03-17_a.b~c"), "2026-03-17_a.b~c");
        assert_eq!(escape("../../x"), "..%2F..%2Fx");
        assert_eq!(escape("%2F"), "%252F");
        assert_eq!(escape("a b\n\0\u{7f}"), "a%20b%0A%00%7F");
        assert_eq!(
            escape("\"#%'*/:=?\\{[]^"),
            "%22%23%25%27%2A%2F%3A%3D%3F%5C%7B%5B%5D%5E"
        );
        assert_eq!(escape("zürich 🙂"), "zürich%20🙂");
    }

    #[test]
    fn null_empty_and_their_look_alikes_stay_apart() {
        assert_eq!(segment("r", None).unwrap(), "r=__HIVE_DEFAULT_PARTITION__");
        assert_eq!(segment("r", Some("")).unwrap(), "r=");
        assert!(
            segment("r", Some(NULL))
                .unwrap_err()
                .to_string()
                .contains("for null")
        );
        assert_eq!(segment("r", Some("Null")).unwrap(), "r=%4Eull");
    }

    #[test]
    fn foreign_spellings_are_read() {
        assert_eq!(unescape("New%20York"), "New York");
        assert_eq!(unescape("z%c3%bcrich"), "zürich");
        assert_eq!(unescape("100%"), "100%");
        assert_eq!(unescape("%zz%4"), "%zz%4");
        assert_eq!(unescape("%ff"), "%ff");
        assert_eq!(unescape("%+1"), "%+1");
    }

    #[test]
    fn a_name_longer_than_a_file_name_is_refused() {
        let fits = "x".repeat(NAME_MAX - 2);
        assert_eq!(segment("r", Some(&fits)).unwrap().len(), 255);
        let error = segment("r", Some(&format!("{fits}y"))).unwrap_err();
        assert_eq!(error.exit(), Exit::DATA);
        assert!(error.to_string().contains("256 bytes"), "{error}");
        assert!(segment("r", Some(&"/".repeat(90))).is_err());
    }

    #[test]
    fn paths() {
        let text = path(&[("d", Some("2026-03-17")), ("r", None), ("s", Some("a=b"))]).unwrap();
        assert_eq!(text, "d=2026-03-17/r=__HIVE_DEFAULT_PARTITION__/s=a%3Db");
        let values = parse_path(&text);
        assert_eq!(values[1], ("r".to_owned(), None));
        assert_eq!(values[2], ("s".to_owned(), Some("a=b".to_owned())));
        assert_eq!(
            parse_path("plain/x=1"),
            [("x".to_owned(), Some("1".to_owned()))]
        );
    }

    proptest! {
        #[test]
        fn any_value_reads_back_and_stays_one_folder(value in prop::option::of(".{0,40}"), name in ".{1,8}") {
            let text = segment(&name, value.as_deref()).unwrap();
            prop_assert!(!text.contains(['/', '\0', '\n', '*']));
            prop_assert!(text != "." && text != "..");
            prop_assert_eq!(parse_segment(&text), Some((name, value)));
        }
    }
}
