//! Lists of units, from operands or from stdin.

use millrace_fault::{Failure, clip, quoted};
use millrace_state::UnitName;
use std::io::{self, BufRead, IsTerminal, Read};

/// Longer than any unit's name.
const LONGEST: u64 = 1100;

/// The units given as operands; none, or `-`, means those on stdin.
pub(crate) fn units(operands: &[String], null: bool) -> Result<Vec<UnitName>, Failure> {
    match operands {
        [] => from_stdin(null),
        [dash] if dash == "-" => from_stdin(null),
        _ => operands
            .iter()
            .map(|text| text.parse().map_err(Failure::usage))
            .collect(),
    }
}

/// The units on stdin, one a line or ended by NUL; empty lines do not count.
pub(crate) fn from_stdin(null: bool) -> Result<Vec<UnitName>, Failure> {
    let stdin = io::stdin().lock();
    if stdin.is_terminal() {
        return Err(Failure::usage("no units: standard input is a terminal")
            .hint("pipe a list of units in"));
    }
    read(stdin, if null { b'\0' } else { b'\n' })
}

fn read(mut source: impl BufRead, separator: u8) -> Result<Vec<UnitName>, Failure> {
    let mut units = Vec::new();
    let mut item = Vec::new();
    for number in 1u64.. {
        item.clear();
        // Bounded: what is longer than a name may be is refused, not collected.
        let length = source
            .by_ref()
            .take(LONGEST)
            .read_until(separator, &mut item)
            .map_err(|error| Failure::io("read", "standard input", error))?;
        if length == 0 {
            break;
        }
        if item.last() == Some(&separator) {
            item.pop();
        }
        if !item.is_empty() {
            units.push(parse(&item, number)?);
        }
    }
    Ok(units)
}

fn parse(item: &[u8], number: u64) -> Result<UnitName, Failure> {
    let text = std::str::from_utf8(item).map_err(|_| {
        let shown = quoted(clip(&String::from_utf8_lossy(item), 80));
        Failure::data(format!(
            "standard input, item {number}: {shown} is not UTF-8"
        ))
    })?;
    text.parse()
        .map_err(|problem| Failure::data(format!("standard input, item {number}: {problem}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace_fault::Exit;

    fn names(input: &[u8], separator: u8) -> Vec<String> {
        read(input, separator)
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn lines_and_nul_separated_items() {
        assert_eq!(names(b"a\n\nb c\nd", b'\n'), ["a", "b c", "d"]);
        assert_eq!(names(b"a\0b c\0", b'\0'), ["a", "b c"]);
        assert!(names(b"", b'\n').is_empty());
    }

    #[test]
    fn what_is_no_name_is_refused_with_its_place() {
        for bad in [
            &b"a\n\xff\n"[..],
            b"a\nb\x1b\n",
            b"a\n--b\n",
            &[b"a\n", vec![b'x'; 5000].as_slice()].concat(),
        ] {
            let failure = read(bad, b'\n').unwrap_err();
            assert_eq!(failure.exit(), Exit::DATA);
            assert!(
                failure.to_string().starts_with("standard input, item 2: "),
                "{failure}"
            );
        }
    }
}
