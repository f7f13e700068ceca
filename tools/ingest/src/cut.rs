//! Where records end, found in consecutive pieces of a file.

/// Finds record ends.
pub(crate) enum Cutter {
    /// Every newline ends a record.
    Lines,
}

impl Cutter {
    /// The end of the last whole record in `piece`, which follows the piece before it.
    pub(crate) fn last_end(&mut self, piece: &[u8]) -> Option<usize> {
        match self {
            Cutter::Lines => memchr::memrchr(b'\n', piece).map(|newline| newline + 1),
        }
    }

    /// Whether the file may end here: what follows the last record end is a record.
    pub(crate) fn is_whole(&self) -> bool {
        match self {
            Cutter::Lines => true,
        }
    }
}
