//! What predicates say of statistics: as sharp as promised, and never wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

use arrow_array::*;
use arrow_ord::cmp;
use arrow_schema::{DataType, Field, Schema};
use millrace_expr::{ColumnStatistics, Outcome, Predicate, Statistics};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use std::collections::HashMap;
use std::sync::Arc;

struct Known(HashMap<String, ColumnStatistics>);

impl Statistics for Known {
    fn column(&self, name: &str) -> Option<ColumnStatistics> {
        self.0.get(name).cloned()
    }
}

fn schema() -> Schema {
    let field = |name: &str, data_type| Field::new(name, data_type, true);
    let micros = DataType::Timestamp(arrow_schema::TimeUnit::Microsecond, Some("UTC".into()));
    Schema::new(vec![
        field("i", DataType::Int32),
        field("f", DataType::Float64),
        field("g", DataType::Float32),
        field("s", DataType::Utf8),
        field("ok", DataType::Boolean),
        field("d", DataType::Decimal128(5, 1)),
        field("day", DataType::Date32),
        field("t", micros),
    ])
}

fn outcome(sql: &str, known: Vec<(&str, ColumnStatistics)>) -> Outcome {
    let known = Known(
        known
            .into_iter()
            .map(|(name, known)| (name.to_owned(), known))
            .collect(),
    );
    Predicate::parse(sql)
        .unwrap()
        .bind(&schema())
        .unwrap()
        .outcome(&known)
}

fn within(min: ArrayRef, max: ArrayRef, nulls: Option<u64>) -> ColumnStatistics {
    ColumnStatistics {
        min: Some(min),
        max: Some(max),
        null_count: nulls,
        row_count: Some(10),
        nan_free: false,
    }
}

fn ints(min: i32, max: i32) -> ColumnStatistics {
    within(
        Arc::new(Int32Array::from(vec![min])),
        Arc::new(Int32Array::from(vec![max])),
        Some(0),
    )
}

fn floats(min: f64, max: f64) -> ColumnStatistics {
    within(
        Arc::new(Float64Array::from(vec![min])),
        Arc::new(Float64Array::from(vec![max])),
        Some(0),
    )
}

fn texts(min: &str, max: &str) -> ColumnStatistics {
    within(
        Arc::new(StringArray::from(vec![min])),
        Arc::new(StringArray::from(vec![max])),
        Some(0),
    )
}

#[test]
fn tables() {
    use Outcome::{Always, Maybe, Never};
    let nulls = |known: ColumnStatistics, null_count| ColumnStatistics {
        null_count,
        ..known
    };
    let one = |name: &'static str, known: ColumnStatistics| vec![(name, known)];
    for (sql, known, expected) in [
        ("i < 5", one("i", ints(5, 9)), Never),
        ("i < 5", one("i", ints(1, 4)), Always),
        ("i < 5", one("i", ints(1, 5)), Maybe),
        ("i < 5", vec![], Maybe),
        ("i < 5", one("i", nulls(ints(1, 4), None)), Maybe),
        ("i < 5", one("i", nulls(ints(1, 4), Some(2))), Maybe),
        ("NOT i < 5", one("i", nulls(ints(1, 4), Some(2))), Never),
        ("NOT i < 5", one("i", ints(5, 9)), Always),
        ("i = 5", one("i", ints(5, 5)), Always),
        ("i <> 5", one("i", ints(5, 5)), Never),
        ("i = 5.5", one("i", ints(6, 9)), Never),
        ("i IN (1, 9)", one("i", ints(2, 8)), Never),
        ("i IN (1, 9)", one("i", ints(9, 9)), Always),
        ("i NOT IN (1, 9)", one("i", ints(2, 8)), Always),
        ("i NOT IN (1, NULL)", one("i", ints(2, 8)), Never),
        ("i BETWEEN 3 AND 4", one("i", ints(5, 8)), Never),
        ("i IS NULL", one("i", ints(5, 8)), Never),
        (
            "i IS NULL",
            one(
                "i",
                nulls(
                    ColumnStatistics {
                        row_count: Some(10),
                        ..Default::default()
                    },
                    Some(10),
                ),
            ),
            Always,
        ),
        (
            "i = 1",
            one(
                "i",
                nulls(
                    ColumnStatistics {
                        row_count: Some(10),
                        ..Default::default()
                    },
                    Some(10),
                ),
            ),
            Never,
        ),
        (
            "i = 1",
            one(
                "i",
                ColumnStatistics {
                    row_count: Some(0),
                    ..Default::default()
                },
            ),
            Never,
        ),
        ("i IS NOT NULL", one("i", ints(5, 8)), Always),
        ("i < 5 OR i >= 5", one("i", ints(6, 8)), Always),
        ("i < 5 AND s = 'x'", one("i", ints(6, 8)), Never),
        ("(i < 5) IS NOT TRUE", one("i", ints(6, 8)), Always),
        (
            "i IS DISTINCT FROM 7",
            one("i", nulls(ints(8, 9), Some(3))),
            Always,
        ),
        ("abs(i) = 3", one("i", ints(-3, -3)), Always),
        ("abs(i) = 3", one("i", ints(-4, -3)), Maybe),
        // NaN is above all and in no bounds.
        ("f < 5", one("f", floats(5.0, 9.0)), Never),
        ("f < 5", one("f", floats(1.0, 2.0)), Maybe),
        ("f > 5", one("f", floats(1.0, 2.0)), Maybe),
        (
            "f > 5",
            one(
                "f",
                ColumnStatistics {
                    nan_free: true,
                    ..floats(1.0, 2.0)
                },
            ),
            Never,
        ),
        ("f > 5 AND f < 9", one("f", floats(1.0, 2.0)), Never),
        ("f BETWEEN 5 AND 9", one("f", floats(1.0, 2.0)), Never),
        ("f = 5", one("f", floats(1.0, 2.0)), Never),
        ("f = 0", one("f", floats(-0.0, 0.0)), Maybe),
        ("f < 0", one("f", floats(-0.0, 0.0)), Never),
        ("f >= 0", one("f", floats(-0.0, 0.0)), Always),
        ("f < 0", one("f", floats(f64::NAN, f64::NAN)), Maybe),
        ("s LIKE 'b%'", one("s", texts("c", "d")), Never),
        ("s LIKE 'b%'", one("s", texts("a", "az")), Never),
        ("s LIKE 'b%'", one("s", texts("ba", "bz")), Always),
        ("s LIKE 'b%x'", one("s", texts("ba", "bz")), Maybe),
        ("s LIKE 'b%x'", one("s", texts("ca", "cz")), Never),
        ("s NOT LIKE 'b%'", one("s", texts("ba", "bz")), Never),
        ("s LIKE 'b'", one("s", texts("b", "b")), Always),
        ("s ILIKE 'B%'", one("s", texts("c", "d")), Maybe),
        ("s > 'm'", one("s", texts("a", "b")), Never),
        ("d > 1.25", one("i", ints(1, 2)), Maybe),
        (
            "t >= '2026-03-17'",
            one("t", within(moment(0), moment(1), Some(0))),
            Never,
        ),
        (
            "CAST(t AS DATE) = '1970-01-01'",
            one("t", within(moment(0), moment(1), Some(0))),
            Always,
        ),
        (
            "ok",
            one("ok", within(truth(true), truth(true), Some(0))),
            Always,
        ),
        (
            "ok",
            one("ok", within(truth(false), truth(true), Some(0))),
            Maybe,
        ),
        (
            "NOT ok",
            one("ok", within(truth(true), truth(true), None)),
            Never,
        ),
    ] {
        assert_eq!(outcome(sql, known.clone()), expected, "{sql} {known:?}");
    }
}

fn moment(micros: i64) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(vec![micros]).with_timezone("UTC"))
}

fn truth(value: bool) -> ArrayRef {
    Arc::new(BooleanArray::from(vec![value]))
}

const TEXTS: [&str; 7] = ["", "a", "ab", "abc", "abd", "b", "é"];
const FLOATS: [f64; 7] = [-1.5, -0.0, 0.0, 0.1, 2.0, f64::NAN, f64::INFINITY];
const DAY: i64 = 86_400_000_000;

/// One row: an index into each column's few values, None for null.
type Row = [Option<u8>; 8];

fn batch(rows: &[Row]) -> RecordBatch {
    let of = |column: usize| rows.iter().map(move |row| row[column].map(|n| n % 7));
    let small = |n: u8| i32::from(n) - 3;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(of(0).map(|n| n.map(small)).collect::<Int32Array>()),
        Arc::new(
            of(1)
                .map(|n| n.map(|n| FLOATS[usize::from(n)]))
                .collect::<Float64Array>(),
        ),
        Arc::new(
            of(2)
                .map(|n| n.map(|n| FLOATS[usize::from(n)] as f32))
                .collect::<Float32Array>(),
        ),
        Arc::new(
            of(3)
                .map(|n| n.map(|n| TEXTS[usize::from(n)]))
                .collect::<StringArray>(),
        ),
        Arc::new(
            of(4)
                .map(|n| n.map(|n| n % 2 == 0))
                .collect::<BooleanArray>(),
        ),
        Arc::new(
            of(5)
                .map(|n| n.map(|n| i128::from(small(n)) * 5))
                .collect::<Decimal128Array>()
                .with_precision_and_scale(5, 1)
                .unwrap(),
        ),
        Arc::new(of(6).map(|n| n.map(small)).collect::<Date32Array>()),
        Arc::new(
            of(7)
                .map(|n| n.map(|n| i64::from(small(n)) * DAY / 2))
                .collect::<TimestampMicrosecondArray>()
                .with_timezone("UTC"),
        ),
    ];
    RecordBatch::try_new(Arc::new(schema()), columns).unwrap()
}

/// The statistics of a column, less what `forget` says.
fn statistics(array: &ArrayRef, forget: u8) -> ColumnStatistics {
    let valid: Vec<usize> = (0..array.len())
        .filter(|&row| array.is_valid(row) && !is_nan(array, row))
        .collect();
    let pick = |less: bool| {
        valid.iter().copied().reduce(|a, b| {
            let (left, right) = (array.slice(a, 1), array.slice(b, 1));
            let lower = if less {
                cmp::lt(&left, &right)
            } else {
                cmp::gt(&left, &right)
            }
            .unwrap()
            .value(0);
            if lower { a } else { b }
        })
    };
    let bound = |row: Option<usize>, keep: bool, low: bool| {
        row.filter(|_| keep).map(|row| {
            if forget & 32 != 0 {
                truncated(&array.slice(row, 1), low)
            } else {
                array.slice(row, 1)
            }
        })
    };
    ColumnStatistics {
        min: bound(pick(true), forget & 1 == 0, true),
        max: bound(pick(false), forget & 2 == 0, false),
        null_count: (forget & 4 == 0).then_some(array.null_count() as u64),
        row_count: (forget & 8 == 0).then_some(array.len() as u64),
        nan_free: forget & 16 != 0 && !(0..array.len()).any(|row| is_nan(array, row)),
    }
}

/// A bound as writers shorten it: the first character, raised for an upper bound.
fn truncated(value: &ArrayRef, low: bool) -> ArrayRef {
    let Some(text) = value.as_any().downcast_ref::<StringArray>() else {
        return value.clone();
    };
    let first = text.value(0).chars().next();
    let bound: String = match (first, low) {
        (None, _) => String::new(),
        (Some(first), true) => first.into(),
        (Some(first), false) => char::from_u32(first as u32 + 1).unwrap().into(),
    };
    Arc::new(StringArray::from(vec![bound]))
}

fn is_nan(array: &ArrayRef, row: usize) -> bool {
    let wide = |array: &ArrayRef| {
        array
            .as_any()
            .downcast_ref::<Float64Array>()
            .is_some_and(|array| array.value(row).is_nan())
    };
    wide(array)
        || array
            .as_any()
            .downcast_ref::<Float32Array>()
            .is_some_and(|array| array.value(row).is_nan())
}

fn comparison() -> impl Strategy<Value = String> {
    let op = prop::sample::select(vec![
        "=",
        "<>",
        "<",
        "<=",
        ">",
        ">=",
        "IS DISTINCT FROM",
        "IS NOT DISTINCT FROM",
    ]);
    let number = prop::sample::select(vec![
        "-2",
        "-1.5",
        "0",
        "0.1",
        "1",
        "2",
        "'NaN'::double",
        "1e308",
        "NULL",
        "i",
        "d",
        "f",
        "g",
    ]);
    let text = prop::sample::select(vec![
        "''", "'a'", "'ab'", "'abz'", "'é'", "'zz'", "s", "NULL",
    ]);
    let time = prop::sample::select(vec![
        "DATE '1970-01-01'",
        "'1969-12-31 12:00:00'",
        "day",
        "t",
        "DATE '1970-01-02' - INTERVAL '1 day'",
    ]);
    let pairs = prop_oneof![
        (
            prop::sample::select(vec![
                "i",
                "f",
                "g",
                "d",
                "-i",
                "i + 1",
                "abs(d)",
                "CAST(f AS DECIMAL(9,2))",
                "i::double"
            ]),
            op.clone(),
            number
        ),
        (
            prop::sample::select(vec!["s", "upper(s)", "s || 'b'", "coalesce(s, 'a')"]),
            op.clone(),
            text
        ),
        (
            prop::sample::select(vec!["day", "t", "CAST(t AS DATE)"]),
            op,
            time
        ),
    ];
    pairs.prop_map(|(left, op, right)| format!("{left} {op} {right}"))
}

fn other_test() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "ok",
        "ok IS NULL",
        "i IS NULL",
        "f IS NOT NULL",
        "s LIKE 'a%'",
        "s LIKE 'ab'",
        "s LIKE 'a_c'",
        "s NOT LIKE 'ab%'",
        "s ILIKE 'A%'",
        "s ~ 'b'",
        "i IN (1, 2)",
        "i IN (-3, NULL)",
        "i NOT IN (0, 1, 2, 3)",
        "f IN (0, 2)",
        "s IN ('a', 'é')",
        "s NOT IN ('a', NULL)",
        "i BETWEEN -1 AND 1",
        "f BETWEEN 0 AND 1",
        "g NOT BETWEEN -1 AND d",
        "s BETWEEN 'a' AND 'abd'",
        "CASE WHEN ok THEN i > 0 ELSE f > 0 END",
        "(i > 0) = ok",
        "ok <> (s = 'a')",
        "TRUE",
        "FALSE",
        "NULL",
        "1 / i > 0.4",
        "i IN (1, 2, 3, 4, 5, 6, 7, 8, 9)",
        "length(s) = 2",
        "extract(day from day) = 1",
        "(ok AND i = 1) IS NULL",
    ])
    .prop_map(str::to_owned)
}

fn predicate() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![3 => comparison(), 2 => other_test()];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|parts| format!("({})", parts.join(") AND ("))),
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|parts| format!("({})", parts.join(") OR ("))),
            inner.clone().prop_map(|part| format!("NOT ({part})")),
            (
                inner,
                prop::sample::select(vec![
                    "TRUE",
                    "FALSE",
                    "NOT TRUE",
                    "NOT FALSE",
                    "UNKNOWN",
                    "NOT UNKNOWN"
                ])
            )
                .prop_map(|(part, truth)| format!("({part}) IS {truth}")),
        ]
    })
}

/// Parts that may not be computable are left out of the claim.
fn check(sql: &str, rows: &[Row], forget: &[u8]) -> TestCaseResult {
    let batch = batch(rows);
    let bound = Predicate::parse(sql)
        .unwrap()
        .bind(&batch.schema())
        .unwrap();
    let Ok(truths) = bound.evaluate(&batch) else {
        return Ok(());
    };
    let known = batch
        .schema()
        .fields()
        .iter()
        .zip(batch.columns())
        .zip(forget)
        .filter(|(_, forget)| **forget < 240)
        .map(|((field, array), forget)| (field.name().clone(), statistics(array, *forget)))
        .collect();
    let passed = truths.iter().filter(|truth| *truth == Some(true)).count();
    match bound.outcome(&Known(known)) {
        Outcome::Never => prop_assert_eq!(passed, 0, "never: {}", sql),
        Outcome::Always => prop_assert_eq!(passed, rows.len(), "always: {}", sql),
        Outcome::Maybe => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn never_wrong(
        sql in predicate(),
        rows in prop::collection::vec(prop::array::uniform8(prop::option::weighted(0.8, 0_u8..7)), 0..4),
        forget in prop::collection::vec(prop_oneof![3 => Just(16_u8), 3 => Just(0_u8), 4 => any::<u8>()], 8),
    ) {
        check(&sql, &rows, &forget)?;
    }

    /// The same with rows alike, where much is certain.
    #[test]
    fn never_wrong_about_constants(
        sql in predicate(),
        row in prop::array::uniform8(prop::option::weighted(0.8, 0_u8..7)),
        copies in 1_usize..3,
        forget in prop::collection::vec(prop_oneof![5 => Just(16_u8), 3 => Just(0_u8), 2 => any::<u8>()], 8),
    ) {
        check(&sql, &vec![row; copies], &forget)?;
    }
}
