//! A sorted run of keys on disk: blocks of keys, their first keys in memory.

use crate::keys::filter::Filter;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A block ends once it holds so many bytes.
const BLOCK: usize = 32 << 10;

/// A run, complete and immutable.
pub(crate) struct Run {
    file: File,
    /// The first key of each block, and where the block starts.
    fences: Vec<(Box<[u8]>, u64)>,
    end: u64,
    filter: Filter,
    keys: u64,
    /// How often its keys were merged.
    pub(crate) level: u32,
}

impl Run {
    /// Bytes held in memory.
    pub(crate) fn size(&self) -> usize {
        let fences: usize = self
            .fences
            .iter()
            .map(|(key, _)| key.len() + size_of::<(Box<[u8]>, u64)>())
            .sum();
        fences + self.filter.size()
    }

    /// Bytes on disk.
    pub(crate) fn bytes(&self) -> u64 {
        self.end
    }

    pub(crate) fn keys(&self) -> u64 {
        self.keys
    }

    pub(crate) fn may_hold(&self, hash: u64) -> bool {
        self.filter.may_hold(hash)
    }

    pub(crate) fn blocks(&self) -> usize {
        self.fences.len()
    }

    /// Reads a block. The file was written by us a moment ago: what cannot be read is
    /// an error of the disk.
    pub(crate) fn read(&self, block: usize, into: &mut Vec<u8>) -> io::Result<()> {
        let from = self.fences[block].1;
        let to = self
            .fences
            .get(block + 1)
            .map_or(self.end, |(_, start)| *start);
        into.resize((to - from) as usize, 0);
        self.file.read_exact_at(into, from)
    }

    /// Looks for `sought`, keys in ascending order, and calls `found` with the index of
    /// each that is there.
    pub(crate) fn search(&self, sought: &[&[u8]], mut found: impl FnMut(usize)) -> io::Result<()> {
        let (mut block, mut bytes, mut at) = (usize::MAX, Vec::new(), 0);
        for (index, key) in sought.iter().enumerate() {
            let Some(candidate) = self.block_of(key) else {
                continue;
            };
            if candidate != block {
                self.read(candidate, &mut bytes)?;
                (block, at) = (candidate, 0);
            }
            while let Some((next, after)) = entry(&bytes, at) {
                if next < *key {
                    at = after;
                    continue;
                }
                if next == *key {
                    found(index);
                }
                break;
            }
        }
        Ok(())
    }

    /// The only block that can hold this key.
    fn block_of(&self, key: &[u8]) -> Option<usize> {
        self.fences
            .partition_point(|(first, _)| **first <= *key)
            .checked_sub(1)
    }
}

/// The key at `at` of a block and the place after it.
pub(crate) fn entry(block: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let length = u32::from_le_bytes(*block.get(at..)?.first_chunk()?) as usize;
    let start = at + 4;
    Some((block.get(start..start + length)?, start + length))
}

/// A run being written.
pub(crate) struct Writer {
    file: BufWriter<File>,
    run: Vec<(Box<[u8]>, u64)>,
    filter: Filter,
    end: u64,
    keys: u64,
    level: u32,
}

impl Writer {
    /// A run of so many keys in a file without a name in `dir`, its filter at most
    /// `filter_bytes` large.
    pub(crate) fn new(
        dir: &Path,
        keys: u64,
        filter_bytes: usize,
        level: u32,
    ) -> io::Result<Writer> {
        let file = BufWriter::with_capacity(BLOCK, tempfile::tempfile_in(dir)?);
        let filter = Filter::new(keys, filter_bytes);
        Ok(Writer {
            file,
            run: Vec::new(),
            filter,
            end: 0,
            keys: 0,
            level,
        })
    }

    /// Adds a key, greater than all before it.
    pub(crate) fn push(&mut self, key: &[u8], hash: u64) -> io::Result<()> {
        if self
            .run
            .last()
            .is_none_or(|(_, start)| self.end - start >= BLOCK as u64)
        {
            self.run.push((key.into(), self.end));
        }
        self.file.write_all(&(key.len() as u32).to_le_bytes())?;
        self.file.write_all(key)?;
        self.end += 4 + key.len() as u64;
        self.keys += 1;
        self.filter.add(hash);
        Ok(())
    }

    pub(crate) fn finish(mut self) -> io::Result<Run> {
        self.file.flush()?;
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        Ok(Run {
            file,
            fences: self.run,
            end: self.end,
            filter: self.filter,
            keys: self.keys,
            level: self.level,
        })
    }
}
