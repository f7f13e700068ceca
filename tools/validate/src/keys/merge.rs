//! Several runs into one.

use crate::keys::run::{Run, Writer, entry};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::path::Path;

/// Merges runs that share no key. `hash` is that of all keys.
pub(crate) fn merge(
    runs: &[Run],
    dir: &Path,
    filter_bytes: usize,
    hash: impl Fn(&[u8]) -> u64,
) -> io::Result<Run> {
    let keys = runs.iter().map(Run::keys).sum();
    let level = runs.iter().map(|run| run.level).max().unwrap_or(0) + 1;
    let mut writer = Writer::new(dir, keys, filter_bytes, level)?;
    let mut cursors: Vec<Cursor<'_>> = runs.iter().map(Cursor::new).collect();
    let mut heads = BinaryHeap::new();
    for (number, cursor) in cursors.iter_mut().enumerate() {
        heads.extend(cursor.next()?.map(|key| Reverse((key, number))));
    }
    while let Some(Reverse((key, number))) = heads.pop() {
        writer.push(&key, hash(&key))?;
        heads.extend(cursors[number].next()?.map(|key| Reverse((key, number))));
    }
    writer.finish()
}

/// Reads a run from its start, a block at a time.
struct Cursor<'a> {
    run: &'a Run,
    next_block: usize,
    block: Vec<u8>,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn new(run: &'a Run) -> Self {
        Cursor {
            run,
            next_block: 0,
            block: Vec::new(),
            at: 0,
        }
    }

    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some((key, after)) = entry(&self.block, self.at) {
                let key = key.to_vec();
                self.at = after;
                return Ok(Some(key));
            }
            if self.next_block == self.run.blocks() {
                return Ok(None);
            }
            self.run.read(self.next_block, &mut self.block)?;
            self.next_block += 1;
            self.at = 0;
        }
    }
}
