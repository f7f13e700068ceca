//! A tree as Spark leaves it, with small row groups and pages, bloom filters, and files
//! whose columns differ.

#![allow(dead_code)]

use arrow_array::*;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use millrace_stream::{Kind, Reader};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use std::fs::{self, File};
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

pub(crate) const DAYS: i32 = 3;
pub(crate) const HOURS: i32 = 4;
pub(crate) const ROWS: i64 = 600;

/// `order_date=2026-03-17/order_hour=0/part-0.parquet` and so on: 12 partitions, 24 files.
pub(crate) fn write(root: &Path) {
    for day in 0..DAYS {
        for hour in 0..HOURS {
            let folder = root.join(format!("order_date=2026-03-{}/order_hour={hour}", 17 + day));
            fs::create_dir_all(&folder).unwrap();
            for part in 0..2 {
                let first = i64::from((day * HOURS + hour) * 2 + part) * ROWS;
                let batch = if part == 0 {
                    rows(first)
                } else {
                    newer(&rows(first))
                };
                file(&folder.join(format!("part-{part}.snappy.parquet")), &batch);
                fs::write(
                    folder.join(format!(".part-{part}.snappy.parquet.crc")),
                    "crc",
                )
                .unwrap();
            }
        }
    }
    fs::write(root.join("_SUCCESS"), "").unwrap();
}

/// Ids rise over the whole dataset.
pub(crate) fn rows(first: i64) -> RecordBatch {
    let ids = first..first + ROWS;
    let each = |n: i64| n - first;
    let amounts = ids.clone().map(|n| match n % 11 {
        0 => None,
        1 => Some(f64::NAN),
        2 => Some(-0.0),
        _ => Some((n % 97) as f64 / 4.0),
    });
    let regions = ids
        .clone()
        .map(|n| (n % 7 != 3).then(|| ["eu", "us", "asia", "é"][(n / 50 % 4) as usize]));
    let times = ids
        .clone()
        .map(|n| Some(1_773_705_600_000_000 + n * 1_000_000));
    let prices = ids
        .clone()
        .map(|n| (n % 5 != 0).then_some(i128::from(each(n) * 7 % 1000)));
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "id",
            Arc::new(ids.clone().map(|n| n as i32).collect::<Int32Array>()),
        ),
        ("amount", Arc::new(amounts.collect::<Float64Array>())),
        ("region", Arc::new(regions.collect::<StringArray>())),
        (
            "ts",
            Arc::new(
                times
                    .collect::<TimestampMicrosecondArray>()
                    .with_timezone("UTC"),
            ),
        ),
        (
            "price",
            Arc::new(
                prices
                    .collect::<Decimal128Array>()
                    .with_precision_and_scale(10, 2)
                    .unwrap(),
            ),
        ),
        (
            "ok",
            Arc::new(
                ids.map(|n| (n % 13 != 0).then_some(n % 2 == 0))
                    .collect::<BooleanArray>(),
            ),
        ),
    ];
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap()
}

/// The same with a column more, one less, another order, and a wider id.
fn newer(batch: &RecordBatch) -> RecordBatch {
    let id = batch.column(0).clone();
    let wide = arrow_cast::cast(&id, &DataType::Int64).unwrap();
    let note: StringArray = (0..batch.num_rows())
        .map(|n| (n % 3 == 0).then(|| format!("note {n}")))
        .collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("region", batch.column(2).clone()),
        ("note", Arc::new(note)),
        ("amount", batch.column(1).clone()),
        ("id", wide),
        ("price", batch.column(4).clone()),
        ("ts", batch.column(3).clone()),
    ];
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap()
}

pub(crate) fn file(path: &Path, batch: &RecordBatch) {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(200))
        .set_data_page_row_count_limit(40)
        .set_write_batch_size(20)
        .set_dictionary_enabled(false)
        .set_column_bloom_filter_enabled("id".into(), true)
        .set_column_bloom_filter_enabled("region".into(), true)
        .set_statistics_enabled(EnabledStatistics::Page)
        .build();
    let mut writer = ArrowWriter::try_new(
        File::create(path).unwrap(),
        batch.schema(),
        Some(properties),
    )
    .unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// A stream's schema and all of its rows.
pub(crate) fn read(stream: &[u8]) -> RecordBatch {
    let mut reader = Reader::new(Cursor::new(stream.to_vec()), "stdout", Kind::Pipe).unwrap();
    let schema = reader.schema();
    let mut batches = Vec::new();
    while let Some(batch) = reader.next().unwrap() {
        batches.push(batch);
    }
    arrow_select::concat::concat_batches(&schema, &batches).unwrap()
}

/// The columns that the tree has as a whole.
pub(crate) fn schema() -> Schema {
    let field = |name: &str, data_type| Field::new(name, data_type, true);
    Schema::new(vec![
        field("id", DataType::Int64),
        field("amount", DataType::Float64),
        field("region", DataType::Utf8),
        field(
            "ts",
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        ),
        field("price", DataType::Decimal128(10, 2)),
        field("ok", DataType::Boolean),
        field("note", DataType::Utf8),
        field("order_date", DataType::Date32),
        field("order_hour", DataType::Int64),
    ])
}
