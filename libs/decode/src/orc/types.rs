//! ORC's types, and the Arrow types that hold their values.

use super::proto::fields;
use super::trouble::{Result, malformed};
use arrow_schema::{DataType, Field, FieldRef, Fields, TimeUnit, UnionFields, UnionMode};
use millrace_fault::quoted;
use std::collections::HashSet;
use std::sync::Arc;

/// Most types of a file, nested ones counted.
const MOST_TYPES: usize = 1 << 16;
/// Deepest nesting.
const DEEPEST: usize = 100;
/// Arrow numbers the branches of a union in a byte.
const MOST_BRANCHES: usize = 127;

/// A type of the file, names resolved.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Type {
    /// The number under which the file keeps its streams.
    pub(super) column: u32,
    pub(super) kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    Byte,
    Short,
    Int,
    Long,
    Float,
    Double,
    String,
    Binary,
    Date,
    /// Whether it is a moment (UTC) rather than a local time.
    Timestamp(bool),
    /// Precision and scale.
    Decimal(u8, i8),
    List(Box<Type>),
    Map(Box<[Type; 2]>),
    Struct(Vec<(String, Type)>),
    Union(Vec<Type>),
}

/// A type as the footer describes it.
#[derive(Default)]
struct Described {
    kind: u64,
    subtypes: Vec<u32>,
    names: Vec<String>,
    precision: Option<u32>,
    scale: Option<u32>,
}

/// The types of a file, as its footer lists them.
#[derive(Default)]
pub(super) struct Types {
    described: Vec<Described>,
    /// Names and types within types, which are to be no more than types.
    parts: usize,
}

impl Types {
    /// Takes up the next one.
    pub(super) fn push(&mut self, message: &[u8]) -> Result<()> {
        let described = Described::parse(message)?;
        self.parts += described.subtypes.len().max(described.names.len());
        if self.parts > MOST_TYPES || self.described.len() >= MOST_TYPES {
            return Err(malformed(format!("more than {MOST_TYPES} columns")));
        }
        self.described.push(described);
        Ok(())
    }

    pub(super) fn count(&self) -> usize {
        self.described.len()
    }

    /// The columns of the first type, which is to be a struct.
    pub(super) fn columns(self) -> Result<Vec<(String, Type)>> {
        let mut tree = Tree {
            described: self.described,
            next: 0,
        };
        match tree.take(0, 0)?.kind {
            Kind::Struct(fields) => Ok(fields),
            _ => Err(malformed("its root is not a struct")),
        }
    }
}

impl Described {
    fn parse(message: &[u8]) -> Result<Described> {
        let mut found = Described::default();
        fields(message, |number, value| {
            match number {
                1 => found.kind = value.number()?,
                2 => value.append_to(&mut found.subtypes, MOST_TYPES)?,
                3 if found.names.len() >= MOST_TYPES => return Err(malformed("too many names")),
                3 => found.names.push(value.text()?),
                5 => found.precision = Some(value.small()?),
                6 => found.scale = Some(value.small()?),
                _ => {}
            }
            Ok(())
        })?;
        Ok(found)
    }
}

/// Types stand before those in them, as they are met from left to right.
struct Tree {
    described: Vec<Described>,
    next: u32,
}

impl Tree {
    fn take(&mut self, column: u32, depth: usize) -> Result<Type> {
        if depth > DEEPEST {
            return Err(malformed("its types are nested too deep"));
        }
        // So no type is in two others, nor in itself.
        if column != self.next {
            return Err(malformed("its types are out of order"));
        }
        let described = self.described.get_mut(column as usize);
        let described = std::mem::take(described.ok_or_else(|| malformed("it lacks types"))?);
        self.next += 1;
        let mut inner = Vec::new();
        for subtype in &described.subtypes {
            inner.push(self.take(*subtype, depth + 1)?);
        }
        let kind = described.resolve(inner)?;
        Ok(Type { column, kind })
    }
}

impl Described {
    fn resolve(self, inner: Vec<Type>) -> Result<Kind> {
        let leaf = inner.is_empty();
        Ok(match self.kind {
            0 if leaf => Kind::Boolean,
            1 if leaf => Kind::Byte,
            2 if leaf => Kind::Short,
            3 if leaf => Kind::Int,
            4 if leaf => Kind::Long,
            5 if leaf => Kind::Float,
            6 if leaf => Kind::Double,
            7 | 16 | 17 if leaf => Kind::String,
            8 if leaf => Kind::Binary,
            9 if leaf => Kind::Timestamp(false),
            10 => Kind::List(Box::new(exactly::<1>(inner).map(|[items]| items)?)),
            11 => Kind::Map(Box::new(exactly(inner)?)),
            12 => Kind::Struct(members(self.names, inner)?),
            13 if (1..=MOST_BRANCHES).contains(&inner.len()) => Kind::Union(inner),
            14 if leaf => decimal(self.precision, self.scale)?,
            15 if leaf => Kind::Date,
            18 if leaf => Kind::Timestamp(true),
            19 | 20 => return Err(malformed("geometries are not supported")),
            kind => {
                let count = inner.len();
                return Err(malformed(format!(
                    "a type {kind} of {count} others is unknown"
                )));
            }
        })
    }
}

fn exactly<const N: usize>(inner: Vec<Type>) -> Result<[Type; N]> {
    inner
        .try_into()
        .map_err(|inner: Vec<Type>| malformed(format!("a list or map of {} types", inner.len())))
}

fn members(names: Vec<String>, inner: Vec<Type>) -> Result<Vec<(String, Type)>> {
    if names.len() != inner.len() {
        return Err(malformed("a struct has more or less names than fields"));
    }
    let mut seen = HashSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
        return Err(malformed(format!(
            "it has the column {} twice",
            quoted(twice)
        )));
    }
    Ok(names.into_iter().zip(inner).collect())
}

/// Files before precisions were written have decimals of 38 digits, 10 behind the point.
fn decimal(precision: Option<u32>, scale: Option<u32>) -> Result<Kind> {
    let (precision, scale) = match precision {
        None | Some(0) => (38, 10),
        Some(precision) => (precision, scale.unwrap_or(0)),
    };
    match precision <= 38 && scale <= precision {
        true => Ok(Kind::Decimal(precision as u8, scale as i8)),
        false => Err(malformed(format!("a decimal({precision}, {scale})"))),
    }
}

impl Type {
    /// The Arrow type.
    pub(super) fn arrow(&self) -> DataType {
        match &self.kind {
            Kind::Boolean => DataType::Boolean,
            Kind::Byte => DataType::Int8,
            Kind::Short => DataType::Int16,
            Kind::Int => DataType::Int32,
            Kind::Long => DataType::Int64,
            Kind::Float => DataType::Float32,
            Kind::Double => DataType::Float64,
            Kind::String => DataType::Utf8,
            Kind::Binary => DataType::Binary,
            Kind::Date => DataType::Date32,
            Kind::Timestamp(utc) => {
                DataType::Timestamp(TimeUnit::Nanosecond, utc.then(|| "UTC".into()))
            }
            Kind::Decimal(precision, scale) => DataType::Decimal128(*precision, *scale),
            Kind::List(items) => DataType::List(Arc::new(items.field("item"))),
            Kind::Map(pair) => DataType::Map(entries(pair), false),
            Kind::Struct(fields) => DataType::Struct(arrow_fields(fields)),
            Kind::Union(branches) => DataType::Union(union_fields(branches), UnionMode::Dense),
        }
    }

    /// An Arrow column of the type: any may have nulls.
    pub(super) fn field(&self, name: &str) -> Field {
        Field::new(name, self.arrow(), true)
    }

    /// Whether no value of the type takes any bytes.
    pub(super) fn is_empty(&self) -> bool {
        match &self.kind {
            Kind::Struct(fields) => fields.iter().all(|(_, field)| field.is_empty()),
            _ => false,
        }
    }

    /// About the bytes that a null of the type takes in a batch.
    pub(super) fn width(&self) -> usize {
        match &self.kind {
            Kind::Boolean | Kind::Byte => 1,
            Kind::Decimal(..) => 16,
            Kind::Struct(fields) => {
                1 + fields.iter().map(|(_, field)| field.width()).sum::<usize>()
            }
            Kind::Union(branches) => branches.iter().map(Type::width).max().unwrap_or(0) + 5,
            _ => 8,
        }
    }
}

/// The fields of a struct.
pub(super) fn arrow_fields(fields: &[(String, Type)]) -> Fields {
    let fields = fields.iter();
    fields.map(|(name, field)| field.field(name)).collect()
}

/// The entries of a map.
pub(super) fn entries([key, value]: &[Type; 2]) -> FieldRef {
    let fields = vec![key.field("key").with_nullable(false), value.field("value")];
    let fields = DataType::Struct(fields.into());
    Arc::new(Field::new("entries", fields, false))
}

/// The branches of a union, by their position.
pub(super) fn union_fields(branches: &[Type]) -> UnionFields {
    let field = |index: usize, branch: &Type| {
        let name = format!("member{index}");
        (index as i8, Arc::new(branch.field(&name)))
    };
    let branches = branches.iter().enumerate();
    branches
        .map(|(index, branch)| field(index, branch))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(kind: u64, subtypes: &[u32], names: &[&str]) -> Described {
        Described {
            kind,
            subtypes: subtypes.to_vec(),
            names: names.iter().map(|&name| name.to_owned()).collect(),
            ..Described::default()
        }
    }

    fn root(described: Vec<Described>) -> Result<Vec<(String, Type)>> {
        Types {
            described,
            parts: 0,
        }
        .columns()
    }

    fn refusal(described: Vec<Described>) -> String {
        format!("{:?}", root(described).err())
    }

    #[test]
    fn types_stand_before_those_in_them() {
        let found = root(vec![
            described(12, &[1, 3], &["a", "b"]),
            described(10, &[2], &[]),
            described(7, &[], &[]),
            described(14, &[], &[]),
        ]);
        let items = Type {
            column: 2,
            kind: Kind::String,
        };
        let list = Type {
            column: 1,
            kind: Kind::List(Box::new(items)),
        };
        let decimal = Type {
            column: 3,
            kind: Kind::Decimal(38, 10),
        };
        let expected = vec![("a".to_owned(), list), ("b".to_owned(), decimal)];
        assert_eq!(found.ok(), Some(expected));
    }

    #[test]
    fn types_that_are_none_are_refused() {
        let int = || described(3, &[], &[]);
        for (types, reason) in [
            (vec![], "lacks types"),
            (vec![int()], "not a struct"),
            (vec![described(12, &[1], &["a"])], "lacks types"),
            (vec![described(12, &[0], &["a"])], "out of order"),
            (
                vec![described(12, &[1, 1], &["a", "b"]), int()],
                "out of order",
            ),
            (vec![described(12, &[1], &[]), int()], "names"),
            (
                vec![described(12, &[1, 2], &["a", "a"]), int(), int()],
                "twice",
            ),
            (
                vec![described(12, &[1], &["a"]), described(10, &[], &[])],
                "list or map",
            ),
            (
                vec![described(12, &[1], &["a"]), described(13, &[], &[])],
                "unknown",
            ),
            (
                vec![described(12, &[1], &["a"]), described(99, &[], &[])],
                "unknown",
            ),
            (
                vec![described(12, &[1], &["a"]), described(3, &[2], &[]), int()],
                "unknown",
            ),
        ] {
            let found = refusal(types);
            assert!(found.contains(reason), "{found}");
        }
        let mut deep = vec![described(12, &[1], &["a"])];
        deep.extend((2..200).map(|next| described(10, &[next], &[])));
        assert!(refusal(deep).contains("too deep"));
        assert!(decimal(Some(39), None).is_err());
        assert!(decimal(Some(5), Some(6)).is_err());
    }
}
