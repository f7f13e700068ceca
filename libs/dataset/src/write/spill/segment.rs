//! Rows in the temporary file, and where they are in it.

use crate::write::piece::Piece;
use std::io;
use std::sync::{Arc, OnceLock};

/// Rows that were given away; where they lie is known once they are written.
#[derive(Debug)]
pub(in crate::write) struct Segment {
    /// Those of all segments of one write.
    places: Arc<Places>,
    index: usize,
    /// Bytes of the rows in memory.
    pub(in crate::write) raw: usize,
    pub(super) rows: usize,
}

/// Where the segments of one write are, once they are written.
pub(super) type Places = OnceLock<Vec<Place>>;

impl Segment {
    /// Of `pieces`, number `index` of a write.
    pub(super) fn of(pieces: &[Piece], index: usize, places: &Arc<Places>) -> Segment {
        Segment {
            places: places.clone(),
            index,
            raw: pieces.iter().map(Piece::bytes).sum(),
            rows: pieces.iter().map(Piece::num_rows).sum(),
        }
    }

    /// Where it is.
    pub(super) fn place(&self) -> io::Result<Place> {
        let place = self.places.get().and_then(|all| all.get(self.index));
        place
            .copied()
            .ok_or_else(|| io::Error::other("a segment has no place"))
    }
}

/// A part of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) start: u64,
    pub(super) length: usize,
}
