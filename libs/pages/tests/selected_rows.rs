//! Rows that are selected, that pass and that are within a limit: the same as by the parquet
//! crate's own reader, and no more is fetched than they take.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType, Field};
use bytes::Bytes;
use millrace_pages::Rows;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
    RowFilter, RowSelection, RowSelector,
};
use parquet::arrow::{ArrowWriter, ProjectionMask, RowNumber};
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::properties::WriterProperties;
use std::cell::Cell;
use std::sync::Arc;

/// 1,000 rows in two row groups with pages of 50 rows: `n`, and `text` of it.
fn file() -> Bytes {
    let numbers = Int64Array::from_iter((0..1000).map(|n| (n % 11 != 0).then_some(n)));
    let texts = StringArray::from_iter_values((0..1000).map(|n| format!("row {n}")));
    let columns: [(&str, ArrayRef); 2] = [("n", Arc::new(numbers)), ("text", Arc::new(texts))];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(600))
        .set_data_page_row_count_limit(50)
        .set_write_batch_size(50);
    let mut writer =
        ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build())).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap().into()
}

fn footer(file: &Bytes) -> ArrowReaderMetadata {
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
    ArrowReaderMetadata::load(file, options).unwrap()
}

/// Null where `n` is.
fn passes(batch: &RecordBatch, from: i64, step: i64) -> BooleanArray {
    let numbers = batch.column_by_name("n").unwrap();
    let numbers = numbers.as_primitive::<Int64Type>().iter();
    numbers
        .map(|n| n.map(|n| n >= from && n % step == 0))
        .collect()
}

fn selection(rows: usize) -> Vec<Option<RowSelection>> {
    let skip = RowSelector::skip;
    let select = RowSelector::select;
    vec![
        None,
        Some(vec![skip(120), select(230), skip(rows - 350)].into()),
        Some(vec![select(10), skip(rows - 20), select(10)].into()),
        Some(vec![skip(rows)].into()),
    ]
}

#[test]
fn rows_are_those_of_the_crate() {
    let file = file();
    let footer = footer(&file);
    let names = |names: [&str; 1]| ProjectionMask::columns(footer.parquet_schema(), names);
    for (groups, rows) in [(&[0][..], 600), (&[1], 400), (&[1, 0], 1000)] {
        for selection in selection(rows) {
            for limit in [None, Some(0), Some(7), Some(90), Some(5000)] {
                for test in [None, Some((0, 1)), Some((300, 7)), Some((5000, 1))] {
                    let mut theirs = ParquetRecordBatchReaderBuilder::new_with_metadata(
                        file.clone(),
                        footer.clone(),
                    )
                    .with_row_groups(groups.to_vec())
                    .with_projection(names(["text"]))
                    .with_batch_size(64);
                    let mut ours = Rows::new(file.clone(), &footer)
                        .groups(groups)
                        .columns(names(["text"]))
                        .batch_rows(64);
                    if let Some(selection) = &selection {
                        theirs = theirs.with_row_selection(selection.clone());
                        ours = ours.selected(selection.clone());
                    }
                    if let Some(limit) = limit {
                        theirs = theirs.with_limit(limit);
                        ours = ours.limited(limit);
                    }
                    if let Some((from, step)) = test {
                        let test = move |batch: RecordBatch| Ok(passes(&batch, from, step));
                        let predicate = ArrowPredicateFn::new(names(["n"]), test);
                        theirs = theirs.with_row_filter(RowFilter::new(vec![Box::new(predicate)]));
                        ours = ours.filtered(&names(["n"]), test).unwrap();
                    }
                    let theirs: Result<Vec<_>, _> = theirs.build().unwrap().collect();
                    let ours: Result<Vec<_>, _> = ours.read().unwrap().collect();
                    assert_eq!(
                        ours.unwrap(),
                        theirs.unwrap(),
                        "{groups:?} {limit:?} {test:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn rows_are_numbered_within_the_file() {
    let file = file();
    let footer = footer(&file);
    let field = Field::new("line", DataType::Int64, false).with_extension_type(RowNumber);
    let skipped = vec![RowSelector::skip(395), RowSelector::select(5)];
    let rows = Rows::new(file, &footer).groups(&[1]);
    let rows = rows.numbered(Arc::new(field)).selected(skipped.into());
    let batches: Vec<RecordBatch> = rows.read().unwrap().map(Result::unwrap).collect();
    let numbers = batches[0].column_by_name("line").unwrap();
    let numbers = numbers.as_primitive::<Int64Type>().values();
    assert_eq!(numbers, &[995, 996, 997, 998, 999]);
}

#[test]
fn no_more_rows_are_tested_than_the_limit_takes() {
    let file = file();
    let footer = footer(&file);
    let all = ProjectionMask::all();
    let tested = Cell::new(0);
    let test = |batch: RecordBatch| {
        tested.set(tested.get() + batch.num_rows());
        Ok(passes(&batch, 0, 1))
    };
    let rows = Rows::new(file, &footer).batch_rows(50).limited(60);
    let rows = rows.filtered(&all, test).unwrap().read().unwrap();
    assert_eq!(tested.get(), 100);
    assert_eq!(
        rows.map(|batch| batch.unwrap().num_rows()).sum::<usize>(),
        60
    );
}

#[test]
fn a_failing_test_is_told() {
    let file = file();
    let footer = footer(&file);
    let test = |_| Err(ArrowError::ComputeError("no such day".to_owned()));
    let rows = Rows::new(file, &footer).filtered(&ProjectionMask::all(), test);
    assert!(rows.err().unwrap().to_string().contains("no such day"));
}
