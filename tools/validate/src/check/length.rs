//! `minLength`, `maxLength`: characters of text, items of a list, members of an object.

use crate::check::items::Items;
use crate::check::text::each_text;
use crate::check::{Compiled, Test};
use arrow_array::cast::AsArray;
use arrow_array::{Array, StructArray};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use millrace_fault::Failure;
use millrace_schema::{Field, Kind};
use serde_json::Value;

/// The tests of a field's length on a column of this plain type.
pub(crate) fn compile(field: &Field, arrow: &DataType) -> Result<Vec<Compiled>, Failure> {
    let (least, most) = (field.constraints.min_length, field.constraints.max_length);
    let what = unit(field, arrow);
    let mut compiled = Vec::new();
    if let Some(least) = least {
        let test = test(field, arrow, least as usize, usize::MAX)?;
        compiled.push(Compiled {
            name: "minLength",
            expected: format!("at least {least} {what}"),
            test,
        });
    }
    if let Some(most) = most {
        let test = test(field, arrow, 0, most as usize)?;
        compiled.push(Compiled {
            name: "maxLength",
            expected: format!("at most {most} {what}"),
            test,
        });
    }
    Ok(compiled)
}

fn unit(field: &Field, arrow: &DataType) -> &'static str {
    match (&field.kind, arrow) {
        (_, DataType::LargeList(_)) => "items",
        (_, DataType::Struct(_)) => "members",
        (Kind::Any, _) if field.declared == "array" => "items",
        (Kind::Any, _) if field.declared == "object" => "members",
        _ => "characters",
    }
}

/// A length that is less than `least` or more than `most` breaks it.
fn test(field: &Field, arrow: &DataType, least: usize, most: usize) -> Result<Test, Failure> {
    let within = move |length: usize| least <= length && length <= most;
    match arrow {
        DataType::LargeList(_) => Ok(Box::new(move |array| {
            let items = Items::of(array);
            BooleanBuffer::collect_bool(array.len(), |at| !within(items.length(at)))
        })),
        DataType::Struct(_) => Ok(Box::new(move |array| {
            let object = array.as_struct();
            BooleanBuffer::collect_bool(array.len(), |at| !within(members(object, at)))
        })),
        DataType::Utf8 | DataType::LargeUtf8 if field.kind == Kind::Any => {
            Ok(each_text(move |text| !within(length_of_json(text))))
        }
        DataType::Utf8 | DataType::LargeUtf8 => {
            Ok(each_text(move |text| !has_length(text, least, most)))
        }
        _ => {
            let problem = format!(
                "field '{}' has a length, but its column is of Arrow type {arrow}",
                field.name
            );
            Err(Failure::data(problem))
        }
    }
}

/// Characters are counted only where bytes cannot tell.
fn has_length(text: &str, least: usize, most: usize) -> bool {
    let bytes = text.len();
    if bytes < least || bytes.div_ceil(4) > most {
        return false;
    }
    if bytes <= most && bytes.div_ceil(4) >= least {
        return true;
    }
    let characters = text.chars().count();
    least <= characters && characters <= most
}

fn members(object: &StructArray, at: usize) -> usize {
    object
        .columns()
        .iter()
        .filter(|member| !member.is_null(at))
        .count()
}

/// Of a JSON value kept as its text; text that is no JSON is taken for what it is.
fn length_of_json(text: &str) -> usize {
    match serde_json::from_str(text) {
        Ok(Value::Array(items)) => items.len(),
        Ok(Value::Object(members)) => members.len(),
        Ok(Value::String(text)) => text.chars().count(),
        _ => text.chars().count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_not_bytes() {
        for text in ["", "a", "ä", "äö", "a😀b", "😀😀😀😀", "abcdefgh"] {
            let characters = text.chars().count();
            for least in 0..10 {
                for most in least..10 {
                    assert_eq!(
                        has_length(text, least, most),
                        (least..=most).contains(&characters),
                        "{text} {least} {most}"
                    );
                }
            }
        }
    }

    #[test]
    fn json_text_has_the_length_of_its_value() {
        assert_eq!(
            [r#"{"a":1,"b":[]}"#, "[1,[2,3]]", r#""äö""#, "{oops"].map(length_of_json),
            [2, 2, 2, 5]
        );
    }
}
