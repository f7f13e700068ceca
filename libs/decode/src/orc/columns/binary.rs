//! Bytes, one after the other, and their lengths.

use super::{END, LARGEST, Progress, Values};
use crate::orc::integers::Integers;
use crate::orc::stream::Stream;
use crate::orc::stripe::{Part, Streams};
use crate::orc::trouble::{Result, malformed};
use arrow_array::{ArrayRef, BinaryArray};
use arrow_buffer::{Buffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::ArrowError;
use std::sync::Arc;

/// Values of any length in the making, at most [`LARGEST`] bytes of them.
pub(super) struct Bytes {
    pub(super) data: Vec<u8>,
    /// Where each value ends, behind the beginning of the first.
    pub(super) offsets: Vec<i32>,
    validity: NullBufferBuilder,
}

impl Bytes {
    pub(super) fn new() -> Bytes {
        Bytes {
            data: Vec::new(),
            offsets: vec![0],
            validity: NullBufferBuilder::new(0),
        }
    }

    /// Appends a value, which counts with [`Bytes::count`].
    #[inline]
    pub(super) fn push(&mut self, value: &[u8]) -> Result<()> {
        let end = end(self.data.len(), value.len())?;
        self.data.extend_from_slice(value);
        self.offsets.push(end);
        Ok(())
    }

    /// There are `count` values more, behind the first `start` bytes.
    pub(super) fn count(&mut self, count: usize, start: usize, progress: &mut Progress) {
        self.validity.append_n_non_nulls(count);
        progress.add(count, END);
        progress.bytes += self.data.len() - start;
    }

    pub(super) fn nulls(&mut self, count: usize) {
        let end = self.data.len() as i32;
        self.offsets.resize(self.offsets.len() + count, end);
        self.validity.append_n_nulls(count);
    }

    pub(super) fn finish(&mut self) -> std::result::Result<BinaryArray, ArrowError> {
        // The next batch is as long, most of the time.
        let data = Vec::with_capacity(self.data.len());
        let mut offsets = Vec::with_capacity(self.offsets.len());
        offsets.push(0);
        let offsets = std::mem::replace(&mut self.offsets, offsets);
        BinaryArray::try_new(
            OffsetBuffer::new(ScalarBuffer::from(offsets)),
            Buffer::from_vec(std::mem::replace(&mut self.data, data)),
            self.validity.finish(),
        )
    }
}

/// Where a value of `length` bytes ends that begins at `start`.
fn end(start: usize, length: usize) -> Result<i32> {
    let end = start.checked_add(length).filter(|end| *end <= LARGEST);
    let end = end.ok_or_else(|| malformed(format!("more than {LARGEST} bytes at a time")))?;
    Ok(end as i32)
}

/// Where values stand one after the other.
#[derive(Default)]
pub(super) struct Pieces {
    data: Stream,
    lengths: Integers,
}

impl Pieces {
    pub(super) fn open(&mut self, column: u32, streams: &Streams) -> Result<()> {
        self.data = streams.stream(column, Part::Data);
        self.lengths = streams.integers(column, Part::Length, false)?;
        Ok(())
    }

    /// Appends the next values, as many as there are lengths at hand, at most `most`; how
    /// many. `progress` counts those that are there, also when not all are.
    pub(super) fn read(
        &mut self,
        most: usize,
        values: &mut Bytes,
        progress: &mut Progress,
    ) -> Result<usize> {
        let (first, start) = (values.offsets.len(), values.data.len());
        let ends = ends(self.lengths.some(most)?, start, &mut values.offsets);
        let total = values.offsets.last().map_or(0, |end| *end as usize) - start;
        let read = self.data.append_to(&mut values.data, total);
        let ends_at = |end: &i32| *end as usize <= values.data.len();
        let count = values.offsets[first..].partition_point(ends_at);
        values.count(count, start, progress);
        read.and(ends).map(|()| count)
    }
}

/// Appends where values of these lengths end, up to the first whose length is none.
fn ends(lengths: &[i64], start: usize, offsets: &mut Vec<i32>) -> Result<()> {
    let mut at = start;
    for length in lengths {
        let length = Integers::as_length(*length)?;
        offsets.push(end(at, length)?);
        at += length;
    }
    Ok(())
}

pub(super) struct Binary {
    column: u32,
    values: Bytes,
    pieces: Pieces,
}

impl Binary {
    pub(super) fn new(column: u32) -> Binary {
        Binary {
            column,
            values: Bytes::new(),
            pieces: Pieces::default(),
        }
    }
}

impl Values for Binary {
    fn open(&mut self, streams: &Streams) -> Result<()> {
        self.pieces.open(self.column, streams)
    }

    fn read(&mut self, count: usize, progress: &mut Progress) -> Result<()> {
        let mut left = count;
        while left > 0 {
            left -= self.pieces.read(left, &mut self.values, progress)?;
        }
        Ok(())
    }

    fn nulls(&mut self, count: usize) {
        self.values.nulls(count);
    }

    fn finish(&mut self) -> std::result::Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.values.finish()?))
    }
}
