//! Functions, and the expressions that choose between values.

use super::{Batch, Value, compare, evaluate, text};
use crate::Error;
use crate::ast::{Comparison, Function};
use crate::node::Node;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, new_null_array};
use arrow_buffer::BooleanBuffer;
use arrow_cast::cast;
use arrow_ord::cmp;
use arrow_schema::DataType;
use arrow_select::interleave::interleave;
use arrow_select::nullif::nullif;
use arrow_select::zip::zip;
use std::sync::Arc;

pub(super) fn call(
    function: Function,
    args: &[Node],
    target: &DataType,
    batch: &Batch,
) -> Result<Value, Error> {
    let values = args
        .iter()
        .map(|arg| evaluate(arg, batch))
        .collect::<Result<Vec<_>, _>>()?;
    let scalar = values.iter().all(|value| value.scalar);
    let rows = if scalar { 1 } else { batch.rows };
    let arrays = values
        .into_iter()
        .map(|value| value.expand(rows))
        .collect::<Result<Vec<_>, _>>()?;
    let array = apply(function, &arrays)?;
    let array = if array.data_type() == target {
        array
    } else {
        cast(&array, target)?
    };
    Ok(Value { array, scalar })
}

fn apply(function: Function, args: &[ArrayRef]) -> Result<ArrayRef, Error> {
    let first = &args[0];
    let texts = || first.as_string::<i32>();
    Ok(match function {
        Function::Abs => absolute(first)?,
        Function::Ceil => rounded(first, f64::ceil, 0)?,
        Function::Floor => rounded(first, f64::floor, 0)?,
        Function::Round => round(first, args.get(1))?,
        Function::Coalesce => coalesce(args)?,
        Function::NullIf => {
            let (left, right) = (
                Value::rows(super::normal(first)),
                Value::rows(super::normal(&args[1])),
            );
            nullif(first, &compare(Comparison::Equal, &left, &right)?)?
        }
        Function::Length => text::length(first),
        Function::Lower => text::change(first, str::to_lowercase),
        Function::Upper => text::change(first, str::to_uppercase),
        Function::StartsWith | Function::EndsWith | Function::Contains => {
            text::search(function, texts(), args[1].as_string())
        }
        Function::Substring => {
            text::substring(texts(), &args[1], args.get(2).map(|length| &**length))?
        }
        Function::Trim(side) => text::trim(side, texts(), args.get(1).map(|set| set.as_string())),
    })
}

fn absolute(array: &ArrayRef) -> Result<ArrayRef, Error> {
    let zero = cast(&arrow_array::Int64Array::from(vec![0]), array.data_type())?;
    let negative = cmp::lt(array, &arrow_array::Scalar::new(zero))?;
    // Only what is negative is negated: the least integer has no positive.
    let magnitude = match array.data_type().is_unsigned_integer() {
        true => return Ok(array.clone()),
        false => arrow_arith::numeric::neg_wrapping(array)?,
    };
    let result = zip(&negative, &magnitude, array)?;
    let zero = cast(&arrow_array::Int64Array::from(vec![0]), array.data_type())?;
    if cmp::lt(&result, &arrow_array::Scalar::new(zero))?.true_count() > 0
        && array.data_type().is_integer()
    {
        return Err(Error::Evaluate(
            "the result of abs() is out of range".to_owned(),
        ));
    }
    Ok(result)
}

/// Floats only; whole numbers stay, decimals were made floats at bind time.
fn rounded(array: &ArrayRef, apply: impl Fn(f64) -> f64, digits: i32) -> Result<ArrayRef, Error> {
    let factor = 10_f64.powi(digits);
    let scaled = |value: f64| {
        let result = apply(value * factor) / factor;
        if result.is_finite() { result } else { value }
    };
    Ok(match array.data_type() {
        DataType::Float32 => {
            let narrow = |value: f32| scaled(f64::from(value)) as f32;
            Arc::new(
                array
                    .as_primitive::<Float32Type>()
                    .unary::<_, Float32Type>(narrow),
            )
        }
        DataType::Float64 => Arc::new(
            array
                .as_primitive::<Float64Type>()
                .unary::<_, Float64Type>(scaled),
        ),
        _ => array.clone(),
    })
}

/// ROUND(x, digits): halves away from zero; the digits are one constant.
fn round(array: &ArrayRef, digits: Option<&ArrayRef>) -> Result<ArrayRef, Error> {
    let digits = digits.map_or(Some(0), |digits| {
        if digits.is_empty() {
            Some(0)
        } else {
            crate::literal::integer(digits)
        }
    });
    match digits {
        None => Ok(new_null_array(array.data_type(), array.len())),
        Some(digits) => rounded(array, f64::round, digits.clamp(-300, 300) as i32),
    }
}

fn coalesce(args: &[ArrayRef]) -> Result<ArrayRef, Error> {
    let mut result = args[0].clone();
    for next in &args[1..] {
        if result.null_count() == 0 {
            break;
        }
        let valid = arrow_arith::boolean::is_not_null(&result)?;
        result = zip(&valid, &result, next)?;
    }
    Ok(result)
}

/// CASE: each branch is computed only for the rows that take it, so that
/// `CASE WHEN x <> '' THEN CAST(x AS INT) END` never meets the empty text.
pub(super) fn case(
    whens: &[(Node, Node)],
    otherwise: &Node,
    target: &DataType,
    batch: &Batch,
) -> Result<Value, Error> {
    let mut branches: Vec<ArrayRef> = Vec::with_capacity(whens.len() + 1);
    let mut places: Vec<(usize, usize)> = vec![(0, 0); batch.rows];
    let mut open = BooleanBuffer::new_set(batch.rows);
    for (when, then) in whens {
        let rest = batch.filter(&BooleanArray::new(open.clone(), None))?;
        let chosen = super::is_truth(&super::truths(when, &rest)?, true);
        let taken = scatter(&open, &chosen);
        take_branch(then, &taken, batch, &mut branches, &mut places)?;
        open = &open & &!&taken;
    }
    take_branch(otherwise, &open, batch, &mut branches, &mut places)?;
    let arrays: Vec<&dyn Array> = branches.iter().map(|branch| &**branch).collect();
    let array = if batch.rows == 0 {
        arrow_array::new_empty_array(target)
    } else {
        interleave(&arrays, &places)?
    };
    Ok(Value::rows(array))
}

fn take_branch(
    node: &Node,
    taken: &BooleanBuffer,
    batch: &Batch,
    branches: &mut Vec<ArrayRef>,
    places: &mut [(usize, usize)],
) -> Result<(), Error> {
    let rows = batch.filter(&BooleanArray::new(taken.clone(), None))?;
    let count = rows.rows;
    for (position, row) in taken.set_indices().enumerate() {
        places[row] = (branches.len(), position);
    }
    branches.push(evaluate(node, &rows)?.expand(count)?);
    Ok(())
}

/// Puts the truths of the rows in `open` back at their places among all.
fn scatter(open: &BooleanBuffer, chosen: &BooleanArray) -> BooleanBuffer {
    let mut all = vec![false; open.len()];
    for (position, row) in open.set_indices().enumerate() {
        all[row] = chosen.value(position);
    }
    BooleanBuffer::from(all)
}
