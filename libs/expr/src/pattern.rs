//! LIKE patterns and regular expressions.

use crate::Error;
use millrace_fault::{clip, quoted};
use regex::{Regex, RegexBuilder};

/// How a pattern's text is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `%` any text, `_` any character; without an escape character there is none.
    Like {
        escape: Option<char>,
        ignore_case: bool,
    },
    /// A regular expression that matches somewhere, or (`whole`) all of the text.
    Regex { ignore_case: bool, whole: bool },
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    test: Test,
    /// Every text that matches starts with this.
    pub(crate) prefix: String,
    /// Whether, the other way round, every text that starts with it matches.
    pub(crate) is_prefix: bool,
}

#[derive(Clone, Debug)]
enum Test {
    Equals(String),
    StartsWith(String),
    EndsWith(String),
    Contains(String),
    Regex(Regex),
}

impl Pattern {
    pub(crate) fn compile(text: &str, dialect: Dialect) -> Result<Self, Error> {
        match dialect {
            Dialect::Like {
                escape,
                ignore_case,
            } => like(text, escape, ignore_case),
            Dialect::Regex { ignore_case, whole } => {
                let source = if whole {
                    similar(text)
                } else {
                    text.to_owned()
                };
                Ok(Pattern {
                    test: Test::Regex(regex(&source, text, ignore_case)?),
                    prefix: String::new(),
                    is_prefix: false,
                })
            }
        }
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        match &self.test {
            Test::Equals(all) => text == all,
            Test::StartsWith(start) => text.starts_with(start.as_str()),
            Test::EndsWith(end) => text.ends_with(end.as_str()),
            Test::Contains(part) => text.contains(part.as_str()),
            Test::Regex(regex) => regex.is_match(text),
        }
    }

    /// The one text that matches, if only one does.
    pub(crate) fn equals(&self) -> Option<&str> {
        match &self.test {
            Test::Equals(all) => Some(all),
            _ => None,
        }
    }
}

/// A piece of a LIKE pattern.
#[derive(PartialEq)]
enum Piece {
    Text(String),
    Any,
    One,
}

fn like(text: &str, escape: Option<char>, ignore_case: bool) -> Result<Pattern, Error> {
    let pieces = pieces(text, escape)?;
    let prefix = match pieces.first() {
        Some(Piece::Text(prefix)) if !ignore_case => prefix.clone(),
        _ => String::new(),
    };
    let test = match pieces.as_slice() {
        _ if ignore_case => Test::Regex(regex(&as_regex(&pieces), text, true)?),
        [] => Test::Equals(String::new()),
        [Piece::Text(all)] => Test::Equals(all.clone()),
        [Piece::Text(start), Piece::Any] => Test::StartsWith(start.clone()),
        [Piece::Any, Piece::Text(end)] => Test::EndsWith(end.clone()),
        [Piece::Any, Piece::Text(part), Piece::Any] => Test::Contains(part.clone()),
        [Piece::Any] => Test::StartsWith(String::new()),
        _ => Test::Regex(regex(&as_regex(&pieces), text, false)?),
    };
    let is_prefix = matches!(test, Test::StartsWith(_));
    Ok(Pattern {
        test,
        prefix,
        is_prefix,
    })
}

fn pieces(text: &str, escape: Option<char>) -> Result<Vec<Piece>, Error> {
    let mut pieces = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let literal = match c {
            c if Some(c) == escape => chars.next().ok_or_else(|| {
                Error::Type(format!(
                    "the LIKE pattern {} ends in its escape character",
                    quoted(clip(text, 80))
                ))
            })?,
            '%' => {
                if pieces.last() != Some(&Piece::Any) {
                    pieces.push(Piece::Any);
                }
                continue;
            }
            '_' => {
                pieces.push(Piece::One);
                continue;
            }
            c => c,
        };
        match pieces.last_mut() {
            Some(Piece::Text(text)) => text.push(literal),
            _ => pieces.push(Piece::Text(literal.to_string())),
        }
    }
    Ok(pieces)
}

fn as_regex(pieces: &[Piece]) -> String {
    let mut source = String::from("^");
    for piece in pieces {
        match piece {
            Piece::Text(text) => source.push_str(&regex::escape(text)),
            Piece::Any => source.push_str(".*"),
            Piece::One => source.push('.'),
        }
    }
    source.push('$');
    source
}

/// SIMILAR TO: `%` and `_` as in LIKE, the rest a regular expression, all of the text.
fn similar(text: &str) -> String {
    let mut source = String::from("^(?:");
    let mut escaped = false;
    for c in text.chars() {
        match c {
            '%' if !escaped => source.push_str(".*"),
            '_' if !escaped => source.push('.'),
            // Without a meaning in SIMILAR TO.
            '.' | '^' | '$' if !escaped => source.extend(['\\', c]),
            c => source.push(c),
        }
        escaped = c == '\\' && !escaped;
    }
    source.push_str(")$");
    source
}

fn regex(source: &str, written: &str, ignore_case: bool) -> Result<Regex, Error> {
    // A dot matches a line break too, as in LIKE.
    RegexBuilder::new(source)
        .case_insensitive(ignore_case)
        .dot_matches_new_line(true)
        .build()
        .map_err(|error| {
            let reason = error.to_string();
            let reason = reason
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ");
            Error::Type(format!(
                "cannot use the pattern {}: {reason}",
                quoted(clip(written, 80))
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, escape: Option<char>, ignore_case: bool, text: &str) -> bool {
        Pattern::compile(
            pattern,
            Dialect::Like {
                escape,
                ignore_case,
            },
        )
        .unwrap()
        .matches(text)
    }

    #[test]
    fn like() {
        for (pattern, text, expected) in [
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("a%", "abc", true),
            ("%c", "abc", true),
            ("%b%", "abc", true),
            ("a_c", "abc", true),
            ("a_c", "ac", false),
            ("a_c", "aäc", true),
            ("%%", "", true),
            ("", "", true),
            ("", "a", false),
            ("a.c", "abc", false),
            ("a%z", "a\nz", true),
            (r"a\%", r"a\b", true),
        ] {
            assert_eq!(
                matches(pattern, None, false, text),
                expected,
                "{pattern} {text}"
            );
        }
        assert!(matches("100!%", Some('!'), false, "100%"));
        assert!(!matches("100!%", Some('!'), false, "1000"));
        assert!(matches("STRAẞE%", None, true, "straße 1"));
        assert!(
            Pattern::compile(
                "a!",
                Dialect::Like {
                    escape: Some('!'),
                    ignore_case: false
                }
            )
            .is_err()
        );
    }

    #[test]
    fn regular_expressions() {
        let whole = |pattern: &str| {
            Pattern::compile(
                pattern,
                Dialect::Regex {
                    ignore_case: false,
                    whole: true,
                },
            )
            .unwrap()
        };
        assert!(whole("(a|b)%").matches("bcd"));
        assert!(!whole("(a|b)").matches("ab"));
        assert!(!whole("a.c").matches("abc"));
        let part = Pattern::compile(
            "b+",
            Dialect::Regex {
                ignore_case: false,
                whole: false,
            },
        )
        .unwrap();
        assert!(part.matches("abbc"));
        assert!(
            Pattern::compile(
                "(",
                Dialect::Regex {
                    ignore_case: false,
                    whole: false
                }
            )
            .is_err()
        );
    }
}
