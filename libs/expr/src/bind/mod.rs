//! Columns and types: `ast` and a schema to `node`s. Whatever no column takes part in
//! is computed here, once.

mod calls;
mod meet;
mod resolve;

use crate::ast::{Expr, Literal};
use crate::bound::Column;
use crate::evaluate::set::Set;
use crate::evaluate::{self, is_castable};
use crate::node::{Kind, Node};
use crate::pattern::{Dialect, Pattern};
use crate::types::{self, Class, class};
use crate::{Bound, Error, literal};
use arrow_array::{BooleanArray, StringArray, new_null_array};
use arrow_schema::{DataType, Schema};
use std::sync::Arc;

/// Binds the conjunction of `parts` (at least one).
pub(crate) fn predicate<'a>(
    parts: impl Iterator<Item = &'a Expr>,
    schema: &Schema,
) -> Result<Bound, Error> {
    let mut binder = Binder {
        schema,
        columns: Vec::new(),
    };
    let mut nodes = parts
        .map(|part| binder.condition(part))
        .collect::<Result<Vec<_>, _>>()?;
    let root = match nodes.len() {
        1 => nodes.remove(0),
        _ => Node::boolean(Kind::And(nodes)),
    };
    Ok(Bound {
        root,
        columns: binder.columns,
    })
}

struct Binder<'a> {
    schema: &'a Schema,
    /// The top-level columns found so far.
    columns: Vec<Column>,
}

impl Binder<'_> {
    /// An expression that must be boolean.
    fn condition(&mut self, expr: &Expr) -> Result<Node, Error> {
        let node = self.bind(expr)?;
        match class(&node.data_type) {
            Class::Boolean => Ok(node),
            Class::Null => Ok(Node::constant(new_null_array(&DataType::Boolean, 1))),
            _ => {
                let what = describe(expr, &node.data_type);
                Err(Error::Type(format!("expected a condition, found {what}")))
            }
        }
    }

    /// An expression of whatever type.
    fn bind(&mut self, expr: &Expr) -> Result<Node, Error> {
        let node = self.node(expr)?;
        if node.as_constant().is_some() || !node.is_constant() {
            return Ok(node);
        }
        match evaluate::constant(&node) {
            Ok(value) => Ok(Node::constant(value)),
            // In a branch that no row takes, it does no harm.
            Err(_) if matches!(expr, Expr::Case { .. }) => Ok(node),
            Err(Error::Evaluate(reason)) => Err(Error::Type(reason)),
            Err(error) => Err(error),
        }
    }

    fn node(&mut self, expr: &Expr) -> Result<Node, Error> {
        match expr {
            Expr::Column(column) => self.column(column),
            Expr::Literal(literal) => constant(literal),
            Expr::And(parts) => Ok(Node::boolean(Kind::And(self.conditions(parts)?))),
            Expr::Or(parts) => Ok(Node::boolean(Kind::Or(self.conditions(parts)?))),
            Expr::Not(inner) => Ok(Node::boolean(Kind::Not(Box::new(self.condition(inner)?)))),
            Expr::IsTruth { expr, truth } => {
                let node = Box::new(self.condition(expr)?);
                Ok(Node::boolean(Kind::IsTruth {
                    node,
                    truth: *truth,
                }))
            }
            Expr::IsNull(inner) => Ok(Node::boolean(Kind::IsNull(Box::new(self.bind(inner)?)))),
            Expr::Compare { op, left, right } => {
                let (left, right) = self.pair(left, right, "compare")?;
                Ok(Node::boolean(Kind::Compare {
                    op: *op,
                    left: Box::new(left),
                    right: Box::new(right),
                }))
            }
            Expr::Between { expr, low, high } => self.between(expr, low, high),
            Expr::In { expr, list } => self.contained(expr, list),
            Expr::Like {
                expr,
                pattern,
                escape,
                ignore_case,
            } => self.matching(
                expr,
                pattern,
                Dialect::Like {
                    escape: *escape,
                    ignore_case: *ignore_case,
                },
            ),
            Expr::Regex {
                expr,
                pattern,
                ignore_case,
                whole,
            } => self.matching(
                expr,
                pattern,
                Dialect::Regex {
                    ignore_case: *ignore_case,
                    whole: *whole,
                },
            ),
            Expr::Arithmetic { op, left, right } => self.arithmetic(*op, left, right),
            Expr::Negate(inner) => self.negate(inner),
            Expr::Concat(left, right) => {
                let (left, right) = (self.text(left, "||")?, self.text(right, "||")?);
                Ok(Node::new(
                    Kind::Concat(Box::new(left), Box::new(right)),
                    DataType::Utf8,
                ))
            }
            Expr::Call { function, args } => self.call(*function, args),
            Expr::Part { part, expr } => self.part(*part, expr),
            Expr::Epoch(expr) => self.epoch(expr),
            Expr::Case {
                operand,
                whens,
                otherwise,
            } => self.case(operand.as_deref(), whens, otherwise.as_deref()),
            Expr::Cast {
                expr,
                data_type,
                lenient,
            } => self.cast(expr, data_type, *lenient),
        }
    }

    fn conditions(&mut self, parts: &[Expr]) -> Result<Vec<Node>, Error> {
        parts.iter().map(|part| self.condition(part)).collect()
    }

    fn between(&mut self, expr: &Expr, low: &Expr, high: &Expr) -> Result<Node, Error> {
        let mut nodes = self.meeting(&[expr, low, high], "compare")?.into_iter();
        let (Some(node), Some(low), Some(high)) = (nodes.next(), nodes.next(), nodes.next()) else {
            return Err(Error::Type("BETWEEN takes three values".to_owned()));
        };
        Ok(Node::boolean(Kind::Between {
            node: Box::new(node),
            low: Box::new(low),
            high: Box::new(high),
        }))
    }

    /// `x IN (…)`: constants become a set, anything else a comparison each.
    fn contained(&mut self, expr: &Expr, list: &[Expr]) -> Result<Node, Error> {
        let operands: Vec<&Expr> = std::iter::once(expr).chain(list).collect();
        let mut nodes = self.meeting(&operands, "compare")?;
        let items = nodes.split_off(1);
        let node = nodes.remove(0);
        let (constants, others): (Vec<Node>, Vec<Node>) = items
            .into_iter()
            .partition(|item| item.as_constant().is_some());
        let values: Vec<_> = constants
            .iter()
            .filter_map(Node::as_constant)
            .cloned()
            .collect();
        let set = Arc::new(Set::new(&values, &node.data_type)?);
        let equal = |item: Node| {
            let (left, right) = (Box::new(node.clone()), Box::new(item));
            Node::boolean(Kind::Compare {
                op: crate::ast::Comparison::Equal,
                left,
                right,
            })
        };
        let mut tests: Vec<Node> = others.into_iter().map(equal).collect();
        tests.push(Node::boolean(Kind::In {
            node: Box::new(node),
            set,
        }));
        Ok(if tests.len() == 1 {
            tests.remove(0)
        } else {
            Node::boolean(Kind::Or(tests))
        })
    }

    fn matching(&mut self, expr: &Expr, pattern: &Expr, dialect: Dialect) -> Result<Node, Error> {
        let what = if matches!(dialect, Dialect::Like { .. }) {
            "LIKE"
        } else {
            "a regular expression"
        };
        let (node, pattern) = (self.text(expr, what)?, self.text(pattern, what)?);
        let node = Box::new(node);
        let Some(value) = pattern.as_constant() else {
            return Ok(Node::boolean(Kind::MatchEach {
                node,
                pattern: Box::new(pattern),
                dialect,
            }));
        };
        match value
            .as_any()
            .downcast_ref::<StringArray>()
            .and_then(|text| text.iter().next().flatten())
        {
            None => Ok(Node::constant(new_null_array(&DataType::Boolean, 1))),
            Some(text) => {
                let pattern = Arc::new(Pattern::compile(text, dialect)?);
                Ok(Node::boolean(Kind::Match { node, pattern }))
            }
        }
    }

    fn cast(&mut self, expr: &Expr, target: &DataType, lenient: bool) -> Result<Node, Error> {
        let node = match expr {
            // Digits go straight to their type, without a detour over Float64.
            Expr::Literal(Literal::Number(digits)) => match literal::number_as(digits, target) {
                Some(value) => return Ok(Node::constant(value)),
                None => self.bind(expr)?,
            },
            _ => self.bind(expr)?,
        };
        let target = types::plain(target);
        if !is_castable(&node.data_type, &target) {
            let what = describe(expr, &node.data_type);
            return Err(Error::Type(format!(
                "cannot cast {what} to {}",
                types::name(&target)
            )));
        }
        Ok(cast(node, &target, lenient))
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        whens: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
    ) -> Result<Node, Error> {
        let mut conditions = Vec::with_capacity(whens.len());
        for (when, _) in whens {
            conditions.push(match operand {
                None => self.condition(when)?,
                Some(operand) => {
                    let (left, right) = self.pair(operand, when, "compare")?;
                    let (left, right) = (Box::new(left), Box::new(right));
                    Node::boolean(Kind::Compare {
                        op: crate::ast::Comparison::Equal,
                        left,
                        right,
                    })
                }
            });
        }
        let none = Expr::Literal(Literal::Null);
        let results: Vec<&Expr> = whens
            .iter()
            .map(|(_, then)| then)
            .chain([otherwise.unwrap_or(&none)])
            .collect();
        let mut results = self.meeting(&results, "choose between")?;
        let otherwise = Box::new(
            results
                .pop()
                .unwrap_or_else(|| Node::constant(new_null_array(&DataType::Null, 1))),
        );
        let data_type = otherwise.data_type.clone();
        let whens = conditions.into_iter().zip(results).collect();
        Ok(Node::new(Kind::Case { whens, otherwise }, data_type))
    }
}

/// `node` as `target`, unless it is that already; constants at once where they can be.
pub(crate) fn cast(node: Node, target: &DataType, lenient: bool) -> Node {
    if node.data_type == *target {
        return node;
    }
    if let Some(Ok(value)) = node
        .as_constant()
        .map(|value| evaluate::cast_value(value, target, lenient))
    {
        return Node::constant(value);
    }
    Node::new(
        Kind::Cast {
            node: Box::new(node),
            lenient,
        },
        target.clone(),
    )
}

fn constant(literal: &Literal) -> Result<Node, Error> {
    Ok(Node::constant(match literal {
        Literal::Null => new_null_array(&DataType::Null, 1),
        Literal::Boolean(value) => Arc::new(BooleanArray::from(vec![*value])),
        Literal::Text(text) => Arc::new(StringArray::from(vec![text.as_str()])),
        Literal::Typed(value) => value.clone(),
        Literal::Number(digits) => literal::number(digits)
            .ok_or_else(|| Error::Type(format!("'{digits}' is not a number")))?,
    }))
}

/// `column 'x' (text)`, `'abc'`, `5`, `an expression (integer)`.
fn describe(expr: &Expr, data_type: &DataType) -> String {
    let of_type = types::name(data_type);
    match expr {
        Expr::Column(column) => {
            let path: Vec<&str> = column.path.iter().map(|name| name.text.as_str()).collect();
            format!(
                "column {} ({of_type})",
                millrace_fault::quoted(path.join("."))
            )
        }
        Expr::Literal(Literal::Text(text)) => format!(
            "the text {}",
            millrace_fault::quoted(millrace_fault::clip(text, 80))
        ),
        Expr::Literal(Literal::Number(digits)) => {
            format!("the number {}", millrace_fault::clip(digits, 80))
        }
        Expr::Literal(Literal::Boolean(value)) => format!("the boolean {value}"),
        Expr::Literal(Literal::Typed(_)) => format!("a literal of type {of_type}"),
        Expr::Literal(Literal::Null) => "NULL".to_owned(),
        _ => format!("an expression of type {of_type}"),
    }
}
