//! The values that an expression may take: bounds, and whether null or not.

use super::truth::{Truth, truth};
use super::world::World;
use crate::ColumnStatistics;
use crate::ast::Comparison;
use crate::evaluate::{Value, cast_value, compare, evaluate, normal, plain_array};
use crate::node::{Kind, Node};
use crate::types::{Class, class};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, new_null_array};
use arrow_schema::DataType;
use std::sync::Arc;

/// Bounds (one element each, None: unknown) of the values that are not null.
#[derive(Clone, Debug)]
pub(super) struct Range {
    pub(super) low: Option<ArrayRef>,
    pub(super) high: Option<ArrayRef>,
    /// Whether some row may be null.
    pub(super) null: bool,
    /// Whether some row may have a value.
    pub(super) value: bool,
    pub(super) data_type: DataType,
}

impl Range {
    fn unknown(data_type: &DataType) -> Self {
        Range {
            low: None,
            high: None,
            null: true,
            value: true,
            data_type: data_type.clone(),
        }
    }

    pub(super) fn constant(value: ArrayRef) -> Self {
        let null = value.is_null(0);
        let data_type = value.data_type().clone();
        let bound = (!null).then(|| normal(&value));
        Range {
            low: bound.clone(),
            high: bound,
            null,
            value: !null,
            data_type,
        }
    }

    pub(super) fn of(known: &ColumnStatistics, data_type: &DataType) -> Self {
        Range {
            low: bound(known.min.as_ref(), data_type),
            high: bound(known.max.as_ref(), data_type),
            null: !known.no_null(),
            value: !known.all_null(),
            data_type: data_type.clone(),
        }
    }

    /// The one value that every row has, as far as that is certain to the last bit.
    pub(super) fn point(&self) -> Option<ArrayRef> {
        if !self.value {
            return Some(new_null_array(&self.data_type, 1));
        }
        let (low, high) = (self.low.as_ref()?, self.high.as_ref()?);
        let zero = class(&self.data_type) == Class::Float && is_zero(low);
        (!self.null && !zero && low.to_data() == high.to_data()).then(|| low.clone())
    }

    /// Whether every value is the same, as SQL compares.
    pub(super) fn is_single(&self) -> bool {
        holds(Comparison::Equal, self.low.as_ref(), self.high.as_ref())
    }
}

/// Whether both bounds are known and `left op right`.
pub(super) fn holds(op: Comparison, left: Option<&ArrayRef>, right: Option<&ArrayRef>) -> bool {
    let (Some(left), Some(right)) = (left, right) else {
        return false;
    };
    if left.data_type() != right.data_type() {
        return false;
    }
    let result = compare(op, &Value::rows(left.clone()), &Value::rows(right.clone()));
    result.is_ok_and(|result| result.is_valid(0) && result.value(0))
}

/// A bound in the plain type of its column; NaN, null or another type is none.
fn bound(value: Option<&ArrayRef>, data_type: &DataType) -> Option<ArrayRef> {
    let value = normal(&plain_array(value?).ok()?);
    let usable =
        value.len() == 1 && value.is_valid(0) && value.data_type() == data_type && !is_nan(&value);
    usable.then_some(value)
}

fn is_nan(value: &ArrayRef) -> bool {
    float(value).is_some_and(f64::is_nan)
}

fn is_zero(value: &ArrayRef) -> bool {
    float(value) == Some(0.0)
}

fn float(value: &ArrayRef) -> Option<f64> {
    match value.data_type() {
        DataType::Float32 => Some(f64::from(value.as_primitive::<Float32Type>().value(0))),
        DataType::Float64 => Some(value.as_primitive::<Float64Type>().value(0)),
        _ => None,
    }
}

/// The values that `node` may take in `world`.
pub(super) fn range(node: &Node, world: &World) -> Range {
    match &node.kind {
        Kind::Column(index) => world.columns[*index].clone(),
        Kind::Constant(value) => Range::constant(value.clone()),
        _ if node.data_type == DataType::Boolean => of_truth(truth(node, world)),
        _ => match known_value(node, world) {
            Some(value) => Range::constant(value),
            None => composed(node, world),
        },
    }
}

/// The node's value if every column it reads has a known one. A failing computation
/// is not known.
pub(super) fn known_value(node: &Node, world: &World) -> Option<ArrayRef> {
    let row = world.row(node)?;
    evaluate(node, &row).ok().map(|value| value.array)
}

fn composed(node: &Node, world: &World) -> Range {
    match &node.kind {
        Kind::Cast {
            node: inner,
            lenient,
        } if keeps_order(&inner.data_type, &node.data_type) => {
            let inner = range(inner, world);
            let cast = |bound: Option<ArrayRef>| {
                cast_value(&bound?, &node.data_type, false)
                    .ok()
                    .map(|cast| normal(&cast))
            };
            Range {
                low: cast(inner.low),
                high: cast(inner.high),
                null: inner.null || *lenient,
                value: inner.value,
                data_type: node.data_type.clone(),
            }
        }
        _ => Range::unknown(&node.data_type),
    }
}

/// Whether `a <= b` implies `cast(a) <= cast(b)`.
fn keeps_order(from: &DataType, to: &DataType) -> bool {
    let (from, to) = (class(from), class(to));
    (from.is_number() && to.is_number())
        || (matches!(from, Class::Date | Class::Timestamp)
            && matches!(to, Class::Date | Class::Timestamp))
        || (from == to && matches!(from, Class::Time | Class::Duration))
}

fn of_truth(truth: Truth) -> Range {
    let boolean = |value: bool| Some(Arc::new(BooleanArray::from(vec![value])) as ArrayRef);
    Range {
        low: boolean(!truth.no),
        high: boolean(truth.yes),
        null: truth.null,
        value: truth.yes || truth.no,
        data_type: DataType::Boolean,
    }
}
