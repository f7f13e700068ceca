//! Arrays as checks want them: without dictionaries and runs, and of a type that goes
//! with the field's.

use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use millrace_fault::{Failure, quoted};
use millrace_schema::{Field, Kind};

/// The type of the values behind dictionaries and runs; views and lists become one form.
pub(crate) fn plain_type(arrow: &DataType) -> DataType {
    match arrow {
        DataType::Dictionary(_, values) => plain_type(values),
        DataType::RunEndEncoded(_, values) => plain_type(values.data_type()),
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::ListView(item)
        | DataType::FixedSizeList(item, _)
        | DataType::LargeListView(item)
        | DataType::List(item) => DataType::LargeList(item.clone()),
        other => other.clone(),
    }
}

/// The array with its values in the plain type.
pub(crate) fn plain(array: &ArrayRef) -> Result<ArrayRef, Failure> {
    let wanted = plain_type(array.data_type());
    if *array.data_type() == wanted {
        return Ok(array.clone());
    }
    cast(array, &wanted)
}

pub(crate) fn cast(array: &ArrayRef, wanted: &DataType) -> Result<ArrayRef, Failure> {
    let failed = |error| {
        Failure::data(format!(
            "cannot read a column of type {} as {wanted}",
            array.data_type()
        ))
        .because(error)
    };
    arrow_cast::cast(array, wanted).map_err(|error| failed(error.to_string()))
}

/// Refuses (3) a column whose type cannot hold what the field says.
pub(crate) fn accept(field: &Field, place: &str, arrow: &DataType) -> Result<(), Failure> {
    let plain = plain_type(arrow);
    if plain == DataType::Null || holds(&field.kind, &plain) {
        return Ok(());
    }
    let problem = format!(
        "column {} is of Arrow type {arrow}, the schema's field is of type {}",
        quoted(place),
        field.declared
    );
    Err(Failure::data(problem).hint("'transform' or 'ingest --schema' can convert it"))
}

fn holds(kind: &Kind, arrow: &DataType) -> bool {
    use DataType as T;
    match kind {
        Kind::Any => true,
        Kind::Integer | Kind::Year => arrow.is_integer() || is_whole_decimal(arrow),
        Kind::Number => arrow.is_numeric() || arrow.is_decimal(),
        Kind::Decimal { .. } => arrow.is_integer() || arrow.is_decimal(),
        Kind::String | Kind::YearMonth => matches!(arrow, T::Utf8 | T::LargeUtf8),
        Kind::Boolean => *arrow == T::Boolean,
        Kind::Date => matches!(arrow, T::Date32 | T::Date64),
        Kind::Datetime => matches!(arrow, T::Timestamp(..)),
        Kind::Time => matches!(
            arrow,
            T::Time32(TimeUnit::Second | TimeUnit::Millisecond)
                | T::Time64(TimeUnit::Microsecond | TimeUnit::Nanosecond)
        ),
        Kind::Duration => matches!(arrow, T::Duration(_)),
        Kind::Object(_) => matches!(arrow, T::Struct(_)),
        Kind::Array(_) => matches!(arrow, T::LargeList(_)),
    }
}

fn is_whole_decimal(arrow: &DataType) -> bool {
    matches!(
        arrow,
        DataType::Decimal32(_, 0)
            | DataType::Decimal64(_, 0)
            | DataType::Decimal128(_, 0)
            | DataType::Decimal256(_, 0)
    )
}
