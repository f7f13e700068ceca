//! Files one after the other: rows and copied row groups in their order, files that end
//! where they are told to, the same bytes for any number of threads.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use bytes::Bytes;
use millrace_dataset::write::{FileSeries, StagedFile, WriteError};
use millrace_fault::{Coded, Exit};
use millrace_pages::offset_index;
use millrace_testkit::tempdir;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use parquet::column::writer::ColumnCloseResult;
use parquet::file::properties::WriterProperties;
use std::path::Path;
use std::sync::Arc;

/// Rows `from..from + count`: a number, and a text that does not compress well.
fn batch(from: i64, count: i64) -> RecordBatch {
    let ids = from..from + count;
    let texts = ids
        .clone()
        .map(|n| format!("{:x}", n.wrapping_mul(0x5851_f42d_4c95_7f2d)));
    let columns: [(&str, ArrayRef); 2] = [
        ("id", Arc::new(Int64Array::from_iter_values(ids))),
        ("text", Arc::new(StringArray::from_iter_values(texts))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn series(dir: &Path, threads: usize) -> FileSeries {
    let naming = Box::new(|n: u32| format!("part-{n}.parquet"));
    let properties = Arc::new(WriterProperties::default());
    FileSeries::new(
        dir.to_owned(),
        naming,
        &batch(0, 1).schema(),
        properties,
        threads,
    )
    .unwrap()
}

fn push(files: &mut FileSeries, rows: std::ops::Range<i64>) {
    for from in rows.step_by(5000) {
        let batch = batch(from, 5000);
        let bytes = batch.get_array_memory_size();
        files.push(batch, bytes).unwrap();
    }
}

/// The chunks of the only row group of a file.
fn chunks(file: &Bytes) -> Vec<Result<(Bytes, ColumnCloseResult), WriteError>> {
    let footer = ArrowReaderMetadata::load(file, Default::default()).unwrap();
    let group = footer.metadata().row_group(0);
    let chunk = |column: &parquet::file::metadata::ColumnChunkMetaData| {
        let close = ColumnCloseResult {
            bytes_written: column.compressed_size() as u64,
            rows_written: group.num_rows() as u64,
            metadata: column.clone(),
            bloom_filter: None,
            column_index: None,
            offset_index: offset_index(file.clone(), column, group.num_rows() as usize).unwrap(),
        };
        Ok((file.clone(), close))
    };
    group.columns().iter().map(chunk).collect()
}

/// Three files: two row groups and a copied one, a single one, one of few rows.
fn write(dir: &Path, threads: usize, copied: &Bytes) -> Vec<StagedFile> {
    std::fs::create_dir(dir).unwrap();
    let mut files = series(dir, threads);
    push(&mut files, 0..100_000);
    files.end_group().unwrap();
    push(&mut files, 100_000..150_000);
    // Ends the row group by itself.
    files.copy(chunks(copied)).unwrap();
    assert!(files.bytes(3).unwrap() > files.bytes(2).unwrap() + copied.len() as u64 / 2);
    files.end_file().unwrap();
    push(&mut files, 155_000..200_000);
    files.end_group().unwrap();
    let first = files.bytes(1).unwrap();
    files.end_file().unwrap();
    files.end_file().unwrap();
    assert_eq!(files.bytes(1).unwrap(), 0);
    assert!(first > 45_000 * 10);
    push(&mut files, 200_000..205_000);
    let (staged, behind) = files.finish().unwrap();
    behind.finish().unwrap();
    staged
}

fn rows(path: &Path) -> (usize, Vec<i64>) {
    let file = std::fs::File::open(path).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let groups = builder.metadata().num_row_groups();
    let batches = builder.build().unwrap().map(Result::unwrap);
    let ids = batches.flat_map(|batch| {
        let ids = batch.column(0).as_primitive::<Int64Type>();
        ids.values().to_vec()
    });
    (groups, ids.collect())
}

#[test]
fn rows_stand_where_they_were_put_for_any_number_of_threads() {
    let base = tempdir().unwrap();
    let folder = base.path().join("copied");
    std::fs::create_dir(&folder).unwrap();
    let mut files = series(&folder, 1);
    push(&mut files, 150_000..155_000);
    files.finish().unwrap();
    let copied: Bytes = std::fs::read(folder.join("part-0.parquet")).unwrap().into();

    let mut all = Vec::new();
    for threads in [1, 2, 5] {
        let dir = base.path().join(threads.to_string());
        let staged = write(&dir, threads, &copied);
        let counts: Vec<u64> = staged.iter().map(|file| file.rows).collect();
        assert_eq!(counts, [155_000, 45_000, 5_000]);
        let read = |file: &StagedFile| std::fs::read(dir.join(&file.name)).unwrap();
        let bytes: Vec<Vec<u8>> = staged.iter().map(read).collect();
        assert!(
            staged
                .iter()
                .zip(&bytes)
                .all(|(file, bytes)| file.bytes == bytes.len() as u64)
        );
        all.push(bytes);
        let found = staged.iter().map(|file| rows(&dir.join(&file.name)));
        let (groups, ids): (Vec<usize>, Vec<Vec<i64>>) = found.unzip();
        assert_eq!(groups, [3, 1, 1]);
        assert_eq!(ids.concat(), (0..205_000).collect::<Vec<i64>>());
    }
    assert!(all.iter().all(|bytes| *bytes == all[0]));
}

#[test]
fn without_rows_there_is_one_file_without_rows() {
    let dir = tempdir().unwrap();
    let (staged, _) = series(dir.path(), 2).finish().unwrap();
    assert_eq!((staged.len(), staged[0].rows), (1, 0));
    assert_eq!(rows(&dir.path().join("part-0.parquet")), (0, Vec::new()));
}

#[test]
fn what_fails_behind_the_scenes_is_told() {
    let dir = tempdir().unwrap();
    for threads in [1, 2] {
        // A file stands where the folder should.
        let folder = dir.path().join("gone");
        std::fs::write(&folder, "").unwrap();
        let mut files = series(&folder, threads);
        push(&mut files, 0..50_000);
        let ended = files.end_group().and_then(|()| files.bytes(1).map(drop));
        let error = ended.and_then(|()| files.finish().map(drop)).unwrap_err();
        assert_eq!(error.exit(), Exit::ENVIRONMENT);
        assert!(error.to_string().contains("gone"), "{error}");
    }
    let mut files = series(dir.path(), 2);
    push(&mut files, 0..5_000);
    let refused: Result<(Bytes, ColumnCloseResult), WriteError> = Err(WriteError::Encode {
        what: "rows".to_owned(),
        reason: "of a damaged file".to_owned(),
    });
    let error = files.copy([refused]).unwrap_err();
    assert!(error.to_string().contains("damaged"), "{error}");
}
