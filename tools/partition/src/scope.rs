//! `--scope`: the partitions that a run owns, as a path or as a predicate.

use arrow_schema::{Fields, Schema};
use millrace_dataset::hive;
use millrace_dataset::listing::{self, Partition};
use millrace_expr::{Bound, Predicate};
use millrace_fault::{Failure, quoted};

/// Which partitions belong to the run.
pub(crate) struct Scope {
    text: String,
    fields: Fields,
    form: Form,
}

enum Form {
    /// Columns and their values, compared as numbers where both are.
    Path(Vec<(String, Option<String>)>),
    Predicate(Box<Bound>),
}

impl Scope {
    /// Reads `text` against the partition columns `fields`.
    pub(crate) fn parse(text: &str, fields: &Fields) -> Result<Scope, Failure> {
        if fields.is_empty() {
            return Err(
                Failure::usage("--scope needs partitions, and the dataset has none")
                    .hint("say --by"),
            );
        }
        let form = match path_form(text, fields) {
            Some(pairs) => Form::Path(pairs),
            None => Form::Predicate(Box::new(predicate(text, fields)?)),
        };
        Ok(Scope {
            text: text.to_owned(),
            fields: fields.clone(),
            form,
        })
    }

    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the partition with these values is inside. Unknown (null) is outside.
    pub(crate) fn holds(&self, values: &[(&str, Option<&str>)]) -> Result<bool, Failure> {
        match &self.form {
            Form::Path(pairs) => Ok(pairs.iter().all(|(name, value)| {
                values
                    .iter()
                    .any(|(column, found)| column == name && same(*found, value.as_deref()))
            })),
            Form::Predicate(bound) => self.evaluate(bound, values),
        }
    }

    fn evaluate(&self, bound: &Bound, values: &[(&str, Option<&str>)]) -> Result<bool, Failure> {
        let owned = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned)));
        let row = Partition {
            path: String::new(),
            values: owned.collect(),
            files: Vec::new(),
        };
        let batch = listing::values_batch(&[row], &self.fields)?;
        Ok(bound
            .evaluate(&batch)?
            .iter()
            .next()
            .flatten()
            .unwrap_or(false))
    }

    /// The partition that the scope names in full, if it is a path of all columns.
    pub(crate) fn partition(&self) -> Option<Vec<(&str, Option<&str>)>> {
        let Form::Path(pairs) = &self.form else {
            return None;
        };
        let all = pairs.len() == self.fields.len();
        all.then(|| {
            pairs
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_deref()))
                .collect()
        })
    }
}

fn predicate(text: &str, fields: &Fields) -> Result<Bound, Failure> {
    let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
    let example = format!(
        "--scope takes a path such as {}=VALUE or a predicate on {}",
        names[0],
        names.join(", ")
    );
    let hinted = |failure: Failure| match failure.hint_line() {
        Some(_) => failure,
        None => failure.hint(example.clone()),
    };
    let bound =
        Predicate::parse(text).and_then(|predicate| predicate.bind(&Schema::new(fields.clone())));
    bound.map_err(|error| hinted(error.into()))
}

/// `column=value/column=value` with partition columns in the path's order, each once, and
/// nothing that a folder name would have escaped; else it is taken for a predicate.
fn path_form(text: &str, fields: &Fields) -> Option<Vec<(String, Option<String>)>> {
    let text = text.strip_suffix('/').unwrap_or(text);
    if text.contains([' ', '\'', '"', '(', '<', '>', '!', '\n', '\t']) {
        return None;
    }
    let mut pairs: Vec<(String, Option<String>)> = Vec::new();
    for name in text.split('/') {
        let pair = hive::parse_segment(name)?;
        let known = fields.iter().any(|field| *field.name() == pair.0);
        if !known || name.matches('=').count() != 1 || pairs.iter().any(|(seen, _)| *seen == pair.0)
        {
            return None;
        }
        pairs.push(pair);
    }
    Some(pairs)
}

/// `5` is `05`.
fn same(found: Option<&str>, asked: Option<&str>) -> bool {
    if found == asked {
        return true;
    }
    let number = |text: Option<&str>| {
        text.filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?
            .parse::<u64>()
            .ok()
    };
    number(found).is_some() && number(found) == number(asked)
}

/// A row outside, when that is not allowed.
pub(crate) fn refuse(scope: &Scope, row: u64, path: &str) -> Failure {
    Failure::data(format!(
        "row {row} lies outside of the scope {}: it belongs to {}",
        quoted(scope.text()),
        quoted(path)
    ))
    .hint("--outside FILE keeps such rows, --outside ignore drops them")
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_schema::{DataType, Field};

    fn fields() -> Fields {
        vec![
            Field::new("d", DataType::Date32, true),
            Field::new("h", DataType::Int32, true),
            Field::new("s", DataType::Utf8, true),
        ]
        .into()
    }

    fn holds(scope: &str, d: &str, h: &str, s: Option<&str>) -> bool {
        Scope::parse(scope, &fields())
            .unwrap()
            .holds(&[("d", Some(d)), ("h", Some(h)), ("s", s)])
            .unwrap()
    }

    #[test]
    fn paths_and_predicates() {
        for scope in [
            "d=2026-03-17/h=05",
            "d=2026-03-17/h=5/",
            "h=05",
            "d = '2026-03-17' and h = 5",
            "h < 6",
            "h in (4, 5)",
            "s=x%2Fy",
            "s is not null",
        ] {
            assert!(holds(scope, "2026-03-17", "05", Some("x/y")), "{scope}");
        }
        for scope in [
            "d=2026-03-18",
            "h=6",
            "d > '2026-03-17'",
            "s='x'",
            "s=__HIVE_DEFAULT_PARTITION__",
        ] {
            assert!(!holds(scope, "2026-03-17", "05", Some("x/y")), "{scope}");
        }
        assert!(holds(
            "s=__HIVE_DEFAULT_PARTITION__",
            "2026-03-17",
            "05",
            None
        ));
        assert!(
            !holds("s = 'x'", "2026-03-17", "05", None),
            "unknown is outside"
        );
    }

    #[test]
    fn what_is_neither_is_a_usage_error_with_an_example() {
        for scope in ["order=5", "region=EU", "d=", "h ==", "x = 1"] {
            match Scope::parse(scope, &fields()) {
                Err(failure) => {
                    assert_eq!(failure.exit(), millrace_fault::Exit::USAGE, "{scope}");
                    assert!(failure.hint_line().is_some(), "{scope}");
                }
                Ok(scope) => assert_eq!(scope.text(), "d="),
            }
        }
        assert!(Scope::parse("h=5", &Fields::empty()).is_err());
    }

    #[test]
    fn a_full_path_names_a_partition() {
        let scope = Scope::parse("d=2026-03-17/h=05/s=x", &fields()).unwrap();
        assert_eq!(scope.partition().unwrap().len(), 3);
        assert!(
            Scope::parse("h=05", &fields())
                .unwrap()
                .partition()
                .is_none()
        );
    }
}
