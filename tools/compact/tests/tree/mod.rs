//! Trees of small files, and what they hold.

#![allow(dead_code)]

use arrow_array::*;
use arrow_select::concat::concat_batches;
use millrace_dataset::evolution::{Evolution, adapt_batch};
use millrace_dataset::listing::list;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{KeyValue, PageIndexPolicy};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

/// `parts` files of `rows` rows each in `order_hour=0..hours`, as Spark names them.
pub(crate) fn write(root: &Path, hours: i64, parts: i64, rows: i64) {
    for hour in 0..hours {
        let folder = root.join(format!("order_hour={hour}"));
        fs::create_dir_all(&folder).unwrap();
        for part in 0..parts {
            file(
                &folder.join(format!("part-{part:03}.zstd.parquet")),
                &batch((hour * parts + part) * rows, rows),
                &[],
            );
        }
    }
    fs::write(root.join("_SUCCESS"), "").unwrap();
}

pub(crate) fn batch(first: i64, rows: i64) -> RecordBatch {
    let ids: Int64Array = (first..first + rows).map(Some).collect();
    let texts: StringArray = (first..first + rows)
        .map(|n| (n % 5 != 0).then(|| format!("text {}", n.wrapping_mul(0x9e37_79b9))))
        .collect();
    let columns: Vec<(&str, ArrayRef)> = vec![("id", Arc::new(ids)), ("text", Arc::new(texts))];
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap()
}

/// A file as pyarrow and DuckDB write them by themselves: without page indexes.
pub(crate) fn plain_file(path: &Path, batch: &RecordBatch) {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap()))
        .set_data_page_row_count_limit(1000)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .build();
    close(path, batch, properties);
}

pub(crate) fn file(path: &Path, batch: &RecordBatch, metadata: &[(&str, &str)]) {
    let pairs = metadata
        .iter()
        .map(|(key, value)| KeyValue::new((*key).to_owned(), (*value).to_owned()))
        .collect();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap()))
        .set_key_value_metadata(Some(pairs))
        .set_dictionary_enabled(false)
        .set_data_page_row_count_limit(1000)
        .set_column_bloom_filter_enabled("id".into(), true)
        .set_statistics_enabled(EnabledStatistics::Page)
        .build();
    close(path, batch, properties);
}

pub(crate) fn close(path: &Path, batch: &RecordBatch, properties: WriterProperties) {
    let mut writer = ArrowWriter::try_new(
        File::create(path).unwrap(),
        batch.schema(),
        Some(properties),
    )
    .unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

pub(crate) fn footer(path: &Path) -> ArrowReaderMetadata {
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
    ArrowReaderMetadata::load(&File::open(path).unwrap(), options).unwrap()
}

/// Each partition's rows in the order of its files, and how many files there are.
pub(crate) fn read(root: &Path) -> BTreeMap<String, (usize, RecordBatch)> {
    let read = |path: &Path| {
        let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
        let schema = builder.schema().clone();
        let batches: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
        concat_batches(&schema, &batches).unwrap()
    };
    let of_partition = |partition: millrace_dataset::listing::Partition| {
        let batches: Vec<RecordBatch> = partition
            .files
            .iter()
            .map(|file| read(&file.path))
            .collect();
        let mut evolution = Evolution::default();
        batches
            .iter()
            .for_each(|batch| evolution.add("", &batch.schema()).unwrap());
        let schema = evolution.schema();
        let batches: Vec<RecordBatch> = batches
            .iter()
            .map(|batch| adapt_batch(batch, &schema).unwrap())
            .collect();
        (
            partition.path,
            (
                partition.files.len(),
                concat_batches(&schema, &batches).unwrap(),
            ),
        )
    };
    list(root).unwrap().into_iter().map(of_partition).collect()
}

/// The rows alone, in the order of their ids.
pub(crate) fn ids(root: &Path) -> BTreeMap<String, Vec<i64>> {
    use arrow_array::cast::AsArray;
    let ids = |batch: &RecordBatch| {
        let column = arrow_cast::cast(
            batch.column_by_name("id").unwrap(),
            &arrow_schema::DataType::Int64,
        )
        .unwrap();
        let mut ids = column.as_primitive::<types::Int64Type>().values().to_vec();
        ids.sort_unstable();
        ids
    };
    read(root)
        .into_iter()
        .map(|(path, (_, batch))| (path, ids(&batch)))
        .collect()
}
