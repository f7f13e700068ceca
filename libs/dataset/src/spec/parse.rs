//! The spec's grammar: `[name=](column | function([number,]column))`, separated by
//! commas. A name with other characters than letters, digits, `_`, `.`, `-` stands in
//! double quotes, a quote in it doubled.

use super::{Item, Spec, SpecError, Transform};
use std::collections::HashSet;
use std::fmt;

pub(super) fn spec(text: &str) -> Result<Spec, SpecError> {
    let mut cursor = Cursor { text, at: 0 };
    let mut items: Vec<Item> = Vec::new();
    if text.trim().is_empty() {
        return Ok(Spec::default());
    }
    loop {
        items.push(cursor.item()?);
        if !cursor.take(',') {
            break;
        }
    }
    cursor.end()?;
    check_names(text, &items)?;
    Ok(Spec { items, zone: None })
}

/// Names that readers ignore or confuse are refused.
fn check_names(text: &str, items: &[Item]) -> Result<(), SpecError> {
    let refuse = |problem: String| {
        Err(SpecError::Syntax {
            text: text.to_owned(),
            problem,
        })
    };
    let mut seen = HashSet::new();
    for Item { name, .. } in items {
        if name.starts_with(['_', '.']) {
            return refuse(format!(
                "the name '{name}' starts with '_' or '.', which readers skip"
            ));
        }
        if !seen.insert(name.to_lowercase()) {
            return refuse(format!("the name '{name}' occurs twice"));
        }
    }
    Ok(())
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl Cursor<'_> {
    fn item(&mut self) -> Result<Item, SpecError> {
        let first = self.name("a column, or name=function(column)")?;
        if self.take('=') {
            let source = self.name("a column or a function")?;
            if self.take('(') {
                return self.call(first, &source);
            }
            return Ok(Item {
                name: first,
                column: source,
                transform: Transform::Identity,
            });
        }
        if self.take('(') {
            let function = first.to_lowercase();
            let mut item = self.call(String::new(), &first)?;
            item.name = format!("{}_{function}", item.column);
            return Ok(item);
        }
        Ok(Item {
            name: first.clone(),
            column: first,
            transform: Transform::Identity,
        })
    }

    /// The arguments of `function(`.
    fn call(&mut self, name: String, function: &str) -> Result<Item, SpecError> {
        let transform = match function.to_lowercase().as_str() {
            "date" => Transform::Date,
            "year" => Transform::Year,
            "month" => Transform::Month,
            "day" => Transform::Day,
            "hour" => Transform::Hour,
            "bucket" => Transform::Bucket(self.number("bucket(N,column)")?),
            "truncate" => Transform::Truncate(self.number("truncate(W,column)")?),
            _ => {
                let known = "date, year, month, day, hour, bucket or truncate";
                return self.fail(format!("no function '{function}', expected {known}"));
            }
        };
        let column = self.name("a column")?;
        if !self.take(')') {
            return self.fail(format!("expected ')' after '{column}'"));
        }
        Ok(Item {
            name,
            column,
            transform,
        })
    }

    /// A positive number and the comma after it.
    fn number(&mut self, form: &str) -> Result<u32, SpecError> {
        let word = self.name(form)?;
        match word.parse::<u32>() {
            Ok(n) if n > 0 && n <= i32::MAX as u32 && self.take(',') => Ok(n),
            _ => self.fail(format!("expected {form} with a positive number")),
        }
    }

    fn name(&mut self, expected: &str) -> Result<String, SpecError> {
        self.skip_space();
        let rest = &self.text[self.at..];
        if rest.starts_with('"') {
            return self.quoted_name();
        }
        let end = rest.find(|c| !is_plain(c)).unwrap_or(rest.len());
        if end == 0 {
            return self.fail(format!("expected {expected}"));
        }
        self.at += end;
        Ok(rest[..end].to_owned())
    }

    fn quoted_name(&mut self) -> Result<String, SpecError> {
        let mut name = String::new();
        let mut chars = self.text[self.at + 1..].char_indices().peekable();
        while let Some((i, c)) = chars.next() {
            if c == '"' && chars.next_if(|(_, next)| *next == '"').is_none() {
                self.at += i + 2;
                return match name.is_empty() {
                    true => self.fail("a name is empty".to_owned()),
                    false => Ok(name),
                };
            }
            name.push(c);
        }
        self.fail("a quoted name does not end".to_owned())
    }

    fn take(&mut self, c: char) -> bool {
        self.skip_space();
        let found = self.text[self.at..].starts_with(c);
        self.at += if found { c.len_utf8() } else { 0 };
        found
    }

    fn end(&mut self) -> Result<(), SpecError> {
        self.skip_space();
        match self.text[self.at..].chars().next() {
            None => Ok(()),
            Some(c) => self.fail(format!("'{c}' was not expected")),
        }
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn fail<T>(&self, problem: String) -> Result<T, SpecError> {
        let place = self.text[..self.at].chars().count() + 1;
        let problem = format!("{problem} (at character {place})");
        Err(SpecError::Syntax {
            text: self.text.to_owned(),
            problem,
        })
    }
}

fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-')
}

/// A name as the grammar reads it back.
pub(super) struct Name<'a>(pub(super) &'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.is_empty() && self.0.chars().all(is_plain) {
            return f.write_str(self.0);
        }
        write!(f, "\"{}\"", self.0.replace('"', "\"\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_forms() {
        let text = "order_date=date(event_timestamp), order_hour = HOUR( event_timestamp ),region,x=col,b=bucket(16,customer_id),\"a,b\"=truncate(3,\"s \"\"k\"\"u\")";
        let spec = spec(text).unwrap();
        assert_eq!(
            spec.to_string(),
            "order_date=date(event_timestamp),order_hour=hour(event_timestamp),region,x=col,b=bucket(16,customer_id),\"a,b\"=truncate(3,\"s \"\"k\"\"u\")"
        );
        assert_eq!(spec.items[4].transform, Transform::Bucket(16));
        assert_eq!(spec.items[5].column, "s \"k\"u");
    }

    #[test]
    fn a_function_without_a_name_gets_one() {
        assert_eq!(spec("date(ts)").unwrap().to_string(), "ts_date=date(ts)");
    }

    #[test]
    fn nothing_is_the_empty_spec() {
        assert!(spec(" ").unwrap().is_empty());
    }

    #[test]
    fn refusals_say_what_was_expected() {
        for (text, part) in [
            ("a,", "expected a column"),
            ("a=foo(b)", "no function 'foo', expected date"),
            ("a=bucket(b)", "expected bucket(N,column)"),
            ("a=bucket(0,b)", "positive number"),
            ("a=date(b", "expected ')'"),
            ("a b", "'b' was not expected"),
            ("_a=b", "starts with '_'"),
            (".a", "starts with"),
            ("a,A=b", "'A' occurs twice"),
            ("\"a", "does not end"),
            ("\"\"", "a name is empty"),
        ] {
            let error = spec(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn display_reads_back(names in prop::collection::vec("[a-z\",=() é.]{1,6}", 1..4), n in 1u32..99) {
            let transforms = [Transform::Identity, Transform::Hour, Transform::Bucket(n), Transform::Truncate(n)];
            let items = names.iter().enumerate().map(|(i, column)| Item {
                name: format!("n{i}{column}"), column: column.clone(), transform: transforms[i % 4],
            }).collect();
            let expected = Spec { items, zone: None };
            prop_assert_eq!(spec(&expected.to_string()).unwrap(), expected);
        }

        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = spec(&text);
        }
    }
}
