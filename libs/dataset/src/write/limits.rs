//! The shares of the memory budget. All decisions are made of the stream's bytes alone,
//! so that the files do not depend on threads or timing.

use super::unit::UNIT_BYTES;
use crate::parquet::WriterSettings;

/// Rows that a column is handed at a time.
const UNIT_ROWS: usize = 16 << 10;

/// A closed partition is opened again for this much; less waits for the end.
const REOPEN_BYTES: usize = 16 << 20;

/// What is written in one go, by one thread.
const WHOLE_BYTES: usize = 8 << 20;

/// Bytes of a partition that are worth being laid, or spilled, at once.
const PART: usize = 4 << 10;

/// Descriptors left to others.
const SPARE_FILES: u64 = 48;

/// What the writer may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Rows and bytes of a partition that are worth encoding.
    pub(super) unit_rows: usize,
    pub(super) unit_bytes: usize,
    /// Rows of all partitions that wait for more.
    pub(super) pending: usize,
    /// The same, where they lie in slabs: these are emptied to the last row, and what is
    /// fresh in the caches is emptied quicker.
    slabs: (usize, usize),
    /// Rows that are spilled with one write.
    pub(super) together: usize,
    /// Encoders and their finished pages.
    pub(super) encoders: usize,
    /// An encoder before its first page.
    pub(super) encoder: usize,
    /// Rows in the hands of the pool.
    pub(super) backlog: usize,
    /// Open partitions.
    pub(super) open: usize,
    /// A partition without rows for so many bytes of the stream is closed.
    pub(super) idle: u64,
    /// Rows that open a closed partition again.
    pub(super) reopen: usize,
    /// A partition of at most so many bytes is written in one go.
    pub(super) whole: usize,
}

impl Limits {
    pub(super) fn new(settings: &WriterSettings, leaves: usize) -> Limits {
        let memory = usize::try_from(settings.memory)
            .unwrap_or(usize::MAX)
            .max(1 << 20);
        let encoders = memory / 2;
        // A page being filled, its levels or dictionary indices, and the codec's buffers.
        let encoder = leaves.max(1) * (settings.page_size + (64 << 10));
        Limits {
            unit_rows: UNIT_ROWS,
            unit_bytes: UNIT_BYTES.min(memory / 16),
            pending: memory / 4,
            slabs: (memory / 16, memory / 4 + memory / 16),
            together: (memory / 64).min(1 << 20),
            encoders,
            encoder,
            backlog: (memory / 16).min(16 << 20),
            open: (encoders / encoder).clamp(1, open_files()),
            idle: (memory as u64 / 4).max(1 << 20),
            reopen: REOPEN_BYTES.min(memory / 8),
            whole: WHOLE_BYTES.min(memory / 16),
        }
    }

    /// Rows of so many partitions that may wait in slabs.
    pub(super) fn slabs(&self, partitions: usize) -> usize {
        for_each_part(partitions, self.slabs)
    }
}

/// Bytes within `limits` for the rows of so many partitions: as few as are worth it.
pub(super) fn for_each_part(partitions: usize, limits: (usize, usize)) -> usize {
    let (least, most) = limits;
    partitions.saturating_mul(PART).clamp(least, most)
}

/// How many files this process may hold open at once.
fn open_files() -> usize {
    let soft = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let soft = soft.unwrap_or(u64::from(u32::MAX));
    usize::try_from(soft.saturating_sub(SPARE_FILES))
        .unwrap_or(usize::MAX)
        .max(1)
}
