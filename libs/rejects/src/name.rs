//! The name of a rejects file, with `{run_id}` and `{unit}` filled in.

use millrace_fault::{Failure, quoted};

/// `template` with its placeholders replaced. A placeholder without a value, an
/// unknown one, or a value that would lead into another folder is a usage error.
pub(crate) fn expand(
    template: &str,
    run_id: Option<&str>,
    unit: Option<&str>,
) -> Result<String, Failure> {
    let mut name = String::new();
    let mut rest = template;
    while let Some((before, word, after)) = placeholder(rest) {
        name.push_str(before);
        name.push_str(value(template, word, run_id, unit)?);
        rest = after;
    }
    name.push_str(rest);
    match name.as_str() {
        "" => Err(Failure::usage("the name of the rejects file is empty")),
        "-" => Err(
            Failure::usage("rejects cannot go to standard output, which carries the data")
                .hint("to see them, name /dev/stderr"),
        ),
        _ => Ok(name),
    }
}

/// The text before the first `{word}`, the word, and the text after it.
fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + text[from..].find('{')?;
        let close = open + text[open..].find('}')?;
        let word = &text[open + 1..close];
        if !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            return Some((&text[..open], word, &text[close + 1..]));
        }
        from = open + 1;
    }
}

fn value<'a>(
    template: &str,
    word: &str,
    run_id: Option<&'a str>,
    unit: Option<&'a str>,
) -> Result<&'a str, Failure> {
    let subject = quoted(template);
    let (value, option, variable) = match word {
        "run_id" => (run_id, "--run-id", "MILLRACE_RUN_ID"),
        "unit" => (unit, "--unit", "MILLRACE_UNIT"),
        _ => {
            return Err(Failure::usage(format!(
                "unknown '{{{word}}}' in the rejects file name {subject}"
            ))
            .hint("{run_id} and {unit} can be used"));
        }
    };
    let value = value.ok_or_else(|| {
        Failure::usage(format!("the rejects file name {subject} needs {option}")).hint(format!(
            "give {option}, or set {variable} (checkpoint run does)"
        ))
    })?;
    if value.is_empty() || value.contains(['/', '\0']) {
        return Err(Failure::usage(format!(
            "{option} {} cannot stand in the rejects file name {subject}",
            quoted(value)
        )));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace_fault::Exit;

    #[test]
    fn placeholders_are_filled_in() {
        let name = expand(
            "bad/{unit}-{run_id}.ndjson",
            Some("r1"),
            Some("2026-03-17T05"),
        )
        .unwrap();
        assert_eq!(name, "bad/2026-03-17T05-r1.ndjson");
        assert_eq!(expand("{}{X}{1}.x", None, None).unwrap(), "{}{X}{1}.x");
        assert_eq!(expand("{{unit}}", None, Some("u")).unwrap(), "{u}");
        assert_eq!(expand("{run_id}", Some("{unit}"), None).unwrap(), "{unit}");
    }

    #[test]
    fn a_missing_value_names_the_option_and_the_variable() {
        let failure = expand("bad-{run_id}", None, None).unwrap_err();
        assert_eq!(failure.exit(), Exit::USAGE);
        assert!(failure.to_string().contains("--run-id"));
        assert!(failure.hint_line().unwrap().contains("MILLRACE_RUN_ID"));
    }

    #[test]
    fn names_that_cannot_be_are_refused() {
        for (template, run_id) in [
            ("{runid}", Some("r")),
            ("{run_id}", Some("../r")),
            ("{run_id}", Some("")),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(
                expand(template, run_id, None).unwrap_err().exit(),
                Exit::USAGE,
                "{template}"
            );
        }
    }
}
