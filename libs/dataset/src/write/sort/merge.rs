//! Sorted runs into one, a chunk of each in memory.

use super::{Keys, Run, Stop, interleave};
use crate::write::WriteError;
use crate::write::size::row_bytes;
use crate::write::spill::{Segment, Spill};
use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{RecordBatch, UInt32Array};
use arrow_row::Rows;
use std::cmp::Ordering;

/// Merges `runs`, the rows of earlier ones first where keys are equal, into chunks of about
/// `bytes`, each handed to `take` with its first row's partition; where `apart`, each is of
/// one partition.
pub(super) fn merge<E>(
    spill: &Spill,
    keys: &Keys,
    runs: Vec<Run>,
    bytes: usize,
    apart: bool,
    mut take: impl FnMut(u32, RecordBatch) -> Result<(), Stop<E>>,
) -> Result<(), Stop<E>> {
    let mut cursors = Vec::with_capacity(runs.len());
    for run in runs {
        cursors.extend(Cursor::open(run, spill, keys)?);
    }
    let mut tree = Tournament::new(cursors.len(), |a, b| wins(&cursors, a, b));
    let mut picked = Picked::default();
    while let Some(at) = tree.winner().filter(|at| !cursors[*at].is_done()) {
        let partition = cursors[at].partition();
        if picked.is_full(bytes) || (apart && picked.partition != partition) {
            picked.hand_out(&cursors, &mut take)?;
        }
        picked.add(at, &cursors[at], partition);
        if cursors[at].is_last() {
            // Its chunk goes, and with it the rows that were picked of it.
            picked.hand_out(&cursors, &mut take)?;
        }
        cursors[at].advance(spill, keys)?;
        tree.replay(at, |a, b| wins(&cursors, a, b));
    }
    picked.hand_out(&cursors, &mut take)
}

/// Whether cursor `a` comes before `b`. One that is done comes last.
fn wins(cursors: &[Cursor], a: usize, b: usize) -> bool {
    match (cursors[a].is_done(), cursors[b].is_done()) {
        (false, false) => cursors[a].cmp(&cursors[b]).then(a.cmp(&b)) == Ordering::Less,
        (done, _) => !done,
    }
}

/// Where a run is read.
struct Cursor {
    segments: std::vec::IntoIter<Segment>,
    batch: RecordBatch,
    partitions: UInt32Array,
    keys: Rows,
    per_row: usize,
    row: usize,
}

impl Cursor {
    /// None for a run without rows.
    fn open(run: Run, spill: &Spill, keys: &Keys) -> Result<Option<Cursor>, WriteError> {
        let mut segments = run.into_iter();
        let Some(segment) = segments.next() else {
            return Ok(None);
        };
        let (batch, partitions, rows) = read(segment, spill, keys)?;
        Ok(Some(Cursor {
            segments,
            per_row: row_bytes(&batch),
            batch,
            partitions,
            keys: rows,
            row: 0,
        }))
    }

    fn is_done(&self) -> bool {
        self.row >= self.batch.num_rows()
    }

    fn is_last(&self) -> bool {
        self.row + 1 >= self.batch.num_rows()
    }

    fn partition(&self) -> u32 {
        self.partitions.value(self.row)
    }

    fn cmp(&self, other: &Cursor) -> Ordering {
        self.partition()
            .cmp(&other.partition())
            .then_with(|| self.keys.row(self.row).cmp(&other.keys.row(other.row)))
    }

    fn advance(&mut self, spill: &Spill, keys: &Keys) -> Result<(), WriteError> {
        self.row += 1;
        if !self.is_done() {
            return Ok(());
        }
        if let Some(segment) = self.segments.next() {
            (self.batch, self.partitions, self.keys) = read(segment, spill, keys)?;
            self.per_row = row_bytes(&self.batch);
            self.row = 0;
        }
        Ok(())
    }
}

/// A chunk with its partitions and keys.
fn read(
    segment: Segment,
    spill: &Spill,
    keys: &Keys,
) -> Result<(RecordBatch, UInt32Array, Rows), WriteError> {
    let mut batches = spill.read(vec![segment])?;
    // A chunk is one batch.
    let batch = batches.pop().ok_or_else(|| WriteError::Encode {
        what: "sorted rows".to_owned(),
        reason: "a chunk is empty".to_owned(),
    })?;
    let partitions = batch
        .columns()
        .last()
        .and_then(|column| column.as_primitive_opt::<UInt32Type>())
        .cloned()
        .unwrap_or_else(|| UInt32Array::from(vec![0; batch.num_rows()]));
    let keys = keys.of(&batch)?;
    Ok((batch, partitions, keys))
}

/// Rows that are next, until they are a chunk.
#[derive(Default)]
struct Picked {
    places: Vec<(usize, usize)>,
    bytes: usize,
    partition: u32,
}

impl Picked {
    fn is_full(&self, bytes: usize) -> bool {
        self.bytes >= bytes || self.places.len() >= super::CHUNK_ROWS
    }

    fn add(&mut self, at: usize, cursor: &Cursor, partition: u32) {
        if self.places.is_empty() {
            self.partition = partition;
        }
        self.places.push((at, cursor.row));
        self.bytes += cursor.per_row;
    }

    fn hand_out<E>(
        &mut self,
        cursors: &[Cursor],
        take: impl FnOnce(u32, RecordBatch) -> Result<(), Stop<E>>,
    ) -> Result<(), Stop<E>> {
        if self.places.is_empty() {
            return Ok(());
        }
        let batches: Vec<&RecordBatch> = cursors.iter().map(|cursor| &cursor.batch).collect();
        let rows = interleave(&batches, &self.places)?;
        self.places.clear();
        self.bytes = 0;
        take(self.partition, rows)
    }
}

/// A tree of losers: the next of `n` in about log2(n) comparisons. Node 0 has the winner,
/// each other node the loser of the match played there; the leaves are `n..2n`.
struct Tournament {
    nodes: Vec<usize>,
}

impl Tournament {
    fn new(n: usize, wins: impl Fn(usize, usize) -> bool) -> Self {
        // `n` stands for somebody who wins every match, until all have played.
        let mut tree = Tournament { nodes: vec![n; n] };
        for player in (0..n).rev() {
            tree.play(player, n, &wins);
        }
        tree
    }

    fn winner(&self) -> Option<usize> {
        self.nodes.first().copied()
    }

    /// Plays the matches of `player`, the last winner, anew.
    fn replay(&mut self, player: usize, wins: impl Fn(usize, usize) -> bool) {
        self.play(player, usize::MAX, &wins);
    }

    fn play(&mut self, player: usize, nobody: usize, wins: &impl Fn(usize, usize) -> bool) {
        let mut best = player;
        let mut node = (player + self.nodes.len()) / 2;
        while node > 0 {
            let other = self.nodes[node];
            if best != nobody && (other == nobody || wins(other, best)) {
                self.nodes[node] = best;
                best = other;
            }
            node /= 2;
        }
        self.nodes[0] = best;
    }
}
