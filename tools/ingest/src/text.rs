//! One text file: read up to record ends.

use crate::compression::Content;
use crate::cut::Cutter;
use crate::envelopes;
use crate::feed::Trouble;
use crate::parcel::{Layout, Part};
use crate::plan::Sizes;
use millrace_decode::Chunk;
use millrace_decode::json::Malformed;
use millrace_fault::{Failure, quoted};
use std::sync::Arc;

/// A text file that is being read.
pub(crate) struct Text {
    pub(crate) name: Arc<str>,
    pub(crate) content: Content,
    pub(crate) layout: Layout,
    pub(crate) cutter: Cutter,
    /// What was read beyond the last whole record.
    pub(crate) carry: Chunk,
    /// How much of `carry` the cutter has seen.
    pub(crate) seen: usize,
    /// Offset in the content of the first record.
    pub(crate) first: u64,
    /// Offset in the content of the first byte of `carry`.
    pub(crate) offset: u64,
    /// Lines before the first byte of `carry`; None once a part was handed out.
    pub(crate) lines_before: Option<u64>,
    /// Lines read so far, of a file of envelopes.
    pub(crate) envelopes: Option<u64>,
}

/// How filling a chunk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filled {
    /// The chunk is full; the file goes on.
    Full,
    /// No record of the file fits into what room there is; nothing was added.
    NoRoom,
    /// The file is done; `whole` if other records may follow its last one.
    End { whole: bool },
}

impl Text {
    /// Appends whole records to `chunk` until it is full.
    pub(crate) fn fill(
        &mut self,
        chunk: &mut Chunk,
        sizes: Sizes,
    ) -> Result<(Filled, Option<Part>), Trouble> {
        let start = chunk.len();
        self.take_carry(chunk);
        let mut seen = start + self.seen;
        let mut full = sizes.chunk;
        loop {
            let ended = self.read_up_to(chunk, full)?;
            if ended {
                return self.end(chunk, start, seen);
            }
            let end = self.cut(&chunk.bytes()[seen..])?.map(|end| seen + end);
            seen = chunk.len();
            if let Some(end) = end {
                self.keep(chunk, end);
                let part = self.part(chunk, start)?;
                return Ok((Filled::Full, Some(part)));
            }
            if start > 0 {
                self.keep(chunk, start);
                return Ok((Filled::NoRoom, None));
            }
            if chunk.len() >= sizes.record.saturating_add(2) {
                return Err(Trouble::TooLong {
                    file: Arc::clone(&self.name),
                    offset: self.offset,
                    lines_before: self.lines_before,
                });
            }
            full = full.saturating_mul(2).min(sizes.record.saturating_add(2));
        }
    }

    /// Reads more into `carry`, before anything was handed out; true at the end of the file.
    pub(crate) fn read_more(&mut self, sizes: Sizes) -> Result<bool, Trouble> {
        let longest = sizes.record.saturating_add(2);
        if self.carry.len() >= longest {
            return Err(Trouble::TooLong {
                file: Arc::clone(&self.name),
                offset: self.offset,
                lines_before: self.lines_before,
            });
        }
        let mut carry = std::mem::take(&mut self.carry);
        let more = (2 * carry.len()).clamp(64 << 10, longest.max(64 << 10));
        let ended = self.read_up_to(&mut carry, more)?;
        self.carry = carry;
        Ok(ended)
    }

    /// Leaves the first `count` bytes of `carry` out: they are no records.
    pub(crate) fn skip(&mut self, count: usize) {
        let mut rest = Chunk::default();
        let lines = memchr::memchr_iter(b'\n', &self.carry.bytes()[..count]).count() as u64;
        self.carry.move_tail(count, &mut rest);
        self.carry = rest;
        self.offset += count as u64;
        self.lines_before = self.lines_before.map(|before| before + lines);
    }

    /// Reads until `chunk` holds `full` bytes; true at the end of the file.
    pub(crate) fn read_up_to(&mut self, chunk: &mut Chunk, full: usize) -> Result<bool, Trouble> {
        while chunk.len() < full {
            let want = full - chunk.len();
            let count = self.content.read(&mut chunk.space(want)[..want])?;
            if count == 0 {
                return Ok(true);
            }
            chunk.filled(count);
        }
        Ok(false)
    }

    fn take_carry(&mut self, chunk: &mut Chunk) {
        match chunk.is_empty() && chunk.capacity() <= self.carry.capacity() {
            true => std::mem::swap(chunk, &mut self.carry),
            false => chunk.extend_from_slice(self.carry.bytes()),
        }
        self.carry.clear();
    }

    /// Keeps what follows `end` for the next chunk.
    fn keep(&mut self, chunk: &mut Chunk, end: usize) {
        chunk.move_tail(end, &mut self.carry);
        self.seen = self.carry.len();
    }

    /// The file's last chunk. Its last record need not have a newline.
    fn end(
        &mut self,
        chunk: &mut Chunk,
        start: usize,
        seen: usize,
    ) -> Result<(Filled, Option<Part>), Trouble> {
        if chunk.len() == start {
            return Ok((Filled::End { whole: true }, None));
        }
        let end = chunk.len();
        if self.cutter.wants_newline() && chunk.bytes().last() != Some(&b'\n') {
            chunk.extend_from_slice(b"\n");
        }
        self.cut(&chunk.bytes()[seen..])?;
        let blank = chunk.bytes()[start..].iter().all(u8::is_ascii_whitespace);
        if !(blank && self.lines_before.is_some()) {
            let finished = self.cutter.finish();
            finished.map_err(|malformed| self.malformed(&malformed))?;
        }
        let whole = self.cutter.is_between();
        if !whole {
            chunk.truncate(end);
        }
        let part = self.part(chunk, start)?;
        Ok((Filled::End { whole }, Some(part)))
    }

    fn cut(&mut self, piece: &[u8]) -> Result<Option<usize>, Trouble> {
        let cut = self.cutter.last_end(piece);
        cut.map_err(|malformed| self.malformed(&malformed))
    }

    fn malformed(&self, malformed: &Malformed) -> Trouble {
        let (offset, expected) = (self.first + malformed.position, malformed.expected);
        Failure::data(format!(
            "{}: byte {offset}: expected {expected}",
            quoted(&self.name)
        ))
        .into()
    }

    /// What `chunk` holds from `start` on.
    fn part(&mut self, chunk: &mut Chunk, start: usize) -> Result<Part, Trouble> {
        let offset = self.offset;
        self.offset += (chunk.len() - start) as u64;
        let offsets = match &mut self.envelopes {
            Some(lines) => Some(envelopes::open(chunk, start, &self.name, offset, lines)?),
            None => None,
        };
        let lines_before = self.lines_before.take();
        Ok(Part {
            file: Arc::clone(&self.name),
            start,
            offset,
            lines_before,
            offsets,
        })
    }
}
