//! A piece of the text inputs: what is decoded, and turned into batches, at a time.

use millrace_decode::Chunk;
use std::sync::Arc;

/// Whole records of one layout, of one file or of several small ones.
pub(crate) struct Parcel {
    /// Its place in the sequence, from 0.
    pub(crate) number: u64,
    /// The records.
    pub(crate) chunk: Chunk,
    /// Which stretch of the chunk is of which file; at least one, in order.
    pub(crate) parts: Vec<Part>,
    pub(crate) layout: Layout,
}

/// A stretch of a file in a chunk; it reaches to the next part or the chunk's end.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) file: Arc<str>,
    /// Where in the chunk it begins.
    pub(crate) start: usize,
    /// Where in the file's content it begins.
    pub(crate) offset: u64,
    /// Lines of the file before it, where the file begins here (a header has lines
    /// too); None where it continues.
    pub(crate) lines_before: Option<u64>,
    /// The part's lines come from lines that began at these offsets of the file: for
    /// records that were taken out of envelopes.
    pub(crate) offsets: Option<Vec<u64>>,
}

/// How records are laid out: what a decoder has to be made for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Layout {
    /// One JSON value a line.
    Lines,
    /// The elements of a JSON array, or a document.
    Elements,
    /// Rows of cells.
    Cells(Arc<Cells>),
}

/// What is common to the rows of a CSV file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cells {
    /// Names of the columns in the order of the file.
    pub(crate) columns: Vec<String>,
    /// Whether cells are separated by tabs unless the command line says otherwise.
    pub(crate) tabs: bool,
}

impl Layout {
    /// Whether files of this layout may share a chunk.
    pub(crate) fn packs(&self) -> bool {
        !matches!(self, Layout::Elements)
    }
}

impl Parcel {
    /// The index of the part that the byte at `offset` of the chunk belongs to.
    pub(crate) fn part_at(&self, offset: u64) -> usize {
        let behind = self
            .parts
            .partition_point(|part| part.start as u64 <= offset);
        behind.saturating_sub(1)
    }

    /// The bytes of part `index`.
    pub(crate) fn bytes_of(&self, index: usize) -> &[u8] {
        let end = self
            .parts
            .get(index + 1)
            .map_or(self.chunk.len(), |next| next.start);
        &self.chunk.bytes()[self.parts[index].start..end]
    }
}
