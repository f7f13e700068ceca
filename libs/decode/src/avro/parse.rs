//! The schema in a file's header: JSON → types, names resolved.

use super::types::Type;
use arrow_schema::TimeUnit;
use millrace_fault::quoted;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Types may be nested so deeply: they are walked by recursion.
const DEEPEST: usize = 100;
/// So many types may a schema have, names written out: each mention of a name is a copy.
const MOST_TYPES: usize = 100_000;
/// Ids of an Arrow union are one byte.
const MOST_BRANCHES: usize = 127;

type Result<T> = std::result::Result<T, String>;

/// The fields of the records that a file with this schema holds.
pub(super) fn fields(schema: &[u8]) -> Result<Vec<(String, Type)>> {
    let schema: Value = serde_json::from_slice(schema)
        .map_err(|error| format!("the schema is not JSON: {error}"))?;
    match Names::default().read(&schema, "", 0)? {
        Type::Record(fields) => Ok(fields),
        _ => Err("its values are not records".to_owned()),
    }
}

/// What was defined so far.
#[derive(Default)]
struct Names {
    /// None while the definition is being read.
    known: HashMap<String, Option<Type>>,
    count: usize,
}

impl Names {
    /// Reads a type that stands in `namespace`.
    fn read(&mut self, schema: &Value, namespace: &str, depth: usize) -> Result<Type> {
        self.count += 1;
        if depth > DEEPEST || self.count > MOST_TYPES {
            return Err("its schema is too deep or too large".to_owned());
        }
        match schema {
            Value::String(name) => self.named(name, namespace),
            Value::Array(branches) => self.union(branches, namespace, depth + 1),
            Value::Object(object) => self.object(object, namespace, depth),
            other => Err(format!("its schema has {other} for a type")),
        }
    }

    fn object(
        &mut self,
        object: &Map<String, Value>,
        namespace: &str,
        depth: usize,
    ) -> Result<Type> {
        let kind = member(object, "type")?;
        let Value::String(name) = kind else {
            return self.read(kind, namespace, depth + 1);
        };
        match name.as_str() {
            "record" | "error" => self.record(object, namespace, depth + 1),
            "enum" => self.define(object, namespace, |_, _| symbols(object)),
            "fixed" => self.define(object, namespace, |_, _| fixed(object)),
            "array" => {
                let items = self.read(member(object, "items")?, namespace, depth + 1)?;
                Ok(Type::Array(Box::new(items)))
            }
            "map" => {
                let values = self.read(member(object, "values")?, namespace, depth + 1)?;
                Ok(Type::Map(Box::new(values)))
            }
            name => Ok(logical(object, self.named(name, namespace)?)),
        }
    }

    /// A primitive type, or one defined before.
    fn named(&mut self, name: &str, namespace: &str) -> Result<Type> {
        if let Some(primitive) = primitive(name) {
            return Ok(primitive);
        }
        match self.known.get(&full_name(name, namespace)) {
            Some(Some(found)) => {
                self.count += size(found);
                match self.count > MOST_TYPES {
                    true => Err("its schema is too deep or too large".to_owned()),
                    false => Ok(found.clone()),
                }
            }
            Some(None) => Err(format!(
                "the type {} contains itself, which no column can hold",
                quoted(name)
            )),
            None => Err(format!(
                "its schema does not define the type {}",
                quoted(name)
            )),
        }
    }

    /// Reads a definition under the name that it gives.
    fn define(
        &mut self,
        object: &Map<String, Value>,
        namespace: &str,
        read: impl FnOnce(&mut Self, &str) -> Result<Type>,
    ) -> Result<Type> {
        let namespace = match object.get("namespace") {
            Some(Value::String(own)) => own,
            _ => namespace,
        };
        let name = full_name(text(object, "name")?, namespace);
        if self.known.insert(name.clone(), None).is_some() {
            return Err(format!("its schema defines {} twice", quoted(&name)));
        }
        let inner = name.rsplit_once('.').map_or("", |(namespace, _)| namespace);
        let found = read(self, inner)?;
        self.known.insert(name, Some(found.clone()));
        Ok(found)
    }

    fn record(
        &mut self,
        object: &Map<String, Value>,
        namespace: &str,
        depth: usize,
    ) -> Result<Type> {
        self.define(object, namespace, |names, namespace| {
            let Value::Array(members) = member(object, "fields")? else {
                return Err("its schema has a record without a list of fields".to_owned());
            };
            let mut fields = Vec::with_capacity(members.len());
            let mut seen = HashSet::new();
            for field in members.iter().map(Value::as_object) {
                let field = field.ok_or("its schema has a field that is no object")?;
                let name = text(field, "name")?;
                if !seen.insert(name) {
                    return Err(format!("its schema has the field {} twice", quoted(name)));
                }
                let found = names.read(member(field, "type")?, namespace, depth)?;
                fields.push((name.to_owned(), found));
            }
            Ok(Type::Record(fields))
        })
    }

    fn union(&mut self, branches: &[Value], namespace: &str, depth: usize) -> Result<Type> {
        if branches.is_empty() || branches.len() > MOST_BRANCHES {
            return Err(format!(
                "its schema has a union of {} types",
                branches.len()
            ));
        }
        let mut types = Vec::with_capacity(branches.len());
        for branch in branches {
            types.push(self.read(branch, namespace, depth)?);
        }
        let null = types.iter().position(|branch| *branch == Type::Null);
        match (types.len(), null) {
            (2, Some(null)) => {
                let inner = types.swap_remove(1 - null);
                Ok(Type::Nullable(Box::new(inner), null))
            }
            _ => Ok(Type::Union(types)),
        }
    }
}

fn full_name(name: &str, namespace: &str) -> String {
    match name.contains('.') || namespace.is_empty() {
        true => name.to_owned(),
        false => format!("{namespace}.{name}"),
    }
}

fn primitive(name: &str) -> Option<Type> {
    Some(match name {
        "null" => Type::Null,
        "boolean" => Type::Boolean,
        "int" => Type::Int,
        "long" => Type::Long,
        "float" => Type::Float,
        "double" => Type::Double,
        "bytes" => Type::Bytes,
        "string" => Type::String,
        _ => return None,
    })
}

/// The type that a logical type makes of the one below it; that one, if it makes none.
fn logical(object: &Map<String, Value>, below: Type) -> Type {
    let name = object.get("logicalType").and_then(Value::as_str);
    match (name.unwrap_or_default(), &below) {
        ("date", Type::Int) => Type::Date,
        ("time-millis", Type::Int) => Type::TimeMillis,
        ("time-micros", Type::Long) => Type::TimeMicros,
        ("timestamp-millis", Type::Long) => Type::Timestamp(TimeUnit::Millisecond, true),
        ("timestamp-micros", Type::Long) => Type::Timestamp(TimeUnit::Microsecond, true),
        ("timestamp-nanos", Type::Long) => Type::Timestamp(TimeUnit::Nanosecond, true),
        ("local-timestamp-millis", Type::Long) => Type::Timestamp(TimeUnit::Millisecond, false),
        ("local-timestamp-micros", Type::Long) => Type::Timestamp(TimeUnit::Microsecond, false),
        ("local-timestamp-nanos", Type::Long) => Type::Timestamp(TimeUnit::Nanosecond, false),
        ("decimal", Type::Bytes) => decimal(object, None).unwrap_or(below),
        ("decimal", Type::Fixed(size)) => decimal(object, Some(*size as usize)).unwrap_or(below),
        ("duration", Type::Fixed(12)) => Type::Duration,
        _ => below,
    }
}

/// A decimal that Arrow has.
fn decimal(object: &Map<String, Value>, size: Option<usize>) -> Option<Type> {
    let number = |name| object.get(name).and_then(Value::as_u64);
    let precision = number("precision").and_then(|precision| u8::try_from(precision).ok())?;
    let scale = match object.contains_key("scale") {
        true => i8::try_from(number("scale")?).ok()?,
        false => 0,
    };
    let fits = (1..=76).contains(&precision) && scale as u8 <= precision;
    fits.then_some(Type::Decimal(precision, scale, size))
}

fn fixed(object: &Map<String, Value>) -> Result<Type> {
    let size = member(object, "size")?.as_u64();
    let size = size.and_then(|size| i32::try_from(size).ok());
    let size = size.ok_or("its schema has a fixed type without a size")?;
    Ok(logical(object, Type::Fixed(size)))
}

fn symbols(object: &Map<String, Value>) -> Result<Type> {
    let symbols = member(object, "symbols")?.as_array();
    let texts: Option<Arc<[String]>> = symbols.and_then(|symbols| {
        let text = |symbol: &Value| symbol.as_str().map(str::to_owned);
        symbols.iter().map(text).collect()
    });
    let texts = texts.ok_or("its schema has an enum without a list of symbols")?;
    Ok(Type::Enum(texts))
}

fn member<'o>(object: &'o Map<String, Value>, name: &str) -> Result<&'o Value> {
    let found = object.get(name);
    found.ok_or_else(|| format!("its schema has a type without {}", quoted(name)))
}

fn text<'o>(object: &'o Map<String, Value>, name: &str) -> Result<&'o str> {
    let found = member(object, name)?.as_str();
    found.ok_or_else(|| format!("its schema has a {} that is no text", quoted(name)))
}

/// How many types a type consists of.
fn size(of: &Type) -> usize {
    1 + match of {
        Type::Nullable(inner, _) | Type::Array(inner) | Type::Map(inner) => size(inner),
        Type::Record(fields) => fields.iter().map(|(_, field)| size(field)).sum(),
        Type::Union(branches) => branches.iter().map(size).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(schema: &str) -> Result<Type> {
        let record = format!(
            r#"{{"type":"record","name":"r","namespace":"n","fields":[{{"name":"f","type":{schema}}}]}}"#
        );
        fields(record.as_bytes()).map(|mut fields| fields.remove(0).1)
    }

    #[test]
    fn types_are_read_as_the_specification_has_them() {
        let nullable = |inner, null| Type::Nullable(Box::new(inner), null);
        for (schema, expected) in [
            (r#""long""#, Type::Long),
            (r#"{"type":"string"}"#, Type::String),
            (r#"{"type":{"type":"int"}}"#, Type::Int),
            (r#"["null","int"]"#, nullable(Type::Int, 0)),
            (r#"["int","null"]"#, nullable(Type::Int, 1)),
            (
                r#"["int","string"]"#,
                Type::Union(vec![Type::Int, Type::String]),
            ),
            (r#"{"type":"int","logicalType":"date"}"#, Type::Date),
            (r#"{"type":"int","logicalType":"of-mine"}"#, Type::Int),
            (r#"{"type":"long","logicalType":"date"}"#, Type::Long),
            (
                r#"{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}"#,
                Type::Decimal(9, 2, None),
            ),
            (
                r#"{"type":"bytes","logicalType":"decimal","precision":2,"scale":9}"#,
                Type::Bytes,
            ),
            (
                r#"{"type":"fixed","name":"d","size":12,"logicalType":"duration"}"#,
                Type::Duration,
            ),
            (
                r#"{"type":"fixed","name":"d","size":5,"logicalType":"decimal","precision":4}"#,
                Type::Decimal(4, 0, Some(5)),
            ),
            (
                r#"{"type":"array","items":{"type":"map","values":"double"}}"#,
                Type::Array(Box::new(Type::Map(Box::new(Type::Double)))),
            ),
        ] {
            assert_eq!(only(schema), Ok(expected), "{schema}");
        }
    }

    #[test]
    fn names_live_in_namespaces() {
        let two = |first: &str, second: &str| {
            only(&format!(
                r#"{{"type":"record","name":"m.x","fields":[{{"name":"a","type":{first}}},{{"name":"b","type":{second}}}]}}"#
            ))
        };
        let fixed = r#"{"type":"fixed","name":"id","size":4}"#;
        let expected = Type::Record(vec![
            ("a".to_owned(), Type::Fixed(4)),
            ("b".to_owned(), Type::Fixed(4)),
        ]);
        assert_eq!(two(fixed, r#""id""#), Ok(expected.clone()));
        assert_eq!(two(fixed, r#""m.id""#), Ok(expected));
        assert!(two(fixed, r#""n.id""#).is_err());
        assert!(two(fixed, fixed).is_err_and(|problem| problem.contains("twice")));
        assert!(two(fixed, r#""m.x""#).is_err_and(|problem| problem.contains("itself")));
    }

    #[test]
    fn a_schema_cannot_grow_without_bounds() {
        let mut fields: Vec<String> = vec![r#"{"name":"f0","type":"int"}"#.to_owned()];
        for level in 1..40 {
            let before = level - 1;
            let inner = match level {
                1 => r#"{"type":"array","items":"int"}"#.to_owned(),
                _ => format!(r#""r{before}""#),
            };
            fields.push(format!(
                r#"{{"name":"f{level}","type":{{"type":"record","name":"r{level}","fields":[{{"name":"a","type":{inner}}},{{"name":"b","type":{inner}}}]}}}}"#
            ));
        }
        let bomb = format!(
            r#"{{"type":"record","name":"r","fields":[{}]}}"#,
            fields.join(",")
        );
        assert!(super::fields(bomb.as_bytes()).is_err_and(|problem| problem.contains("too large")));
        let deep = format!(
            "{}\"int\"{}",
            r#"{"type":"array","items":"#.repeat(110),
            "}".repeat(110)
        );
        assert!(only(&deep).is_err_and(|problem| problem.contains("too deep")));
    }
}
