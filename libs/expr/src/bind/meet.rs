//! Operands of different types: literals take the type of what they meet, columns
//! are cast to a type that holds both.

use super::{Binder, cast, describe};
use crate::ast::{Expr, Literal};
use crate::node::Node;
use crate::types::{Class, class, common};
use crate::{Error, literal};
use arrow_array::new_null_array;
use arrow_schema::DataType;

impl Binder<'_> {
    /// Both operands in one type.
    pub(super) fn pair(
        &mut self,
        left: &Expr,
        right: &Expr,
        verb: &str,
    ) -> Result<(Node, Node), Error> {
        let mut nodes = self.meeting(&[left, right], verb)?.into_iter();
        match (nodes.next(), nodes.next()) {
            (Some(left), Some(right)) => Ok((left, right)),
            _ => Err(Error::Type(format!("cannot {verb} nothing"))),
        }
    }

    /// All operands in one type.
    pub(super) fn meeting(&mut self, operands: &[&Expr], verb: &str) -> Result<Vec<Node>, Error> {
        let mut nodes = Vec::with_capacity(operands.len());
        for operand in operands {
            nodes.push(self.bind(operand)?);
        }
        // The type that the literals have to follow: what is not a literal says it.
        let mut lead: Option<(usize, DataType)> = None;
        for (index, operand) in operands
            .iter()
            .enumerate()
            .filter(|(_, operand)| !is_open(operand))
        {
            lead = Some(match lead {
                None => (index, nodes[index].data_type.clone()),
                Some((first, met)) => {
                    let mismatch = || {
                        mismatch(
                            verb,
                            (operands[first], &nodes[first]),
                            (operand, &nodes[index]),
                        )
                    };
                    (
                        first,
                        common(&met, &nodes[index].data_type).ok_or_else(mismatch)?,
                    )
                }
            });
        }
        let (first, mut target) = match lead {
            Some(lead) => lead,
            None => (0, nodes[0].data_type.clone()),
        };
        for index in 0..nodes.len() {
            if is_open(operands[index]) {
                let against = (operands[first], &nodes[first]);
                let follower = follow(operands[index], &nodes[index], &target)
                    .ok_or_else(|| mismatch(verb, against, (operands[index], &nodes[index])))?;
                target = common(&target, &follower.data_type)
                    .ok_or_else(|| mismatch(verb, against, (operands[index], &nodes[index])))?;
                nodes[index] = follower;
            }
        }
        if class(&target) == Class::Other {
            return Err(Error::Type(format!(
                "cannot {verb} {}",
                describe(operands[first], &nodes[first].data_type)
            )));
        }
        Ok(nodes
            .into_iter()
            .map(|node| narrow(node, &target))
            .collect())
    }
}

/// A literal that takes the type of what it meets.
fn is_open(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(Literal::Typed(value)) => class(value.data_type()) == Class::Interval,
        Expr::Literal(literal) => !matches!(literal, Literal::Boolean(_)),
        _ => false,
    }
}

/// The literal for an operand of type `target`: in that type if it fits there, else in
/// one that holds both. None when there is none.
fn follow(expr: &Expr, node: &Node, target: &DataType) -> Option<Node> {
    let value = match expr {
        Expr::Literal(Literal::Null) if class(target) != Class::Other => new_null_array(target, 1),
        Expr::Literal(Literal::Number(digits)) if class(target).is_number() => {
            return Some(
                literal::number_as(digits, target).map_or_else(|| node.clone(), Node::constant),
            );
        }
        Expr::Literal(Literal::Typed(value)) if class(target) == Class::Duration => {
            literal::duration(value, target)?
        }
        // With two literals the number wins: '5' = 5.
        Expr::Literal(Literal::Text(text)) if class(target) != Class::Null => {
            literal::parse_text(text, target)?
        }
        _ => return Some(node.clone()),
    };
    Some(Node::constant(value))
}

/// `node` as `target`; a constant that would only widen the other side has been
/// narrowed before (`follow`), or is here when that loses nothing.
fn narrow(node: Node, target: &DataType) -> Node {
    let value = node.as_constant().filter(|_| node.data_type != *target);
    if let Some(exact) = value.and_then(|value| literal::exactly(value, target)) {
        return Node::constant(exact);
    }
    cast(node, target, false)
}

fn mismatch(verb: &str, left: (&Expr, &Node), right: (&Expr, &Node)) -> Error {
    let (a, b) = (
        describe(left.0, &left.1.data_type),
        describe(right.0, &right.1.data_type),
    );
    let message = format!("cannot {verb} {a} and {b}");
    match (left.0, right.0) {
        (_, Expr::Literal(Literal::Text(_))) => Error::Type(format!(
            "{message}: expected {}",
            literal::expected(&left.1.data_type)
        )),
        (Expr::Literal(Literal::Text(_)), _) => Error::Type(format!(
            "{message}: expected {}",
            literal::expected(&right.1.data_type)
        )),
        (_, Expr::Literal(Literal::Number(digits))) if class(&left.1.data_type) == Class::Text => {
            Error::Type(format!(
                "{message}: write '{digits}' to compare text, or CAST the text to a number"
            ))
        }
        _ => Error::Type(message),
    }
}
