//! How subjects and reasons are written in messages.

use std::io;

/// `text` in single quotes with control characters escaped, so that a name that
/// came from data cannot move the cursor or break the one-line rule.
pub fn quoted(text: impl AsRef<str>) -> String {
    let mut out = String::from("'");
    for c in text.as_ref().chars() {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}') {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out.push('\'');
    out
}

/// `text` cut to at most `limit` characters, with `…` where something is missing.
pub fn clip(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((cut, _)) => format!("{}…", &text[..cut]),
    }
}

/// The operating system's reason in the house's form: lower case, no error number.
pub fn io_reason(error: &io::Error) -> String {
    // Said by a listing, not by the system, and it shall sound the same.
    if error.kind() == io::ErrorKind::NotFound && error.get_ref().is_none() {
        return "no such file or directory".to_owned();
    }
    let text = error.to_string();
    let text = match text.find(" (os error ") {
        Some(cut) => &text[..cut],
        None => &text,
    };
    lower_first(text)
}

/// A foreign library's sentence in the house's form: it begins in lower case.
pub fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        // An acronym ("EOF", "UTF-8") keeps its capitals.
        (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(quoted("a\nb\u{1b}[31m"), r"'a\nb\u{1b}[31m'");
    }

    #[test]
    fn clip_counts_characters() {
        assert_eq!(clip("ääää", 2), "ää…");
        assert_eq!(clip("ää", 2), "ää");
    }

    #[test]
    fn reasons_are_lower_case_without_numbers() {
        let error = io::Error::from_raw_os_error(28);
        assert_eq!(io_reason(&error), "no space left on device");
        let missing = "no such file or directory";
        assert_eq!(io_reason(&io::Error::from_raw_os_error(2)), missing);
        assert_eq!(io_reason(&io::ErrorKind::NotFound.into()), missing);
    }

    #[test]
    fn acronyms_keep_their_capitals() {
        assert_eq!(lower_first("Corrupt footer"), "corrupt footer");
        assert_eq!(lower_first("EOF: too small"), "EOF: too small");
    }
}
