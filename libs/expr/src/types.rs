//! Which types there are to an expression, and which one two of them meet in.

use arrow_schema::{DataType, TimeUnit};

/// What a type is in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Null,
    Boolean,
    Integer,
    Decimal,
    Float,
    Text,
    Binary,
    Date,
    Timestamp,
    Time,
    Duration,
    Interval,
    Other,
}

impl Class {
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Class::Integer | Class::Decimal | Class::Float)
    }
}

pub(crate) fn class(data_type: &DataType) -> Class {
    match data_type {
        DataType::Null => Class::Null,
        DataType::Boolean => Class::Boolean,
        DataType::Utf8 => Class::Text,
        DataType::Binary => Class::Binary,
        DataType::Date32 => Class::Date,
        DataType::Timestamp(..) => Class::Timestamp,
        DataType::Time32(_) | DataType::Time64(_) => Class::Time,
        DataType::Duration(_) => Class::Duration,
        DataType::Interval(_) => Class::Interval,
        other if other.is_integer() => Class::Integer,
        other if other.is_floating() => Class::Float,
        other if other.is_decimal() => Class::Decimal,
        _ => Class::Other,
    }
}

/// The type that values of `data_type` are computed in: dictionaries, runs, views
/// and large forms unpacked. Timestamps lose their zone: all are instants in UTC.
pub(crate) fn plain(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(_, values) => plain(values),
        DataType::RunEndEncoded(_, values) => plain(values.data_type()),
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            DataType::Binary
        }
        DataType::Date64 => DataType::Timestamp(TimeUnit::Millisecond, None),
        DataType::Timestamp(unit, _) => DataType::Timestamp(*unit, None),
        DataType::Float16 => DataType::Float32,
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        other => other.clone(),
    }
}

/// The type's name in messages.
pub(crate) fn name(data_type: &DataType) -> String {
    match data_type {
        DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale) => {
            format!("decimal({precision},{scale})")
        }
        other => match class(other) {
            Class::Null => "null".to_owned(),
            Class::Boolean => "boolean".to_owned(),
            Class::Integer => "integer".to_owned(),
            Class::Float => "float".to_owned(),
            Class::Text => "text".to_owned(),
            Class::Binary => "binary".to_owned(),
            Class::Date => "date".to_owned(),
            Class::Timestamp => "timestamp".to_owned(),
            Class::Time => "time".to_owned(),
            Class::Duration => "duration".to_owned(),
            Class::Interval => "interval".to_owned(),
            Class::Decimal | Class::Other => other.to_string(),
        },
    }
}

/// The type in which values of both compare, both sides keeping their order.
pub(crate) fn common(left: &DataType, right: &DataType) -> Option<DataType> {
    if left == right {
        return comparable(left).then(|| left.clone());
    }
    match (class(left), class(right)) {
        (Class::Null, _) => comparable(right).then(|| right.clone()),
        (_, Class::Null) => comparable(left).then(|| left.clone()),
        (Class::Integer, Class::Integer) => Some(integer(left, right)),
        (a, b) if a.is_number() && b.is_number() => Some(match (a, b) {
            (Class::Float, _) | (_, Class::Float) => DataType::Float64,
            _ => decimal(left, right),
        }),
        (Class::Date, Class::Timestamp) => Some(right.clone()),
        (Class::Timestamp, Class::Date) => Some(left.clone()),
        (Class::Timestamp, Class::Timestamp) => {
            finer(left, right).map(|unit| DataType::Timestamp(unit, None))
        }
        (Class::Duration, Class::Duration) => finer(left, right).map(DataType::Duration),
        (Class::Time, Class::Time) => Some(DataType::Time64(TimeUnit::Nanosecond)),
        _ => None,
    }
}

fn comparable(data_type: &DataType) -> bool {
    !matches!(class(data_type), Class::Other)
}

fn integer(left: &DataType, right: &DataType) -> DataType {
    let wider = |a: &DataType, b: &DataType| {
        if digits(a) >= digits(b) {
            a.clone()
        } else {
            b.clone()
        }
    };
    match (left.is_signed_integer(), right.is_signed_integer()) {
        (true, true) | (false, false) => wider(left, right),
        _ if *left == DataType::UInt64 || *right == DataType::UInt64 => DataType::Decimal128(20, 0),
        _ => DataType::Int64,
    }
}

/// A decimal that holds every value of both; beyond 76 digits only a float can.
fn decimal(left: &DataType, right: &DataType) -> DataType {
    let ((left_whole, left_scale), (right_whole, right_scale)) = (shape(left), shape(right));
    let (whole, scale) = (left_whole.max(right_whole), left_scale.max(right_scale));
    match whole + scale {
        0..=38 => DataType::Decimal128((whole + scale) as u8, scale as i8),
        39..=76 => DataType::Decimal256((whole + scale) as u8, scale as i8),
        _ => DataType::Float64,
    }
}

/// Digits before and behind the point.
pub(crate) fn shape(data_type: &DataType) -> (i16, i16) {
    match data_type {
        DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale) => {
            let (precision, scale) = (i16::from(*precision), i16::from(*scale));
            (precision - scale, scale.max(0))
        }
        other => (digits(other), 0),
    }
}

fn digits(integer: &DataType) -> i16 {
    match integer {
        DataType::Int8 | DataType::UInt8 => 3,
        DataType::Int16 | DataType::UInt16 => 5,
        DataType::Int32 | DataType::UInt32 => 10,
        DataType::UInt64 => 20,
        _ => 19,
    }
}

fn finer(left: &DataType, right: &DataType) -> Option<TimeUnit> {
    let unit = |data_type: &DataType| match data_type {
        DataType::Timestamp(unit, _) | DataType::Duration(unit) => Some(*unit),
        _ => None,
    };
    // Units are ordered from seconds to nanoseconds.
    Some(unit(left)?.max(unit(right)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_meet_without_loss() {
        let meet = |a, b| common(&a, &b).unwrap();
        assert_eq!(meet(DataType::Int8, DataType::Int64), DataType::Int64);
        assert_eq!(meet(DataType::UInt32, DataType::Int8), DataType::Int64);
        assert_eq!(
            meet(DataType::UInt64, DataType::Int8),
            DataType::Decimal128(20, 0)
        );
        assert_eq!(
            meet(DataType::Decimal128(10, 2), DataType::Int64),
            DataType::Decimal128(21, 2)
        );
        assert_eq!(
            meet(DataType::Decimal128(38, 0), DataType::Decimal128(38, 10)),
            DataType::Decimal256(48, 10)
        );
        assert_eq!(common(&DataType::Utf8, &DataType::Int64), None);
    }

    #[test]
    fn packed_types_are_unpacked() {
        let dictionary =
            DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::LargeUtf8));
        assert_eq!(plain(&dictionary), DataType::Utf8);
        assert_eq!(
            plain(&DataType::Timestamp(TimeUnit::Second, Some("UTC".into()))),
            DataType::Timestamp(TimeUnit::Second, None)
        );
    }
}
