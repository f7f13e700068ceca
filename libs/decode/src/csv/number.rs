//! Numbers as people write them in cells, into the one spelling that JSON has.

use millrace_schema::TextRules;

/// The number in `cell` as a JSON literal; None if there is none.
pub(crate) fn literal(cell: &str, rules: &TextRules) -> Option<String> {
    let cell = if rules.bare_number { cell } else { bare(cell) };
    let (sign, digits) = match cell.as_bytes().first()? {
        b'-' => ("-", &cell[1..]),
        b'+' => ("", &cell[1..]),
        _ => ("", cell),
    };
    let mut plain = String::with_capacity(digits.len() + 2);
    let mut before = None;
    for character in digits.chars() {
        match character {
            // Between digits only.
            _ if Some(character) == rules.group_char => {
                before.filter(char::is_ascii_digit).map(drop)?
            }
            _ if character == rules.decimal_char => plain.push('.'),
            '0'..='9' | 'e' | 'E' | '+' | '-' => plain.push(character),
            _ => return None,
        }
        before = Some(character);
    }
    Some(format!("{sign}{}", padded(&plain)))
}

/// Leading zeros gone, a zero before a point that lacks one, and none after the point's
/// last digit: `007` → `7`, `.5` → `0.5`, `5.` → `5`.
fn padded(plain: &str) -> String {
    let trimmed = plain.trim_start_matches('0');
    let lead = match trimmed.bytes().next() {
        Some(b'0'..=b'9') => "",
        _ if plain.starts_with('0') || trimmed.len() > 1 => "0",
        _ => "",
    };
    let number = format!("{lead}{trimmed}");
    match number.strip_suffix('.') {
        Some(whole) => whole.to_owned(),
        None => number,
    }
}

/// Without the text around the number, as in `€95` or `95 %`.
fn bare(cell: &str) -> &str {
    let begins =
        |character: char| character.is_ascii_digit() || matches!(character, '+' | '-' | '.' | ',');
    let start = cell.find(begins).unwrap_or(cell.len());
    let end = cell
        .rfind(|character: char| character.is_ascii_digit())
        .map_or(start, |last| last + 1);
    cell.get(start..end).unwrap_or("")
}

/// `NaN`, `INF` and `-INF`, which a number column may hold.
pub(crate) fn special(cell: &str) -> Option<f64> {
    match cell {
        "NaN" => Some(f64::NAN),
        "INF" => Some(f64::INFINITY),
        "-INF" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spellings_of_people() {
        let rules = TextRules {
            decimal_char: ',',
            group_char: Some('.'),
            bare_number: false,
            ..TextRules::default()
        };
        for (cell, expected) in [
            ("1.234,50 €", "1234.50"),
            ("€-7", "-7"),
            ("95%", "95"),
            ("+0007", "7"),
            (",5", "0.5"),
        ] {
            assert_eq!(literal(cell, &rules).as_deref(), Some(expected), "{cell}");
        }
        let plain = TextRules::default();
        for (cell, expected) in [
            ("007", "7"),
            ("0", "0"),
            ("000", "0"),
            ("0.50", "0.50"),
            (".5", "0.5"),
            ("5.", "5"),
            ("-1e3", "-1e3"),
        ] {
            assert_eq!(literal(cell, &plain).as_deref(), Some(expected), "{cell}");
        }
        for cell in ["", "1,5", "1 000", "0x1f", "€95", "1_000", "ten"] {
            assert_eq!(literal(cell, &plain), None, "{cell}");
        }
    }
}
