//! Which folder each row gets, and what is refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

use arrow_array::*;
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use millrace_dataset::spec::{Keys, Spec};
use millrace_fault::{Coded, Exit};
use std::sync::Arc;

fn paths(
    spec: &str,
    columns: Vec<(&str, ArrayRef)>,
) -> Result<Vec<String>, millrace_dataset::spec::SpecError> {
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true)))
            .unwrap();
    let bound = Spec::parse(spec)?.bind(&batch.schema())?;
    let mut keys = Keys::new(bound, 1000);
    let ids = keys.assign(&batch)?.to_vec();
    Ok(ids
        .into_iter()
        .map(|id| keys.path(id).to_string())
        .collect())
}

fn micros(values: Vec<Option<i64>>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC"))
}

#[test]
fn dates_and_hours_of_timestamps() {
    let ts = micros(vec![
        Some(1_773_723_599_999_999),
        Some(1_773_723_600_000_000),
        None,
        Some(-1),
    ]);
    assert_eq!(
        paths("d=date(ts),h=hour(ts)", vec![("ts", ts)]).unwrap(),
        [
            "d=2026-03-17/h=04",
            "d=2026-03-17/h=05",
            "d=__HIVE_DEFAULT_PARTITION__/h=__HIVE_DEFAULT_PARTITION__",
            "d=1969-12-31/h=23"
        ]
    );
}

/// Days and hours are remembered in slots, which values far apart share.
#[test]
fn times_in_any_order_get_what_each_gets_alone() {
    const HOUR: i64 = 3_600_000_000;
    let mut seed = 7_u64;
    let mut random = |below: i64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as i64 % below
    };
    let times: Vec<i64> = (0..2000)
        .map(|_| (random(3) - 1) * 256 * HOUR + random(300) * HOUR / 4 - 50 * HOUR)
        .collect();
    for zone in [None, Some("Asia/Kolkata"), Some("Australia/Lord_Howe")] {
        let mut spec = Spec::parse("y=year(ts),d=date(ts),h=hour(ts)").unwrap();
        spec.zone = zone.map(str::to_owned);
        let assigned = |values: Vec<i64>| {
            let column = micros(values.into_iter().map(Some).collect());
            let batch = RecordBatch::try_from_iter([("ts", column)]).unwrap();
            let mut keys = Keys::new(spec.bind(&batch.schema()).unwrap(), 10_000);
            let ids = keys.assign(&batch).unwrap().to_vec();
            let path = |id: &u32| keys.path(*id).to_string();
            ids.iter().map(path).collect::<Vec<String>>()
        };
        let together = assigned(times.clone());
        for (time, found) in times.iter().zip(&together).step_by(7) {
            let alone = assigned(vec![*time]);
            assert_eq!(alone.first(), Some(found), "{time} in {zone:?}");
        }
    }
}

#[test]
fn every_unit_and_both_dates_agree() {
    let second = 1_773_723_600_i64;
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(TimestampSecondArray::from(vec![second])),
        Arc::new(TimestampMillisecondArray::from(vec![second * 1_000])),
        Arc::new(TimestampMicrosecondArray::from(vec![second * 1_000_000])),
        Arc::new(TimestampNanosecondArray::from(vec![second * 1_000_000_000])),
    ];
    for array in arrays {
        let found = paths(
            "y=year(c),m=month(c),d=day(c),h=hour(c)",
            vec![("c", array)],
        )
        .unwrap();
        assert_eq!(found, ["y=2026/m=03/d=17/h=05"]);
    }
    for array in [
        Arc::new(Date32Array::from(vec![20529])) as ArrayRef,
        Arc::new(Date64Array::from(vec![20529 * 86_400_000])),
    ] {
        assert_eq!(
            paths("x=date(c)", vec![("c", array)]).unwrap(),
            ["x=2026-03-17"]
        );
    }
}

#[test]
fn plain_columns_of_every_type() {
    let cases: Vec<(ArrayRef, &str)> = vec![
        (Arc::new(StringArray::from(vec!["a/b"])), "c=a%2Fb"),
        (Arc::new(LargeStringArray::from(vec![""])), "c="),
        (Arc::new(StringViewArray::from(vec!["..%2F"])), "c=..%252F"),
        (
            Arc::new(StringArray::from_iter::<[Option<&str>; 1]>([None])),
            "c=__HIVE_DEFAULT_PARTITION__",
        ),
        (Arc::new(Int8Array::from(vec![-7])), "c=-7"),
        (Arc::new(UInt32Array::from(vec![u32::MAX])), "c=4294967295"),
        (
            Arc::new(UInt64Array::from(vec![u64::MAX])),
            "c=18446744073709551615",
        ),
        (
            Arc::new(Int64Array::from(vec![i64::MIN])),
            "c=-9223372036854775808",
        ),
        (Arc::new(BooleanArray::from(vec![true])), "c=true"),
        (Arc::new(Date32Array::from(vec![0])), "c=1970-01-01"),
        (
            Arc::new(
                Decimal128Array::from(vec![-1450])
                    .with_precision_and_scale(9, 2)
                    .unwrap(),
            ),
            "c=-14.50",
        ),
        (
            Arc::new(
                vec!["x"]
                    .into_iter()
                    .collect::<DictionaryArray<types::Int32Type>>(),
            ),
            "c=x",
        ),
    ];
    for (array, expected) in cases {
        let kind = array.data_type().clone();
        assert_eq!(
            paths("c", vec![("c", array)]).unwrap(),
            [expected],
            "{kind}"
        );
    }
}

#[test]
fn buckets_and_truncation_follow_iceberg() {
    let one = |spec: &str, array: ArrayRef| paths(spec, vec![("c", array)]).unwrap().remove(0);
    let bucket = |hash: i32| format!("b={}", (hash & i32::MAX) % 100);
    let instant = 1_510_871_468_000_000;
    assert_eq!(
        one("b=bucket(100,c)", Arc::new(Int32Array::from(vec![34]))),
        bucket(2017239379)
    );
    assert_eq!(
        one(
            "b=bucket(100,c)",
            Arc::new(StringArray::from(vec!["iceberg"]))
        ),
        bucket(1210000089)
    );
    assert_eq!(
        one("b=bucket(100,c)", micros(vec![Some(instant)])),
        bucket(-2047944441)
    );
    assert_eq!(
        one(
            "b=bucket(100,c)",
            Arc::new(TimestampNanosecondArray::from(vec![instant * 1000 + 999]))
        ),
        bucket(-2047944441)
    );
    assert_eq!(
        one(
            "b=bucket(100,c)",
            Arc::new(TimestampSecondArray::from(vec![instant / 1_000_000]))
        ),
        bucket(-2047944441)
    );
    assert_eq!(
        one("b=bucket(100,c)", Arc::new(Date32Array::from(vec![17_486]))),
        bucket(-653330422)
    );
    assert_eq!(
        one(
            "b=bucket(100,c)",
            Arc::new(BinaryArray::from(vec![&[0u8, 1, 2, 3][..]]))
        ),
        bucket(-188683207)
    );
    let decimal = Decimal128Array::from(vec![1420])
        .with_precision_and_scale(9, 2)
        .unwrap();
    assert_eq!(
        one("b=bucket(100,c)", Arc::new(decimal)),
        bucket(-500754589)
    );
    let decimal = Decimal128Array::from(vec![1065, -1065, 5])
        .with_precision_and_scale(9, 2)
        .unwrap();
    assert_eq!(
        paths("t=truncate(50,c)", vec![("c", Arc::new(decimal))]).unwrap(),
        ["t=10.50", "t=-11.00", "t=0.00"]
    );
    assert_eq!(
        paths(
            "t=truncate(10,c)",
            vec![("c", Arc::new(Int32Array::from(vec![1, -1, 19])))]
        )
        .unwrap(),
        ["t=0", "t=-10", "t=10"]
    );
    assert_eq!(
        paths(
            "t=truncate(2,c)",
            vec![("c", Arc::new(StringArray::from(vec!["äöü", "äöx", ""])))]
        )
        .unwrap(),
        ["t=äö", "t=äö", "t="]
    );
}

#[test]
fn truncation_at_the_lower_end_does_not_overflow() {
    let found = paths(
        "t=truncate(10,c)",
        vec![("c", Arc::new(Int64Array::from(vec![i64::MIN])))],
    )
    .unwrap();
    assert_eq!(found, ["t=-9223372036854775808"]);
}

#[test]
fn what_cannot_be_computed_is_a_usage_error_that_helps() {
    let schema: SchemaRef = Arc::new(Schema::new(vec![
        Field::new("ts", DataType::Timestamp(TimeUnit::Microsecond, None), true),
        Field::new("day", DataType::Date32, true),
        Field::new("price", DataType::Float64, true),
    ]));
    for (spec, part) in [
        (
            "d=date(when)",
            "no column 'when' for 'd=date(when)'; the columns are ts, day, price",
        ),
        (
            "h=hour(day)",
            "column 'day' is Date32, expected a timestamp",
        ),
        ("price", "column 'price' is Float64, expected a string"),
        ("b=bucket(4,price)", "expected a string, an integer"),
        (
            "t=truncate(4,ts)",
            "expected a string, an integer or a decimal",
        ),
    ] {
        let error = Spec::parse(spec).unwrap().bind(&schema).unwrap_err();
        assert_eq!(error.exit(), Exit::USAGE);
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn values_without_a_folder_are_refused_by_name() {
    let long = "x".repeat(300);
    let error = paths(
        "c",
        vec![("c", Arc::new(StringArray::from(vec![long.as_str()])))],
    )
    .unwrap_err();
    assert_eq!(error.exit(), Exit::DATA);
    assert!(error.to_string().contains("'xxxxxxx"), "{error}");
    assert!(
        error.to_string().contains("302 bytes when escaped"),
        "{error}"
    );
    let error = paths("d=date(c)", vec![("c", micros(vec![Some(i64::MAX)]))]).unwrap_err();
    assert!(error.to_string().contains("years 0000 to 9999"), "{error}");
}

#[test]
fn too_many_partitions_are_refused_with_advice() {
    let batch = RecordBatch::try_from_iter([(
        "c",
        Arc::new(Int64Array::from_iter_values(0..11)) as ArrayRef,
    )])
    .unwrap();
    let mut keys = Keys::new(Spec::parse("c").unwrap().bind(&batch.schema()).unwrap(), 10);
    let error = keys.assign(&batch).unwrap_err();
    assert_eq!(error.exit(), Exit::DATA);
    assert!(error.hint().unwrap().contains("--max-partitions"));
}

#[test]
fn a_column_of_the_partitions_name_must_agree() {
    let ts = || micros(vec![Some(1_773_723_600_000_000), None]);
    let spec = "d=date(ts),h=hour(ts)";
    let day: ArrayRef = Arc::new(Date32Array::from(vec![Some(20529), None]));
    for hour in [
        Arc::new(Int32Array::from(vec![Some(5), None])) as ArrayRef,
        Arc::new(StringArray::from(vec![Some("05"), None])),
    ] {
        paths(spec, vec![("ts", ts()), ("d", day.clone()), ("h", hour)]).unwrap();
    }
    let wrong: ArrayRef = Arc::new(Int64Array::from(vec![Some(6), None]));
    let error = paths(spec, vec![("ts", ts()), ("d", day), ("h", wrong)]).unwrap_err();
    assert_eq!(error.exit(), Exit::DATA);
    assert_eq!(
        error.to_string(),
        "row 1: column 'h' is '6', but 'h=hour(ts)' gives '05'"
    );
}

#[test]
fn files_hold_what_the_path_does_not_give_back() {
    let schema: SchemaRef = Arc::new(Schema::new(vec![
        Field::new("ts", DataType::Date32, true),
        Field::new("region", DataType::Utf8, true),
        Field::new("d", DataType::Date32, true),
        Field::new("v", DataType::Int64, true),
    ]));
    let bound = Spec::parse("d=date(ts),region")
        .unwrap()
        .bind(&schema)
        .unwrap();
    assert_eq!(bound.file_columns(false), [0, 3]);
    assert_eq!(bound.file_columns(true), [0, 1, 2, 3]);
    assert_eq!(bound.fields()[0].data_type(), &DataType::Date32);
}
