//! The container: a header, and blocks of records behind it.

use super::codec::Codec;
use crate::varint::{self, TOO_LONG, zig_zag};
use millrace_fault::{Failure, quoted};
use std::collections::HashMap;

/// Reads bytes of a file in order into a space; 0 at the end.
pub type Source = Box<dyn FnMut(&mut [u8]) -> Result<usize, Failure> + Send>;

const MAGIC: &[u8] = b"Obj\x01";
const MARKER: usize = 16;
/// What is read at a time.
const FETCH: usize = 64 << 10;
/// Most bytes of a header.
const LARGEST_HEADER: usize = 16 << 20;

/// An open container.
pub(super) struct Container {
    file: String,
    source: Source,
    buffer: Vec<u8>,
    /// What of the buffer was taken.
    taken: usize,
    /// Where in the file the buffer begins.
    offset: u64,
    codec: Codec,
    marker: [u8; MARKER],
    largest: usize,
    number: u64,
}

/// A block's records.
pub(super) struct Block {
    /// From 1.
    pub(super) number: u64,
    /// Where it begins in the file.
    pub(super) offset: u64,
    pub(super) records: u64,
    /// As they are in the file, compressed or not.
    pub(super) stored: Vec<u8>,
}

impl Container {
    /// Reads the header; the schema is returned as it stands there.
    pub(super) fn open(
        file: &str,
        source: Source,
        largest: usize,
    ) -> Result<(Container, Vec<u8>), Failure> {
        let mut container = Container {
            file: file.to_owned(),
            source,
            buffer: Vec::new(),
            taken: 0,
            offset: 0,
            codec: Codec::Null,
            marker: [0; MARKER],
            largest,
            number: 0,
        };
        if container.bytes(MAGIC.len())? != MAGIC {
            return Err(Failure::data(format!(
                "{} is not an Avro file",
                quoted(file)
            )));
        }
        let mut header = container.metadata()?;
        let marker = container.bytes(MARKER)?;
        container.marker.copy_from_slice(&marker);
        let codec = header.remove(&b"avro.codec"[..]).unwrap_or_default();
        container.codec = Codec::named(&codec).ok_or_else(|| {
            let name = quoted(String::from_utf8_lossy(&codec));
            container.corrupt(format!("blocks compressed by {name} are not supported"))
        })?;
        let schema = header.remove(&b"avro.schema"[..]);
        let schema = schema.ok_or_else(|| container.corrupt("its header has no schema"))?;
        Ok((container, schema))
    }

    /// The next block; None behind the last one.
    pub(super) fn next(&mut self) -> Result<Option<Block>, Failure> {
        let offset = self.offset + self.taken as u64;
        if !self.fill()? {
            return Ok(None);
        }
        self.number += 1;
        let (number, file) = (self.number, self.file.clone());
        let refuse = |reason: String| malformed(&file, number, offset, &reason);
        let records = self.long()?;
        let length = self.long()?;
        let (Ok(records), Ok(length)) = (u64::try_from(records), usize::try_from(length)) else {
            return Err(refuse("it has a negative length".to_owned()));
        };
        if length > self.largest {
            let largest = self.largest;
            return Err(refuse(format!("it is larger than {largest} bytes")));
        }
        let stored = self.bytes(length)?;
        if self.bytes(MARKER)? != self.marker {
            return Err(refuse("it does not end in the file's marker".to_owned()));
        }
        Ok(Some(Block {
            number,
            offset,
            records,
            stored,
        }))
    }

    /// How blocks are compressed.
    pub(super) fn codec(&self) -> Codec {
        self.codec
    }

    fn metadata(&mut self) -> Result<HashMap<Vec<u8>, Vec<u8>>, Failure> {
        let mut header = HashMap::new();
        let mut left = LARGEST_HEADER;
        loop {
            let count = self.long()?;
            if count == 0 {
                return Ok(header);
            }
            if count < 0 {
                self.long()?;
            }
            for _ in 0..count.unsigned_abs() {
                let key = self.text(&mut left)?;
                let value = self.text(&mut left)?;
                header.insert(key, value);
            }
        }
    }

    /// A piece of the header, which may have `left` bytes more.
    fn text(&mut self, left: &mut usize) -> Result<Vec<u8>, Failure> {
        let length = usize::try_from(self.long()?).ok();
        // An entry costs something even without a byte in it.
        let rest = length.and_then(|length| left.checked_sub(length.saturating_add(16)));
        let (Some(length), Some(rest)) = (length, rest) else {
            return Err(self.corrupt("its header is damaged, or too large"));
        };
        *left = rest;
        self.bytes(length)
    }

    /// Exactly `count` bytes; memory is taken as they arrive.
    fn bytes(&mut self, count: usize) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::with_capacity(count.min(FETCH));
        while bytes.len() < count {
            if !self.fill()? {
                return Err(self.corrupt("it is cut short"));
            }
            let held = &self.buffer[self.taken..];
            let part = &held[..held.len().min(count - bytes.len())];
            bytes.extend_from_slice(part);
            self.taken += part.len();
        }
        Ok(bytes)
    }

    fn long(&mut self) -> Result<i64, Failure> {
        let number = varint::read(|| self.bytes(1).map(|bytes| bytes[0]))?;
        let number = number.ok_or_else(|| self.corrupt(TOO_LONG))?;
        Ok(zig_zag(number))
    }

    /// Makes sure that something is in the buffer; false at the end of the file.
    fn fill(&mut self) -> Result<bool, Failure> {
        if self.taken < self.buffer.len() {
            return Ok(true);
        }
        self.offset += self.buffer.len() as u64;
        self.taken = 0;
        self.buffer.resize(FETCH, 0);
        let read = (self.source)(&mut self.buffer);
        self.buffer.truncate(*read.as_ref().unwrap_or(&0));
        Ok(read? > 0)
    }

    /// What is wrong with the file, or with the block that is being read.
    pub(super) fn corrupt(&self, reason: impl Into<String>) -> Failure {
        let at = self.offset + self.taken as u64;
        let place = match self.number {
            0 => String::new(),
            number => format!("block {number}: byte {at}: "),
        };
        Failure::data(format!("cannot decode {}", quoted(&self.file)))
            .because(format!("{place}{}", reason.into()))
    }
}

/// What is wrong with a block.
pub(super) fn malformed(file: &str, number: u64, offset: u64, reason: &str) -> Failure {
    Failure::data(format!("cannot decode {}", quoted(file)))
        .because(format!("block {number} at byte {offset}: {reason}"))
}
