//! Bytes, one after the other, and their lengths.

use super::{LARGEST, Values};
use crate::orc::integers::Integers;
use crate::orc::stream::Stream;
use crate::orc::stripe::{Part, Streams};
use crate::orc::trouble::{Result, malformed};
use arrow_array::ArrayRef;
use arrow_array::builder::BinaryBuilder;
use arrow_schema::ArrowError;
use std::sync::Arc;

/// Values of any length.
#[derive(Default)]
pub(super) struct Pieces {
    data: Stream,
    lengths: Integers,
    /// A value that goes over several chunks.
    joined: Vec<u8>,
}

impl Pieces {
    pub(super) fn open(&mut self, column: u32, streams: &Streams) -> Result<()> {
        self.data = streams.stream(column, Part::Data);
        self.lengths = streams.integers(column, Part::Length, false)?;
        Ok(())
    }

    /// Calls `take` with the next value, which a batch that holds `before` bytes can take up.
    #[inline]
    pub(super) fn read(
        &mut self,
        before: usize,
        take: impl FnOnce(&[u8]) -> Result<()>,
    ) -> Result<usize> {
        let length = self.lengths.length()?;
        within(before, length)?;
        match self.data.whole(length) {
            Some(bytes) => take(&bytes)?,
            None => {
                self.joined.clear();
                self.data.append_to(&mut self.joined, length)?;
                take(&self.joined)?;
            }
        }
        Ok(length + 4)
    }
}

/// Whether a column that holds `before` bytes may hold `more`.
pub(super) fn within(before: usize, more: usize) -> Result<()> {
    match before.checked_add(more).is_some_and(|sum| sum <= LARGEST) {
        true => Ok(()),
        false => Err(malformed(format!("more than {LARGEST} bytes at a time"))),
    }
}

pub(super) struct Binary {
    column: u32,
    values: BinaryBuilder,
    pieces: Pieces,
}

impl Binary {
    pub(super) fn new(column: u32) -> Binary {
        Binary {
            column,
            values: BinaryBuilder::new(),
            pieces: Pieces::default(),
        }
    }
}

impl Values for Binary {
    fn open(&mut self, streams: &Streams) -> Result<()> {
        self.pieces.open(self.column, streams)
    }

    fn read(&mut self) -> Result<usize> {
        let values = &mut self.values;
        self.pieces.read(values.values_slice().len(), |bytes| {
            values.append_value(bytes);
            Ok(())
        })
    }

    fn null(&mut self) {
        self.values.append_null();
    }

    fn finish(&mut self) -> std::result::Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.values.finish()))
    }
}
