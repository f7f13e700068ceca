//! The partitioned writer: rows, order, sizes, memory, and the same bytes always.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, StructArray};
use arrow_schema::{DataType, Field};
use millrace_dataset::parquet::WriterSettings;
use millrace_dataset::write::{PartitionedWriter, Scatter, Staged, Window};
use millrace_fault::{Coded, Exit};
use millrace_testkit::{TempDir, tempdir};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Encoding;
use parquet::file::metadata::ParquetMetaData;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Rows `start..start+n`: a running id, a key of `keys` values, noise.
fn batch(start: i64, n: i64) -> RecordBatch {
    let ids = start..start + n;
    let noise = |i: i64| i.wrapping_mul(0x5851_F42D_4C95_7F2D) ^ (i << 13);
    let names: Vec<String> = ids.clone().map(|i| format!("{:016x}", noise(i))).collect();
    let inner = StructArray::from(vec![(
        Arc::new(Field::new("x", DataType::Float64, true)),
        Arc::new(Float64Array::from_iter_values(
            ids.clone().map(|i| noise(i) as f64),
        )) as ArrayRef,
    )]);
    RecordBatch::try_from_iter([
        (
            "id",
            Arc::new(Int64Array::from_iter_values(ids.clone())) as ArrayRef,
        ),
        ("name", Arc::new(StringArray::from(names))),
        (
            "kind",
            Arc::new(StringArray::from_iter_values(
                ids.map(|i| ["a", "b", "c"][i as usize % 3]),
            )),
        ),
        ("inner", Arc::new(inner)),
    ])
    .unwrap()
}

/// The same without the list: what can be laid into slabs.
fn flat(start: i64, rows: i64) -> RecordBatch {
    batch(start, rows).project(&[0, 1, 2]).unwrap()
}

/// Writes `total` rows, row i to partition `key(i)`.
fn write(dir: &Path, settings: WriterSettings, total: i64, key: impl Fn(i64) -> u32) -> Staged {
    write_of(batch, dir, settings, total, key)
}

/// Rows made by `batch` from the number of the first and their count.
fn write_of(
    batch: fn(i64, i64) -> RecordBatch,
    dir: &Path,
    settings: WriterSettings,
    total: i64,
    key: impl Fn(i64) -> u32,
) -> Staged {
    let schema = batch(0, 1).schema();
    let mut scatter = Scatter::new(schema.clone(), &settings);
    let naming = Box::new(|n: u32| format!("part-{n}.parquet"));
    let mut writer = PartitionedWriter::new(dir, naming, schema, settings);
    for start in (0..total).step_by(5000) {
        let n = 5000.min(total - start);
        let ids: Vec<u32> = (start..start + n).map(&key).collect();
        if let Some(window) = scatter.push(batch(start, n), &ids) {
            deal(window, &mut writer);
        }
    }
    if let Some(window) = scatter.finish() {
        deal(window, &mut writer);
    }
    writer.finish().unwrap()
}

fn deal(window: Window, writer: &mut PartitionedWriter) {
    let ids = window.partitions().iter();
    let paths: Vec<String> = ids.map(|id| format!("p={id:05}")).collect();
    writer.push_window(window, &paths).unwrap();
}

fn settings(threads: usize) -> WriterSettings {
    WriterSettings {
        threads,
        ..WriterSettings::default()
    }
}

fn read_ids(path: &Path) -> Vec<i64> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap())
        .unwrap()
        .build()
        .unwrap();
    reader
        .flat_map(|batch| {
            batch
                .unwrap()
                .column(0)
                .as_primitive::<Int64Type>()
                .values()
                .to_vec()
        })
        .collect()
}

fn metadata(path: &Path) -> Arc<ParquetMetaData> {
    ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap())
        .unwrap()
        .metadata()
        .clone()
}

/// Every file's bytes, by relative path.
fn contents(dir: &Path, staged: &Staged) -> BTreeMap<String, Vec<u8>> {
    let files = staged
        .iter()
        .flat_map(|(path, files)| files.iter().map(move |f| format!("{path}/{}", f.name)));
    files
        .map(|path| (path.clone(), std::fs::read(dir.join(path)).unwrap()))
        .collect()
}

/// Every row is there once, in its partition, in order.
fn check(dir: &Path, staged: &Staged, total: i64, key: impl Fn(i64) -> u32) {
    let mut seen = 0;
    for (path, files) in staged {
        let mut ids = Vec::new();
        for file in files {
            let found = read_ids(&dir.join(path).join(&file.name));
            assert_eq!(found.len() as u64, file.rows);
            assert_eq!(
                std::fs::metadata(dir.join(path).join(&file.name))
                    .unwrap()
                    .len(),
                file.bytes
            );
            ids.extend(found);
        }
        let partition: u32 = path.strip_prefix("p=").unwrap().parse().unwrap();
        let expected: Vec<i64> = (0..total).filter(|i| key(*i) == partition).collect();
        assert_eq!(ids, expected, "{path}");
        seen += ids.len() as i64;
    }
    assert_eq!(seen, total);
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    let key = |i: i64| ((i / 20_000) + i % 7 / 6) as u32;
    let small = |threads| WriterSettings {
        target_size: 300_000,
        row_group_size: 400_000,
        ..settings(threads)
    };
    let mut all = Vec::new();
    for threads in [1, 2, 5] {
        let dir = tempdir().unwrap();
        let staged = write(dir.path(), small(threads), 100_000, key);
        check(dir.path(), &staged, 100_000, key);
        all.push(contents(dir.path(), &staged));
    }
    assert!(all[0].len() > 6);
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0], all[2]);
}

#[test]
fn files_end_near_the_target_size() {
    let dir = tempdir().unwrap();
    let target = 1_000_000;
    let settings = WriterSettings {
        target_size: target,
        ..settings(2)
    };
    let staged = write(dir.path(), settings, 400_000, |_| 0);
    check(dir.path(), &staged, 400_000, |_| 0);
    let files = &staged[0].1;
    assert!(files.len() >= 4, "{files:?}");
    for file in &files[..files.len() - 1] {
        let off = file.bytes as f64 / target as f64 - 1.0;
        assert!(off.abs() <= 0.10, "{} of {target}", file.bytes);
    }
}

#[test]
fn row_groups_end_by_bytes() {
    let dir = tempdir().unwrap();
    let settings = WriterSettings {
        row_group_size: 1 << 20,
        ..settings(2)
    };
    let staged = write(dir.path(), settings, 100_000, |_| 0);
    assert_eq!(staged[0].1.len(), 1);
    let metadata = metadata(&dir.path().join("p=00000/part-0.parquet"));
    assert!(
        (4..=8).contains(&metadata.num_row_groups()),
        "{}",
        metadata.num_row_groups()
    );
}

/// A slice of lists shares the values of its whole batch; it must not count them all.
#[test]
fn one_large_batch_of_lists_makes_whole_row_groups() {
    let dir = tempdir().unwrap();
    let mut lists =
        arrow_array::builder::ListBuilder::new(arrow_array::builder::Int64Builder::new());
    for i in 0..200_000i64 {
        lists.values().append_slice(&[i, i * 7919, i * i]);
        lists.append(true);
    }
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..200_000));
    let rows =
        RecordBatch::try_from_iter([("id", ids), ("list", Arc::new(lists.finish()) as ArrayRef)])
            .unwrap();
    let settings = WriterSettings {
        row_group_size: 2 << 20,
        ..settings(2)
    };
    let naming = Box::new(|n: u32| format!("part-{n}.parquet"));
    let mut writer = PartitionedWriter::new(dir.path(), naming, rows.schema(), settings);
    writer.push("", rows).unwrap();
    assert_eq!(writer.finish().unwrap()[0].1[0].rows, 200_000);
    let groups = metadata(&dir.path().join("part-0.parquet")).num_row_groups();
    assert!((3..=5).contains(&groups), "{groups}");
}

/// Memory for a fraction of the rows only: what does not fit is spilled, and comes back
/// in order, in one file a partition.
#[test]
fn many_partitions_in_a_small_budget() {
    for batch in [batch, flat] {
        many_partitions(batch, |i| {
            (i.wrapping_mul(2_654_435_761) >> 7).rem_euclid(600) as u32
        });
    }
    // A fifth of the rows belongs to one.
    many_partitions(flat, |i| match i % 5 {
        0 => 7,
        _ => (i.wrapping_mul(2_654_435_761) >> 7).rem_euclid(600) as u32,
    });
}

fn many_partitions(batch: fn(i64, i64) -> RecordBatch, key: fn(i64) -> u32) {
    let mut all = Vec::new();
    for threads in [1, 3] {
        let (dir, temp) = (tempdir().unwrap(), tempdir().unwrap());
        let settings = WriterSettings {
            memory: 4 << 20,
            temp_dir: temp.path().to_owned(),
            ..settings(threads)
        };
        let staged = write_of(batch, dir.path(), settings, 150_000, key);
        check(dir.path(), &staged, 150_000, key);
        assert_eq!(staged.len(), 600);
        assert!(staged.iter().all(|(_, files)| files.len() == 1));
        assert_eq!(
            std::fs::read_dir(temp.path()).unwrap().count(),
            0,
            "the spill file has no name"
        );
        all.push(contents(dir.path(), &staged));
    }
    assert_eq!(all[0], all[1]);
}

/// Hours come one after the other, with late rows for hours long closed.
#[test]
fn late_rows_make_one_further_file_at_most() {
    let key = |i: i64| {
        if i % 50 == 0 {
            0
        } else {
            1 + (i / 20_000) as u32
        }
    };
    let (dir, temp) = (tempdir().unwrap(), tempdir().unwrap());
    let settings = WriterSettings {
        memory: 8 << 20,
        temp_dir: temp.path().to_owned(),
        ..settings(2)
    };
    let staged = write(dir.path(), settings, 300_000, key);
    check(dir.path(), &staged, 300_000, key);
    assert!(
        staged.iter().all(|(_, files)| files.len() <= 2),
        "{staged:?}"
    );
}

#[test]
fn encodings_follow_the_data() {
    let dir = tempdir().unwrap();
    write(dir.path(), settings(1), 50_000, |_| 0);
    let metadata = metadata(&dir.path().join("p=00000/part-0.parquet"));
    let group = metadata.row_group(0);
    let uses = |column: usize, encoding| group.column(column).encodings().any(|e| e == encoding);
    assert!(uses(0, Encoding::DELTA_BINARY_PACKED));
    assert!(uses(1, Encoding::DELTA_LENGTH_BYTE_ARRAY));
    assert!(uses(2, Encoding::RLE_DICTIONARY));
    assert!(!uses(3, Encoding::RLE_DICTIONARY) && uses(3, Encoding::PLAIN));
    assert!(group.column(0).statistics().is_some());
    assert!(
        metadata
            .file_metadata()
            .created_by()
            .unwrap()
            .starts_with("millrace version")
    );
}

#[test]
fn nothing_pushed_is_nothing_written() {
    let dir = tempdir().unwrap();
    assert!(write(dir.path(), settings(2), 0, |_| 0).is_empty());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_that_cannot_be_written_is_an_environment_error() {
    let dir: TempDir = tempdir().unwrap();
    std::fs::write(dir.path().join("p=00000"), "in the way").unwrap();
    for threads in [1, 2] {
        let naming = Box::new(|n: u32| format!("part-{n}.parquet"));
        let rows = batch(0, 100);
        let mut writer =
            PartitionedWriter::new(dir.path(), naming, rows.schema(), settings(threads));
        writer.push("p=00000", rows).unwrap();
        let error = writer.finish().unwrap_err();
        assert_eq!(error.exit(), Exit::ENVIRONMENT);
        assert!(error.to_string().contains("p=00000"), "{error}");
    }
}
