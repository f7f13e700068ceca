//! Timestamps of 96 bits: microseconds, and nothing that does not fit.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use bytes::Bytes;
use millrace_fault::{Failure, guarded};
use millrace_pages::{Rows, footer};
use parquet::arrow::add_encoded_arrow_schema_to_metadata;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{Int96, Int96Type};
use parquet::file::metadata::{KeyValue, PageIndexPolicy};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::sync::Arc;

const DAY: i64 = 86_400_000_000;

/// Days since 1970 and nanoseconds of the day.
fn instant(days: i32, nanos: u64) -> Int96 {
    let day = 2_440_588i64 + i64::from(days);
    Int96::from(vec![nanos as u32, (nanos >> 32) as u32, day as u32])
}

/// A file with the column `at` of three rows, the second null, and with lists `all` of them.
fn file(values: [Int96; 2], properties: WriterProperties) -> Bytes {
    let schema = "message rows {
        optional int96 at;
        optional group all (LIST) { repeated group list { optional int96 element; } }
    }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let levels = [(vec![1, 0, 1], None), (vec![3, 0, 3], Some(vec![0, 0, 0]))];
    for (definition, repetition) in levels {
        let mut column = group.next_column().unwrap().unwrap();
        let typed = column.typed::<Int96Type>();
        let repetition = repetition.as_deref();
        typed
            .write_batch(&values, Some(&definition), repetition)
            .unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.into_inner().unwrap().into()
}

fn read(file: &Bytes) -> Result<RecordBatch, String> {
    let damaged = |error: &dyn ToString| Failure::data(error.to_string());
    let read = || {
        let footer = footer(file, PageIndexPolicy::Skip).map_err(|e| damaged(&e))?;
        let rows = Rows::new(file.clone(), &footer).read();
        let mut rows = rows.map_err(|e| damaged(&e))?;
        rows.next().unwrap().map_err(|e| damaged(&e))
    };
    guarded("x", read).map_err(|failure| failure.to_string())
}

/// Every way to store the values.
fn ways() -> Vec<WriterPropertiesBuilder> {
    let mut ways = Vec::new();
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        for codec in [Compression::ZSTD(ZstdLevel::default()), Compression::SNAPPY] {
            for dictionary in [true, false] {
                let way = WriterProperties::builder().set_writer_version(version);
                let way = way
                    .set_compression(codec)
                    .set_dictionary_enabled(dictionary);
                ways.push(way);
            }
        }
    }
    ways
}

fn micros(array: &ArrayRef) -> Vec<Option<i64>> {
    array
        .as_primitive::<TimestampMicrosecondType>()
        .iter()
        .collect()
}

#[test]
fn far_years_are_what_they_are() {
    // 9999-12-31 and 1500-01-01, beyond what nanoseconds reach.
    let values = [instant(2_932_896, 1000), instant(-171_664, 0)];
    let expected = vec![Some(2_932_896 * DAY + 1), None, Some(-171_664 * DAY)];
    for way in ways() {
        let batch = read(&file(values, way.build())).unwrap();
        assert_eq!(micros(batch.column(0)), expected);
        let lists = batch.column(1).as_list::<i32>();
        assert_eq!(micros(lists.values()), [expected[0], expected[2]]);
    }
}

#[test]
fn those_of_spark_are_instants() {
    let version = KeyValue::new("org.apache.spark.version".to_owned(), "3.5.1".to_owned());
    let way = WriterProperties::builder().set_key_value_metadata(Some(vec![version]));
    let batch = read(&file([instant(0, 0); 2], way.build())).unwrap();
    let zoned = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    assert_eq!(batch.column(0).data_type(), &zoned);
}

#[test]
fn what_does_not_fit_is_refused() {
    for way in ways() {
        let file = file([instant(0, 0), instant(1, 1500)], way.build());
        let told = read(&file).unwrap_err();
        let expected =
            "a timestamp of 96 bits is no whole number of microseconds that 64 bits hold";
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn an_arrow_schema_tells_the_unit() {
    let nanos = DataType::Timestamp(TimeUnit::Nanosecond, None);
    let item = Arc::new(Field::new("element", nanos.clone(), true));
    let schema = Schema::new(vec![
        Field::new("at", nanos.clone(), true),
        Field::new("all", DataType::List(item), true),
    ]);
    for way in ways() {
        let mut properties = way.build();
        add_encoded_arrow_schema_to_metadata(&schema, &mut properties);
        let fits = file([instant(0, 0), instant(1, 1500)], properties.clone());
        assert_eq!(read(&fits).unwrap().column(0).data_type(), &nanos);
        let told = read(&file([instant(0, 0), instant(2_932_896, 0)], properties)).unwrap_err();
        assert!(told.contains("no whole number of nanoseconds"), "{told}");
    }
}
