//! Functions, with and without parentheses of their own kind.

use super::lower::{boxed, column_of, expression_at, unsupported};
use crate::Error;
use crate::ast::{Expr, Function, Literal, Side};
use arrow_arith::temporal::DatePart;
use sqlparser::ast::{
    self as sql, CeilFloorKind, Expr as Sql, FunctionArg, FunctionArgExpr, FunctionArguments,
};

type Lowered = Result<Expr, Error>;

/// The functions whose arguments SQL writes in a way of its own, and plain calls.
pub(super) fn lower(expr: Sql, depth: usize) -> Lowered {
    let column = column_of(&expr);
    match expr {
        Sql::Function(function) => plain(function, column, depth),
        Sql::Extract { field, expr, .. } => {
            extract(&field.to_string(), expression_at(*expr, depth)?, column)
        }
        Sql::Substring {
            expr,
            substring_from,
            substring_for,
            ..
        } => {
            let from =
                substring_from.map_or_else(|| Ok(number(1)), |from| expression_at(*from, depth))?;
            let mut args = vec![expression_at(*expr, depth)?, from];
            if let Some(length) = substring_for {
                args.push(expression_at(*length, depth)?);
            }
            Ok(Expr::Call {
                function: Function::Substring,
                args,
            })
        }
        Sql::Trim {
            trim_where,
            trim_what,
            expr,
            trim_characters,
        } => {
            let side = match trim_where {
                Some(sql::TrimWhereField::Leading) => Side::Leading,
                Some(sql::TrimWhereField::Trailing) => Side::Trailing,
                _ => Side::Both,
            };
            let what = trim_what
                .map(|what| *what)
                .or_else(|| trim_characters.and_then(|mut chars| chars.pop()));
            let mut args = vec![expression_at(*expr, depth)?];
            if let Some(what) = what {
                args.push(expression_at(what, depth)?);
            }
            Ok(Expr::Call {
                function: Function::Trim(side),
                args,
            })
        }
        Sql::Ceil { expr, field } => rounded(Function::Ceil, *expr, &field, depth),
        Sql::Floor { expr, field } => rounded(Function::Floor, *expr, &field, depth),
        Sql::InSubquery { .. } | Sql::Subquery(_) | Sql::Exists { .. } => {
            unsupported("a subquery", column)
        }
        other => unsupported(
            &format!("'{}'", millrace_fault::clip(&other.to_string(), 40)),
            column,
        ),
    }
}

fn rounded(function: Function, expr: Sql, field: &CeilFloorKind, depth: usize) -> Lowered {
    let plain = matches!(
        field,
        CeilFloorKind::DateTimeField(sql::DateTimeField::NoDateTime)
    );
    if !plain {
        return unsupported("CEIL or FLOOR to a unit", column_of(&expr));
    }
    Ok(Expr::Call {
        function,
        args: vec![*boxed(expr, depth)?],
    })
}

fn plain(function: sql::Function, column: u64, depth: usize) -> Lowered {
    let name = function.name.to_string().to_ascii_lowercase();
    if function.over.is_some() || function.filter.is_some() || !function.within_group.is_empty() {
        return unsupported("an aggregate or window function", column);
    }
    let mut args = arguments(function.args, column, depth)?;
    if let ("date_part" | "datepart", [Expr::Literal(Literal::Text(_)), _]) =
        (name.as_str(), args.as_slice())
    {
        let (Some(expr), Some(Expr::Literal(Literal::Text(field)))) = (args.pop(), args.pop())
        else {
            return unsupported("date_part", column);
        };
        return extract(&field, expr, column);
    }
    if let ("year" | "quarter" | "month" | "day" | "hour" | "minute" | "second", 1) =
        (name.as_str(), args.len())
    {
        let expr = args.remove(0);
        return extract(&name, expr, column);
    }
    if let ("regexp_matches" | "regexp_like", 2) = (name.as_str(), args.len()) {
        let (Some(pattern), Some(expr)) = (args.pop(), args.pop()) else {
            return unsupported(&name, column);
        };
        return Ok(Expr::Regex {
            expr: Box::new(expr),
            pattern: Box::new(pattern),
            ignore_case: false,
            whole: false,
        });
    }
    if name == "date" && args.len() == 1 {
        let expr = Box::new(args.remove(0));
        return Ok(Expr::Cast {
            expr,
            data_type: arrow_schema::DataType::Date32,
            lenient: false,
        });
    }
    match named(&name) {
        None => unsupported(&format!("the function {name}()"), column),
        Some((function, least, most)) if (least..=most).contains(&args.len()) => {
            Ok(Expr::Call { function, args })
        }
        Some((_, least, most)) => {
            let expected = match (least, most) {
                (1, 1) => "one argument".to_owned(),
                (least, usize::MAX) => format!("at least {least} argument"),
                (least, most) if least == most => format!("{least} arguments"),
                (least, most) => format!("{least} to {most} arguments"),
            };
            Err(Error::Type(format!(
                "{name}() takes {expected}, not {}",
                args.len()
            )))
        }
    }
}

/// The function and how many arguments it takes.
fn named(name: &str) -> Option<(Function, usize, usize)> {
    Some(match name {
        "abs" => (Function::Abs, 1, 1),
        "ceil" | "ceiling" => (Function::Ceil, 1, 1),
        "coalesce" | "ifnull" | "nvl" => (Function::Coalesce, 1, usize::MAX),
        "floor" => (Function::Floor, 1, 1),
        "length" | "len" | "char_length" | "character_length" => (Function::Length, 1, 1),
        "lower" | "lcase" => (Function::Lower, 1, 1),
        "nullif" => (Function::NullIf, 2, 2),
        "round" => (Function::Round, 1, 2),
        "starts_with" | "startswith" => (Function::StartsWith, 2, 2),
        "ends_with" | "endswith" | "suffix" => (Function::EndsWith, 2, 2),
        "contains" => (Function::Contains, 2, 2),
        "substr" | "substring" => (Function::Substring, 2, 3),
        "trim" | "btrim" => (Function::Trim(Side::Both), 1, 2),
        "ltrim" => (Function::Trim(Side::Leading), 1, 2),
        "rtrim" => (Function::Trim(Side::Trailing), 1, 2),
        "upper" | "ucase" => (Function::Upper, 1, 1),
        _ => return None,
    })
}

fn arguments(args: FunctionArguments, column: u64, depth: usize) -> Result<Vec<Expr>, Error> {
    let list = match args {
        FunctionArguments::List(list) => list,
        FunctionArguments::None => return Ok(Vec::new()),
        FunctionArguments::Subquery(_) => return unsupported("a subquery", column),
    };
    let argument = |arg: FunctionArg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => expression_at(expr, depth),
        other => unsupported(&format!("the argument {other}"), column),
    };
    list.args.into_iter().map(argument).collect()
}

fn extract(field: &str, expr: Expr, column: u64) -> Lowered {
    let expr = Box::new(expr);
    let part = match field.to_ascii_lowercase().trim_end_matches('s') {
        "year" => DatePart::Year,
        "quarter" => DatePart::Quarter,
        "month" => DatePart::Month,
        "week" | "isoweek" => DatePart::WeekISO,
        "isoyear" => DatePart::YearISO,
        "day" => DatePart::Day,
        "dow" | "dayofweek" => DatePart::DayOfWeekSunday0,
        "isodow" => DatePart::DayOfWeekMonday1,
        "doy" | "dayofyear" => DatePart::DayOfYear,
        "hour" => DatePart::Hour,
        "minute" => DatePart::Minute,
        "second" => DatePart::Second,
        "epoch" => return Ok(Expr::Epoch(expr)),
        _ => return unsupported(&format!("the date part {field}"), column),
    };
    Ok(Expr::Part { part, expr })
}

fn number(value: i64) -> Expr {
    Expr::Literal(Literal::Number(value.to_string()))
}
