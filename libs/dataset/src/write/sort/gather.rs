//! Rows in memory, and their sorted order.

use super::interleave;
use crate::write::WriteError;
use crate::write::size::{raw_bytes, row_bytes};
use arrow_array::RecordBatch;
use arrow_row::Rows;
use std::cmp::Ordering;

/// Rows that have come, and who is where.
#[derive(Default)]
pub(super) struct Gathered {
    batches: Vec<Held>,
    entries: Vec<Entry>,
    held: usize,
}

struct Held {
    batch: RecordBatch,
    keys: Rows,
    /// Bytes of a row, on average.
    per_row: usize,
}

/// A row: where it belongs, the first bytes of its key, where it is.
#[derive(Clone, Copy)]
struct Entry {
    prefix: u64,
    partition: u32,
    batch: u32,
    row: u32,
}

/// An entry, twice: the list grows by doubling, and sorting it takes a copy.
const PER_ENTRY: usize = 2 * size_of::<Entry>();

impl Gathered {
    /// Bytes that rows with these keys take here.
    pub(super) fn cost(batch: &RecordBatch, keys: &Rows) -> usize {
        raw_bytes(batch) + keys.size() + batch.num_rows() * PER_ENTRY
    }

    pub(super) fn held(&self) -> usize {
        self.held
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn add(&mut self, batch: RecordBatch, keys: Rows, partitions: &[u32], cost: usize) {
        self.held += cost;
        let at = self.batches.len() as u32;
        let entries = (0u32..).zip(partitions).map(|(row, partition)| Entry {
            prefix: prefix(keys.row(row as usize).data()),
            partition: *partition,
            batch: at,
            row,
        });
        self.entries.extend(entries);
        let per_row = row_bytes(&batch);
        self.batches.push(Held {
            batch,
            keys,
            per_row,
        });
    }

    /// Sorts by partition, key, and order of arrival. No two rows compare equal, so that
    /// the order is the same for any number of threads.
    pub(super) fn sort(&mut self, threads: usize) {
        let batches = &self.batches;
        let key = |entry: &Entry| batches[entry.batch as usize].keys.row(entry.row as usize);
        let compare = |a: &Entry, b: &Entry| -> Ordering {
            (a.partition, a.prefix)
                .cmp(&(b.partition, b.prefix))
                .then_with(|| key(a).cmp(&key(b)))
                .then_with(|| (a.batch, a.row).cmp(&(b.batch, b.row)))
        };
        let share = self.entries.len().div_ceil(threads.max(1)).max(1 << 14);
        std::thread::scope(|scope| {
            let mut parts = self.entries.chunks_mut(share);
            let first = parts.next();
            for part in parts {
                scope.spawn(|| part.sort_unstable_by(compare));
            }
            if let Some(part) = first {
                part.sort_unstable_by(compare);
            }
        });
        // The standard library's stable sort finds the sorted parts and merges them.
        self.entries.sort_by(compare);
    }

    /// The sorted rows in chunks of about `bytes`, each with its first row's partition;
    /// where `apart`, each of one partition.
    pub(super) fn chunks<E: From<WriteError>>(
        &self,
        bytes: usize,
        apart: bool,
        mut take: impl FnMut(u32, RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = self.entries.as_slice();
        while let Some(first) = rest.first() {
            let count = self.count(rest, bytes, apart);
            take(first.partition, self.rows(&rest[..count])?)?;
            rest = &rest[count..];
        }
        Ok(())
    }

    /// The sorted rows in chunks of about `bytes`, with the partition of each row.
    pub(super) fn numbered_chunks(
        &self,
        bytes: usize,
        mut take: impl FnMut(Vec<u32>, RecordBatch) -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        let mut rest = self.entries.as_slice();
        while !rest.is_empty() {
            let count = self.count(rest, bytes, false);
            let numbers = rest[..count].iter().map(|entry| entry.partition).collect();
            take(numbers, self.rows(&rest[..count])?)?;
            rest = &rest[count..];
        }
        Ok(())
    }

    /// How many of the entries, at least one, make a chunk.
    fn count(&self, entries: &[Entry], bytes: usize, apart: bool) -> usize {
        let partition = entries.first().map(|entry| entry.partition);
        let mut size = 0;
        let fits = |entry: &&Entry| {
            size += self.batches[entry.batch as usize].per_row;
            size <= bytes && (!apart || Some(entry.partition) == partition)
        };
        let most = &entries[..entries.len().min(super::CHUNK_ROWS)];
        most.iter().take_while(fits).count().max(1)
    }

    fn rows(&self, entries: &[Entry]) -> Result<RecordBatch, WriteError> {
        let batches: Vec<&RecordBatch> = self.batches.iter().map(|held| &held.batch).collect();
        let places: Vec<(usize, usize)> = entries
            .iter()
            .map(|entry| (entry.batch as usize, entry.row as usize))
            .collect();
        interleave(&batches, &places)
    }
}

/// The first bytes of a key as a number that compares as they do.
pub(super) fn prefix(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let count = key.len().min(8);
    bytes[..count].copy_from_slice(&key[..count]);
    u64::from_be_bytes(bytes)
}
