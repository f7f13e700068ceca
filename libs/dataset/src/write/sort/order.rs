//! `--sort-by`: the columns that rows are sorted by, and how.

use arrow_schema::{DataType, Schema, SortOptions};
use millrace_fault::{Coded, Exit, quoted};
use std::fmt;
use std::str::FromStr;

/// The columns that rows are sorted by, the most important first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SortOrder {
    /// The columns.
    pub keys: Vec<SortKey>,
}

/// A column that rows are sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// Its name.
    pub column: String,
    /// Greatest first.
    pub descending: bool,
    /// Nulls before everything else; else after it.
    pub nulls_first: bool,
}

/// Columns that rows cannot be sorted by.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// There is none of that name.
    #[error("no column {} to sort by; the files' columns are {columns}", quoted(.column))]
    Unknown {
        /// The name.
        column: String,
        /// What there is.
        columns: String,
    },
    /// Its values have no order that Parquet knows.
    #[error("rows cannot be sorted by column {}: it is {data_type}", quoted(.column))]
    Unordered {
        /// The name.
        column: String,
        /// Its type.
        data_type: String,
    },
}

impl Coded for OrderError {
    fn exit(&self) -> Exit {
        Exit::USAGE
    }
}

impl SortOrder {
    /// Whether rows stay as they come.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The positions of the columns in `schema`.
    pub fn bind(&self, schema: &Schema) -> Result<Vec<usize>, OrderError> {
        self.keys.iter().map(|key| key.bind(schema)).collect()
    }
}

impl SortKey {
    pub(super) fn options(&self) -> SortOptions {
        SortOptions {
            descending: self.descending,
            nulls_first: self.nulls_first,
        }
    }

    fn bind(&self, schema: &Schema) -> Result<usize, OrderError> {
        let Some((at, field)) = schema.column_with_name(&self.column) else {
            let names: Vec<&str> = schema
                .fields()
                .iter()
                .map(|field| field.name().as_str())
                .collect();
            return Err(OrderError::Unknown {
                column: self.column.clone(),
                columns: names.join(", "),
            });
        };
        match is_ordered(field.data_type()) {
            true => Ok(at),
            false => Err(OrderError::Unordered {
                column: self.column.clone(),
                data_type: field.data_type().to_string(),
            }),
        }
    }
}

fn is_ordered(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_ordered(values),
        DataType::Interval(_) | DataType::Null | DataType::RunEndEncoded(..) => false,
        other => !other.is_nested(),
    }
}

impl fmt::Display for SortOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, key) in self.keys.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{key}")?;
        }
        Ok(())
    }
}

impl fmt::Display for SortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column.contains(is_special) || self.column.is_empty() {
            true => write!(f, "\"{}\"", self.column.replace('"', "\"\""))?,
            false => f.write_str(&self.column)?,
        }
        f.write_str(if self.descending { " desc" } else { "" })?;
        f.write_str(if self.nulls_first { " nulls first" } else { "" })
    }
}

fn is_special(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | '"')
}

impl FromStr for SortOrder {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut keys: Vec<SortKey> = Vec::new();
        let mut rest = Some(text);
        while let Some(text) = rest {
            let (key, after) = item(text)?;
            if keys.iter().any(|known| known.column == key.column) {
                return Err(format!("column {} occurs twice", quoted(&key.column)));
            }
            keys.push(key);
            rest = after;
        }
        Ok(SortOrder { keys })
    }
}

/// One column and its words; what follows the comma behind them.
fn item(text: &str) -> Result<(SortKey, Option<&str>), String> {
    let (column, text) = name(text.trim_start())?;
    let (words, after) = match text.split_once(',') {
        Some((words, after)) => (words, Some(after)),
        None => (text, None),
    };
    let mut key = SortKey {
        column,
        descending: false,
        nulls_first: false,
    };
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    let mut words: &[String] = &words;
    if let [word @ ("asc" | "desc"), ..] = texts(words).as_slice() {
        key.descending = *word == "desc";
        words = &words[1..];
    }
    match texts(words).as_slice() {
        [] => {}
        ["nulls", place @ ("first" | "last")] => key.nulls_first = *place == "first",
        [word, ..] => {
            return Err(format!(
                "{} is not asc, desc, nulls first or nulls last",
                quoted(word)
            ));
        }
    }
    Ok((key, after))
}

fn texts(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// A column's name, plain or in double quotes (a quote in it doubled), and what follows.
fn name(text: &str) -> Result<(String, &str), String> {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find(is_special).unwrap_or(text.len());
        return match end {
            0 => Err("expected a column".to_owned()),
            end => Ok((text[..end].to_owned(), &text[end..])),
        };
    };
    let mut name = String::new();
    let mut chars = inner.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c == '"' && chars.next_if(|(_, next)| *next == '"').is_none() {
            return match name.is_empty() {
                true => Err("expected a column".to_owned()),
                false => Ok((name, &inner[at + 1..])),
            };
        }
        name.push(c);
    }
    Err("a quoted name does not end".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_schema::Field;

    #[test]
    fn forms_read_back() {
        for (text, printed) in [
            ("a", "a"),
            ("a asc, b DESC", "a,b desc"),
            ("a nulls first,b desc nulls last", "a nulls first,b desc"),
            ("\"a b\" desc , \"x\"\"y\"", "\"a b\" desc,\"x\"\"y\""),
            ("desc desc", "desc desc"),
        ] {
            let order: SortOrder = text.parse().unwrap();
            assert_eq!(order.to_string(), printed);
            assert_eq!(order.to_string().parse::<SortOrder>().unwrap(), order);
        }
        for (text, said) in [
            ("", "expected a column"),
            ("a,", "expected a column"),
            ("a b", "'b' is not asc"),
            ("a nulls", "'nulls' is not asc"),
            ("a desc asc", "'asc' is not"),
            ("a,a desc", "'a' occurs twice"),
            ("\"a", "does not end"),
            ("\"\"", "expected a column"),
        ] {
            let error = text.parse::<SortOrder>().unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn columns_must_be_there_and_have_an_order() {
        let schema = Schema::new(vec![
            Field::new("a", DataType::Int32, true),
            Field::new("l", DataType::new_list(DataType::Int32, true), true),
        ]);
        let bind = |text: &str| text.parse::<SortOrder>().unwrap().bind(&schema);
        assert_eq!(bind("a desc").unwrap(), [0]);
        let error = bind("b").unwrap_err();
        assert_eq!(error.exit(), Exit::USAGE);
        assert_eq!(
            error.to_string(),
            "no column 'b' to sort by; the files' columns are a, l"
        );
        assert!(bind("a,l").unwrap_err().to_string().contains("column 'l'"));
    }
}
