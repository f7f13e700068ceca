//! `sqlparser`'s tree to `ast`: one arm per form that SQL writes.

use super::{functions, operands, operators, types};
use crate::ast::{Column, Comparison, Expr, Literal, Name};
use crate::{Error, literal};
use arrow_schema::{DataType, TimeUnit};
use sqlparser::ast::{self as sql, BinaryOperator, Expr as Sql, Spanned, UnaryOperator, Value};

type Lowered = Result<Expr, Error>;

/// Deeper than what the parser lets through only for chains such as `a + b + c + …`.
const DEPTH: usize = 512;

pub(crate) fn expression(expr: Sql) -> Lowered {
    expression_at(expr, 0)
}

pub(super) fn boxed(expr: Sql, depth: usize) -> Result<Box<Expr>, Error> {
    expression_at(expr, depth).map(Box::new)
}

pub(super) fn expression_at(expr: Sql, depth: usize) -> Lowered {
    if depth > DEPTH {
        return Err(Error::Unsupported {
            what: format!("a chain of more than {DEPTH} operators"),
            column: column_of(&expr),
        });
    }
    let depth = depth + 1;
    match expr {
        Sql::Identifier(name) => Ok(column(vec![name])),
        Sql::CompoundIdentifier(path) => Ok(column(path)),
        Sql::Nested(inner) => expression_at(*inner, depth),
        Sql::Value(value) => value_literal(value),
        Sql::TypedString(typed) => typed_string(typed),
        Sql::Interval(interval) => types::interval(interval),
        Sql::UnaryOp { op, expr } => unary(op, *expr, depth),
        Sql::BinaryOp { left, op, right } => binary(*left, op, *right, depth),
        Sql::Case {
            operand,
            conditions,
            else_result,
            ..
        } => case(operand, conditions, else_result, depth),
        Sql::Cast {
            kind,
            expr,
            data_type,
            ..
        } => {
            let lenient = matches!(kind, sql::CastKind::TryCast | sql::CastKind::SafeCast);
            let data_type = types::cast_target(&data_type, column_of(&expr))?;
            Ok(Expr::Cast {
                expr: boxed(*expr, depth)?,
                data_type,
                lenient,
            })
        }
        other => match tests(other, depth)? {
            Ok(lowered) => Ok(lowered),
            Err(other) => functions::lower(other, depth),
        },
    }
}

/// The predicates that SQL spells with IS, IN, BETWEEN and LIKE; anything else is handed back.
fn tests(expr: Sql, depth: usize) -> Result<Result<Expr, Sql>, Error> {
    let truth = |expr: Box<Sql>, truth| -> Lowered {
        Ok(Expr::IsTruth {
            expr: boxed(*expr, depth)?,
            truth,
        })
    };
    let lowered = match expr {
        Sql::IsNull(expr) | Sql::IsUnknown(expr) => Ok(Expr::IsNull(boxed(*expr, depth)?)),
        Sql::IsNotNull(expr) | Sql::IsNotUnknown(expr) => {
            negated(true, Ok(Expr::IsNull(boxed(*expr, depth)?)))
        }
        Sql::IsTrue(expr) => truth(expr, true),
        Sql::IsFalse(expr) => truth(expr, false),
        Sql::IsNotTrue(expr) => negated(true, truth(expr, true)),
        Sql::IsNotFalse(expr) => negated(true, truth(expr, false)),
        Sql::IsDistinctFrom(left, right) => compare(Comparison::Distinct, *left, *right, depth),
        Sql::IsNotDistinctFrom(left, right) => {
            compare(Comparison::NotDistinct, *left, *right, depth)
        }
        Sql::InList {
            expr,
            list,
            negated: no,
        } => {
            let list = list
                .into_iter()
                .map(|item| expression_at(item, depth))
                .collect::<Result<_, _>>()?;
            negated(
                no,
                Ok(Expr::In {
                    expr: boxed(*expr, depth)?,
                    list,
                }),
            )
        }
        Sql::Between {
            expr,
            negated: no,
            low,
            high,
        } => {
            let (low, high) = (boxed(*low, depth)?, boxed(*high, depth)?);
            negated(
                no,
                Ok(Expr::Between {
                    expr: boxed(*expr, depth)?,
                    low,
                    high,
                }),
            )
        }
        Sql::Like { .. } | Sql::ILike { .. } | Sql::SimilarTo { .. } | Sql::RLike { .. } => {
            operators::pattern(expr, depth)
        }
        other => return Ok(Err(other)),
    };
    lowered.map(Ok)
}

pub(super) fn negated(negated: bool, expr: Lowered) -> Lowered {
    let expr = expr?;
    Ok(if negated {
        Expr::Not(Box::new(expr))
    } else {
        expr
    })
}

pub(super) fn compare(op: Comparison, left: Sql, right: Sql, depth: usize) -> Lowered {
    Ok(Expr::Compare {
        op,
        left: boxed(left, depth)?,
        right: boxed(right, depth)?,
    })
}

fn column(path: Vec<sql::Ident>) -> Expr {
    let at = path.first().map_or(0, |name| name.span.start.column);
    let name = |name: sql::Ident| Name {
        quoted: name.quote_style.is_some(),
        text: name.value,
    };
    Expr::Column(Column {
        path: path.into_iter().map(name).collect(),
        at,
    })
}

fn value_literal(value: sql::ValueWithSpan) -> Lowered {
    let column = value.span.start.column;
    Ok(Expr::Literal(match value.value {
        Value::Null => Literal::Null,
        Value::Boolean(value) => Literal::Boolean(value),
        Value::Number(digits, _) => Literal::Number(digits),
        Value::SingleQuotedString(text)
        | Value::EscapedStringLiteral(text)
        | Value::UnicodeStringLiteral(text)
        | Value::NationalStringLiteral(text) => Literal::Text(text),
        Value::DollarQuotedString(text) => Literal::Text(text.value),
        Value::Placeholder(name) => return unsupported(&format!("the placeholder {name}"), column),
        other => return unsupported(&format!("the literal {other}"), column),
    }))
}

/// `DATE '2026-03-17'` and its kin.
fn typed_string(typed: sql::TypedString) -> Lowered {
    let column = typed.value.span.start.column;
    let text = match typed.value.value.into_string() {
        Some(text) => text,
        None => return unsupported("a typed literal that is not text", column),
    };
    let target = types::cast_target(&typed.data_type, column)?;
    // A timestamp literal says itself whether it has a zone.
    let value = match &target {
        DataType::Timestamp(..) => literal::timestamp(&text),
        _ => literal::parse_text(&text, &target),
    };
    let _ = TimeUnit::Microsecond;
    match value {
        Some(value) => Ok(Expr::Literal(Literal::Typed(value))),
        None => Err(Error::Syntax {
            text: text.clone(),
            column,
            reason: format!("expected {}", literal::expected(&target)),
        }),
    }
}

fn unary(op: UnaryOperator, expr: Sql, depth: usize) -> Lowered {
    match op {
        UnaryOperator::Plus => expression_at(expr, depth),
        UnaryOperator::Not | UnaryOperator::BangNot => negated(true, expression_at(expr, depth)),
        UnaryOperator::Minus => Ok(match expression_at(expr, depth)? {
            Expr::Literal(Literal::Number(digits)) => {
                Expr::Literal(Literal::Number(match digits.strip_prefix('-') {
                    Some(positive) => positive.to_owned(),
                    None => format!("-{digits}"),
                }))
            }
            other => Expr::Negate(Box::new(other)),
        }),
        other => unsupported(&format!("the operator {other}"), column_of(&expr)),
    }
}

fn binary(left: Sql, op: BinaryOperator, right: Sql, depth: usize) -> Lowered {
    match op {
        BinaryOperator::And | BinaryOperator::Or => {
            let join = if op == BinaryOperator::And {
                Expr::And
            } else {
                Expr::Or
            };
            let chain = Sql::BinaryOp {
                left: Box::new(left),
                op: op.clone(),
                right: Box::new(right),
            };
            let parts = operands(chain, &op)
                .into_iter()
                .map(|part| expression_at(part, depth));
            Ok(join(parts.collect::<Result<_, _>>()?))
        }
        op => operators::binary(left, op, right, depth),
    }
}

fn case(
    operand: Option<Box<Sql>>,
    whens: Vec<sql::CaseWhen>,
    otherwise: Option<Box<Sql>>,
    depth: usize,
) -> Lowered {
    let when = |when: sql::CaseWhen| -> Result<(Expr, Expr), Error> {
        Ok((
            expression_at(when.condition, depth)?,
            expression_at(when.result, depth)?,
        ))
    };
    Ok(Expr::Case {
        operand: operand.map(|expr| boxed(*expr, depth)).transpose()?,
        whens: whens.into_iter().map(when).collect::<Result<_, _>>()?,
        otherwise: otherwise.map(|expr| boxed(*expr, depth)).transpose()?,
    })
}

pub(super) fn unsupported<T>(what: &str, column: u64) -> Result<T, Error> {
    Err(Error::Unsupported {
        what: what.to_owned(),
        column,
    })
}

pub(super) fn column_of(expr: &Sql) -> u64 {
    expr.span().start.column
}
