//! Columns of another table in the types of the stream's, so that equal values are equal.

use arrow_array::{Array, ArrayRef};
use arrow_ord::cmp::distinct;
use arrow_schema::{ArrowError, DataType};
use arrow_select::nullif::nullif;

/// Whether values of these plain types can be equal at all.
pub(crate) fn are_comparable(found: &DataType, wanted: &DataType) -> bool {
    use DataType as T;
    let number = |arrow: &DataType| arrow.is_numeric() || arrow.is_decimal();
    match (found, wanted) {
        (T::Null, _) => true,
        (T::Utf8 | T::LargeUtf8, T::Utf8 | T::LargeUtf8) => true,
        (T::Binary | T::LargeBinary, T::Binary | T::LargeBinary) => true,
        (T::Date32 | T::Date64, T::Date32 | T::Date64) => true,
        (T::Time32(_) | T::Time64(_), T::Time32(_) | T::Time64(_)) => true,
        (T::Timestamp(_, found), T::Timestamp(_, wanted)) => found.is_some() == wanted.is_some(),
        (T::Duration(_), T::Duration(_)) => true,
        _ => found == wanted || (number(found) && number(wanted)),
    }
}

/// The values in type `wanted`. One that changes on the way cannot be equal to any value
/// of that type, and becomes null, which is no key.
pub(crate) fn exact(column: &ArrayRef, wanted: &DataType) -> Result<ArrayRef, ArrowError> {
    let there = arrow_cast::cast(column, wanted)?;
    let back = arrow_cast::cast(&there, column.data_type())?;
    nullif(&there, &distinct(&back, column)?)
}

/// Values of a text format, read as the stream's type; what is none becomes null.
pub(crate) fn parsed(column: &ArrayRef, wanted: &DataType) -> Result<ArrayRef, ArrowError> {
    arrow_cast::cast(column, wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;
    use arrow_array::{Decimal128Array, Float64Array, Int64Array, StringArray};
    use std::sync::Arc;

    #[test]
    fn what_does_not_fit_is_no_key() {
        let floats: ArrayRef = Arc::new(Float64Array::from(vec![
            Some(1.0),
            Some(1.5),
            None,
            Some(1e300),
            Some(f64::NAN),
        ]));
        let whole = exact(&floats, &DataType::Int64).unwrap();
        assert_eq!(
            whole.as_primitive::<Int64Type>().iter().collect::<Vec<_>>(),
            [Some(1), None, None, None, None]
        );
        let cents: ArrayRef = Arc::new(
            Decimal128Array::from(vec![1205, 1250])
                .with_precision_and_scale(10, 3)
                .unwrap(),
        );
        let dimes = exact(&cents, &DataType::Decimal128(10, 2)).unwrap();
        assert_eq!((dimes.is_null(0), dimes.is_null(1)), (true, false));
    }

    #[test]
    fn kinds_do_not_mix() {
        assert!(are_comparable(
            &DataType::Int32,
            &DataType::Decimal128(10, 2)
        ));
        assert!(!are_comparable(&DataType::Utf8, &DataType::Int64));
        assert!(!are_comparable(&DataType::Date32, &DataType::Int64));
    }

    #[test]
    fn text_is_read() {
        let text: ArrayRef = Arc::new(StringArray::from(vec!["007", "x"]));
        let numbers = parsed(&text, &DataType::Int64).unwrap();
        let expected: ArrayRef = Arc::new(Int64Array::from(vec![Some(7), None]));
        assert_eq!(&numbers, &expected);
    }
}
