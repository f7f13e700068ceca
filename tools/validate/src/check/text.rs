//! `pattern`, and the formats of text: `email`, `uri`, `uuid`, `binary`.

use crate::check::{Compiled, Test};
use arrow_array::ArrayAccessor;
use arrow_array::cast::AsArray;
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use millrace_fault::{Failure, clip};
use millrace_schema::{Field, Format, Kind};
use regex::Regex;

/// The tests of a field's text.
pub(crate) fn compile(field: &Field, arrow: &DataType) -> Result<Vec<Compiled>, Failure> {
    if !matches!(arrow, DataType::Utf8 | DataType::LargeUtf8) {
        return Ok(Vec::new());
    }
    let mut compiled = Vec::new();
    if let Some(pattern) = &field.constraints.pattern {
        let whole = anchored(pattern).map_err(|error| malformed(field, &error))?;
        let expected = format!("text that matches '{}'", clip(pattern, 80));
        compiled.push(matches("pattern", expected, whole));
    }
    compiled.extend(format(field)?);
    Ok(compiled)
}

/// What a format asks of a text. E-mail addresses are those of HTML's `input`
/// elements, URIs the characters of RFC 3986 behind a scheme, UUIDs the form of RFC 9562.
fn format(field: &Field) -> Result<Option<Compiled>, Failure> {
    let (name, pattern, expected) = match (&field.kind, &field.format) {
        (Kind::String, Format::Email) => ("format", EMAIL, "an e-mail address"),
        (Kind::String, Format::Uri) => ("format", URI, "a URI"),
        (Kind::String, Format::Binary) => ("format", BASE64, "base64"),
        (Kind::YearMonth, _) => ("type", YEAR_MONTH, "a month such as 2026-03"),
        (Kind::String, Format::Uuid) => {
            let test = each_text(|text| !is_uuid(text));
            return Ok(Some(Compiled {
                name: "format",
                expected: "a UUID".to_owned(),
                test,
            }));
        }
        _ => return Ok(None),
    };
    let whole = anchored(pattern).map_err(|error| malformed(field, &error))?;
    Ok(Some(matches(name, expected.to_owned(), whole)))
}

/// `8-4-4-4-12` hexadecimal digits. Ids are in every row, and a
/// pattern is slower.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

const EMAIL: &str = "[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*";
const URI: &str = "[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?\\[\\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*(?:#(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?";
const BASE64: &str = "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?";
const YEAR_MONTH: &str = "[0-9]{4}-(?:0[1-9]|1[0-2])";

/// The whole text must match, as Table Schema has it from XML Schema.
fn anchored(pattern: &str) -> Result<Regex, regex::Error> {
    // A comment at the end of a verbose pattern swallows what follows on its line.
    Regex::new(&format!("\\A(?:{pattern})\\z"))
        .or_else(|_| Regex::new(&format!("\\A(?:{pattern}\n)\\z")))
}

fn malformed(field: &Field, error: &regex::Error) -> Failure {
    Failure::usage(format!(
        "field '{}': the pattern cannot be used",
        field.name
    ))
    .because(error.to_string())
}

fn matches(name: &'static str, expected: String, whole: Regex) -> Compiled {
    Compiled {
        name,
        expected,
        test: each_text(move |text| !whole.is_match(text)),
    }
}

/// A test of each text by itself.
pub(crate) fn each_text(breaks: impl Fn(&str) -> bool + Send + 'static) -> Test {
    Box::new(move |array| match array.data_type() {
        DataType::LargeUtf8 => each(array.as_string::<i64>(), &breaks),
        _ => each(array.as_string::<i32>(), &breaks),
    })
}

/// Nulls are skipped: they may hide any text, and matching costs.
fn each<'a>(
    array: impl ArrayAccessor<Item = &'a str>,
    breaks: &impl Fn(&str) -> bool,
) -> BooleanBuffer {
    match array.nulls().filter(|nulls| nulls.null_count() > 0) {
        Some(nulls) => BooleanBuffer::collect_bool(array.len(), |at| {
            nulls.is_valid(at) && breaks(array.value(at))
        }),
        None => BooleanBuffer::collect_bool(array.len(), |at| breaks(array.value(at))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(pattern: &str, text: &str) -> bool {
        anchored(pattern).unwrap().is_match(text)
    }

    #[test]
    fn the_whole_text_must_match() {
        assert!(is("a|ab", "ab") && is("[a-z]+", "abc"));
        assert!(!is("b", "abc") && !is("a|b", "ax") && !is("abc", "abc\n") && !is("", "x"));
        assert!(is("(?x) a b # both", "ab") && !is("(?x) a b # both", "abc"));
    }

    #[test]
    fn formats() {
        for good in ["a@b", "first.last+tag@mail.example.org"] {
            assert!(is(EMAIL, good), "{good}");
        }
        for bad in ["", "a", "@b", "a@", "a@-b", "a@b.", "a b@c", "a@b@c"] {
            assert!(!is(EMAIL, bad), "{bad}");
        }
        for good in ["http://a/b?c=d#e", "urn:x:y", "mailto:a@b", "file:///a%20b"] {
            assert!(is(URI, good), "{good}");
        }
        for bad in [
            "",
            "a",
            "//a",
            "1a:b",
            "http://a b",
            "http://a/%2",
            "x:#a#b",
        ] {
            assert!(!is(URI, bad), "{bad}");
        }
        assert!(is_uuid("0192F3c4-0000-7000-8000-000000000000"));
        for bad in [
            "0192f3c4000070008000000000000000",
            "0192f3c4-0000-7000-8000-00000000000g",
            "0192f3c4-0000-7000-8000-0000000000000",
            "0192f3c4-0000-7000-80000-00000000000",
        ] {
            assert!(!is_uuid(bad), "{bad}");
        }
        assert!(is(BASE64, "") && is(BASE64, "aGk=") && !is(BASE64, "aGk") && !is(BASE64, "a==="));
        assert!(
            is(YEAR_MONTH, "2026-12") && !is(YEAR_MONTH, "2026-13") && !is(YEAR_MONTH, "2026-1")
        );
    }
}
