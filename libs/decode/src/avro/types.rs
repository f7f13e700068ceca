//! Avro's types, and the Arrow types that hold their values.

use super::cursor::{Cursor, Malformed, Result};
use arrow_schema::{
    DataType, Field, FieldRef, Fields, IntervalUnit, TimeUnit, UnionFields, UnionMode,
};
use std::sync::Arc;

/// So many items that take no bytes may stand in an array: no bytes bound their number.
pub(super) const MOST_EMPTY: u64 = 1 << 16;

/// A type, names resolved.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Type {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed(i32),
    Enum(Arc<[String]>),
    Date,
    TimeMillis,
    TimeMicros,
    /// The unit, and whether it is a moment (UTC) rather than a local time.
    Timestamp(TimeUnit, bool),
    /// Precision, scale, and the size of a fixed one.
    Decimal(u8, i8, Option<usize>),
    Duration,
    /// Null, or the type; where null stands among the two.
    Nullable(Box<Type>, usize),
    Array(Box<Type>),
    Map(Box<Type>),
    Record(Vec<(String, Type)>),
    Union(Vec<Type>),
}

impl Type {
    /// The Arrow type.
    pub(super) fn arrow(&self) -> DataType {
        match self {
            Type::Null => DataType::Null,
            Type::Boolean => DataType::Boolean,
            Type::Int => DataType::Int32,
            Type::Long => DataType::Int64,
            Type::Float => DataType::Float32,
            Type::Double => DataType::Float64,
            Type::Bytes => DataType::Binary,
            Type::String | Type::Enum(_) => DataType::Utf8,
            Type::Fixed(size) => DataType::FixedSizeBinary(*size),
            Type::Date => DataType::Date32,
            Type::TimeMillis => DataType::Time32(TimeUnit::Millisecond),
            Type::TimeMicros => DataType::Time64(TimeUnit::Microsecond),
            Type::Timestamp(unit, utc) => DataType::Timestamp(*unit, utc.then(|| "UTC".into())),
            Type::Decimal(precision @ ..=38, scale, _) => DataType::Decimal128(*precision, *scale),
            Type::Decimal(precision, scale, _) => DataType::Decimal256(*precision, *scale),
            Type::Duration => DataType::Interval(IntervalUnit::MonthDayNano),
            Type::Nullable(inner, _) => inner.arrow(),
            Type::Array(items) => DataType::List(Arc::new(items.field("item"))),
            Type::Map(values) => DataType::Map(entries(values), false),
            Type::Record(fields) => DataType::Struct(arrow_fields(fields)),
            Type::Union(branches) => DataType::Union(union_fields(branches), UnionMode::Dense),
        }
    }

    /// An Arrow column of the type.
    pub(super) fn field(&self, name: &str) -> Field {
        let nullable = matches!(self, Type::Null | Type::Nullable(..));
        Field::new(name, self.arrow(), nullable)
    }

    /// Whether no value of the type takes any bytes.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Type::Null | Type::Fixed(0) => true,
            Type::Record(fields) => fields.iter().all(|(_, field)| field.is_empty()),
            _ => false,
        }
    }

    /// About the bytes that a null of the type, or its smallest value, takes in a batch.
    pub(super) fn width(&self) -> usize {
        match self {
            Type::Null => 0,
            Type::Fixed(size) => *size as usize,
            Type::Decimal(..) | Type::Duration => 32,
            Type::Enum(symbols) => symbols.iter().map(String::len).max().unwrap_or(0) + 4,
            Type::Nullable(inner, _) => inner.width(),
            Type::Record(fields) => fields.iter().map(|(_, field)| field.width()).sum(),
            Type::Union(branches) => branches.iter().map(Type::width).max().unwrap_or(0) + 5,
            _ => 8,
        }
    }

    /// Passes over a value that no column wants.
    pub(super) fn skip(&self, cursor: &mut Cursor<'_>) -> Result<()> {
        match self {
            Type::Null => Ok(()),
            Type::Boolean => cursor.boolean().map(drop),
            Type::Int | Type::Date | Type::TimeMillis => cursor.int().map(drop),
            Type::Long | Type::TimeMicros | Type::Timestamp(..) => cursor.long().map(drop),
            Type::Float => cursor.take(4).map(drop),
            Type::Double => cursor.take(8).map(drop),
            Type::Bytes | Type::Decimal(_, _, None) => cursor.bytes().map(drop),
            Type::String => cursor.string().map(drop),
            Type::Fixed(size) => cursor.take(*size as usize).map(drop),
            Type::Decimal(_, _, Some(size)) => cursor.take(*size).map(drop),
            Type::Duration => cursor.take(12).map(drop),
            Type::Enum(symbols) => branch(cursor, symbols).map(drop),
            Type::Nullable(inner, null) => match is_null(cursor, *null)? {
                true => Ok(()),
                false => inner.skip(cursor),
            },
            Type::Array(items) => each_item(cursor, items.is_empty(), |cursor| items.skip(cursor)),
            Type::Map(values) => each_item(cursor, false, |cursor| {
                cursor.string()?;
                values.skip(cursor)
            }),
            Type::Record(fields) => fields.iter().try_for_each(|(name, field)| {
                field.skip(cursor).map_err(|problem| problem.inside(name))
            }),
            Type::Union(branches) => branch(cursor, branches)?.1.skip(cursor),
        }
    }
}

/// The element of a list that an index in the data names: a branch of a union, a symbol.
pub(super) fn branch<'t, T>(cursor: &mut Cursor<'_>, list: &'t [T]) -> Result<(usize, &'t T)> {
    let index = cursor.long()?;
    let found = usize::try_from(index).ok();
    found
        .and_then(|index| Some((index, list.get(index)?)))
        .ok_or_else(|| Malformed::new(format!("there is no choice {index} among {}", list.len())))
}

/// Reads which of the two a nullable value is.
#[inline]
pub(super) fn is_null(cursor: &mut Cursor<'_>, null: usize) -> Result<bool> {
    match cursor.long()? {
        index @ (0 | 1) => Ok(index as usize == null),
        index => Err(Malformed::new(format!(
            "there is no choice {index} among 2"
        ))),
    }
}

/// Reads the items of an array or map.
pub(super) fn each_item<'a>(
    cursor: &mut Cursor<'a>,
    empty: bool,
    mut item: impl FnMut(&mut Cursor<'a>) -> Result<()>,
) -> Result<()> {
    let mut total = 0u64;
    loop {
        let count = cursor.items()?;
        if count == 0 {
            return Ok(());
        }
        total = total.saturating_add(count);
        if empty && total > MOST_EMPTY {
            return Err(Malformed::new(format!(
                "more than {MOST_EMPTY} items that take no bytes"
            )));
        }
        for _ in 0..count {
            item(cursor)?;
        }
    }
}

/// The fields of a struct.
pub(super) fn arrow_fields(fields: &[(String, Type)]) -> Fields {
    fields
        .iter()
        .map(|(name, field)| field.field(name))
        .collect()
}

/// The entries of a map.
pub(super) fn entries(values: &Type) -> FieldRef {
    let fields = vec![
        Field::new("key", DataType::Utf8, false),
        values.field("value"),
    ];
    Arc::new(Field::new(
        "entries",
        DataType::Struct(fields.into()),
        false,
    ))
}

/// The branches of a union, by their position.
pub(super) fn union_fields(branches: &[Type]) -> UnionFields {
    let fields = branches.iter().enumerate();
    fields
        .map(|(index, branch)| {
            (
                index as i8,
                Arc::new(branch.field(&format!("member{index}"))),
            )
        })
        .collect()
}
