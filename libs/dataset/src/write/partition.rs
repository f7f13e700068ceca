//! One partition: rows that wait, rows that were spilled, and the file in work.

use super::StagedFile;
use super::file::{OpenFile, RowGroup};
use super::piece::Piece;
use super::spill::Segment;
use std::sync::Arc;

/// Compressed size over size in memory, before anything was measured: careful, so that
/// the first row group does not overshoot a small target.
const GUESSED_RATIO: f64 = 1.0;

/// A file is complete when this much of the target is reached: a further row group
/// would be too small to be worth it.
const FULL: f64 = 0.95;

/// The state of one partition.
#[derive(Default)]
pub(super) struct Partition {
    pub(super) path: String,
    pub(super) pending: Vec<Piece>,
    pub(super) pending_rows: usize,
    pub(super) pending_bytes: usize,
    /// Those of them that lie in slabs.
    pub(super) pending_in_slabs: usize,
    pub(super) spilled: Vec<Segment>,
    pub(super) open: Option<Open>,
    /// Files that were begun, in order.
    pub(super) files: Vec<Arc<OpenFile>>,
    /// Position in the stream of the last row.
    pub(super) touched: u64,
    pub(super) measured: Measured,
}

/// The file in work.
pub(super) struct Open {
    pub(super) file: Arc<OpenFile>,
    pub(super) group: Option<RowGroup>,
    /// Bytes in memory of the rows given to the row group in work, and its limit.
    pub(super) group_raw: usize,
    pub(super) group_limit: usize,
    /// Bytes in memory of each row group that was closed.
    pub(super) closed: Vec<usize>,
}

/// What is known of compression in this partition.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Measured {
    raw: u64,
    compressed: u64,
}

impl Measured {
    pub(super) fn add(&mut self, raw: usize, compressed: u64) {
        self.raw += raw as u64;
        self.compressed += compressed;
    }

    pub(super) fn is_known(&self) -> bool {
        self.raw > 0
    }

    /// Bytes of a file for a byte in memory.
    fn ratio(&self) -> f64 {
        if self.raw == 0 {
            GUESSED_RATIO
        } else {
            (self.compressed as f64 / self.raw as f64).max(0.001)
        }
    }
}

impl Partition {
    pub(super) fn new(path: &str) -> Self {
        Partition {
            path: path.to_owned(),
            ..Partition::default()
        }
    }

    /// Rows in memory and spilled, in bytes of memory.
    pub(super) fn held(&self) -> usize {
        self.pending_bytes
            + self
                .spilled
                .iter()
                .map(|segment| segment.raw)
                .sum::<usize>()
    }

    pub(super) fn add(&mut self, piece: Piece) {
        self.pending_rows += piece.num_rows();
        self.pending_bytes += piece.bytes();
        if piece.is_in_slab() {
            self.pending_in_slabs += piece.bytes();
        }
        self.pending.push(piece);
    }

    pub(super) fn take_pending(&mut self) -> Vec<Piece> {
        self.pending_rows = 0;
        self.pending_bytes = 0;
        self.pending_in_slabs = 0;
        std::mem::take(&mut self.pending)
    }

    /// The files, once all are finished.
    pub(super) fn staged(&self) -> Vec<StagedFile> {
        self.files
            .iter()
            .filter_map(|file| file.finished())
            .collect()
    }
}

impl Open {
    pub(super) fn new(file: Arc<OpenFile>) -> Self {
        Open {
            file,
            group: None,
            group_raw: 0,
            group_limit: 0,
            closed: Vec::new(),
        }
    }

    /// Bytes that the file has or will have, by sizes where they are known and by ratio.
    fn expected_bytes(&self, known: &[u64], measured: Measured) -> f64 {
        let exact: u64 = known.iter().sum();
        let rest: usize = self.closed[known.len()..].iter().sum();
        exact as f64 + rest as f64 * measured.ratio()
    }

    /// The size in memory of the next row group, so that the file ends at `target`;
    /// None when it is full.
    pub(super) fn next_limit(
        &self,
        known: &[u64],
        measured: Measured,
        target: u64,
        row_group: u64,
    ) -> Option<usize> {
        let target = target as f64;
        let expected = self.expected_bytes(known, measured);
        if !self.closed.is_empty() && expected >= target * FULL {
            return None;
        }
        let room = (target - expected).max(target * 0.01) / measured.ratio();
        Some((room.min(row_group as f64) as usize).max(1))
    }

    /// An estimate of what the encoders hold in memory.
    pub(super) fn cost(&self, encoder: usize) -> usize {
        if self.group.is_some() {
            encoder + self.group_raw / 3
        } else {
            0
        }
    }
}
