//! Arithmetic on numbers, dates and intervals. Overflow is an error; a division by
//! zero is NULL.

use super::{Batch, Value, evaluate};
use crate::Error;
use crate::ast::Arithmetic;
use crate::node::Node;
use arrow_arith::numeric;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, Datum, Float64Array};
use arrow_cast::cast;
use arrow_ord::cmp;
use arrow_schema::{ArrowError, DataType};
use arrow_select::nullif::nullif;
use std::sync::Arc;

pub(super) fn binary(
    op: Arithmetic,
    left: &Node,
    right: &Node,
    target: &DataType,
    batch: &Batch,
) -> Result<Value, Error> {
    let (left, mut right) = (evaluate(left, batch)?, evaluate(right, batch)?);
    if matches!(
        op,
        Arithmetic::Divide | Arithmetic::Quotient | Arithmetic::Remainder
    ) {
        right = Value {
            array: without_zeros(&right.array)?,
            scalar: right.scalar,
        };
    }
    let array = apply(op, &left, &right).map_err(|error| overflow(op, &error))?;
    let array = if array.data_type() == target {
        array
    } else {
        cast(&array, target)?
    };
    Ok(Value {
        array,
        scalar: left.scalar && right.scalar,
    })
}

fn apply(op: Arithmetic, left: &dyn Datum, right: &dyn Datum) -> Result<ArrayRef, ArrowError> {
    match op {
        Arithmetic::Add => numeric::add(left, right),
        Arithmetic::Subtract => numeric::sub(left, right),
        Arithmetic::Multiply => numeric::mul(left, right),
        Arithmetic::Divide => numeric::div(left, right),
        Arithmetic::Remainder => numeric::rem(left, right),
        Arithmetic::Quotient => quotient(left, right),
    }
}

/// Division towards zero.
fn quotient(left: &dyn Datum, right: &dyn Datum) -> Result<ArrayRef, ArrowError> {
    let result = numeric::div(left, right)?;
    Ok(match result.data_type() {
        DataType::Float64 => {
            let whole: Float64Array = result.as_primitive::<Float64Type>().unary(f64::trunc);
            Arc::new(whole)
        }
        _ => result,
    })
}

fn without_zeros(array: &ArrayRef) -> Result<ArrayRef, Error> {
    let array = super::normal(array);
    let zero = cast(&arrow_array::Int64Array::from(vec![0]), array.data_type())?;
    let zeros = cmp::eq(&array, &arrow_array::Scalar::new(zero))?;
    Ok(nullif(&array as &dyn Array, &zeros)?)
}

fn overflow(op: Arithmetic, error: &ArrowError) -> Error {
    match error {
        ArrowError::ArithmeticOverflow(_) => {
            Error::Evaluate(format!("the result of '{}' is out of range", op.sign()))
        }
        other => Error::Evaluate(other.to_string()),
    }
}
