//! The constant list of an IN, as a set.

use super::compare::{compare, normal};
use super::{Error, Value};
use crate::ast::Comparison;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, BooleanArray, Decimal128Array};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_cast::cast;
use arrow_ord::sort::sort;
use arrow_schema::{DataType, TimeUnit};
use arrow_select::concat::concat;
use std::collections::HashSet;

/// Values of one type, and whether a NULL is among them.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    /// Ascending, without nulls.
    pub(crate) sorted: ArrayRef,
    /// `x IN (…, NULL)` is never false.
    pub(crate) has_null: bool,
    index: Index,
}

#[derive(Clone, Debug)]
enum Index {
    /// Few: one comparison each.
    Few,
    Whole(HashSet<i128>),
    Bits(HashSet<u64>),
    Text(HashSet<Box<[u8]>>),
}

/// Up to here comparing is faster than hashing.
const FEW: usize = 8;

impl Set {
    /// `values` are of one element and one type, nulls among them.
    pub(crate) fn new(values: &[ArrayRef], data_type: &DataType) -> Result<Self, Error> {
        let valid: Vec<ArrayRef> = values
            .iter()
            .filter(|value| !value.is_null(0))
            .map(normal)
            .collect();
        let has_null = valid.len() < values.len();
        let arrays: Vec<&dyn Array> = valid.iter().map(|value| &**value).collect();
        let sorted = match arrays.as_slice() {
            [] => arrow_array::new_empty_array(data_type),
            arrays => sort(&concat(arrays)?, None)?,
        };
        let index = if sorted.len() <= FEW {
            Index::Few
        } else {
            index(&sorted)
        };
        Ok(Set {
            sorted,
            has_null,
            index,
        })
    }

    /// True, false or null for each element.
    pub(crate) fn contains(&self, array: &dyn Array) -> BooleanArray {
        let array = normal(&arrow_array::make_array(array.to_data()));
        let found = match &self.index {
            Index::Few => self.compared(&array),
            Index::Whole(set) => {
                wholes(&array).map(|values| hits(values.values(), |value| set.contains(value)))
            }
            Index::Bits(set) => bits(&array)
                .map(|values| BooleanBuffer::from_iter(values.map(|value| set.contains(&value)))),
            Index::Text(set) => Some(text(&array, set)),
        };
        let found = found.unwrap_or_else(|| BooleanBuffer::new_unset(array.len()));
        self.with_nulls(found, array.logical_nulls())
    }

    fn compared(&self, array: &ArrayRef) -> Option<BooleanBuffer> {
        let values = Value::rows(array.clone());
        let mut found = BooleanBuffer::new_unset(array.len());
        for item in 0..self.sorted.len() {
            let item = Value::scalar(self.sorted.slice(item, 1));
            found = &found | compare(Comparison::Equal, &values, &item).ok()?.values();
        }
        Some(found)
    }

    /// A null is in no set, nor is it not; what is not found may be the set's NULL.
    fn with_nulls(&self, found: BooleanBuffer, nulls: Option<NullBuffer>) -> BooleanArray {
        let nulls = match (self.has_null, nulls) {
            (false, nulls) => nulls,
            (true, None) => Some(NullBuffer::new(found.clone())),
            (true, Some(nulls)) => Some(NullBuffer::new(&found & nulls.inner())),
        };
        BooleanArray::new(found, nulls)
    }
}

fn index(sorted: &ArrayRef) -> Index {
    if let Some(values) = wholes(sorted) {
        return Index::Whole(values.values().iter().copied().collect());
    }
    if let Some(values) = bits(sorted) {
        return Index::Bits(values.collect());
    }
    match sorted.data_type() {
        DataType::Utf8 => Index::Text(
            sorted
                .as_string::<i32>()
                .iter()
                .flatten()
                .map(|text| text.as_bytes().into())
                .collect(),
        ),
        DataType::Binary => Index::Text(
            sorted
                .as_binary::<i32>()
                .iter()
                .flatten()
                .map(Into::into)
                .collect(),
        ),
        _ => Index::Few,
    }
}

fn hits<T>(values: &[T], test: impl Fn(&T) -> bool) -> BooleanBuffer {
    BooleanBuffer::collect_bool(values.len(), |row| test(&values[row]))
}

fn text(array: &ArrayRef, set: &HashSet<Box<[u8]>>) -> BooleanBuffer {
    match array.data_type() {
        DataType::Utf8 => {
            let array = array.as_string::<i32>();
            BooleanBuffer::collect_bool(array.len(), |row| {
                set.contains(array.value(row).as_bytes())
            })
        }
        _ => {
            let array = array.as_binary::<i32>();
            BooleanBuffer::collect_bool(array.len(), |row| set.contains(array.value(row)))
        }
    }
}

/// Whatever is a whole number inside, as one type.
fn wholes(array: &ArrayRef) -> Option<Decimal128Array> {
    fn widen<T: ArrowPrimitiveType>(array: &ArrayRef) -> Option<Decimal128Array>
    where
        i128: From<T::Native>,
    {
        Some(array.as_primitive_opt::<T>()?.unary(i128::from))
    }
    match array.data_type() {
        DataType::Int8 => widen::<Int8Type>(array),
        DataType::Int16 => widen::<Int16Type>(array),
        DataType::Int32 => widen::<Int32Type>(array),
        DataType::Int64 => widen::<Int64Type>(array),
        DataType::UInt8 => widen::<UInt8Type>(array),
        DataType::UInt16 => widen::<UInt16Type>(array),
        DataType::UInt32 => widen::<UInt32Type>(array),
        DataType::UInt64 => widen::<UInt64Type>(array),
        DataType::Date32 => widen::<Date32Type>(array),
        DataType::Decimal128(..) => Some(
            array
                .as_primitive::<arrow_array::types::Decimal128Type>()
                .clone(),
        ),
        DataType::Timestamp(..) | DataType::Time64(_) | DataType::Duration(_) => {
            widen::<Int64Type>(&cast(array, &DataType::Int64).ok()?)
        }
        DataType::Time32(TimeUnit::Second | TimeUnit::Millisecond) => {
            widen::<Int32Type>(&cast(array, &DataType::Int32).ok()?)
        }
        _ => None,
    }
}

fn bits(array: &ArrayRef) -> Option<Box<dyn Iterator<Item = u64> + '_>> {
    match array.data_type() {
        DataType::Float32 => {
            let values = array.as_primitive::<Float32Type>().values();
            Some(Box::new(
                values.iter().map(|value| u64::from(value.to_bits())),
            ))
        }
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>().values();
            Some(Box::new(values.iter().map(|value| value.to_bits())))
        }
        _ => None,
    }
}
