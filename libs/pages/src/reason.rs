//! What went wrong, in the words of the house.

use millrace_fault::lower_first;
use std::fmt::Display;

/// Names of error types that the Arrow and Parquet libraries write in front, each around
/// the other's.
const NAMES: [&str; 4] = [
    "Invalid argument error: ",
    "Parquet argument error: ",
    "Parquet error: ",
    "External: ",
];

/// The words of such an `error`, without those names.
pub fn reason(error: impl Display) -> String {
    let text = error.to_string();
    let mut words = text.as_str();
    while let Some(rest) = NAMES.iter().find_map(|name| words.strip_prefix(name)) {
        words = rest;
    }
    lower_first(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_errors_are_left_out() {
        for (text, words) in [
            (
                "Parquet argument error: Parquet error: Bad page",
                "bad page",
            ),
            ("Parquet error: External: no such day", "no such day"),
            (
                "EOF: eof decoding byte array",
                "EOF: eof decoding byte array",
            ),
        ] {
            assert_eq!(reason(text), words);
        }
    }
}
