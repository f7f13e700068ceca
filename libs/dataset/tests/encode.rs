//! Column chunks of ours: read back by the parquet crate, and beside its own encoder.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use arrow_array::builder::StringBuilder;
use arrow_array::{
    Array, ArrayRef, BinaryArray, Int64Array, LargeBinaryArray, LargeStringArray, RecordBatch,
    StringArray,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use millrace_dataset::encode::Encoders;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::file::writer::SerializedFileWriter;
use proptest::prelude::*;
use std::sync::Arc;

/// Small limits, so that few values fill pages and dictionaries.
fn small(encoding: Option<Encoding>) -> WriterPropertiesBuilder {
    let builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap()))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_data_page_size_limit(256)
        .set_data_page_row_count_limit(50)
        .set_dictionary_page_size_limit(300);
    match encoding {
        None => builder,
        Some(encoding) => builder.set_dictionary_enabled(false).set_encoding(encoding),
    }
}

/// A file of one row group from each of `groups`.
fn written(schema: &SchemaRef, properties: WriterProperties, groups: &[Vec<RecordBatch>]) -> Bytes {
    let properties = Arc::new(properties);
    let encoders = Encoders::new(schema, &properties).unwrap();
    let root = parquet::arrow::ArrowSchemaConverter::new()
        .convert(schema)
        .unwrap()
        .root_schema_ptr();
    let mut file = SerializedFileWriter::new(Vec::new(), root, properties).unwrap();
    for batches in groups {
        let mut group = file.next_row_group().unwrap();
        for (index, mut encoder) in encoders.row_group().unwrap().into_iter().enumerate() {
            for batch in batches {
                encoder.write(batch.column(index)).unwrap();
            }
            for chunk in encoder.close().unwrap() {
                chunk.append_to(&mut group).unwrap();
            }
        }
        group.close().unwrap();
    }
    file.into_inner().unwrap().into()
}

/// The same by the parquet crate alone.
fn by_the_crate(schema: &SchemaRef, properties: WriterProperties, batch: &RecordBatch) -> Bytes {
    let mut writer = ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap().into()
}

fn read(file: &Bytes, schema: &SchemaRef) -> RecordBatch {
    let options = ArrowReaderOptions::new().with_schema(schema.clone());
    let reader =
        ParquetRecordBatchReaderBuilder::try_new_with_options(file.clone(), options).unwrap();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    arrow_select::concat::concat_batches(schema, &batches).unwrap()
}

fn metadata(file: &Bytes) -> Arc<ParquetMetaData> {
    let options = ArrowReaderOptions::new()
        .with_page_index_policy(PageIndexPolicy::Required)
        .with_encoding_stats_as_mask(false);
    ParquetRecordBatchReaderBuilder::try_new_with_options(file.clone(), options)
        .unwrap()
        .metadata()
        .clone()
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

/// Cuts `whole` into pieces of these lengths, and the rest.
fn cut(whole: &RecordBatch, lengths: &[usize]) -> Vec<RecordBatch> {
    let mut at = 0;
    let mut pieces = Vec::new();
    for length in lengths {
        let length = (*length).min(whole.num_rows() - at);
        pieces.push(whole.slice(at, length));
        at += length;
    }
    pieces.push(whole.slice(at, whole.num_rows() - at));
    pieces
}

fn encodings() -> [Option<Encoding>; 3] {
    [
        None,
        Some(Encoding::PLAIN),
        Some(Encoding::DELTA_LENGTH_BYTE_ARRAY),
    ]
}

fn value() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        2 => Just(None),
        3 => prop::sample::select(vec!["", "a", "placed", "shipped to a neighbour", "é"])
            .prop_map(|text| Some(text.to_owned())),
        3 => "[a-zäöü€]{0,40}".prop_map(Some),
        1 => "[a-z\u{10000}-\u{10010}]{60,90}".prop_map(Some),
    ]
}

/// Runs of the same value and of nulls, which single draws do not give.
fn values() -> impl Strategy<Value = Vec<Option<String>>> {
    prop::collection::vec(
        (value(), prop_oneof![4 => 1..3usize, 1 => 1..200usize]),
        0..60,
    )
    .prop_map(|runs| {
        runs.into_iter()
            .flat_map(|(value, times)| vec![value; times])
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn rows_come_back_and_the_cuts_do_not_matter(
        values in values(),
        lengths in prop::collection::vec(0..90usize, 0..8),
    ) {
        let text: StringArray = values.iter().collect();
        let bytes: BinaryArray = values.iter().map(|v| v.as_ref().map(String::as_bytes)).collect();
        let large: LargeStringArray = values.iter().collect();
        let large_bytes: LargeBinaryArray =
            values.iter().map(|v| v.as_ref().map(String::as_bytes)).collect();
        let numbers: Int64Array = values.iter().map(|v| v.as_ref().map(|v| v.len() as i64)).collect();
        let whole = batch(vec![
            ("text", Arc::new(text)),
            ("number", Arc::new(numbers)),
            ("bytes", Arc::new(bytes)),
            ("large", Arc::new(large)),
            ("large_bytes", Arc::new(large_bytes)),
        ]);
        let schema = whole.schema();
        for encoding in encodings() {
            // The integer column of the crate knows no encoding of strings.
            let properties = || small(None)
                .set_column_encoding("text".into(), encoding.unwrap_or(Encoding::PLAIN))
                .set_column_dictionary_enabled("text".into(), encoding.is_none())
                .build();
            let file = written(&schema, properties(), &[cut(&whole, &lengths)]);
            prop_assert_eq!(&read(&file, &schema), &whole);
            // Where the crate's pages end depends on the cuts.
            let ours = whole.project(&[0, 2, 3, 4]).unwrap();
            prop_assert_eq!(
                written(&ours.schema(), properties(), &[cut(&ours, &lengths)]),
                written(&ours.schema(), properties(), &[vec![ours]])
            );
            let (ours, theirs) = (metadata(&file), metadata(&by_the_crate(&schema, properties(), &whole)));
            if whole.num_rows() == 0 {
                continue;
            }
            for (ours, theirs) in ours.row_group(0).columns().iter().zip(theirs.row_group(0).columns()) {
                prop_assert_eq!(ours.num_values(), theirs.num_values());
                prop_assert_eq!(ours.definition_level_histogram(), theirs.definition_level_histogram());
                prop_assert_eq!(
                    ours.unencoded_byte_array_data_bytes(),
                    theirs.unencoded_byte_array_data_bytes()
                );
                let (ours, theirs) = (ours.statistics().unwrap(), theirs.statistics().unwrap());
                prop_assert_eq!(ours.null_count_opt(), theirs.null_count_opt());
                prop_assert_eq!(ours.min_bytes_opt(), theirs.min_bytes_opt());
                prop_assert_eq!(ours.min_is_exact(), theirs.min_is_exact());
                prop_assert_eq!(ours.max_bytes_opt(), theirs.max_bytes_opt());
                prop_assert_eq!(ours.max_is_exact(), theirs.max_is_exact());
            }
        }
    }
}

#[test]
fn a_dictionary_that_grows_too_large_is_left() {
    let values = (0..400).map(|i| format!("value {}", if i < 100 { i % 5 } else { i }));
    let whole = batch(vec![(
        "text",
        Arc::new(StringArray::from_iter_values(values)),
    )]);
    let schema = whole.schema();
    let file = written(&schema, small(None).build(), &[vec![whole.clone()]]);
    assert_eq!(read(&file, &schema), whole);
    let metadata = metadata(&file);
    let column = metadata.row_group(0).column(0);
    let kinds: Vec<Encoding> = column
        .page_encoding_stats()
        .unwrap()
        .iter()
        .map(|kind| kind.encoding)
        .collect();
    assert_eq!(
        kinds,
        [
            Encoding::PLAIN,
            Encoding::RLE_DICTIONARY,
            Encoding::DELTA_LENGTH_BYTE_ARRAY
        ]
    );
    // Pages end at 50 rows or 256 bytes, and the index knows where each begins.
    let pages = &metadata.offset_index().unwrap()[0][0];
    let starts: Vec<i64> = pages
        .page_locations()
        .iter()
        .map(|page| page.first_row_index)
        .collect();
    assert_eq!(&starts[..3], [0, 50, 100]);
    assert!(starts.len() > 8 && starts.windows(2).all(|pair| pair[1] - pair[0] <= 50));
    let values: i64 = pages
        .unencoded_byte_array_data_bytes()
        .unwrap()
        .iter()
        .sum();
    assert_eq!(Some(values), column.unencoded_byte_array_data_bytes());
}

#[test]
fn several_row_groups_and_columns_that_are_null_throughout() {
    let mut builder = StringBuilder::new();
    builder.append_nulls(130);
    let whole = batch(vec![
        ("nothing", Arc::new(builder.finish())),
        ("number", Arc::new(Int64Array::from_iter_values(0..130))),
        ("same", Arc::new(StringArray::from(vec!["x"; 130]))),
    ]);
    let schema = whole.schema();
    for encoding in encodings() {
        let properties = small(None)
            .set_column_dictionary_enabled("nothing".into(), encoding.is_none())
            .set_column_encoding("nothing".into(), encoding.unwrap_or(Encoding::PLAIN));
        let groups = [vec![whole.slice(0, 60)], vec![], vec![whole.slice(60, 70)]];
        let file = written(&schema, properties.build(), &groups);
        assert_eq!(read(&file, &schema), whole);
        let metadata = metadata(&file);
        assert_eq!(metadata.num_row_groups(), 3);
        let statistics = metadata.row_group(0).column(0).statistics().unwrap();
        assert_eq!(statistics.null_count_opt(), Some(60));
        assert!(statistics.min_bytes_opt().is_none());
    }
}

#[test]
fn a_column_that_must_not_be_null_keeps_no_levels() {
    let field = Field::new("text", DataType::Utf8, false);
    let schema = Arc::new(Schema::new(vec![field]));
    let values: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "a"]));
    let whole = RecordBatch::try_new(schema.clone(), vec![values]).unwrap();
    let file = written(&schema, small(None).build(), &[vec![whole.clone()]]);
    assert_eq!(read(&file, &schema), whole);
    let encoders = Encoders::new(&schema, &Arc::new(small(None).build())).unwrap();
    let null: ArrayRef = Arc::new(StringArray::from(vec![None::<&str>]));
    assert!(encoders.row_group().unwrap()[0].write(&null).is_err());
}

#[test]
fn other_columns_stay_with_the_parquet_crate() {
    let whole = batch(vec![
        ("paged", Arc::new(StringArray::from(vec!["a", "b"]))),
        ("bloomed", Arc::new(StringArray::from(vec!["a", "b"]))),
        ("number", Arc::new(Int64Array::from(vec![1, 2]))),
    ]);
    let schema = whole.schema();
    let properties = small(None)
        .set_column_statistics_enabled("paged".into(), EnabledStatistics::Page)
        .set_column_bloom_filter_enabled("bloomed".into(), true)
        .build();
    let file = written(&schema, properties, &[vec![whole.clone()]]);
    assert_eq!(read(&file, &schema), whole);
    let metadata = metadata(&file);
    assert!(
        metadata
            .row_group(0)
            .column(1)
            .bloom_filter_offset()
            .is_some()
    );
    assert!(
        metadata
            .row_group(0)
            .column(0)
            .column_index_offset()
            .is_some()
    );
}
