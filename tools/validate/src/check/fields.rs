//! Which column of the stream is which field of the schema.

use crate::source;
use arrow_schema::Schema;
use millrace_fault::{Failure, clip, quoted};
use millrace_schema::{Field, FieldsMatch, TableSchema};

/// The column of each field, found by name. Refuses (3) a stream that does not agree
/// with the schema as its `fieldsMatch` says; without one, every field must have its
/// column and other columns pass unchecked. A field may lack its column only under
/// `superset` and `partial`, and only if it is not required.
pub(crate) fn locate(schema: &TableSchema, stream: &Schema) -> Result<Vec<Option<usize>>, Failure> {
    let found: Vec<Option<usize>> = schema
        .fields
        .iter()
        .map(|field| column(&field.name, stream))
        .collect::<Result<_, _>>()?;
    let rule = schema.fields_match.unwrap_or(FieldsMatch::Subset);
    let may_lack = matches!(rule, FieldsMatch::Superset | FieldsMatch::Partial);
    for (field, column) in schema.fields.iter().zip(&found) {
        if column.is_none() && (!may_lack || is_needed(schema, field)) {
            return Err(lacks(field, stream));
        }
    }
    if matches!(
        rule,
        FieldsMatch::Exact | FieldsMatch::Equal | FieldsMatch::Superset
    ) {
        refuse_others(schema, stream)?;
    }
    if rule == FieldsMatch::Exact && !found.is_sorted() {
        return Err(Failure::data(
            "the stream's columns are not in the order of the schema, whose fieldsMatch is 'exact'",
        ));
    }
    if rule == FieldsMatch::Partial && found.iter().all(Option::is_none) {
        return Err(
            Failure::data("the stream has none of the schema's fields").hint(columns_hint(stream))
        );
    }
    Ok(found)
}

/// The column of this name; two of them are refused.
pub(crate) fn column(name: &str, stream: &Schema) -> Result<Option<usize>, Failure> {
    let mut named = stream
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, column)| column.name() == name);
    let first = named.next().map(|(at, _)| at);
    match named.next() {
        Some(_) => Err(Failure::data(format!(
            "the stream has several columns {}",
            quoted(name)
        ))),
        None => Ok(first),
    }
}

fn is_needed(schema: &TableSchema, field: &Field) -> bool {
    field.constraints.required || schema.primary_key.contains(&field.name)
}

fn lacks(field: &Field, stream: &Schema) -> Failure {
    Failure::data(format!(
        "the stream has no column {}, which the schema names",
        quoted(&field.name)
    ))
    .hint(columns_hint(stream))
}

fn columns_hint(stream: &Schema) -> String {
    let names: Vec<String> = stream
        .fields()
        .iter()
        .map(|column| quoted(column.name()))
        .collect();
    format!("its columns are {}", clip(&names.join(", "), 200))
}

fn refuse_others(schema: &TableSchema, stream: &Schema) -> Result<(), Failure> {
    let other = |name: &&String| schema.field(name).is_none() && !source::is_source_column(name);
    match stream
        .fields()
        .iter()
        .map(|column| column.name())
        .find(other)
    {
        Some(name) => Err(Failure::data(format!(
            "the stream has a column {}, which the schema does not name",
            quoted(name)
        ))
        .hint("the schema's fieldsMatch allows no others; 'subset' does")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_schema::DataType;

    fn locate_in(rule: &str, columns: &[&str]) -> Result<Vec<Option<usize>>, String> {
        let rule = if rule.is_empty() {
            String::new()
        } else {
            format!(r#","fieldsMatch":["{rule}"]"#)
        };
        let text = format!(
            r#"{{"fields":[{{"name":"a","type":"string","constraints":{{"required":true}}}},{{"name":"b","type":"string"}}]{rule}}}"#
        );
        let schema = TableSchema::parse(&text).unwrap();
        let stream = Schema::new(
            columns
                .iter()
                .map(|name| arrow_schema::Field::new(*name, DataType::Utf8, true))
                .collect::<Vec<_>>(),
        );
        locate(&schema, &stream).map_err(|failure| {
            assert_eq!(failure.exit(), millrace_fault::Exit::DATA);
            failure.to_string()
        })
    }

    #[test]
    fn without_a_rule_fields_need_columns_and_columns_no_fields() {
        assert_eq!(locate_in("", &["x", "b", "a"]), Ok(vec![Some(2), Some(1)]));
        assert!(locate_in("", &["a"]).unwrap_err().contains("no column 'b'"));
        assert!(
            locate_in("", &["a", "b", "a"])
                .unwrap_err()
                .contains("several columns 'a'")
        );
    }

    #[test]
    fn fields_match_as_the_schema_says() {
        assert!(locate_in("exact", &["b", "a"]).is_err());
        assert!(locate_in("exact", &["a", "b", "_source_line"]).is_ok());
        assert!(locate_in("equal", &["b", "a"]).is_ok());
        assert!(
            locate_in("equal", &["a", "b", "c"])
                .unwrap_err()
                .contains("'c'")
        );
        assert!(locate_in("subset", &["a", "b", "c"]).is_ok());
        assert_eq!(locate_in("superset", &["a"]), Ok(vec![Some(0), None]));
        assert!(
            locate_in("superset", &["b"])
                .unwrap_err()
                .contains("no column 'a'")
        );
        assert!(locate_in("partial", &["a", "c"]).is_ok());
        assert!(locate_in("partial", &["c"]).is_err());
    }
}
