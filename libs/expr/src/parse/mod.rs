//! Text to `ast`, by way of `sqlparser`'s tree.
//!
//! Nothing that a user writes may overflow the stack: nesting is bounded, and long
//! chains of operators (which make deep trees in `sqlparser`) are bounded in number
//! and taken apart on a thread whose stack is large enough for the longest.

mod functions;
mod lower;
mod operators;
mod types;

use crate::Error;
use crate::ast::Expr;
use sqlparser::ast::{BinaryOperator, Expr as Sql};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Whitespace};
use std::sync::Arc;
use std::thread;

/// How deep parentheses, calls and CASE may nest.
const NESTING: usize = 64;
/// How many tokens other than literals and commas an expression may have.
const TOKENS: usize = 50_000;
/// Room for a tree as deep as `TOKENS`, to parse, walk and drop. Touched only where used.
const STACK: usize = 256 << 20;

/// The parts of `sql` that AND joins, and their text.
pub(crate) fn conjuncts(sql: &str) -> Result<Vec<(Arc<Expr>, String)>, Error> {
    let tokens = tokens(sql)?;
    if tokens.len() < 200 {
        return parse(sql, tokens);
    }
    thread::scope(|scope| {
        let worker = thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, || parse(sql, tokens));
        let result = worker.map(thread::ScopedJoinHandle::join);
        match result {
            Ok(Ok(parsed)) => parsed,
            _ => Err(syntax(sql, 0, "it is too long for the memory at hand")),
        }
    })
}

fn tokens(sql: &str) -> Result<Vec<TokenWithSpan>, Error> {
    let mut tokens = Tokenizer::new(&GenericDialect, sql)
        .tokenize_with_location()
        .map_err(|error| syntax(sql, error.location.column, &lower_first(&error.message)))?;
    tokens.retain(|token| {
        !matches!(
            token.token,
            Token::Whitespace(Whitespace::Space | Whitespace::Newline | Whitespace::Tab)
        )
    });
    bounded(sql, &tokens)?;
    Ok(tokens)
}

fn bounded(sql: &str, tokens: &[TokenWithSpan]) -> Result<(), Error> {
    let (mut depth, mut chained) = (0_usize, 0_usize);
    for token in tokens {
        match &token.token {
            Token::LParen => depth += 1,
            Token::Word(word) if word.value.eq_ignore_ascii_case("case") => depth += 1,
            Token::Word(word) if word.value.eq_ignore_ascii_case("end") => {
                depth = depth.saturating_sub(1)
            }
            Token::RParen => depth = depth.saturating_sub(1),
            Token::Comma | Token::Number(..) | Token::SingleQuotedString(_) => {
                chained = chained.saturating_sub(1)
            }
            _ => {}
        }
        chained += 1;
        let at = token.span.start.column;
        if depth > NESTING {
            return Err(syntax(
                sql,
                at,
                &format!("it nests deeper than {NESTING} levels"),
            ));
        }
        if chained > TOKENS {
            return Err(syntax(
                sql,
                at,
                &format!("it has more than {TOKENS} operators"),
            ));
        }
    }
    Ok(())
}

fn parse(sql: &str, tokens: Vec<TokenWithSpan>) -> Result<Vec<(Arc<Expr>, String)>, Error> {
    let mut parser = Parser::new(&GenericDialect)
        .with_recursion_limit(4 * NESTING)
        .with_tokens_with_locations(tokens);
    let parsed = parser.parse_expr().map_err(|error| refused(sql, error))?;
    let rest = parser.peek_token();
    if rest.token != Token::EOF {
        let reason = format!("expected an operator or the end, found {}", rest.token);
        return Err(syntax(sql, rest.span.start.column, &reason));
    }
    let mut parts = Vec::new();
    for part in operands(parsed, &BinaryOperator::And) {
        let text = part.to_string();
        parts.push((Arc::new(lower::expression(part)?), text));
    }
    Ok(parts)
}

/// The operands of a chain of `op`, flat and in order.
fn operands(expr: Sql, op: &BinaryOperator) -> Vec<Sql> {
    let (mut pending, mut flat) = (vec![expr], Vec::new());
    while let Some(next) = pending.pop() {
        match next {
            Sql::BinaryOp {
                left,
                op: found,
                right,
            } if found == *op => {
                pending.push(*right);
                pending.push(*left);
            }
            Sql::Nested(inner) if chains(&inner, op) => pending.push(*inner),
            other => flat.push(other),
        }
    }
    flat
}

fn chains(expr: &Sql, op: &BinaryOperator) -> bool {
    matches!(expr, Sql::BinaryOp { op: found, .. } if found == op)
}

fn syntax(sql: &str, column: u64, reason: &str) -> Error {
    Error::Syntax {
        text: sql.to_owned(),
        column,
        reason: reason.to_owned(),
    }
}

/// sqlparser's message ends in ` at Line: 1, Column: 7`.
fn refused(sql: &str, error: ParserError) -> Error {
    let text = match error {
        ParserError::RecursionLimitExceeded => {
            return syntax(sql, 0, "it nests too deeply");
        }
        ParserError::ParserError(text) | ParserError::TokenizerError(text) => text,
    };
    let (reason, column) = match text.rsplit_once(" at Line: ") {
        Some((reason, place)) => (
            reason,
            place
                .rsplit(' ')
                .next()
                .and_then(|column| column.parse().ok()),
        ),
        None => (text.as_str(), None),
    };
    let reason = lower_first(reason)
        .replace("expected: ", "expected ")
        .replace("found: ", "found ")
        .replace("EOF", "the end");
    syntax(sql, column.unwrap_or(0), &reason)
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}
