//! Operators: comparisons, arithmetic, patterns.

use super::lower::{boxed, column_of, compare, negated, unsupported};
use crate::Error;
use crate::ast::{Arithmetic, Comparison, Expr};
use sqlparser::ast::{BinaryOperator, Expr as Sql, ValueWithSpan};

pub(super) fn binary(
    left: Sql,
    op: BinaryOperator,
    right: Sql,
    depth: usize,
) -> Result<Expr, Error> {
    if let Some(op) = comparison(&op) {
        return compare(op, left, right, depth);
    }
    if let Some(op) = arithmetic(&op) {
        return Ok(Expr::Arithmetic {
            op,
            left: boxed(left, depth)?,
            right: boxed(right, depth)?,
        });
    }
    if let Some((no, ignore_case)) = regex(&op) {
        let (expr, pattern) = (boxed(left, depth)?, boxed(right, depth)?);
        return negated(
            no,
            Ok(Expr::Regex {
                expr,
                pattern,
                ignore_case,
                whole: false,
            }),
        );
    }
    if let Some((no, ignore_case)) = like(&op) {
        let (expr, pattern) = (boxed(left, depth)?, boxed(right, depth)?);
        return negated(
            no,
            Ok(Expr::Like {
                expr,
                pattern,
                escape: None,
                ignore_case,
            }),
        );
    }
    match op {
        BinaryOperator::StringConcat => Ok(Expr::Concat(boxed(left, depth)?, boxed(right, depth)?)),
        BinaryOperator::Xor => {
            let op = Comparison::NotEqual;
            compare(op, left, right, depth)
        }
        other => unsupported(&format!("the operator {other}"), column_of(&left)),
    }
}

fn comparison(op: &BinaryOperator) -> Option<Comparison> {
    Some(match op {
        BinaryOperator::Eq => Comparison::Equal,
        BinaryOperator::NotEq => Comparison::NotEqual,
        BinaryOperator::Lt => Comparison::Less,
        BinaryOperator::LtEq => Comparison::LessEqual,
        BinaryOperator::Gt => Comparison::Greater,
        BinaryOperator::GtEq => Comparison::GreaterEqual,
        BinaryOperator::Spaceship => Comparison::NotDistinct,
        _ => return None,
    })
}

fn arithmetic(op: &BinaryOperator) -> Option<Arithmetic> {
    Some(match op {
        BinaryOperator::Plus => Arithmetic::Add,
        BinaryOperator::Minus => Arithmetic::Subtract,
        BinaryOperator::Multiply => Arithmetic::Multiply,
        BinaryOperator::Divide => Arithmetic::Divide,
        BinaryOperator::DuckIntegerDivide | BinaryOperator::MyIntegerDivide => Arithmetic::Quotient,
        BinaryOperator::Modulo => Arithmetic::Remainder,
        _ => return None,
    })
}

/// (negated, ignoring case)
fn regex(op: &BinaryOperator) -> Option<(bool, bool)> {
    Some(match op {
        BinaryOperator::PGRegexMatch | BinaryOperator::Regexp => (false, false),
        BinaryOperator::PGRegexIMatch => (false, true),
        BinaryOperator::PGRegexNotMatch => (true, false),
        BinaryOperator::PGRegexNotIMatch => (true, true),
        _ => return None,
    })
}

/// (negated, ignoring case)
fn like(op: &BinaryOperator) -> Option<(bool, bool)> {
    Some(match op {
        BinaryOperator::PGLikeMatch => (false, false),
        BinaryOperator::PGILikeMatch => (false, true),
        BinaryOperator::PGNotLikeMatch => (true, false),
        BinaryOperator::PGNotILikeMatch => (true, true),
        _ => return None,
    })
}

/// LIKE, ILIKE, SIMILAR TO, RLIKE and REGEXP.
pub(super) fn pattern(expr: Sql, depth: usize) -> Result<Expr, Error> {
    let column = column_of(&expr);
    match expr {
        Sql::Like { any: true, .. } | Sql::ILike { any: true, .. } => {
            unsupported("LIKE ANY", column)
        }
        Sql::Like {
            negated: no,
            expr,
            pattern,
            escape_char,
            ..
        } => negated(no, matching(*expr, *pattern, escape_char, false, depth)),
        Sql::ILike {
            negated: no,
            expr,
            pattern,
            escape_char,
            ..
        } => negated(no, matching(*expr, *pattern, escape_char, true, depth)),
        Sql::SimilarTo {
            escape_char: Some(_),
            ..
        } => unsupported("SIMILAR TO with ESCAPE", column),
        Sql::SimilarTo {
            negated: no,
            expr,
            pattern,
            ..
        } => searching(no, *expr, *pattern, true, depth),
        Sql::RLike {
            negated: no,
            expr,
            pattern,
            ..
        } => searching(no, *expr, *pattern, false, depth),
        other => unsupported(&other.to_string(), column),
    }
}

fn matching(
    expr: Sql,
    pattern: Sql,
    escape: Option<Box<Sql>>,
    ignore_case: bool,
    depth: usize,
) -> Result<Expr, Error> {
    let escape = match escape {
        None => None,
        Some(written) => escape_character(&written)?,
    };
    Ok(Expr::Like {
        expr: boxed(expr, depth)?,
        pattern: boxed(pattern, depth)?,
        escape,
        ignore_case,
    })
}

fn escape_character(written: &Sql) -> Result<Option<char>, Error> {
    let text = match written {
        Sql::Value(ValueWithSpan { value, .. }) => value.clone().into_string(),
        _ => None,
    };
    let mut chars = text.as_deref().map(str::chars);
    match chars.as_mut().map(|chars| (chars.next(), chars.next())) {
        Some((escape, None)) => Ok(escape),
        _ => unsupported("an ESCAPE of more than one character", column_of(written)),
    }
}

fn searching(no: bool, expr: Sql, pattern: Sql, whole: bool, depth: usize) -> Result<Expr, Error> {
    let (expr, pattern) = (boxed(expr, depth)?, boxed(pattern, depth)?);
    negated(
        no,
        Ok(Expr::Regex {
            expr,
            pattern,
            ignore_case: false,
            whole,
        }),
    )
}
