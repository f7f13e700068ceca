//! Row groups as record batches: as the parquet crate has them, whatever they are coded in,
//! and errors instead of panics on damaged ones.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

use arrow_array::builder::{Int32Builder, ListBuilder};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, StructArray};
use arrow_schema::{DataType, Field};
use arrow_select::concat::concat_batches;
use millrace_dataset::read::{Source, record_batches};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use std::path::Path;
use std::sync::Arc;

/// A text that does not compress well.
fn scattered(n: i64) -> String {
    format!(
        "{:032x}",
        (n as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    )
}

fn rows(count: i64) -> RecordBatch {
    let every = |n: i64, step| (n % step != 0).then_some(n);
    let ids = Int64Array::from_iter((0..count).map(|n| every(n * 7, 3)));
    let names =
        StringArray::from_iter((0..count).map(|n| every(n, 5).map(|n| format!("n{}", n % 9))));
    let long = StringArray::from_iter_values((0..count).map(scattered));
    let none = Float64Array::from_iter((0..count).map(|_| None::<f64>));
    let mut lists = ListBuilder::new(Int32Builder::new());
    for n in 0..count {
        (0..n % 4).for_each(|item| {
            lists
                .values()
                .append_option((item != 2).then_some(item as i32))
        });
        lists.append(n % 6 != 0);
    }
    let inner: ArrayRef = Arc::new(names.clone());
    let field = Arc::new(Field::new("name", DataType::Utf8, true));
    let structs = StructArray::from(vec![(field, inner)]);
    let columns: [(&str, ArrayRef); 6] = [
        ("id", Arc::new(ids)),
        ("name", Arc::new(names)),
        ("long", Arc::new(long)),
        ("none", Arc::new(none)),
        ("list", Arc::new(lists.finish())),
        ("struct", Arc::new(structs)),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
        .unwrap()
}

fn write(path: &Path, batch: &RecordBatch, properties: WriterProperties) {
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// All rows of some row groups, by us.
fn ours(path: &Path, groups: &[usize], batch_rows: usize) -> Result<Vec<RecordBatch>, String> {
    let source = Source::open(path).map_err(|error| error.to_string())?;
    let footer = source
        .metadata(false)
        .map_err(|failure| failure.to_string())?;
    let mut reader = source
        .guarded(|| record_batches(&source, &footer, groups, batch_rows))
        .map_err(|failure| failure.to_string())?;
    let mut batches = Vec::new();
    loop {
        match source.guarded(|| Ok(reader.next())) {
            Ok(None) => return Ok(batches),
            Ok(Some(batch)) => batches.push(batch.map_err(|error| error.to_string())?),
            Err(failure) => return Err(failure.to_string()),
        }
    }
}

/// The same by the parquet crate.
fn theirs(path: &Path, groups: &[usize], batch_rows: usize) -> Vec<RecordBatch> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(path).unwrap());
    let builder = builder.unwrap().with_row_groups(groups.to_vec());
    let reader = builder.with_batch_size(batch_rows).build().unwrap();
    reader.map(Result::unwrap).collect()
}

#[test]
fn rows_are_those_of_the_crate_for_every_codec_and_version() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let batch = rows(3000);
    for codec in [
        Compression::ZSTD(ZstdLevel::try_new(1).unwrap()),
        Compression::ZSTD(ZstdLevel::try_new(19).unwrap()),
        Compression::SNAPPY,
        Compression::LZ4_RAW,
        Compression::GZIP(GzipLevel::default()),
        Compression::UNCOMPRESSED,
    ] {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            for dictionary in [true, false] {
                let properties = WriterProperties::builder()
                    .set_compression(codec)
                    .set_writer_version(version)
                    .set_dictionary_enabled(dictionary)
                    .set_data_page_row_count_limit(300)
                    .set_write_batch_size(100)
                    .set_max_row_group_row_count(Some(1100));
                write(&path, &batch, properties.build());
                for (groups, batch_rows) in [(&[0, 1, 2][..], 700), (&[2, 0], 8192), (&[1], 1)] {
                    let found = ours(&path, groups, batch_rows).unwrap();
                    assert_eq!(
                        found,
                        theirs(&path, groups, batch_rows),
                        "{codec} {version:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn row_groups_of_any_size_and_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    // The first is larger than what is fetched at once.
    let batch = rows(120_000);
    let properties = WriterProperties::builder()
        .set_encoding(Encoding::PLAIN)
        .set_dictionary_enabled(false)
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap()))
        .set_max_row_group_row_count(Some(110_000));
    write(&path, &batch, properties.build());
    assert!(std::fs::metadata(&path).unwrap().len() > 2 << 20);
    let found = ours(&path, &[0, 1], 5000).unwrap();
    assert_eq!(concat_batches(&batch.schema(), &found).unwrap(), batch);

    write(&path, &rows(0), WriterProperties::default());
    assert_eq!(ours(&path, &[], 10).unwrap(), []);
}

#[test]
fn many_small_row_groups_are_not_fetched_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let batch = rows(100_000);
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_max_row_group_row_count(Some(5000));
    write(&path, &batch, properties.build());
    let source = Source::open(&path).unwrap();
    let footer = source.metadata(false).unwrap();
    let groups: Vec<usize> = (0..20).collect();
    let before = source.bytes_read();
    let reader = record_batches(&source, &footer, &groups, 1000).unwrap();
    let fetched = source.bytes_read() - before;
    assert!(source.size() > 4 << 20 && fetched <= 1 << 20, "{fetched}");
    let found: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    assert_eq!(concat_batches(&batch.schema(), &found).unwrap(), batch);
}

#[test]
fn damage_is_told_and_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let batch = rows(200);
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap()))
            .set_writer_version(version);
        write(&path, &batch, properties.build());
        let bytes = std::fs::read(&path).unwrap();
        let mut told = 0;
        for place in 4..bytes.len() - 8 {
            for bit in [0x01, 0x80] {
                let mut damaged = bytes.clone();
                damaged[place] ^= bit;
                std::fs::write(&path, damaged).unwrap();
                // What is in order but for its values is read; the rest has a reason.
                told += usize::from(ours(&path, &[0], 64).is_err_and(|reason| !reason.is_empty()));
            }
        }
        assert!(told > bytes.len() / 3, "{told} of {}", 2 * bytes.len());
    }
}
