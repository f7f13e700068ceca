//! Where pages are: as the writer's own index has it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use arrow_array::builder::{Int32Builder, ListBuilder};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use bytes::Bytes;
use millrace_pages::offset_index;
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::properties::{WriterProperties, WriterVersion};
use std::sync::Arc;

/// A number, a text of few values, and a list; row groups of 700 rows in pages of 100.
fn file(version: WriterVersion) -> Bytes {
    let numbers = Int64Array::from_iter((0..1000).map(|n| (n % 7 != 0).then_some(n)));
    let texts = StringArray::from_iter_values((0..1000).map(|n| format!("text {}", n % 5)));
    let mut lists = ListBuilder::new(Int32Builder::new());
    (0..1000).for_each(|n| lists.append_value((0..n % 3).map(Some)));
    let columns: [(&str, ArrayRef); 3] = [
        ("n", Arc::new(numbers)),
        ("text", Arc::new(texts)),
        ("list", Arc::new(lists.finish())),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_writer_version(version)
        .set_max_row_group_row_count(Some(700))
        .set_data_page_row_count_limit(100)
        .set_write_batch_size(50)
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap().into()
}

fn footer(file: &Bytes) -> ParquetMetaData {
    let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Required);
    reader.parse_and_finish(file).unwrap()
}

#[test]
fn places_are_those_of_the_writer() {
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        let file = file(version);
        let footer = footer(&file);
        for (number, group) in footer.row_groups().iter().enumerate() {
            for (leaf, chunk) in group.columns().iter().enumerate() {
                let rows = group.num_rows() as usize;
                let found = offset_index(file.clone(), chunk, rows).unwrap();
                if leaf == 2 && version == WriterVersion::PARQUET_1_0 {
                    assert_eq!(found, None, "pages of lists do not tell their rows");
                    continue;
                }
                let expected = &footer.offset_index().unwrap()[number][leaf];
                assert!(expected.page_locations().len() >= 3);
                assert_eq!(found.unwrap().page_locations(), expected.page_locations());
            }
        }
    }
}

#[test]
fn pages_that_hold_other_rows_are_refused() {
    let file = file(WriterVersion::PARQUET_1_0);
    let footer = footer(&file);
    let chunk = footer.row_group(0).column(0);
    assert!(offset_index(file.clone(), chunk, 699).is_err());
    // The file ends within the chunk.
    let cut = file.slice(..chunk.byte_range().1 as usize / 2);
    assert!(offset_index(cut, chunk, 700).is_err());
}
