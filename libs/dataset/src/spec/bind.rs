//! A spec against a schema: which column feeds which part of the path, and how.

use super::codes::Kind;
use super::{Item, Spec, SpecError, Transform, zoned};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use jiff::tz::TimeZone;

/// A spec whose columns were found in a schema.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The items, outermost first.
    pub items: Vec<BoundItem>,
    spec: Spec,
    schema: SchemaRef,
}

/// One item of a [`Bound`] spec.
#[derive(Clone, Debug)]
pub struct BoundItem {
    /// The item as it was written.
    pub item: Item,
    /// Index of the source column.
    pub source: usize,
    /// Index of a column of the partition's name that must agree with the computed value.
    pub twin: Option<usize>,
    /// The type of the partition column for readers.
    pub data_type: DataType,
    pub(super) kind: Kind,
    /// Whose days and hours; None is UTC, or a column without instants.
    pub(super) zone: Option<TimeZone>,
}

impl Spec {
    /// Finds the spec's columns in `schema` and checks that its functions take them.
    pub fn bind(&self, schema: &SchemaRef) -> Result<Bound, SpecError> {
        let zone = self.zone.as_deref().map(zoned::zone).transpose()?;
        let items: Result<Vec<BoundItem>, SpecError> = self
            .items
            .iter()
            .map(|item| bind_item(item, schema, zone.as_ref()))
            .collect();
        Ok(Bound {
            items: items?,
            spec: self.clone(),
            schema: schema.clone(),
        })
    }
}

impl Bound {
    /// The spec.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The schema that the spec was bound to.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The columns of the path as a reader sees them.
    pub fn fields(&self) -> Fields {
        let field = |item: &BoundItem| Field::new(&item.item.name, item.data_type.clone(), true);
        self.items.iter().map(field).collect()
    }

    /// Which columns the files hold: all but those that the path gives back.
    pub fn file_columns(&self, keep_columns: bool) -> Vec<usize> {
        let in_path = |index: usize| {
            self.items.iter().any(|item| {
                item.twin == Some(index)
                    || (item.source == index && item.item.transform == Transform::Identity)
            })
        };
        (0..self.schema.fields().len())
            .filter(|i| keep_columns || !in_path(*i))
            .collect()
    }
}

fn bind_item(
    item: &Item,
    schema: &Schema,
    zone: Option<&TimeZone>,
) -> Result<BoundItem, SpecError> {
    let Some(source) = position(schema, &item.column) else {
        let names: Vec<&str> = schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        return Err(SpecError::UnknownColumn {
            column: item.column.clone(),
            item: item.to_string(),
            columns: names.join(", "),
        });
    };
    let found = schema.field(source).data_type();
    let unfit = |expected| SpecError::WrongType {
        item: item.to_string(),
        column: item.column.clone(),
        found: found.to_string(),
        expected,
    };
    let (kind, data_type) = resolve(item.transform, values_of(found)).map_err(unfit)?;
    let zone = zone_of(item.transform, values_of(found), zone).map_err(unfit)?;
    let twin = position(schema, &item.name)
        .filter(|twin| *twin != source || item.transform != Transform::Identity);
    Ok(BoundItem {
        item: item.clone(),
        source,
        twin,
        data_type,
        kind,
        zone,
    })
}

/// The zone, where there are instants: a date is a day already. A time without a zone may
/// mean UTC or the clock on the wall: it is not guessed.
fn zone_of(
    transform: Transform,
    from: &DataType,
    zone: Option<&TimeZone>,
) -> Result<Option<TimeZone>, &'static str> {
    match from {
        DataType::Timestamp(_, Some(_)) if transform.is_date() => Ok(zone.cloned()),
        DataType::Timestamp(_, None) if transform.is_date() && zone.is_some() => {
            Err("a timestamp with a zone, or a date, under a time zone")
        }
        _ => Ok(None),
    }
}

fn position(schema: &Schema, name: &str) -> Option<usize> {
    schema
        .fields()
        .iter()
        .position(|field| field.name() == name)
}

/// A dictionary is as good as its values.
fn values_of(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => values,
        DataType::RunEndEncoded(_, values) => values.data_type(),
        other => other,
    }
}

/// How `transform` is computed from a type, and the type of the result; or what it takes.
fn resolve(transform: Transform, from: &DataType) -> Result<(Kind, DataType), &'static str> {
    use DataType as T;
    match transform {
        Transform::Identity => identity(from),
        Transform::Bucket(n) => Ok((bucket(n, from)?, T::Int32)),
        Transform::Truncate(width) => truncate(width, from),
        Transform::Hour => {
            let per_day = per_day(from).filter(|n| *n > 1).ok_or("a timestamp")?;
            Ok((Kind::Calendar(transform, per_day), T::Int32))
        }
        _ => {
            let per_day = per_day(from).ok_or("a date or a timestamp")?;
            let to = if transform == Transform::Date {
                T::Date32
            } else {
                T::Int32
            };
            Ok((Kind::Calendar(transform, per_day), to))
        }
    }
}

/// Units a day of a date or a timestamp.
fn per_day(from: &DataType) -> Option<i64> {
    Some(match from {
        DataType::Date32 => 1,
        DataType::Date64 => 86_400_000,
        DataType::Timestamp(unit, _) => 86_400 * per_second(*unit),
        _ => return None,
    })
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

fn is_text(from: &DataType) -> bool {
    matches!(
        from,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

/// Integers that an Int64 holds.
fn is_integer(from: &DataType) -> bool {
    from.is_integer() && *from != DataType::UInt64
}

fn identity(from: &DataType) -> Result<(Kind, DataType), &'static str> {
    use DataType as T;
    match from {
        _ if is_text(from) => Ok((Kind::Text, T::Utf8)),
        _ if is_integer(from) => Ok((Kind::Number, from.clone())),
        T::Date32 => Ok((Kind::Calendar(Transform::Date, 1), T::Date32)),
        T::Boolean | T::UInt64 | T::Decimal128(..) => Ok((Kind::Text, from.clone())),
        T::Timestamp(..) | T::Time32(_) | T::Time64(_) | T::Null => Ok((Kind::Text, T::Utf8)),
        _ => Err("a string, an integer, a boolean, a date, a time or a decimal"),
    }
}

fn bucket(n: u32, from: &DataType) -> Result<Kind, &'static str> {
    use DataType as T;
    // Iceberg hashes times and instants as microseconds.
    let micros = |unit| {
        let per_second = per_second(unit);
        Kind::BucketNumber {
            n,
            times: (1_000_000 / per_second).max(1),
            over: (per_second / 1_000_000).max(1),
        }
    };
    match from {
        _ if is_text(from) => Ok(Kind::BucketText(n)),
        _ if is_integer(from) || *from == T::Date32 => Ok(Kind::BucketNumber {
            n,
            times: 1,
            over: 1,
        }),
        T::Timestamp(unit, _) | T::Time32(unit) | T::Time64(unit) => Ok(micros(*unit)),
        T::Decimal128(..) => Ok(Kind::BucketDecimal(n)),
        T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_) => {
            Ok(Kind::BucketBytes(n))
        }
        _ => Err("a string, an integer, a decimal, a date, a time, a timestamp or binary"),
    }
}

fn truncate(width: u32, from: &DataType) -> Result<(Kind, DataType), &'static str> {
    match from {
        _ if is_text(from) => Ok((Kind::TruncateText(width), DataType::Utf8)),
        _ if is_integer(from) => Ok((Kind::TruncateNumber(width), DataType::Int64)),
        DataType::Decimal128(_, scale) => Ok((Kind::TruncateDecimal(width, *scale), from.clone())),
        _ => Err("a string, an integer or a decimal"),
    }
}
