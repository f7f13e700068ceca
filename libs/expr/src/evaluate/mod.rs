//! A typed expression over the rows of a batch, column at a time.

mod arithmetic;
mod cast;
mod choice;
mod compare;
mod load;
pub(crate) mod set;
mod text;
mod time;

pub(crate) use cast::{is_castable, value as cast_value};
pub(crate) use compare::{compare, normal};
pub(crate) use load::{Batch, plain as plain_array};

use crate::Error;
use crate::node::{Kind, Node};
use arrow_arith::boolean;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, Datum, new_null_array};
use arrow_select::take::take;
use std::sync::Arc;

/// A value for each row, or (`scalar`) one element for all of them.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) array: ArrayRef,
    pub(crate) scalar: bool,
}

impl Datum for Value {
    fn get(&self) -> (&dyn Array, bool) {
        (&*self.array, self.scalar)
    }
}

impl Value {
    pub(crate) fn rows(array: ArrayRef) -> Self {
        Value {
            array,
            scalar: false,
        }
    }

    pub(crate) fn scalar(array: ArrayRef) -> Self {
        Value {
            array,
            scalar: true,
        }
    }

    /// Another array for the same rows.
    fn with(&self, array: ArrayRef) -> Self {
        Value {
            array,
            scalar: self.scalar,
        }
    }

    /// One element for each of `rows`.
    fn expand(self, rows: usize) -> Result<ArrayRef, Error> {
        if !self.scalar {
            return Ok(self.array);
        }
        if self.array.is_null(0) {
            return Ok(new_null_array(self.array.data_type(), rows));
        }
        Ok(take(
            &self.array,
            &arrow_array::UInt32Array::from(vec![0; rows]),
            None,
        )?)
    }
}

/// True, false or null for each row of `batch`.
pub(crate) fn predicate(root: &Node, batch: &Batch) -> Result<BooleanArray, Error> {
    truths(root, batch)
}

/// The node's value, one element, when no column takes part in it.
pub(crate) fn constant(node: &Node) -> Result<ArrayRef, Error> {
    evaluate(node, &Batch::of_one_row(Vec::new()))?.expand(1)
}

/// A boolean node's values, expanded to all rows.
fn truths(node: &Node, batch: &Batch) -> Result<BooleanArray, Error> {
    Ok(evaluate(node, batch)?
        .expand(batch.rows)?
        .as_boolean()
        .clone())
}

pub(crate) fn evaluate(node: &Node, batch: &Batch) -> Result<Value, Error> {
    match &node.kind {
        Kind::Column(index) => Ok(Value::rows(batch.columns[*index].clone())),
        Kind::Constant(value) => Ok(Value::scalar(value.clone())),
        Kind::Field { parent, index } => {
            let parent = evaluate(parent, batch)?;
            Ok(parent.with(load::field(&parent.array, *index)?))
        }
        Kind::And(nodes) => logic(nodes, batch, boolean::and_kleene),
        Kind::Or(nodes) => logic(nodes, batch, boolean::or_kleene),
        Kind::Not(node) => map(node, batch, |array| {
            Ok(Arc::new(boolean::not(array.as_boolean())?))
        }),
        Kind::IsNull(node) => map(node, batch, |array| Ok(Arc::new(boolean::is_null(array)?))),
        Kind::IsTruth { node, truth } => map(node, batch, |array| {
            Ok(Arc::new(is_truth(array.as_boolean(), *truth)))
        }),
        Kind::Compare { op, left, right } => compare::rows(*op, left, right, batch),
        Kind::Between { node, low, high } => compare::between(node, low, high, batch),
        Kind::In { node, set } => map(node, batch, |array| Ok(Arc::new(set.contains(array)))),
        Kind::Match { .. } | Kind::MatchEach { .. } | Kind::Concat(..) => {
            text::evaluate_text(node, batch)
        }
        Kind::Arithmetic { op, left, right } => {
            arithmetic::binary(*op, left, right, &node.data_type, batch)
        }
        Kind::Negate(inner) => map(inner, batch, |array| Ok(arrow_arith::numeric::neg(array)?)),
        Kind::Call { function, args } => choice::call(*function, args, &node.data_type, batch),
        Kind::Part { part, node } => map(node, batch, |array| time::part(array, *part)),
        Kind::Epoch(node) => map(node, batch, time::epoch),
        Kind::Case { whens, otherwise } => choice::case(whens, otherwise, &node.data_type, batch),
        Kind::Cast {
            node: inner,
            lenient,
        } => map(inner, batch, |array| {
            cast::value(array, &node.data_type, *lenient)
        }),
    }
}

/// A function of one array.
fn map(
    node: &Node,
    batch: &Batch,
    apply: impl FnOnce(&dyn Array) -> Result<ArrayRef, Error>,
) -> Result<Value, Error> {
    let value = evaluate(node, batch)?;
    Ok(value.with(apply(&value.array)?))
}

type Kleene = fn(&BooleanArray, &BooleanArray) -> Result<BooleanArray, arrow_schema::ArrowError>;

fn logic(nodes: &[Node], batch: &Batch, join: Kleene) -> Result<Value, Error> {
    let mut parts = nodes.iter();
    let Some(first) = parts.next() else {
        return Err(Error::Evaluate("an empty condition".to_owned()));
    };
    let mut result = truths(first, batch)?;
    for part in parts {
        result = join(&result, &truths(part, batch)?)?;
    }
    Ok(Value::rows(Arc::new(result)))
}

/// `IS TRUE` or `IS FALSE`: never null.
fn is_truth(array: &BooleanArray, truth: bool) -> BooleanArray {
    let values = if truth {
        array.values().clone()
    } else {
        !array.values()
    };
    let values = match array.nulls() {
        Some(nulls) => &values & nulls.inner(),
        None => values,
    };
    BooleanArray::new(values, None)
}
