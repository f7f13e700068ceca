//! SQL rules: `EXPR` or `NAME: EXPR`. A row for which it is false fails it; NULL passes.

use crate::check::{Description, Finding, shown};
use arrow_array::{Array, RecordBatch};
use arrow_schema::Schema;
use millrace_expr::{Bound, Predicate};
use millrace_fault::{Context, Failure, clip, quoted};
use millrace_rejects::RowEncoder;

/// A rule as the user wrote it.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    name: Option<String>,
    text: String,
    predicate: Predicate,
}

impl Rule {
    /// Parses a rule. A name starts with a letter and goes on with letters, digits, `_`,
    /// `-` and `.`; `a::int > 0` is no name but a cast.
    pub(crate) fn parse(rule: &str) -> Result<Rule, Failure> {
        let (name, text) = match rule.split_once(':') {
            Some((name, text)) if is_name(name.trim()) && !text.starts_with(':') => {
                (Some(name.trim().to_owned()), text.trim())
            }
            _ => (None, rule.trim()),
        };
        let predicate = Predicate::parse(text)
            .context(format!("rule {}", quoted(name.as_deref().unwrap_or(text))))?;
        Ok(Rule {
            name,
            text: text.to_owned(),
            predicate,
        })
    }

    /// The rules of a file: one a line; empty lines and lines that start with `#` are skipped.
    pub(crate) fn parse_file(file: &str, text: &str) -> Result<Vec<Rule>, Failure> {
        let lines = text
            .lines()
            .enumerate()
            .map(|(number, line)| (number + 1, line.trim()));
        let rules = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        rules
            .map(|(number, line)| {
                Rule::parse(line).context(format!("{} line {number}", quoted(file)))
            })
            .collect()
    }

    /// How messages call it.
    fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.text)
    }

    /// Resolves the rule against the stream's columns.
    pub(crate) fn bind(
        &self,
        schema: &Schema,
        descriptions: &mut Vec<Description>,
    ) -> Result<BoundRule, Failure> {
        let bound = self
            .predicate
            .bind(schema)
            .context(format!("rule {}", quoted(clip(self.label(), 80))))?;
        let columns: Vec<usize> = bound
            .columns()
            .filter_map(|name| schema.index_of(name).ok())
            .collect();
        let field = match columns.as_slice() {
            [only] => schema.field(*only).name().clone(),
            _ => String::new(),
        };
        descriptions.push(Description {
            field: field.clone(),
            constraint: self.name.clone().unwrap_or_else(|| "rule".to_owned()),
            expected: self.text.clone(),
        });
        Ok(BoundRule {
            check: descriptions.len() - 1,
            label: self.label().to_owned(),
            bound,
            columns,
            field,
        })
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic())
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// A rule bound to the stream.
pub(crate) struct BoundRule {
    check: usize,
    label: String,
    bound: Bound,
    /// The columns it reads.
    columns: Vec<usize>,
    /// The column, if it is one.
    field: String,
}

impl BoundRule {
    pub(crate) fn check(
        &self,
        batch: &RecordBatch,
        found: &mut Vec<Finding>,
    ) -> Result<(), Failure> {
        let verdict = self
            .bound
            .evaluate(batch)
            .context(format!("rule {}", quoted(clip(&self.label, 80))))?;
        let failed = match verdict.nulls() {
            Some(nulls) => &!verdict.values() & nulls.inner(),
            None => !verdict.values(),
        };
        if failed.count_set_bits() == 0 {
            return Ok(());
        }
        values(batch, &self.columns)?.each(failed.set_indices(), |row, value| {
            found.push(Finding {
                row,
                check: self.check,
                field: self.field.clone(),
                value: shown(value),
            });
            Ok(())
        })
    }
}

/// One column's values, or those of several as objects.
pub(crate) fn values(batch: &RecordBatch, columns: &[usize]) -> Result<RowEncoder, Failure> {
    match columns {
        [only] => Ok(RowEncoder::of_column(
            batch.schema_ref().fields()[*only].clone(),
            batch.column(*only).clone(),
        )),
        _ => {
            let part = batch
                .project(columns)
                .map_err(|error| Failure::data("cannot select columns").because(error))?;
            Ok(RowEncoder::of_rows(&part))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, Int64Array};
    use std::sync::Arc;

    #[test]
    fn names_and_casts_are_told_apart() {
        let name = |rule: &str| Rule::parse(rule).unwrap().name;
        assert_eq!(
            name("paid-orders.v2 : amount > 0").as_deref(),
            Some("paid-orders.v2")
        );
        assert_eq!(name("amount > 0"), None);
        assert_eq!(name("amount::bigint > 0"), None);
        assert_eq!(name("note <> 'a: b'"), None);
    }

    #[test]
    fn a_file_names_its_bad_line() {
        assert_eq!(
            Rule::parse_file("r", "# all\n\na > 0\n  b: c < 1 \n")
                .unwrap()
                .len(),
            2
        );
        let failure = Rule::parse_file("r.sql", "a > 0\nb >\n").unwrap_err();
        assert!(
            failure
                .to_string()
                .starts_with("'r.sql' line 2: rule 'b >'"),
            "{failure}"
        );
        assert_eq!(failure.exit(), millrace_fault::Exit::USAGE);
    }

    #[test]
    fn false_fails_and_null_passes() {
        let a: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(-1), None]));
        let b: ArrayRef = Arc::new(Int64Array::from(vec![Some(0), None, Some(5)]));
        let batch = RecordBatch::try_from_iter([("a", a), ("b", b)]).unwrap();
        let findings = |rule: &str| {
            let mut found = Vec::new();
            let bound = Rule::parse(rule)
                .unwrap()
                .bind(batch.schema_ref(), &mut Vec::new())
                .unwrap();
            bound.check(&batch, &mut found).unwrap();
            found
                .into_iter()
                .map(|f| (f.row, f.field, f.value))
                .collect::<Vec<_>>()
        };
        assert_eq!(findings("a > 0"), [(1, "a".to_owned(), "-1".to_owned())]);
        assert_eq!(
            findings("a > 0 AND b > 0"),
            [
                (0, String::new(), r#"{"a":1,"b":0}"#.to_owned()),
                (1, String::new(), r#"{"a":-1,"b":null}"#.to_owned())
            ]
        );
        assert_eq!(
            findings("a IS NOT NULL"),
            [(2, "a".to_owned(), "null".to_owned())]
        );
    }
}
