//! Comparisons: SQL's order on every type.

use super::{Batch, Value, evaluate};
use crate::Error;
use crate::ast::Comparison;
use crate::node::Node;
use arrow_arith::boolean::and_kleene;
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, PrimitiveArray};
use arrow_ord::cmp;
use arrow_schema::DataType;
use std::sync::Arc;

/// Arrow orders floats by their bits; SQL knows one zero and one NaN, the greatest.
pub(crate) fn normal(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Float32 => {
            normalised::<Float32Type>(array, |x| if x.is_nan() { f32::NAN } else { x + 0.0 })
        }
        DataType::Float64 => {
            normalised::<Float64Type>(array, |x| if x.is_nan() { f64::NAN } else { x + 0.0 })
        }
        _ => array.clone(),
    }
}

fn normalised<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    apply: impl Fn(T::Native) -> T::Native,
) -> ArrayRef {
    let array: &PrimitiveArray<T> = array.as_primitive();
    Arc::new(array.unary::<_, T>(apply))
}

/// `left op right` on arrays of one type, floats normalised.
pub(crate) fn compare(op: Comparison, left: &Value, right: &Value) -> Result<BooleanArray, Error> {
    let kernel = match op {
        Comparison::Equal => cmp::eq,
        Comparison::NotEqual => cmp::neq,
        Comparison::Less => cmp::lt,
        Comparison::LessEqual => cmp::lt_eq,
        Comparison::Greater => cmp::gt,
        Comparison::GreaterEqual => cmp::gt_eq,
        Comparison::Distinct => cmp::distinct,
        Comparison::NotDistinct => cmp::not_distinct,
    };
    Ok(kernel(left, right)?)
}

fn side(node: &Node, batch: &Batch) -> Result<Value, Error> {
    let value = evaluate(node, batch)?;
    Ok(value.with(normal(&value.array)))
}

pub(super) fn rows(
    op: Comparison,
    left: &Node,
    right: &Node,
    batch: &Batch,
) -> Result<Value, Error> {
    let (left, right) = (side(left, batch)?, side(right, batch)?);
    let array = Arc::new(compare(op, &left, &right)?);
    Ok(Value {
        array,
        scalar: left.scalar && right.scalar,
    })
}

pub(super) fn between(node: &Node, low: &Node, high: &Node, batch: &Batch) -> Result<Value, Error> {
    let (value, low, high) = (side(node, batch)?, side(low, batch)?, side(high, batch)?);
    let expanded = |op, bound: &Value| -> Result<BooleanArray, Error> {
        let scalar = value.scalar && bound.scalar;
        let result = Value {
            array: Arc::new(compare(op, &value, bound)?),
            scalar,
        };
        Ok(result.expand(batch.rows)?.as_boolean().clone())
    };
    let above = expanded(Comparison::GreaterEqual, &low)?;
    let below = expanded(Comparison::LessEqual, &high)?;
    Ok(Value::rows(Arc::new(and_kleene(&above, &below)?)))
}
