//! Text: patterns, concatenation, and the functions on strings.

use super::{Batch, Value, evaluate};
use crate::Error;
use crate::ast::{Function, Side};
use crate::node::{Kind, Node};
use crate::pattern::{Dialect, Pattern};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, StringArray};
use arrow_string::concat_elements::concat_elements_utf8;
use std::sync::Arc;

pub(super) fn evaluate_pair(
    left: &Node,
    right: &Node,
    batch: &Batch,
) -> Result<(StringArray, StringArray, bool), Error> {
    let (left, right) = (evaluate(left, batch)?, evaluate(right, batch)?);
    let scalar = left.scalar && right.scalar;
    let rows = if scalar { 1 } else { batch.rows };
    let text = |value: Value| -> Result<StringArray, Error> {
        Ok(value.expand(rows)?.as_string::<i32>().clone())
    };
    Ok((text(left)?, text(right)?, scalar))
}

/// The nodes that are about text.
pub(super) fn evaluate_text(node: &Node, batch: &Batch) -> Result<Value, Error> {
    match &node.kind {
        Kind::Match { node, pattern } => super::map(node, batch, |array| {
            Ok(Arc::new(test(array.as_string(), |text| {
                pattern.matches(text)
            })))
        }),
        Kind::MatchEach {
            node,
            pattern,
            dialect,
        } => {
            let (texts, patterns, scalar) = evaluate_pair(node, pattern, batch)?;
            Ok(Value {
                array: Arc::new(match_each(&texts, &patterns, *dialect)?),
                scalar,
            })
        }
        Kind::Concat(left, right) => {
            let (left, right, scalar) = evaluate_pair(left, right, batch)?;
            Ok(Value {
                array: Arc::new(concat_elements_utf8(&left, &right)?),
                scalar,
            })
        }
        _ => Err(Error::Evaluate("not an expression about text".to_owned())),
    }
}

fn test(texts: &StringArray, matches: impl Fn(&str) -> bool) -> BooleanArray {
    BooleanArray::from_unary(texts, matches)
}

/// Neighbouring rows often share their pattern: the last one is kept.
fn match_each(
    texts: &StringArray,
    patterns: &StringArray,
    dialect: Dialect,
) -> Result<BooleanArray, Error> {
    let mut last: Option<(&str, Pattern)> = None;
    let mut matched = Vec::with_capacity(texts.len());
    for (text, written) in texts.iter().zip(patterns.iter()) {
        let (Some(text), Some(written)) = (text, written) else {
            matched.push(None);
            continue;
        };
        let pattern = match last.take() {
            Some((known, pattern)) if known == written => pattern,
            _ => Pattern::compile(written, dialect)?,
        };
        matched.push(Some(pattern.matches(text)));
        last = Some((written, pattern));
    }
    Ok(matched.into())
}

/// LENGTH: characters, or bytes of a binary.
pub(super) fn length(array: &dyn Array) -> ArrayRef {
    let lengths: Int64Array = match array.as_string_opt::<i32>() {
        Some(texts) => texts
            .iter()
            .map(|text| text.map(|text| text.chars().count() as i64))
            .collect(),
        None => array
            .as_binary::<i32>()
            .iter()
            .map(|bytes| bytes.map(|bytes| bytes.len() as i64))
            .collect(),
    };
    Arc::new(lengths)
}

pub(super) fn change(array: &dyn Array, apply: impl Fn(&str) -> String) -> ArrayRef {
    let changed: StringArray = array
        .as_string::<i32>()
        .iter()
        .map(|text| text.map(&apply))
        .collect();
    Arc::new(changed)
}

/// STARTS_WITH, ENDS_WITH, CONTAINS.
pub(super) fn search(function: Function, texts: &StringArray, parts: &StringArray) -> ArrayRef {
    let found = |text: &str, part: &str| match function {
        Function::StartsWith => text.starts_with(part),
        Function::EndsWith => text.ends_with(part),
        _ => text.contains(part),
    };
    let pairs = texts.iter().zip(parts.iter());
    Arc::new(
        pairs
            .map(|(text, part)| Some(found(text?, part?)))
            .collect::<BooleanArray>(),
    )
}

/// TRIM: spaces, or the characters of the second argument.
pub(super) fn trim(side: Side, texts: &StringArray, sets: Option<&StringArray>) -> ArrayRef {
    let cut = |text: &str, set: &str| -> String {
        let of_set = |c: char| set.contains(c);
        let text = if side == Side::Trailing {
            text
        } else {
            text.trim_start_matches(of_set)
        };
        let text = if side == Side::Leading {
            text
        } else {
            text.trim_end_matches(of_set)
        };
        text.to_owned()
    };
    let trimmed: StringArray = match sets {
        None => texts.iter().map(|text| Some(cut(text?, " "))).collect(),
        Some(sets) => texts
            .iter()
            .zip(sets.iter())
            .map(|(text, set)| Some(cut(text?, set?)))
            .collect(),
    };
    Arc::new(trimmed)
}

/// SUBSTR(text, from, length): characters, counted from 1; a `from` before the text
/// uses up length, as the standard says.
pub(super) fn substring(
    texts: &StringArray,
    from: &dyn Array,
    length: Option<&dyn Array>,
) -> Result<ArrayRef, Error> {
    let from = from.as_primitive::<Int64Type>();
    let length = length.map(|length| length.as_primitive::<Int64Type>());
    let row = |row: usize| -> Result<Option<&str>, Error> {
        let known = |array: &Int64Array| array.is_valid(row).then(|| array.value(row));
        let (Some(start), true) = (known(from), texts.is_valid(row)) else {
            return Ok(None);
        };
        let end = match length {
            None => i64::MAX,
            Some(length) => match known(length) {
                None => return Ok(None),
                Some(length) if length < 0 => {
                    return Err(Error::Evaluate("SUBSTR with a negative length".to_owned()));
                }
                Some(length) => start.saturating_add(length),
            },
        };
        Ok(Some(characters(texts.value(row), start, end)))
    };
    let cut: StringArray = (0..texts.len()).map(row).collect::<Result<_, _>>()?;
    Ok(Arc::new(cut))
}

/// Characters `start` to `end` (exclusive), counted from 1.
fn characters(text: &str, start: i64, end: i64) -> &str {
    let offset = |position: i64| {
        let skip = usize::try_from(position.max(1) - 1).unwrap_or(usize::MAX);
        text.char_indices()
            .nth(skip)
            .map_or(text.len(), |(offset, _)| offset)
    };
    let (start, end) = (offset(start), offset(end));
    text.get(start..end).unwrap_or("")
}
