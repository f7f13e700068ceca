//! Types as SQL writes them, and intervals.

use super::lower::unsupported;
use crate::Error;
use crate::ast::{Expr, Literal};
use crate::literal;
use arrow_schema::{DataType, TimeUnit};
use sqlparser::ast::{self as sql, DataType as Sql, ExactNumberInfo, TimezoneInfo};
use std::sync::Arc;

/// The Arrow type that CAST makes.
pub(super) fn cast_target(written: &Sql, column: u64) -> Result<DataType, Error> {
    if let Some(integer) = integer(written) {
        return Ok(integer);
    }
    Ok(match written {
        Sql::Boolean | Sql::Bool => DataType::Boolean,
        Sql::Float4 | Sql::Float32 | Sql::Real => DataType::Float32,
        Sql::Float(ExactNumberInfo::Precision(bits)) if *bits <= 24 => DataType::Float32,
        Sql::Float(_) | Sql::Float64 | Sql::Float8 | Sql::Double(_) | Sql::DoublePrecision => {
            DataType::Float64
        }
        Sql::Decimal(size) | Sql::Numeric(size) | Sql::Dec(size) => decimal(*size, column)?,
        Sql::Text
        | Sql::String(_)
        | Sql::Varchar(_)
        | Sql::CharacterVarying(_)
        | Sql::Nvarchar(_) => DataType::Utf8,
        Sql::Char(_) | Sql::Character(_) | Sql::CharVarying(_) | Sql::Clob(_) => DataType::Utf8,
        Sql::Bytea | Sql::Blob(_) | Sql::Binary(_) | Sql::Varbinary(_) | Sql::Bytes(_) => {
            DataType::Binary
        }
        Sql::Date | Sql::Date32 => DataType::Date32,
        Sql::Time(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            DataType::Time64(TimeUnit::Microsecond)
        }
        Sql::Timestamp(_, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => {
            DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC")))
        }
        Sql::Timestamp(..) | Sql::Datetime(_) | Sql::TimestampNtz(_) => {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        }
        other => return unsupported(&format!("the type {other}"), column),
    })
}

fn integer(written: &Sql) -> Option<DataType> {
    Some(match written {
        Sql::TinyInt(_) => DataType::Int8,
        Sql::SmallInt(_) | Sql::Int2(_) | Sql::Int16 => DataType::Int16,
        Sql::Int(_) | Sql::Integer(_) | Sql::Int4(_) | Sql::Int32 | Sql::MediumInt(_) => {
            DataType::Int32
        }
        Sql::BigInt(_) | Sql::Int8(_) | Sql::Int64 | Sql::Signed => DataType::Int64,
        Sql::TinyIntUnsigned(_) | Sql::UTinyInt | Sql::UInt8 => DataType::UInt8,
        Sql::SmallIntUnsigned(_) | Sql::USmallInt | Sql::UInt16 => DataType::UInt16,
        Sql::IntUnsigned(_) | Sql::IntegerUnsigned(_) | Sql::UInt32 => DataType::UInt32,
        Sql::BigIntUnsigned(_) | Sql::UBigInt | Sql::UInt64 | Sql::Unsigned => DataType::UInt64,
        _ => return None,
    })
}

/// DECIMAL without digits is DECIMAL(18, 3), as in DuckDB.
fn decimal(size: ExactNumberInfo, column: u64) -> Result<DataType, Error> {
    let (precision, scale) = match size {
        ExactNumberInfo::None => (18, 3),
        ExactNumberInfo::Precision(precision) => (precision, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (precision, scale),
    };
    match (u8::try_from(precision), i8::try_from(scale)) {
        (Ok(precision @ 1..=38), Ok(scale)) if scale >= 0 && scale <= precision as i8 => {
            Ok(DataType::Decimal128(precision, scale))
        }
        _ => unsupported(
            &format!(
                "DECIMAL({precision},{scale}), more than 38 digits or a scale outside of them,"
            ),
            column,
        ),
    }
}

/// `INTERVAL '1' DAY`, `INTERVAL '90 minutes'`, `INTERVAL 2 HOURS`.
pub(super) fn interval(interval: sql::Interval) -> Result<Expr, Error> {
    let column = super::lower::column_of(&interval.value);
    let amount = match *interval.value {
        sql::Expr::Value(value) => match value.value {
            sql::Value::Number(digits, _) => Some(digits),
            other => other.into_string(),
        },
        _ => None,
    };
    let Some(amount) = amount else {
        return unsupported("an INTERVAL that is not a literal", column);
    };
    let text = match interval.leading_field {
        Some(unit) => format!("{amount} {unit}"),
        None => amount,
    };
    match literal::interval(&text) {
        Some(value) => Ok(Expr::Literal(Literal::Typed(value))),
        None => Err(Error::Syntax {
            text,
            column,
            reason: "expected an interval such as '1 day' or '90 minutes'".to_owned(),
        }),
    }
}
