//! What predicates say of rows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

use arrow_array::types::Int32Type;
use arrow_array::*;
use arrow_buffer::i256;
use arrow_schema::{DataType, Field, TimeUnit};
use millrace_expr::Predicate;
use std::sync::Arc;

/// Four rows; the last one is null throughout.
fn batch() -> RecordBatch {
    let a = |array: ArrayRef| array;
    let nested = StructArray::from(vec![
        (
            Arc::new(Field::new("x", DataType::Int32, true)),
            a(Arc::new(Int32Array::from(vec![
                Some(1),
                None,
                Some(3),
                Some(4),
            ]))),
        ),
        (
            Arc::new(Field::new("Name", DataType::Utf8, true)),
            a(Arc::new(StringArray::from(vec!["p", "q", "r", "s"]))),
        ),
    ]);
    let (fields, children, _) = nested.into_parts();
    let nested = StructArray::new(fields, children, Some(vec![true, true, true, false].into()));
    let dictionary: DictionaryArray<Int32Type> = vec![Some("eu"), Some("us"), Some("eu"), None]
        .into_iter()
        .collect();
    let micros = |text: &str| arrow_cast::parse::string_to_timestamp_nanos(text).unwrap() / 1000;
    let times = vec![
        Some(micros("2026-03-17T04:59:59.999999Z")),
        Some(micros("2026-03-17T05:00:00Z")),
        Some(micros("2026-03-18T00:00:00Z")),
        None,
    ];
    RecordBatch::try_from_iter_with_nullable([
        (
            "i",
            a(Arc::new(Int32Array::from(vec![
                Some(1),
                Some(-2),
                Some(3),
                None,
            ]))),
            true,
        ),
        (
            "big",
            a(Arc::new(Int64Array::from(vec![
                Some(9_007_199_254_740_993),
                Some(0),
                Some(i64::MIN),
                None,
            ]))),
            true,
        ),
        (
            "u",
            a(Arc::new(UInt64Array::from(vec![
                Some(u64::MAX),
                Some(0),
                Some(7),
                None,
            ]))),
            true,
        ),
        (
            "f",
            a(Arc::new(Float64Array::from(vec![
                Some(0.1),
                Some(f64::NAN),
                Some(-0.0),
                None,
            ]))),
            true,
        ),
        (
            "f32",
            a(Arc::new(Float32Array::from(vec![
                Some(0.1),
                Some(1.5),
                Some(-0.0),
                None,
            ]))),
            true,
        ),
        (
            "d",
            a(Arc::new(
                Decimal128Array::from(vec![Some(1050), Some(-1), Some(0), None])
                    .with_precision_and_scale(10, 2)
                    .unwrap(),
            )),
            true,
        ),
        (
            "d64",
            a(Arc::new(
                Decimal64Array::from(vec![Some(10), Some(20), Some(30), None])
                    .with_precision_and_scale(10, 1)
                    .unwrap(),
            )),
            true,
        ),
        (
            "wide",
            a(Arc::new(
                Decimal256Array::from(vec![
                    Some(i256::from_i128(100)),
                    None,
                    Some(i256::from_i128(1)),
                    None,
                ])
                .with_precision_and_scale(60, 2)
                .unwrap(),
            )),
            true,
        ),
        (
            "s",
            a(Arc::new(StringArray::from(vec![
                Some("abc"),
                Some(""),
                Some("Ärger%"),
                None,
            ]))),
            true,
        ),
        (
            "view",
            a(Arc::new(StringViewArray::from(vec![
                Some("abc"),
                Some("a string of more than twelve"),
                Some("x"),
                None,
            ]))),
            true,
        ),
        (
            "large",
            a(Arc::new(LargeStringArray::from(vec![
                Some("12"),
                Some("x"),
                Some("-3"),
                None,
            ]))),
            true,
        ),
        ("region", a(Arc::new(dictionary)), true),
        (
            "ok",
            a(Arc::new(BooleanArray::from(vec![
                Some(true),
                Some(false),
                Some(true),
                None,
            ]))),
            true,
        ),
        (
            "day",
            a(Arc::new(Date32Array::from(vec![
                Some(20529),
                Some(20530),
                Some(-1),
                None,
            ]))),
            true,
        ),
        (
            "t",
            a(Arc::new(
                TimestampMicrosecondArray::from(times.clone()).with_timezone("Europe/Vienna"),
            )),
            true,
        ),
        (
            "naive",
            a(Arc::new(TimestampMicrosecondArray::from(times))),
            true,
        ),
        ("o", a(Arc::new(nested)), true),
        (
            "Odd Name",
            a(Arc::new(Int8Array::from(vec![
                Some(1),
                Some(2),
                Some(127),
                None,
            ]))),
            true,
        ),
    ])
    .unwrap()
}

/// `t`, `f` or `n` for each row.
fn rows(sql: &str) -> String {
    let batch = batch();
    let bound = Predicate::parse(sql).and_then(|predicate| predicate.bind(&batch.schema()));
    let result = bound
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
        .evaluate(&batch);
    let letter = |row: Option<bool>| row.map_or('n', |row| if row { 't' } else { 'f' });
    result
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
        .iter()
        .map(letter)
        .collect()
}

#[track_caller]
fn table(cases: &[(&str, &str)]) {
    for (sql, expected) in cases {
        assert_eq!(rows(sql), *expected, "{sql}");
    }
}

#[test]
fn logic_is_three_valued() {
    table(&[
        ("ok", "tftn"),
        ("NOT ok", "ftfn"),
        ("ok AND i > 0", "tftn"),
        ("ok AND FALSE", "ffff"),
        ("ok OR TRUE", "tttt"),
        ("ok OR NULL", "tntn"),
        ("i IS NULL", "ffft"),
        ("i IS NOT NULL", "tttf"),
        ("ok IS TRUE", "tftf"),
        ("ok IS NOT TRUE", "ftft"),
        ("ok IS FALSE", "ftff"),
        ("(i > 0) IS UNKNOWN", "ffft"),
        ("i IS DISTINCT FROM 1", "fttt"),
        ("i IS NOT DISTINCT FROM NULL", "ffft"),
        ("i = NULL", "nnnn"),
        ("TRUE", "tttt"),
        ("1 = 1 AND i = 1", "tffn"),
        ("NULL", "nnnn"),
    ]);
}

#[test]
fn numbers_compare_by_value() {
    table(&[
        ("i = 1", "tffn"),
        ("i <> 1", "fttn"),
        ("i < 1.5", "ttfn"),
        ("i = 1.0", "tffn"),
        ("i < 3000000000", "tttn"),
        ("\"Odd Name\" < 1000", "tttn"),
        ("big = 9007199254740993", "tffn"),
        ("big = 9007199254740992", "fffn"),
        ("u > 9223372036854775807", "tffn"),
        ("u > i", "tttn"),
        ("u = 18446744073709551615", "tffn"),
        ("d = 10.5", "tffn"),
        ("d = 10.500", "tffn"),
        ("d < 0.001", "fttn"),
        ("d > i", "ttfn"),
        ("d64 = 1", "tffn"),
        ("wide = 1", "tnfn"),
        ("wide > d", "fntn"),
        ("f = 0.1", "tffn"),
        ("f32 = 0.1", "tffn"),
        ("f = 0", "fftn"),
        ("f > 1e300", "ftfn"),
        ("f = f", "tttn"),
        ("f < 1", "tftn"),
        ("i = '1'", "tffn"),
        ("d = '10.5'", "tffn"),
        ("i BETWEEN -2 AND 1", "ttfn"),
        ("i NOT BETWEEN -2 AND 1", "fftn"),
        ("i IN (1, 3)", "tftn"),
        ("i IN (1, 3.0, 1e0)", "tftn"),
        ("i IN (1, NULL)", "tnnn"),
        ("i NOT IN (1, NULL)", "fnnn"),
        ("i IN (d, 3)", "fftn"),
        ("i IN (1,2,3,4,5,6,7,8,9,10)", "tftn"),
        ("f IN (0,2,3,4,5,6,7,8,9,10)", "fftn"),
        ("d IN (10.5,2,3,4,5,6,7,8,9,10)", "tffn"),
        ("i IN (NULL)", "nnnn"),
    ]);
}

#[test]
fn text_and_patterns() {
    table(&[
        ("s = 'abc'", "tffn"),
        ("s > 'abb'", "tftn"),
        ("s LIKE 'a%'", "tffn"),
        ("s NOT LIKE 'a%'", "fttn"),
        ("s LIKE '%!%' ESCAPE '!'", "fftn"),
        ("s ILIKE 'äRGER_'", "fftn"),
        ("s LIKE s", "tttn"),
        ("s LIKE NULL", "nnnn"),
        ("s ~ '^a.c$'", "tffn"),
        ("s !~ 'b'", "fttn"),
        ("s REGEXP 'b'", "tffn"),
        ("s SIMILAR TO '(abc|x)'", "tffn"),
        ("regexp_matches(s, 'r+')", "fftn"),
        ("s IN ('abc', '')", "ttfn"),
        ("s IN ('abc','1','2','3','4','5','6','7','8')", "tffn"),
        ("length(s) = 6", "fftn"),
        ("char_length(s) = 3", "tffn"),
        ("upper(s) = 'ABC'", "tffn"),
        ("lower(s) = 'ärger%'", "fftn"),
        ("substr(s, 2, 1) = 'b'", "tffn"),
        ("substring(s from 2 for 2) = 'bc'", "tffn"),
        ("substr(s, 0, 2) = 'a'", "tffn"),
        ("trim('  abc ') = s", "tffn"),
        ("trim(both 'ac' from s) = 'b'", "tffn"),
        ("ltrim(s, 'a') = 'bc'", "tffn"),
        ("s || '!' = 'abc!'", "tffn"),
        ("starts_with(s, 'Ä')", "fftn"),
        ("contains(s, 'b') AND ends_with(s, 'c')", "tffn"),
        ("view LIKE '%more than%'", "ftfn"),
        ("view = s", "tffn"),
        ("region = 'eu'", "tftn"),
        ("region IN ('us', 'asia')", "ftfn"),
        ("s = 'it''s'", "fffn"),
    ]);
}

#[test]
fn dates_and_times() {
    table(&[
        ("day = DATE '2026-03-17'", "tffn"),
        ("day >= '2026-03-17'", "ttfn"),
        ("day < '2026-03-17 00:00:01'", "tftn"),
        ("t < '2026-03-17 05:00:00'", "tffn"),
        ("t >= TIMESTAMP '2026-03-17 05:00:00'", "fttn"),
        ("t >= TIMESTAMP '2026-03-17 06:00:00+01:00'", "fttn"),
        ("t >= '2026-03-17T05:00:00Z'", "fttn"),
        ("t = naive", "tttn"),
        ("t = '2026-03-17 05:00:00.000000001'", "fffn"),
        ("t < TIMESTAMP '9999-12-31 00:00:00'", "tttn"),
        ("t >= DATE '2026-03-18'", "fftn"),
        ("t >= DATE '2026-03-17' + INTERVAL '1 day'", "fftn"),
        ("t - INTERVAL '1' HOUR < '2026-03-17 04:00:00'", "tffn"),
        (
            "naive - TIMESTAMP '2026-03-17 05:00:00' > INTERVAL '2 hours'",
            "fftn",
        ),
        ("day + 1 = DATE '2026-03-18'", "tffn"),
        ("day - DATE '2026-03-16' = 1", "tffn"),
        ("extract(hour from t) = 5", "ftfn"),
        ("date_part('day', t) = 18", "fftn"),
        ("year(day) = 2026", "ttfn"),
        ("extract(epoch from naive) = 1773723600", "ftfn"),
        ("CAST(t AS DATE) = '2026-03-17'", "ttfn"),
        ("date(t) = day", "tffn"),
    ]);
}

#[test]
fn arithmetic_and_choices() {
    table(&[
        ("i + 1 = 2", "tffn"),
        ("-i = 2", "ftfn"),
        ("i * 2.5 = 7.5", "fftn"),
        ("i / 2 = 0.5", "tffn"),
        ("7 // i = 2", "fftn"),
        ("i % 2 = 1", "tftn"),
        ("1 / (i - 1) IS NULL", "tfft"),
        ("i % 0 IS NULL", "tttt"),
        ("f / 0 IS NULL", "tttt"),
        ("d + 0.5 = 11", "tffn"),
        ("d * d = 110.25", "tffn"),
        ("u + 1 = 18446744073709551616", "tffn"),
        ("abs(i) = 2", "ftfn"),
        ("round(f32, 1) = 0.1", "tffn"),
        (
            "round(2.5) = 3 AND floor(-1.5) = -2 AND ceil(1.2) = 2",
            "tttt",
        ),
        ("coalesce(i, 9) = 9", "ffft"),
        ("coalesce(NULL, s, 'none') = 'none'", "ffft"),
        ("nullif(i, 1) IS NULL", "tfft"),
        (
            "CASE WHEN i > 0 THEN 'p' WHEN i < 0 THEN 'm' ELSE '0' END = '0'",
            "ffft",
        ),
        ("CASE i WHEN 1 THEN TRUE END", "tnnn"),
        (
            "CASE WHEN large <> 'x' THEN CAST(large AS INT) END = 12",
            "tnfn",
        ),
        ("TRY_CAST(large AS INT) = -3", "fntn"),
        ("CAST(i AS VARCHAR) = '-2'", "ftfn"),
        ("CAST('7' AS INT) = 7", "tttt"),
        (
            "CAST(1.5 AS INT) = 2 AND CAST(2.5::DOUBLE AS INT) = 2",
            "tttt",
        ),
        ("CAST(d AS DOUBLE) = 10.5", "tffn"),
    ]);
}

#[test]
fn names() {
    table(&[
        ("\"Odd Name\" = 2", "ftfn"),
        ("I = 1", "tffn"),
        ("o.x = 1", "tnfn"),
        ("o.name = 'r'", "fftn"),
        ("O.\"Name\" = 'q'", "ftfn"),
        ("o.x IS NULL", "ftft"),
    ]);
    let predicate = Predicate::parse("a > 1 AND (b.c = 2 OR a < 0) AND (d AND e)").unwrap();
    assert_eq!(predicate.columns(), ["a", "b", "d", "e"]);
    let parts: Vec<String> = predicate
        .conjuncts()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(parts, ["a > 1", "(b.c = 2 OR a < 0)", "d", "e"]);
}

#[test]
fn laws() {
    for [left, right] in [
        ["NOT (ok AND i > 0)", "NOT ok OR NOT i > 0"],
        ["i BETWEEN 0 AND 2", "i >= 0 AND i <= 2"],
        ["f BETWEEN -1 AND 2", "f >= -1 AND f <= 2"],
        ["s IN ('abc', 'x')", "s = 'abc' OR s = 'x'"],
        ["s NOT IN ('abc', NULL)", "NOT (s = 'abc' OR s = NULL)"],
        ["f IS NOT DISTINCT FROM 0", "COALESCE(f = 0, FALSE)"],
    ] {
        assert_eq!(rows(left), rows(right), "{left}");
    }
}

#[test]
fn empty_batches() {
    let batch = batch();
    for sql in [
        "i = 1",
        "CASE WHEN i > 0 THEN s ELSE 'x' END LIKE 'a%'",
        "round(f, 2) = 1",
        "o.x IN (1, 2)",
        "TRUE",
    ] {
        let bound = Predicate::parse(sql)
            .unwrap()
            .bind(&batch.schema())
            .unwrap();
        assert_eq!(
            bound.evaluate(&batch.slice(0, 0)).unwrap().len(),
            0,
            "{sql}"
        );
    }
}

#[test]
fn units_of_time_meet() {
    let array: ArrayRef = Arc::new(TimestampSecondArray::from(vec![1, 2]));
    let batch = RecordBatch::try_from_iter([("t", array)]).unwrap();
    let test = |sql: &str| {
        Predicate::parse(sql)
            .unwrap()
            .bind(&batch.schema())
            .unwrap()
            .evaluate(&batch)
            .unwrap()
            .true_count()
    };
    assert_eq!(
        batch.schema().field(0).data_type(),
        &DataType::Timestamp(TimeUnit::Second, None)
    );
    assert_eq!(test("t >= TIMESTAMP '1970-01-01 00:00:01.5'"), 1);
    assert_eq!(test("t = TIMESTAMP '1970-01-01 00:00:01'"), 1);
}

#[test]
fn values_that_a_predicate_requires() {
    let batch = batch();
    let required = |sql: &str| -> Vec<String> {
        let bound = Predicate::parse(sql)
            .unwrap()
            .bind(&batch.schema())
            .unwrap();
        bound
            .required_values()
            .into_iter()
            .map(|(column, values)| format!("{column}:{}", values.len()))
            .collect()
    };
    assert_eq!(
        required("i = 1 AND s IN ('a', 'b') AND big > 2"),
        ["i:1", "s:2"]
    );
    assert_eq!(required("i = 1 OR s = 'a'"), [""; 0]);
    assert_eq!(
        required("NOT i = 1 AND f = 1 AND i + 1 = 2 AND i = NULL"),
        [""; 0]
    );
    assert_eq!(required("region = 'eu'"), ["region:1"]);
}
