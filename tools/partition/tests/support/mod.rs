//! Streams, datasets and how they look, for the tests of `partition`.
#![allow(dead_code, missing_docs, unreachable_pub)]

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use millrace_fault::Failure;
use millrace_stream::Output;
use millrace_testkit::{Outcome, run_with, tool};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

/// 2026-03-17T00:00:00Z in microseconds.
pub const DAY: i64 = 1_773_705_600_000_000;
pub const HOUR: i64 = 3_600_000_000;
pub const BY: &str = "order_date=date(event_timestamp),order_hour=hour(event_timestamp)";

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A complete stream of `batches`.
pub fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    ended(batches, Ok(()))
}

/// A stream that its producer poisoned.
pub fn poisoned(batches: &[RecordBatch]) -> Vec<u8> {
    ended(batches, Err(Failure::data("line 7: no number")))
}

fn ended(batches: &[RecordBatch], result: Result<(), Failure>) -> Vec<u8> {
    let buffer = Buffer::default();
    let mut output = Output::to(buffer.clone());
    output.start(&batches[0].schema()).unwrap();
    batches
        .iter()
        .for_each(|batch| output.write(batch).unwrap());
    let _ = output.close("ingest", result);
    buffer.0.lock().unwrap().clone()
}

/// Events `start..start + n`, each `step` microseconds after the one before.
pub fn events(start: i64, n: i64, from: i64, step: i64) -> RecordBatch {
    let regions = ["eu", "us", "apac"];
    RecordBatch::try_from_iter([
        (
            "order_id",
            Arc::new(Int64Array::from_iter_values(start..start + n)) as ArrayRef,
        ),
        (
            "event_timestamp",
            Arc::new(
                TimestampMicrosecondArray::from_iter_values((0..n).map(|i| from + i * step))
                    .with_timezone("UTC"),
            ),
        ),
        (
            "region",
            Arc::new(StringArray::from_iter_values(
                (0..n).map(|i| regions[i as usize % 3]),
            )),
        ),
        (
            "note",
            Arc::new(StringArray::from_iter_values(
                (start..start + n).map(|i| format!("note {}", i * 7919)),
            )),
        ),
    ])
    .unwrap()
}

/// A day of `n` events that compress badly.
pub fn noise(n: i64) -> RecordBatch {
    let rows = day(n);
    let noisy = |i: i64| {
        i.wrapping_mul(0x5851_F42D_4C95_7F2D)
            .rotate_left(17)
            .wrapping_mul(0x2545_F491_4F6C_DD1D)
    };
    let notes: ArrayRef = Arc::new(StringArray::from_iter_values(
        (0..n).map(|i| format!("{:016x}", noisy(i))),
    ));
    let mut columns = rows.columns().to_vec();
    columns[3] = notes;
    RecordBatch::try_new(rows.schema(), columns).unwrap()
}

/// A day of `n` events, evenly.
pub fn day(n: i64) -> RecordBatch {
    events(0, n, DAY, 24 * HOUR / n)
}

/// A table of one value column and a running id.
pub fn values(values: Vec<Option<&str>>) -> RecordBatch {
    let ids = Int64Array::from_iter_values(0..values.len() as i64);
    RecordBatch::try_from_iter_with_nullable([
        ("id", Arc::new(ids) as ArrayRef, false),
        ("v", Arc::new(StringArray::from(values)), true),
    ])
    .unwrap()
}

/// `partition` in `dir` with arguments split at blanks.
pub fn partition(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = tool("partition");
    command.current_dir(dir).args(arguments);
    command
}

/// Runs `partition out --by BY` and more over `input`.
pub fn write(dir: &Path, more: &[&str], input: &[u8]) -> Outcome {
    let mut arguments = vec!["out", "--by", BY];
    arguments.extend(more);
    run_with(&mut partition(dir, &arguments), input)
}

/// Every file below `dir`, by relative path, with its bytes.
pub fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    walk(dir, dir, &mut found);
    found
}

fn walk(root: &Path, dir: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(root, &path, found);
        } else {
            let name = path
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            found.insert(name, std::fs::read(&path).unwrap());
        }
    }
}

/// The ids (first column) in each partition, sorted.
pub fn ids(root: &Path) -> BTreeMap<String, Vec<i64>> {
    let mut found: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for name in files(root).keys() {
        let partition = name.rsplit_once('/').map_or("", |(partition, _)| partition);
        let reader =
            ParquetRecordBatchReaderBuilder::try_new(File::open(root.join(name)).unwrap()).unwrap();
        let ids = found.entry(partition.to_owned()).or_default();
        for batch in reader.build().unwrap() {
            ids.extend(
                batch
                    .unwrap()
                    .column(0)
                    .as_primitive::<Int64Type>()
                    .values()
                    .iter(),
            );
        }
    }
    found.values_mut().for_each(|ids| ids.sort());
    found
}

/// Rows in the whole dataset.
pub fn count(root: &Path) -> usize {
    ids(root).values().map(Vec::len).sum()
}
