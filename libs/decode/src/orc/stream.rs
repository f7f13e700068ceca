//! Bytes of the file in order, decompressed a chunk at a time.

use super::codec::Codec;
use super::trouble::{Result, malformed};
use bytes::Bytes;
use millrace_fault::Failure;
use std::sync::Arc;

/// Where the bytes come from: any range of a file.
#[derive(Clone)]
pub struct Source {
    length: u64,
    fetch: Arc<Fetch>,
}

/// Exactly so many bytes from an offset on, which are within the file.
type Fetch = dyn Fn(u64, usize) -> std::result::Result<Bytes, Failure> + Send + Sync;

impl Source {
    /// A file of `length` bytes; `fetch` reads exactly so many from an offset on.
    pub fn new(
        length: u64,
        fetch: impl Fn(u64, usize) -> std::result::Result<Bytes, Failure> + Send + Sync + 'static,
    ) -> Source {
        Source {
            length,
            fetch: Arc::new(fetch),
        }
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Exactly `count` bytes; a range beyond the end is found before it is allocated.
    pub(super) fn read(&self, offset: u64, count: usize) -> Result<Bytes> {
        let end = offset.checked_add(count as u64);
        if end.is_none_or(|end| end > self.length) {
            return Err(malformed("it is cut short"));
        }
        let bytes = (self.fetch)(offset, count)?;
        match bytes.len() == count {
            true => Ok(bytes),
            false => Err(malformed("it is cut short")),
        }
    }
}

/// How sections and streams are stored.
#[derive(Clone)]
pub(super) struct Storage {
    pub(super) source: Source,
    pub(super) codec: Option<Codec>,
    /// Most bytes of a chunk, decompressed and stored.
    pub(super) block: usize,
}

/// What is read of the file at a time.
const FETCH: u64 = 256 << 10;
/// What stands before a chunk.
const HEADER: usize = 3;

/// A part of the file; an empty one by default.
#[derive(Default)]
pub(super) struct Stream {
    storage: Option<Storage>,
    /// What it is, for messages.
    label: &'static str,
    /// Where in the file the next fetch begins, and where the stream ends.
    at: u64,
    end: u64,
    /// What was fetched and not yet decompressed.
    window: Bytes,
    /// What was decompressed and not yet taken.
    chunk: Bytes,
}

impl Stream {
    /// The stream of `length` bytes at `offset`; the caller has seen that they are in the file.
    pub(super) fn new(storage: Storage, label: &'static str, offset: u64, length: u64) -> Stream {
        Stream {
            storage: Some(storage),
            label,
            at: offset,
            end: offset.saturating_add(length),
            ..Stream::default()
        }
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Result<u8> {
        loop {
            if let Some((byte, _)) = self.chunk.split_first() {
                let byte = *byte;
                bytes::Buf::advance(&mut self.chunk, 1);
                return Ok(byte);
            }
            self.more()?;
        }
    }

    /// Fills `space`.
    pub(super) fn fill(&mut self, mut space: &mut [u8]) -> Result<()> {
        while !space.is_empty() {
            if self.chunk.is_empty() {
                self.more()?;
            }
            let count = space.len().min(self.chunk.len());
            let (now, later) = space.split_at_mut(count);
            bytes::Buf::copy_to_slice(&mut self.chunk, now);
            space = later;
        }
        Ok(())
    }

    /// Calls `take` with the next `count` bytes, as they lie there if they are at hand.
    pub(super) fn take(&mut self, count: usize, take: impl FnOnce(&[u8])) -> Result<()> {
        if let Some(bytes) = self.chunk.get(..count) {
            take(bytes);
            bytes::Buf::advance(&mut self.chunk, count);
            return Ok(());
        }
        let mut joined = Vec::new();
        self.append_to(&mut joined, count)?;
        take(&joined);
        Ok(())
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        self.fill(&mut array)?;
        Ok(array)
    }

    /// Appends `count` bytes; memory is taken as they arrive.
    pub(super) fn append_to(&mut self, bytes: &mut Vec<u8>, mut count: usize) -> Result<()> {
        while count > 0 {
            if self.chunk.is_empty() {
                self.more()?;
            }
            let part = count.min(self.chunk.len());
            bytes.extend_from_slice(&self.chunk[..part]);
            bytes::Buf::advance(&mut self.chunk, part);
            count -= part;
        }
        Ok(())
    }

    /// Calls `take` with the next values of `N` bytes, as many as are at hand: at least one,
    /// at most `most`. How many.
    pub(super) fn some<const N: usize>(
        &mut self,
        most: usize,
        mut take: impl FnMut(&[[u8; N]]),
    ) -> Result<usize> {
        let (values, _) = self.chunk.as_chunks();
        let values = &values[..values.len().min(most)];
        if values.is_empty() {
            take(&[self.array()?]);
            return Ok(1);
        }
        let count = values.len();
        take(values);
        bytes::Buf::advance(&mut self.chunk, count * N);
        Ok(count)
    }

    /// All that is left, of which there may be `most` bytes.
    pub(super) fn rest(mut self, most: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        while !self.ended() {
            self.more()?;
            if bytes.len() + self.chunk.len() > most {
                return Err(malformed(format!(
                    "{} is larger than {most} bytes",
                    self.label
                )));
            }
            bytes.extend_from_slice(&std::mem::take(&mut self.chunk));
        }
        Ok(bytes)
    }

    /// Whether nothing is left beside the chunk at hand.
    fn ended(&self) -> bool {
        self.window.is_empty() && self.at >= self.end
    }

    /// Goes on to the next chunk.
    #[cold]
    fn more(&mut self) -> Result<()> {
        if self.ended() {
            return Err(malformed(format!("{} ends too soon", self.label)));
        }
        let Some(storage) = self.storage.clone() else {
            return Err(malformed("it has no such stream"));
        };
        let Some(codec) = storage.codec else {
            self.fetch(1)?;
            self.chunk = std::mem::take(&mut self.window);
            return Ok(());
        };
        self.fetch(HEADER)?;
        let header = self.window.split_to(HEADER);
        let header = u32::from_le_bytes([header[0], header[1], header[2], 0]);
        let length = (header >> 1) as usize;
        if length > storage.block {
            let block = storage.block;
            return Err(self.damaged(&format!("it has more than {block} bytes")));
        }
        self.fetch(length)?;
        let stored = self.window.split_to(length);
        self.chunk = match header & 1 {
            1 => stored,
            _ => codec
                .decompress(&stored, storage.block)
                .map_err(|reason| self.damaged(&format!("cannot decompress it: {reason}")))?,
        };
        Ok(())
    }

    /// Makes sure that `count` bytes are in the window.
    fn fetch(&mut self, count: usize) -> Result<()> {
        let Some(lacks) = count
            .checked_sub(self.window.len())
            .filter(|lacks| *lacks > 0)
        else {
            return Ok(());
        };
        let left = self.end.saturating_sub(self.at);
        if lacks as u64 > left {
            return Err(malformed(format!("{} ends too soon", self.label)));
        }
        let Some(storage) = &self.storage else {
            return Err(malformed("it has no such stream"));
        };
        let length = left.min(FETCH.max(lacks as u64));
        let bytes = storage.source.read(self.at, length as usize)?;
        self.at += length;
        self.window = match self.window.is_empty() {
            true => bytes,
            false => [&self.window[..], &bytes[..]].concat().into(),
        };
        Ok(())
    }

    fn damaged(&self, reason: &str) -> super::trouble::Trouble {
        let at = self.at - self.window.len() as u64;
        malformed(format!(
            "the chunk of {} before byte {at}: {reason}",
            self.label
        ))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A stream of these bytes as they are stored.
    pub(in crate::orc) fn stream(codec: Option<Codec>, block: usize, stored: &[u8]) -> Stream {
        let (bytes, length) = (Bytes::copy_from_slice(stored), stored.len() as u64);
        let source = Source::new(length, move |offset, count| {
            Ok(bytes.slice(offset as usize..offset as usize + count))
        });
        let storage = Storage {
            source,
            codec,
            block,
        };
        Stream::new(storage, "the stream", 0, length)
    }

    #[test]
    fn chunks_follow_each_other() {
        // The specification's example: 100,000 bytes compressed are 0x40 0x0d 0x03; five
        // bytes as they are, 0x0b 0x00 0x00.
        let stored = [11, 0, 0, 1, 2, 3, 4, 5, 3, 0, 0, 6];
        let mut found = stream(Some(Codec::Snappy), 100, &stored);
        let mut bytes = [0; 6];
        assert!(found.fill(&mut bytes).is_ok());
        assert_eq!(bytes, [1, 2, 3, 4, 5, 6]);
        assert!(found.byte().is_err());
        assert_eq!(
            stream(None, 0, &stored).rest(12).ok().as_deref(),
            Some(&stored[..])
        );
        assert!(stream(None, 0, &stored).rest(11).is_err());
    }

    #[test]
    fn damaged_chunks_are_refused() {
        for stored in [
            &[11][..],
            &[11, 0, 0, 1, 2, 3, 4],
            &[0x40, 0x0d, 0x03, 1],
            &[10, 0, 0, 1, 2, 3, 4, 5],
            &[9, 0, 0, 1, 2, 3, 4],
        ] {
            let found = stream(Some(Codec::Snappy), 5, stored).rest(1 << 20);
            assert_eq!(found.is_ok(), stored == [9, 0, 0, 1, 2, 3, 4], "{stored:?}");
        }
        assert!(Stream::default().byte().is_err());
    }
}
