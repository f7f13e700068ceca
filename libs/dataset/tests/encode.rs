//! Column chunks of ours: read back by the parquet crate, and beside its own encoder.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Int64Array, LargeBinaryArray, LargeStringArray,
    PrimitiveArray, RecordBatch, StringArray,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use bytes::Bytes;
use millrace_dataset::encode::Encoders;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::{BoundaryOrder, Compression, Encoding, ZstdLevel};
use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
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
                let array = encoder.fitted(batch.column(index)).unwrap();
                encoder.write(&array).unwrap();
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

/// The values in every type of texts and bytes.
fn texts(values: &[Option<String>]) -> Vec<(&'static str, ArrayRef)> {
    let bytes = || values.iter().map(|v| v.as_ref().map(String::as_bytes));
    let text: StringArray = values.iter().collect();
    let large: LargeStringArray = values.iter().collect();
    vec![
        ("text", Arc::new(text)),
        ("bytes", Arc::new(bytes().collect::<BinaryArray>())),
        ("large", Arc::new(large)),
        (
            "large_bytes",
            Arc::new(bytes().collect::<LargeBinaryArray>()),
        ),
    ]
}

/// The same rows, with dictionaries.
fn keyed(batch: &RecordBatch) -> RecordBatch {
    let keyed = |array: &ArrayRef| {
        let value = Box::new(array.data_type().clone());
        let keyed = DataType::Dictionary(Box::new(DataType::Int32), value);
        arrow_cast::cast(array, &keyed).unwrap()
    };
    let names = batch.schema();
    let names = names.fields().iter().map(|field| field.name().as_str());
    let arrays = batch.columns().iter().map(keyed);
    self::batch(names.zip(arrays).collect())
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
fn runs<T: Clone + std::fmt::Debug>(
    value: impl Strategy<Value = Option<T>>,
) -> impl Strategy<Value = Vec<Option<T>>> {
    prop::collection::vec(
        (value, prop_oneof![4 => 1..3usize, 1 => 1..200usize]),
        0..60,
    )
    .prop_map(|runs| {
        runs.into_iter()
            .flat_map(|(value, times)| vec![value; times])
            .collect()
    })
}

/// Whether the filters of two columns are the same bits.
fn same_filters(ours: &Bytes, theirs: &Bytes, column: usize) -> bool {
    let bits = |file: &Bytes| {
        let metadata = metadata(file);
        let column = metadata.row_group(0).column(column);
        let filter = Sbbf::read_from_column_chunk(column, file).unwrap();
        let mut bits = Vec::new();
        filter
            .map(|filter| filter.write_bitset(&mut bits))
            .transpose()
            .unwrap();
        bits
    };
    bits(ours) == bits(theirs)
}

/// Both files have the same rows, and their footers say the same of every column.
fn agree(ours: &Bytes, theirs: &Bytes, whole: &RecordBatch) -> Result<(), TestCaseError> {
    prop_assert_eq!(&read(ours, &whole.schema()), whole);
    let files = (ours, theirs);
    let (ours, theirs) = (metadata(ours), metadata(theirs));
    if whole.num_rows() == 0 {
        return Ok(());
    }
    let (group, other) = (ours.row_group(0), theirs.row_group(0));
    for (at, (ours, theirs)) in group.columns().iter().zip(other.columns()).enumerate() {
        prop_assert!(same_filters(files.0, files.1, at));
        prop_assert_eq!(ours.num_values(), theirs.num_values());
        prop_assert_eq!(
            ours.definition_level_histogram(),
            theirs.definition_level_histogram()
        );
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
        prop_assert_eq!(
            ours.is_min_max_backwards_compatible(),
            theirs.is_min_max_backwards_compatible()
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn text_comes_back_and_the_cuts_do_not_matter(
        values in runs(value()),
        lengths in prop::collection::vec(0..90usize, 0..8),
        bloom in any::<bool>(),
    ) {
        let other: BooleanArray = values.iter().map(|v| v.as_ref().map(String::is_empty)).collect();
        let mut columns = texts(&values);
        columns.insert(1, ("other", Arc::new(other)));
        let whole = batch(columns);
        for encoding in encodings() {
            // The other column, which is the crate's, knows no encoding of strings.
            let properties = || small(None)
                .set_column_encoding("text".into(), encoding.unwrap_or(Encoding::PLAIN))
                .set_column_dictionary_enabled("text".into(), encoding.is_none())
                .set_bloom_filter_enabled(bloom)
                .set_bloom_filter_max_ndv(1000)
                .build();
            let schema = whole.schema();
            let file = written(&schema, properties(), &[cut(&whole, &lengths)]);
            agree(&file, &by_the_crate(&schema, properties(), &whole), &whole)?;
            // Where the crate's pages end depends on the cuts.
            let ours = whole.project(&[0, 2, 3, 4]).unwrap();
            prop_assert_eq!(
                written(&ours.schema(), properties(), &[cut(&ours, &lengths)]),
                written(&ours.schema(), properties(), &[vec![ours]])
            );
        }
    }

    #[test]
    fn a_dictionary_that_rows_come_with_changes_no_byte(
        values in runs(value()),
        lengths in prop::collection::vec(0..90usize, 0..8),
        bloom in any::<bool>(),
    ) {
        let whole = batch(texts(&values));
        let schema = whole.schema();
        let pieces = cut(&whole, &lengths);
        // Every other piece comes without one; those of the others differ, or are shared.
        let shared = keyed(&whole);
        let mut at = 0;
        let mixed: Vec<RecordBatch> = pieces.iter().enumerate().map(|(n, piece)| {
            at += piece.num_rows();
            match n % 3 {
                0 => piece.clone(),
                1 => keyed(piece),
                _ => shared.slice(at - piece.num_rows(), piece.num_rows()),
            }
        }).collect();
        for encoding in encodings() {
            let properties = || small(encoding)
                .set_bloom_filter_enabled(bloom)
                .set_bloom_filter_max_ndv(1000)
                .build();
            let expected = written(&schema, properties(), std::slice::from_ref(&pieces));
            prop_assert_eq!(written(&schema, properties(), std::slice::from_ref(&mixed)), expected);
        }
    }

    #[test]
    fn numbers_come_back_and_the_cuts_do_not_matter(
        values in runs(number()),
        lengths in prop::collection::vec(0..90usize, 0..8),
        paged in any::<bool>(),
        bloom in any::<bool>(),
    ) {
        let whole = numbers(&values);
        let schema = whole.schema();
        for encoding in [None, Some(Encoding::PLAIN), Some(Encoding::DELTA_BINARY_PACKED)] {
            let properties = || {
                let mut builder = small(None)
                    .set_bloom_filter_enabled(bloom)
                    .set_bloom_filter_max_ndv(1000);
                if paged {
                    builder = builder.set_statistics_enabled(EnabledStatistics::Page);
                }
                for field in schema.fields() {
                    let is_float = field.data_type().is_floating();
                    let encoding = encoding.map(|e| if is_float { Encoding::PLAIN } else { e });
                    let path: ColumnPath = field.name().as_str().into();
                    if let Some(encoding) = encoding {
                        builder = builder
                            .set_column_dictionary_enabled(path.clone(), false)
                            .set_column_encoding(path, encoding);
                    }
                }
                builder.build()
            };
            let file = written(&schema, properties(), &[cut(&whole, &lengths)]);
            agree(&file, &by_the_crate(&schema, properties(), &whole), &whole)?;
            let uncut = written(&schema, properties(), &[vec![whole.clone()]]);
            prop_assert_eq!(&uncut, &file);
            if paged && whole.num_rows() > 0 {
                pages_are_in_their_bounds(&file, &whole)?;
            }
        }
    }
}

/// The index of an integer column names each page's least and greatest value.
fn pages_are_in_their_bounds(file: &Bytes, whole: &RecordBatch) -> Result<(), TestCaseError> {
    let column = whole.schema().index_of("int64").unwrap();
    let values = whole.column(column).as_primitive::<Int64Type>();
    let metadata = metadata(file);
    let pages = &metadata.offset_index().unwrap()[0][column];
    let ColumnIndexMetaData::INT64(index) = &metadata.column_index().unwrap()[0][column] else {
        return Err(TestCaseError::fail("no index"));
    };
    let mut starts: Vec<usize> = pages
        .page_locations()
        .iter()
        .map(|page| page.first_row_index as usize)
        .collect();
    starts.push(whole.num_rows());
    let mut bounds = Vec::new();
    for (page, rows) in starts.windows(2).enumerate() {
        let page_values = values.slice(rows[0], rows[1] - rows[0]);
        let (least, greatest) = (
            page_values.iter().flatten().min(),
            page_values.iter().flatten().max(),
        );
        prop_assert_eq!(index.is_null_page(page), least.is_none());
        prop_assert_eq!(index.min_value(page).copied(), least);
        prop_assert_eq!(index.max_value(page).copied(), greatest);
        prop_assert_eq!(
            index.null_count(page),
            Some(page_values.null_count() as i64)
        );
        bounds.extend(least.zip(greatest));
    }
    let all = |holds: fn(i64, i64) -> bool| {
        let pair = |pair: &[(i64, i64)]| holds(pair[0].0, pair[1].0) && holds(pair[0].1, pair[1].1);
        bounds.windows(2).all(pair)
    };
    let order = match (all(|a, b| a <= b), all(|a, b| a >= b)) {
        (true, _) => BoundaryOrder::ASCENDING,
        (_, true) => BoundaryOrder::DESCENDING,
        _ => BoundaryOrder::UNORDERED,
    };
    let found = metadata.column_index().unwrap()[0][column].get_boundary_order();
    prop_assert_eq!(found, Some(order));
    Ok(())
}

fn number() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![
        2 => Just(None),
        3 => (0..5i64).prop_map(Some),
        3 => (-1_000_000..1_000_000i64).prop_map(Some),
        1 => any::<i64>().prop_map(Some),
        1 => prop::sample::select(vec![0, i64::MIN, i64::MAX]).prop_map(Some),
    ]
}

/// A column of each type of numbers that is ours, made of `values`.
fn numbers(values: &[Option<i64>]) -> RecordBatch {
    let int32: PrimitiveArray<Int32Type> = values.iter().map(|v| v.map(|v| v as i32)).collect();
    let int64: PrimitiveArray<Int64Type> = values.iter().copied().collect();
    let float64: PrimitiveArray<Float64Type> = values
        .iter()
        .map(|v| {
            v.map(|v| match v {
                i64::MIN => f64::NAN,
                -1 => -0.0,
                v => v as f64 / 100.0,
            })
        })
        .collect();
    let float32: PrimitiveArray<Float32Type> = values
        .iter()
        .map(|v| {
            v.map(|v| {
                if v == i64::MAX {
                    f32::NEG_INFINITY
                } else {
                    v as f32
                }
            })
        })
        .collect();
    let decimal = |digits: u8| {
        let most = 10i64.pow(digits.into());
        let values = values.iter().map(|v| v.map(|v| i128::from(v % most)));
        let array: PrimitiveArray<Decimal128Type> = values.collect();
        Arc::new(array.with_precision_and_scale(digits, 2).unwrap()) as ArrayRef
    };
    let as_type = |array: &dyn Array, data_type| arrow_cast::cast(array, &data_type).unwrap();
    let micros = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    batch(vec![
        ("date", as_type(&int32, DataType::Date32)),
        ("int32", Arc::new(int32)),
        ("timestamp", as_type(&int64, micros)),
        (
            "time",
            as_type(&int64, DataType::Time64(TimeUnit::Nanosecond)),
        ),
        ("int64", Arc::new(int64)),
        ("float64", Arc::new(float64)),
        ("float32", Arc::new(float32)),
        ("decimal9", decimal(9)),
        ("decimal18", decimal(18)),
    ])
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
        ("number", Arc::new(Int64Array::from(vec![1, 2]))),
        ("flag", Arc::new(BooleanArray::from(vec![true, false]))),
    ]);
    let schema = whole.schema();
    let properties = small(None)
        .set_column_statistics_enabled("paged".into(), EnabledStatistics::Page)
        .set_column_bloom_filter_enabled("number".into(), true)
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
