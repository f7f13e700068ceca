//! `arrowType`: exact Arrow types by name, and which kinds may have them.

use crate::Kind;
use arrow_schema::{DataType, TimeUnit};

impl Kind {
    /// The Arrow type of this kind where the file does not ask for another.
    pub fn default_arrow_type(&self) -> DataType {
        match self {
            Kind::Integer => DataType::Int64,
            Kind::Number => DataType::Float64,
            Kind::Decimal { precision, scale } => DataType::Decimal128(*precision, *scale),
            Kind::String | Kind::YearMonth | Kind::Any => DataType::Utf8,
            Kind::Boolean => DataType::Boolean,
            Kind::Date => DataType::Date32,
            Kind::Datetime => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Kind::Time => DataType::Time64(TimeUnit::Microsecond),
            Kind::Year => DataType::Int32,
            Kind::Duration => DataType::Duration(TimeUnit::Microsecond),
            Kind::Object(fields) => {
                DataType::Struct(fields.iter().map(crate::Field::to_arrow).collect())
            }
            Kind::Array(item) => DataType::List(item.to_arrow().into()),
        }
    }

    /// Whether values of this kind can be held by `arrow`.
    pub(crate) fn allows(&self, arrow: &DataType) -> bool {
        use DataType as T;
        match self {
            Kind::Integer => arrow.is_integer() || matches!(arrow, T::Decimal128(_, 0)),
            Kind::Number => matches!(arrow, T::Float32 | T::Float64),
            Kind::Decimal { .. } => matches!(arrow, T::Decimal128(..)),
            Kind::String | Kind::YearMonth | Kind::Any => {
                matches!(arrow, T::Utf8 | T::LargeUtf8 | T::Utf8View)
            }
            Kind::Boolean => *arrow == T::Boolean,
            Kind::Date => matches!(arrow, T::Date32 | T::Date64),
            Kind::Datetime => matches!(arrow, T::Timestamp(..)),
            Kind::Time => matches!(arrow, T::Time32(_) | T::Time64(_)),
            Kind::Year => matches!(arrow, T::Int16 | T::Int32 | T::Int64),
            Kind::Duration => matches!(arrow, T::Duration(_)),
            Kind::Object(_) | Kind::Array(_) => *arrow == self.default_arrow_type(),
        }
    }

    /// What to write as `arrowType`, for messages.
    pub(crate) fn arrow_type_names(&self) -> &'static str {
        match self {
            Kind::Integer => {
                "int8, int16, int32, int64, uint8, uint16, uint32, uint64 or decimal128(p,0)"
            }
            Kind::Number | Kind::Decimal { .. } => "float32, float64 or decimal128(p,s)",
            Kind::String | Kind::YearMonth | Kind::Any => "utf8, large_utf8 or utf8_view",
            Kind::Boolean => "boolean",
            Kind::Date => "date32 or date64",
            Kind::Datetime => "timestamp(UNIT) or timestamp(UNIT,ZONE), UNIT being s, ms, us or ns",
            Kind::Time => "time32(s), time32(ms), time64(us) or time64(ns)",
            Kind::Year => "int16, int32 or int64",
            Kind::Duration => "duration(UNIT), UNIT being s, ms, us or ns",
            Kind::Object(_) => "none: 'fields' says it",
            Kind::Array(_) => "none: 'items' says it",
        }
    }
}

/// Reads an Arrow type's name: `int32`, `decimal128(10,2)`, `timestamp(us,UTC)`.
pub(crate) fn parse(text: &str) -> Option<DataType> {
    let (name, arguments) = match text.split_once('(') {
        Some((name, rest)) => (
            name.trim(),
            rest.strip_suffix(')')?.split(',').map(str::trim).collect(),
        ),
        None => (text.trim(), Vec::new()),
    };
    match arguments.as_slice() {
        [] => plain(name),
        [unit] => with_unit(name, time_unit(unit)?),
        ["us" | "ms" | "s" | "ns", zone] if name == "timestamp" && is_zone(zone) => Some(
            DataType::Timestamp(time_unit(arguments[0])?, Some((*zone).into())),
        ),
        [precision, scale] if name == "decimal128" => {
            decimal(precision.parse().ok()?, scale.parse().ok()?)
        }
        _ => None,
    }
}

/// A decimal type that holds at least one digit and whose scale lies within it.
pub(crate) fn decimal(precision: u8, scale: i8) -> Option<DataType> {
    let valid = (1..=38).contains(&precision) && scale >= 0 && scale as u8 <= precision;
    valid.then_some(DataType::Decimal128(precision, scale))
}

/// The name that [`parse`] reads; None for types that no field can ask for.
pub(crate) fn print(arrow: &DataType) -> Option<String> {
    let text = match arrow {
        DataType::Decimal128(precision, scale) => format!("decimal128({precision},{scale})"),
        DataType::Timestamp(unit, None) => format!("timestamp({})", unit_name(*unit)),
        DataType::Timestamp(unit, Some(zone)) => format!("timestamp({},{zone})", unit_name(*unit)),
        DataType::Time32(unit) => format!("time32({})", unit_name(*unit)),
        DataType::Time64(unit) => format!("time64({})", unit_name(*unit)),
        DataType::Duration(unit) => format!("duration({})", unit_name(*unit)),
        _ => PLAIN.iter().find(|(_, known)| known == arrow)?.0.to_owned(),
    };
    Some(text)
}

const PLAIN: [(&str, DataType); 16] = [
    ("int8", DataType::Int8),
    ("int16", DataType::Int16),
    ("int32", DataType::Int32),
    ("int64", DataType::Int64),
    ("uint8", DataType::UInt8),
    ("uint16", DataType::UInt16),
    ("uint32", DataType::UInt32),
    ("uint64", DataType::UInt64),
    ("float32", DataType::Float32),
    ("float64", DataType::Float64),
    ("boolean", DataType::Boolean),
    ("utf8", DataType::Utf8),
    ("large_utf8", DataType::LargeUtf8),
    ("utf8_view", DataType::Utf8View),
    ("date32", DataType::Date32),
    ("date64", DataType::Date64),
];

fn plain(name: &str) -> Option<DataType> {
    PLAIN
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, arrow)| arrow.clone())
}

fn with_unit(name: &str, unit: TimeUnit) -> Option<DataType> {
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    match (name, unit) {
        ("timestamp", unit) => Some(DataType::Timestamp(unit, None)),
        ("duration", unit) => Some(DataType::Duration(unit)),
        ("time32", Second | Millisecond) => Some(DataType::Time32(unit)),
        ("time64", Microsecond | Nanosecond) => Some(DataType::Time64(unit)),
        _ => None,
    }
}

fn time_unit(text: &str) -> Option<TimeUnit> {
    match text {
        "s" => Some(TimeUnit::Second),
        "ms" => Some(TimeUnit::Millisecond),
        "us" => Some(TimeUnit::Microsecond),
        "ns" => Some(TimeUnit::Nanosecond),
        _ => None,
    }
}

fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

/// A zone's name or a fixed offset; it labels the column, values stay instants.
fn is_zone(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/_+-:".contains(&byte))
}
