//! The truth tables.

use super::range::{Range, holds, known_value, range};
use super::world::World;
use crate::ast::Comparison;
use crate::evaluate::set::Set;
use crate::node::{Kind, Node};
use crate::pattern::Pattern;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

/// The answers that some row may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Truth {
    pub(super) yes: bool,
    pub(super) no: bool,
    pub(super) null: bool,
}

impl Truth {
    pub(super) const ANYTHING: Truth = Truth {
        yes: true,
        no: true,
        null: true,
    };
    pub(super) const NOTHING: Truth = Truth {
        yes: false,
        no: false,
        null: false,
    };

    /// Rows of either kind.
    pub(super) fn or_else(self, other: Truth) -> Truth {
        Truth {
            yes: self.yes || other.yes,
            no: self.no || other.no,
            null: self.null || other.null,
        }
    }

    fn not(self) -> Truth {
        Truth {
            yes: self.no,
            no: self.yes,
            null: self.null,
        }
    }

    fn and(self, other: Truth) -> Truth {
        if self == Truth::NOTHING || other == Truth::NOTHING {
            return Truth::NOTHING;
        }
        Truth {
            yes: self.yes && other.yes,
            no: self.no || other.no,
            null: (self.null && (other.null || other.yes)) || (other.null && self.yes),
        }
    }

    fn or(self, other: Truth) -> Truth {
        self.not().and(other.not()).not()
    }
}

/// The answers that `node`, which is boolean, may give in `world`.
pub(super) fn truth(node: &Node, world: &World) -> Truth {
    match &node.kind {
        Kind::And(nodes) => nodes
            .iter()
            .map(|node| truth(node, world))
            .reduce(Truth::and)
            .unwrap_or(Truth::ANYTHING),
        Kind::Or(nodes) => nodes
            .iter()
            .map(|node| truth(node, world))
            .reduce(Truth::or)
            .unwrap_or(Truth::ANYTHING),
        Kind::Not(inner) => truth(inner, world).not(),
        Kind::IsTruth {
            node,
            truth: wanted,
        } => {
            let inner = truth(node, world);
            let (yes, no) = if *wanted {
                (inner.yes, inner.no)
            } else {
                (inner.no, inner.yes)
            };
            Truth {
                yes,
                no: no || inner.null,
                null: false,
            }
        }
        Kind::Column(_) | Kind::Constant(_) => of_range(&range(node, world)),
        _ => match known_value(node, world) {
            Some(value) => of_range(&Range::constant(value)),
            None => compared(node, world),
        },
    }
}

fn compared(node: &Node, world: &World) -> Truth {
    match &node.kind {
        Kind::IsNull(inner) => {
            let inner = range(inner, world);
            Truth {
                yes: inner.null,
                no: inner.value,
                null: false,
            }
        }
        Kind::Compare { op, left, right } => {
            comparison(*op, &range(left, world), &range(right, world))
        }
        Kind::Between { node, low, high } => {
            let value = range(node, world);
            let above = comparison(Comparison::GreaterEqual, &value, &range(low, world));
            above.and(comparison(
                Comparison::LessEqual,
                &value,
                &range(high, world),
            ))
        }
        Kind::In { node, set } => contained(&range(node, world), set),
        Kind::Match { node, pattern } => matching(&range(node, world), pattern),
        _ => Truth::ANYTHING,
    }
}

/// What a boolean within bounds may be.
fn of_range(range: &Range) -> Truth {
    let is = |bound: &Option<ArrayRef>, wanted: bool| match bound {
        Some(bound) if *bound.data_type() == DataType::Boolean => {
            bound.as_boolean().value(0) == wanted
        }
        _ => false,
    };
    Truth {
        yes: range.value && !is(&range.high, false),
        no: range.value && !is(&range.low, true),
        null: range.null,
    }
}

fn comparison(op: Comparison, a: &Range, b: &Range) -> Truth {
    let values = if a.value && b.value {
        of_values(op, a, b)
    } else {
        Truth::NOTHING
    };
    match op {
        Comparison::Distinct | Comparison::NotDistinct => {
            let unlike = (a.null && b.value) || (b.null && a.value);
            let alike = a.null && b.null;
            let (yes, no) = if op == Comparison::Distinct {
                (unlike, alike)
            } else {
                (alike, unlike)
            };
            values.or_else(Truth {
                yes,
                no,
                null: false,
            })
        }
        _ => Truth {
            null: a.null || b.null,
            ..values
        },
    }
}

/// Both sides are values: which of true and false can the bounds not rule out?
fn of_values(op: Comparison, a: &Range, b: &Range) -> Truth {
    let below = |op, low: &Range, high: &Range| holds(op, low.high.as_ref(), high.low.as_ref());
    // Every a is less than every b; not greater; and the other way round.
    let less = below(Comparison::Less, a, b);
    let less_equal = below(Comparison::LessEqual, a, b);
    let greater = below(Comparison::Less, b, a);
    let greater_equal = below(Comparison::LessEqual, b, a);
    let same = a.is_single() && b.is_single() && less_equal && greater_equal;
    let (never, always) = match op {
        Comparison::Equal | Comparison::NotDistinct => (less || greater, same),
        Comparison::NotEqual | Comparison::Distinct => (same, less || greater),
        Comparison::Less => (greater_equal, less),
        Comparison::LessEqual => (greater, less_equal),
        Comparison::Greater => (less_equal, greater),
        Comparison::GreaterEqual => (less, greater_equal),
    };
    Truth {
        yes: !never,
        no: !always,
        null: false,
    }
}

fn contained(value: &Range, set: &Set) -> Truth {
    let within = |item: &ArrayRef| {
        !holds(Comparison::Less, Some(item), value.low.as_ref())
            && !holds(Comparison::Greater, Some(item), value.high.as_ref())
    };
    let found = value.value && (0..set.sorted.len()).any(|item| within(&set.sorted.slice(item, 1)));
    let missed = value.value && !(found && value.is_single());
    Truth {
        yes: found,
        no: missed && !set.has_null,
        null: value.null || (missed && set.has_null),
    }
}

fn matching(value: &Range, pattern: &Pattern) -> Truth {
    let text = |bound: &Option<ArrayRef>| -> Option<String> {
        Some(bound.as_ref()?.as_string_opt::<i32>()?.value(0).to_owned())
    };
    let (low, high, prefix) = (text(&value.low), text(&value.high), pattern.prefix.as_str());
    // Texts with one prefix are neighbours in byte order.
    let past = low
        .as_deref()
        .is_some_and(|low| low > prefix && !low.starts_with(prefix));
    let short = high.as_deref().is_some_and(|high| high < prefix);
    let all_start = [&low, &high].iter().all(|bound| {
        bound
            .as_deref()
            .is_some_and(|bound| bound.starts_with(prefix))
    });
    let equal =
        pattern.equals().is_some() && value.is_single() && low.as_deref() == pattern.equals();
    Truth {
        yes: value.value && !past && !short,
        no: value.value && !(all_start && pattern.is_prefix) && !equal,
        null: value.null,
    }
}
