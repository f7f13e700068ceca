//! `--select`: names separated by commas, those with odd characters in double quotes.

use arrow_schema::{Schema, SchemaRef};
use millrace_fault::{Failure, quoted};
use std::sync::Arc;

/// The columns of `schema` that `list` names, in its order, then those of `added` that it
/// does not name.
pub(crate) fn columns(list: &str, schema: &Schema, added: &[&str]) -> Result<SchemaRef, Failure> {
    let mut indices: Vec<usize> = Vec::new();
    for name in names(list)? {
        let index = find(schema, &name)?;
        if indices.contains(&index) {
            return Err(Failure::usage(format!(
                "column {} is selected twice",
                quoted(&name)
            )));
        }
        indices.push(index);
    }
    let added = added.iter().filter_map(|name| schema.index_of(name).ok());
    let missing: Vec<usize> = added.filter(|index| !indices.contains(index)).collect();
    indices.extend(missing);
    schema
        .project(&indices)
        .map(Arc::new)
        .map_err(|error| Failure::usage("cannot select").because(error))
}

fn find(schema: &Schema, name: &str) -> Result<usize, Failure> {
    if let Ok(index) = schema.index_of(name) {
        return Ok(index);
    }
    let alike: Vec<usize> = (0..schema.fields().len())
        .filter(|&index| schema.field(index).name().eq_ignore_ascii_case(name))
        .collect();
    match alike.as_slice() {
        [index] => Ok(*index),
        _ => {
            let all: Vec<String> = schema
                .fields()
                .iter()
                .take(20)
                .map(|field| quoted(field.name()))
                .collect();
            Err(
                Failure::usage(format!("there is no column {}", quoted(name)))
                    .hint(format!("there is {}", all.join(", "))),
            )
        }
    }
}

fn names(list: &str) -> Result<Vec<String>, Failure> {
    let malformed = || {
        Failure::usage(format!(
            "{} is no list of columns: expected names separated by commas",
            quoted(list)
        ))
    };
    let mut names = Vec::new();
    let mut rest = list.trim();
    loop {
        let (name, after) = match rest.strip_prefix('"') {
            Some(inside) => inside.split_once('"').ok_or_else(malformed)?,
            None => rest.split_at(rest.find(',').unwrap_or(rest.len())),
        };
        let name = if rest.starts_with('"') {
            name
        } else {
            name.trim()
        };
        if name.is_empty() {
            return Err(malformed());
        }
        names.push(name.to_owned());
        rest = match after.trim_start().strip_prefix(',') {
            Some(rest) => rest.trim_start(),
            None if after.trim().is_empty() => return Ok(names),
            None => return Err(malformed()),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_names() {
        assert_eq!(names("a, b ,\"c, d\",e").unwrap(), ["a", "b", "c, d", "e"]);
        for bad in ["", ",", "a,", ",a", "\"a", "\"a\"b"] {
            assert!(names(bad).is_err(), "{bad}");
        }
    }
}
