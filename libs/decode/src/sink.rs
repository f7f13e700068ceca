//! Where decoded batches and refused records go.

use arrow_array::RecordBatch;
use std::ops::ControlFlow;

/// Takes what a decoder produces, in input order within each of the two kinds: a batch
/// is handed over when it is full, a refused record when it is met.
pub trait Sink {
    /// A batch of good records. `Break` ends decoding with [`Stop::Sink`].
    fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()>;

    /// Like [`Sink::batch`], with the line of the chunk on which each row begins, counted
    /// from 0, if [`crate::Options::lines`] asks for them (else none).
    fn batch_with_lines(&mut self, batch: RecordBatch, lines: &[u64]) -> ControlFlow<()> {
        let _ = lines;
        self.batch(batch)
    }

    /// A record that was refused; no part of it is in any batch.
    fn reject(&mut self, rejected: Rejected<'_>) -> ControlFlow<()>;

    /// A field that the schema does not have, said once per decoder, at most a
    /// thousand of them; only under [`crate::ExtraFields::Warn`].
    fn extra_field(&mut self, pointer: &str) {
        let _ = pointer;
    }
}

/// A record that was refused, and why.
#[derive(Clone, Debug)]
pub struct Rejected<'a> {
    /// Line of the chunk on which the record begins, counted from 0.
    pub line_in_chunk: u64,
    /// Byte of the chunk at which the record begins, counted from 0.
    pub offset_in_chunk: u64,
    /// The record as it stands in the input, without its line end; maybe not UTF-8.
    pub raw: &'a [u8],
    /// What is wrong with it (the first thing found).
    pub reason: Reason,
}

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// JSON pointer to the value (RFC 6901): `/items/0/price`; for CSV `/column`.
    /// Empty for the record as a whole.
    pub field: String,
    /// Which rule was broken: one of the names in [`constraint`].
    pub constraint: &'static str,
    /// The text of the value as it stands in the record, at most [`Reason::LONGEST_VALUE`]
    /// bytes of it; where the text is malformed, what stands at `position`.
    pub value: String,
    /// What was expected instead.
    pub expected: String,
    /// Byte of the record at which the problem lies, counted from 0.
    pub position: u64,
}

impl Reason {
    /// Most bytes of a value that are kept.
    pub const LONGEST_VALUE: usize = 4096;
}

/// The names of the rules that a decoder applies.
pub mod constraint {
    /// The text is not JSON (RFC 8259) or not CSV (RFC 4180 with the dialect).
    pub const SYNTAX: &str = "syntax";
    /// The bytes are not UTF-8.
    pub const UTF8: &str = "utf-8";
    /// A key occurs twice in an object.
    pub const DUPLICATE: &str = "duplicateKey";
    /// The value is not of the field's type.
    pub const TYPE: &str = "type";
    /// The value is of the type, but the column cannot hold it.
    pub const RANGE: &str = "range";
    /// The number has more digits than the column keeps.
    pub const DIGITS: &str = "digits";
    /// The schema does not have this field.
    pub const EXTRA: &str = "extraField";
    /// Objects and arrays are nested too deeply.
    pub const DEPTH: &str = "depth";
    /// The row has more or fewer cells than the header.
    pub const CELLS: &str = "cells";
}

/// What one call decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Good records.
    pub rows: u64,
    /// Refused records.
    pub rejected: u64,
    /// Line ends in the chunk, in whatever place.
    pub lines: u64,
}

/// Why decoding ended early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// The sink said so.
    #[error("stopped")]
    Sink,
    /// The chunk is longer than [`crate::Chunk::LONGEST`].
    #[error("a chunk is longer than {} bytes", crate::Chunk::LONGEST)]
    ChunkTooLong,
    /// The columns of a batch do not fit together: a defect of this library.
    #[error("internal error: {0}")]
    Internal(String),
}

/// What the sink's answer means for the decoder.
pub(crate) fn told(flow: ControlFlow<()>) -> Result<(), Stop> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Stop::Sink),
    }
}
