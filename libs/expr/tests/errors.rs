//! What is refused, and how it is said.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

use arrow_array::{Int32Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use millrace_expr::Predicate;
use millrace_fault::{Exit, Failure};
use std::sync::Arc;
use std::time::Instant;

fn schema() -> Schema {
    Schema::new(vec![
        Field::new("amount", DataType::Int32, true),
        Field::new("region", DataType::Utf8, true),
        Field::new("day", DataType::Date32, true),
        Field::new("tags", DataType::new_list(DataType::Utf8, true), true),
    ])
}

fn refused(sql: &str) -> Failure {
    match Predicate::parse(sql).and_then(|predicate| predicate.bind(&schema())) {
        Ok(_) => panic!("{sql} was taken"),
        Err(error) => error.into(),
    }
}

#[test]
fn messages_say_the_place_and_what_was_expected() {
    for (sql, expected) in [
        (
            "amount >",
            "cannot parse the expression 'amount >': expected an expression, found the end",
        ),
        (
            "amount > 1 banana",
            "cannot parse the expression 'amount > 1 banana' at character 12: expected an operator or the end, found banana",
        ),
        (
            "amount = 'abc'",
            "cannot compare column 'amount' (integer) and the text 'abc': expected an integer",
        ),
        (
            "day > '17.3.2026'",
            "cannot compare column 'day' (date) and the text '17.3.2026': expected a date such as '2026-03-17'",
        ),
        (
            "region = 5",
            "cannot compare column 'region' (text) and the number 5: write '5' to compare text, or CAST the text to a number",
        ),
        (
            "amount = region",
            "cannot compare column 'amount' (integer) and column 'region' (text)",
        ),
        (
            "amount",
            "expected a condition, found column 'amount' (integer)",
        ),
        (
            "tags = 'x'",
            "cannot compare column 'tags' (List(Utf8)) and the text 'x': expected a literal of that type",
        ),
        (
            "region + 1 = 2",
            "cannot compute column 'region' (text) + the number 1",
        ),
        (
            "foo(amount) = 1",
            "the function foo() is not supported in an expression at character 1",
        ),
        ("abs(1, 2) = 1", "abs() takes one argument, not 2"),
        (
            "amount IN (SELECT 1)",
            "a subquery is not supported in an expression at character 1",
        ),
        (
            "DATE '2026-02-30' = day",
            "cannot parse the expression '2026-02-30' at character 6: expected a date such as '2026-03-17'",
        ),
        ("region ~ '('", "cannot use the pattern '(': unclosed group"),
        ("CAST('x' AS INT) = 1", "cannot cast 'x' to integer"),
    ] {
        let failure = refused(sql);
        assert_eq!(failure.to_string(), expected, "{sql}");
        assert_eq!(failure.exit(), Exit::USAGE, "{sql}");
    }
}

#[test]
fn an_unknown_column_lists_its_neighbours() {
    let failure = refused("amuont > 1");
    assert_eq!(
        failure.to_string(),
        "there is no column 'amuont' at character 1"
    );
    assert_eq!(failure.hint_line(), Some("there is 'amount'"));
    let failure = refused("\"Region\" = 'x'");
    assert_eq!(failure.hint_line(), Some("there is 'region'"));
    let failure = refused("zzzzzzz = 'x'");
    assert_eq!(
        failure.hint_line(),
        Some("there is 'amount', 'day', 'region', 'tags'")
    );
}

#[test]
fn rows_that_cannot_be_computed_are_refused_data() {
    let array = Arc::new(StringArray::from(vec!["1", "x"]));
    let batch = RecordBatch::try_from_iter([("s", array as _)]).unwrap();
    let bound = Predicate::parse("CAST(s AS INT) = 1")
        .unwrap()
        .bind(&batch.schema())
        .unwrap();
    let failure: Failure = bound.evaluate(&batch).unwrap_err().into();
    assert_eq!(failure.exit(), Exit::DATA);
    assert_eq!(
        failure.to_string(),
        "cannot evaluate the expression: cannot cast 'x' to integer"
    );
    let array = Arc::new(arrow_array::Int64Array::from(vec![i64::MAX]));
    let batch = RecordBatch::try_from_iter([("s", array as _)]).unwrap();
    let bound = Predicate::parse("s + 1 = 1")
        .unwrap()
        .bind(&batch.schema())
        .unwrap();
    let failure: Failure = bound.evaluate(&batch).unwrap_err().into();
    assert_eq!(
        failure.to_string(),
        "cannot evaluate the expression: the result of '+' is out of range"
    );
}

#[test]
fn nothing_overflows_the_stack_or_takes_forever() {
    let n = 100_000;
    let parens = format!("{}1{} = 1", "(".repeat(n), ")".repeat(n));
    let nots = format!("{} TRUE", "NOT ".repeat(n));
    let minus = format!("{} 1 = 1", "- ".repeat(n));
    let sum = format!("1{} = 1", " + amount".repeat(n));
    let short_sum = format!("1{} = 1", " + amount".repeat(5000));
    let nulls = format!("amount{}", " IS NULL".repeat(20_000));
    let case = format!(
        "{} 1 {}",
        "CASE WHEN TRUE THEN ".repeat(n),
        "END ".repeat(n)
    );
    let calls = format!("{}amount{}", "abs(".repeat(n), ")".repeat(n));
    let casts = format!("amount{} = 1", "::INT".repeat(n));
    let lists = format!("amount IN ({}1{})", "[".repeat(n), "]".repeat(n));
    let texts = format!("region = 'a'{}", " || 'b'".repeat(n));
    for sql in [
        parens, nots, minus, sum, short_sum, nulls, case, calls, casts, lists, texts,
    ] {
        let started = Instant::now();
        assert_eq!(refused(&sql).exit(), Exit::USAGE);
        assert!(started.elapsed().as_secs() < 20, "{}", &sql[..40]);
    }
    for depth in [10, 40, 60] {
        let started = Instant::now();
        let nested = format!("{}amount{} = 1", "(".repeat(depth), ")".repeat(depth));
        assert!(Predicate::parse(&nested).is_ok(), "{depth}");
        assert!(started.elapsed().as_secs() < 2, "{depth}");
    }
}

#[test]
fn long_conditions_are_fine() {
    let array = Arc::new(Int32Array::from(vec![1, 9999, -5]));
    let batch = RecordBatch::try_from_iter([("a", array as _)]).unwrap();
    let list: Vec<String> = (0..100_000).map(|n| n.to_string()).collect();
    let alternatives: Vec<String> = (0..5_000).map(|n| format!("a = {}", 2 * n + 1)).collect();
    for sql in [
        format!("a IN ({})", list.join(", ")),
        alternatives.join(" OR "),
    ] {
        let bound = Predicate::parse(&sql)
            .unwrap()
            .bind(&batch.schema())
            .unwrap();
        assert_eq!(bound.evaluate(&batch).unwrap().true_count(), 2);
    }
}
