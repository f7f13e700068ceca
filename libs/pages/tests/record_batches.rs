//! Row groups as record batches: as the parquet crate has them, whatever they are coded in,
//! and errors instead of panics on damaged ones.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

use arrow_array::builder::{Int32Builder, ListBuilder};
use arrow_array::{
    ArrayRef, FixedSizeBinaryArray, Float64Array, Int64Array, RecordBatch, StringArray, StructArray,
};
use arrow_schema::{DataType, Field};
use arrow_select::concat::concat_batches;
use bytes::Bytes;
use millrace_fault::{Failure, guarded};
use millrace_pages::Rows;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::reader::{ChunkReader, Length};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    let digests = (0..count).map(|n| every(n, 4).map(|n| (n as u128 * 77).to_be_bytes()));
    let digests = FixedSizeBinaryArray::try_from_sparse_iter_with_size(digests, 16).unwrap();
    let columns: [(&str, ArrayRef); 7] = [
        ("digest", Arc::new(digests)),
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

/// A file whose fetched bytes are counted.
#[derive(Clone)]
struct Counted {
    bytes: Bytes,
    read: Arc<AtomicUsize>,
}

impl Counted {
    fn open(path: &Path) -> Counted {
        Counted {
            bytes: std::fs::read(path).unwrap().into(),
            read: Arc::default(),
        }
    }

    fn read(&self) -> usize {
        self.read.load(Ordering::Relaxed)
    }
}

impl Length for Counted {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }
}

impl ChunkReader for Counted {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        self.bytes.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        self.read.fetch_add(length, Ordering::Relaxed);
        self.bytes.get_bytes(start, length)
    }
}

fn footer(file: &Counted, policy: PageIndexPolicy) -> ArrowReaderMetadata {
    let options = ArrowReaderOptions::new().with_page_index_policy(policy);
    ArrowReaderMetadata::load(file, options).unwrap()
}

/// All rows of some row groups, by us.
fn ours(path: &Path, groups: &[usize], batch_rows: usize) -> Result<Vec<RecordBatch>, String> {
    ours_of(std::fs::read(path).unwrap().into(), groups, batch_rows)
}

fn ours_of(file: Bytes, groups: &[usize], batch_rows: usize) -> Result<Vec<RecordBatch>, String> {
    let read = || {
        let footer = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new());
        let footer = footer.map_err(|error| Failure::data(error.to_string()))?;
        let rows = Rows::new(file, &footer).groups(groups);
        let reader = rows.batch_rows(batch_rows).read();
        let batches = reader.map_err(|error| Failure::data(error.to_string()))?;
        let batches: Result<Vec<_>, _> = batches.collect();
        batches.map_err(|error| Failure::data(error.to_string()))
    };
    guarded("x", read).map_err(|failure| failure.to_string())
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

/// The types of the columns of all batches, where they do not change.
fn types(batches: &[RecordBatch]) -> Vec<DataType> {
    let types = |batch: &RecordBatch| -> Vec<DataType> {
        let fields = batch.schema();
        fields
            .fields()
            .iter()
            .map(|field| field.data_type().clone())
            .collect()
    };
    let all: Vec<_> = batches.iter().map(types).collect();
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
    all[0].clone()
}

#[test]
fn dictionaries_are_kept_where_that_is_quicker() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let batch = rows(3000);
    let keyed = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let read = |groups: &[usize], batch_rows| {
        let file: Bytes = std::fs::read(&path).unwrap().into();
        let footer = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).unwrap();
        let rows = Rows::new(file, &footer)
            .groups(groups)
            .batch_rows(batch_rows);
        let reader = rows.with_dictionaries().read().unwrap();
        let found: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
        let kept: Vec<bool> = types(&found).iter().map(|found| *found == keyed).collect();
        let plain = |array: &ArrayRef, wanted: &ArrayRef| {
            arrow_cast::cast(array, wanted.data_type()).unwrap()
        };
        let expected = theirs(&path, groups, batch_rows);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            for (found, expected) in found.columns().iter().zip(expected.columns()) {
                assert_eq!(&plain(found, expected), expected);
            }
        }
        kept
    };
    let properties = |dictionary: bool, version: WriterVersion| {
        WriterProperties::builder()
            .set_writer_version(version)
            .set_dictionary_enabled(dictionary)
            .set_max_row_group_row_count(Some(1100))
            .build()
    };
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        // Of few values alone, and not within a struct.
        let name = [false, false, true, false, false, false, false];
        write(&path, &batch, properties(true, version));
        assert_eq!(read(&[1], 700), name);
        assert_eq!(read(&[0, 1], 200), name);
        // Most batches would be of two row groups.
        assert_eq!(read(&[0, 1, 2], 700), [false; 7]);
        write(&path, &batch, properties(false, version));
        assert_eq!(read(&[1], 700), [false; 7]);
    }
    // The dictionary grew too large: later pages go without.
    let grown = WriterProperties::builder().set_dictionary_page_size_limit(20);
    let grown = grown.set_write_batch_size(3).build();
    write(&path, &batch, grown);
    assert_eq!(read(&[0], 700), [false; 7]);
}

/// Texts, lists of them and digests without a dictionary, as these encodings have them.
const DELTAS: [Encoding; 2] = [
    Encoding::DELTA_LENGTH_BYTE_ARRAY,
    Encoding::DELTA_BYTE_ARRAY,
];

fn deltas(encoding: Encoding, version: WriterVersion, codec: Compression) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(codec)
        .set_writer_version(version)
        .set_dictionary_enabled(false)
        .set_data_page_row_count_limit(300)
        .set_write_batch_size(100);
    for column in [vec!["name"], vec!["long"], vec!["struct", "name"]] {
        let column = column.into_iter().map(str::to_owned).collect::<Vec<_>>();
        properties = properties.set_column_encoding(column.into(), encoding);
    }
    if encoding == Encoding::DELTA_BYTE_ARRAY {
        properties = properties.set_column_encoding("digest".into(), encoding);
    }
    properties.build()
}

#[test]
fn delta_coded_texts_are_those_of_the_crate() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let zstd = Compression::ZSTD(ZstdLevel::try_new(1).unwrap());
    for encoding in DELTAS {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            for codec in [zstd, Compression::SNAPPY, Compression::UNCOMPRESSED] {
                write(&path, &rows(2000), deltas(encoding, version, codec));
                let found = ours(&path, &[0], 700).unwrap();
                assert_eq!(found, theirs(&path, &[0], 700), "{encoding} {version:?}");
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
    let file = Counted::open(&path);
    let footer = footer(&file, PageIndexPolicy::Skip);
    let before = file.read();
    let reader = Rows::new(file.clone(), &footer).batch_rows(1000);
    let reader = reader.read().unwrap();
    let fetched = file.read() - before;
    assert!(file.len() > 4 << 20 && fetched <= 1 << 20, "{fetched}");
    let found: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    assert_eq!(concat_batches(&batch.schema(), &found).unwrap(), batch);
}

#[test]
fn damage_is_told_and_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let zstd = Compression::ZSTD(ZstdLevel::try_new(1).unwrap());
    let mut forms = Vec::new();
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        let plain = WriterProperties::builder().set_compression(zstd);
        forms.push(plain.set_writer_version(version).build());
        // What is not compressed reaches the decoders as it was damaged.
        let stored = |encoding| deltas(encoding, version, Compression::UNCOMPRESSED);
        forms.extend(DELTAS.map(stored));
    }
    for properties in forms {
        write(&path, &rows(100), properties);
        let bytes = std::fs::read(&path).unwrap();
        let mut told = 0;
        for place in 4..bytes.len() - 8 {
            for bit in [0x01, 0x40, 0x80] {
                let mut damaged = bytes.clone();
                damaged[place] ^= bit;
                // What is in order but for its values is read; the rest has a reason.
                let read = ours_of(damaged.into(), &[0], 64);
                told += usize::from(read.is_err_and(|reason| !reason.is_empty()));
            }
        }
        assert!(told > bytes.len() / 4, "{told} of {}", 3 * bytes.len());
    }
}
