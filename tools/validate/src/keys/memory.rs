//! Keys in memory: pages of bytes that never move, and a hash table of places in them.
//!
//! An entry of the table is half a key's hash and its place, eight bytes in all: a table
//! that grows, and a search that meets another key, need not look at the keys, which are
//! anywhere in memory.

use hashbrown::HashTable;

/// Keys start at multiples of this.
const UNIT: usize = 8;
/// Units of a page, as bits of a place; a longer key gets a page of its own.
const UNIT_BITS: u32 = 15;
/// Room of a page.
const PAGE: usize = UNIT << UNIT_BITS;
/// Pages that places can tell apart, less room for one batch's keys.
const MOST_PAGES: usize = 1 << (31 - UNIT_BITS);

/// A set of keys in memory. Hashes are the caller's, always the same for a key.
#[derive(Default)]
pub(crate) struct Memory {
    pages: Vec<Vec<u8>>,
    page_bytes: usize,
    table: HashTable<Entry>,
}

/// Half a hash in the upper half; a place in the lower: page, then unit.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry(u64);

impl Entry {
    fn new(hash: u64, page: usize, at: usize) -> Entry {
        Entry((hash & !u64::from(u32::MAX)) | ((page << UNIT_BITS) | (at / UNIT)) as u64)
    }

    fn half(self) -> u64 {
        self.0 >> 32
    }

    fn page(self) -> usize {
        (self.0 as u32 >> UNIT_BITS) as usize
    }

    fn at(self) -> usize {
        (self.0 as usize & ((1 << UNIT_BITS) - 1)) * UNIT
    }
}

/// What the table sees: half a hash, spread over all bits again.
fn spread(half: u64) -> u64 {
    half.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Memory {
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Bytes held, with what sorting them for a run will take, should `more` keys come.
    pub(crate) fn size_with(&self, more: usize) -> usize {
        if self.pages.len() >= MOST_PAGES {
            return usize::MAX;
        }
        let table = self.table.allocation_size();
        // A table that grows holds the old and the doubled one at a time.
        let growth = if self.table.len() + more > self.table.capacity() {
            2 * table
        } else {
            0
        };
        self.page_bytes + table + growth + size_of::<Entry>() * self.table.len()
    }

    pub(crate) fn contains(&self, hash: u64, key: &[u8]) -> bool {
        let half = hash >> 32;
        let same = |entry: &Entry| entry.half() == half && self.key(*entry) == key;
        self.table.find(spread(half), same).is_some()
    }

    /// Adds a key that is not there.
    pub(crate) fn insert(&mut self, hash: u64, key: &[u8]) {
        let (page, at) = self.store(key);
        let entry = Entry::new(hash, page, at);
        self.table
            .insert_unique(spread(entry.half()), entry, |entry| spread(entry.half()));
    }

    /// All keys in the order of their bytes.
    pub(crate) fn sorted(&self) -> impl Iterator<Item = &[u8]> {
        let mut entries: Vec<Entry> = self.table.iter().copied().collect();
        entries.sort_unstable_by(|a, b| self.key(*a).cmp(self.key(*b)));
        entries.into_iter().map(|entry| self.key(entry))
    }

    fn key(&self, entry: Entry) -> &[u8] {
        let bytes = &self.pages[entry.page()][entry.at()..];
        match bytes.split_first_chunk() {
            Some((length, key)) => &key[..u32::from_le_bytes(*length) as usize],
            None => &[],
        }
    }

    /// The page and the offset in it where the key now stands, behind its length.
    fn store(&mut self, key: &[u8]) -> (usize, usize) {
        let needed = (key.len() + size_of::<u32>()).next_multiple_of(UNIT);
        if self
            .pages
            .last()
            .is_none_or(|page| page.capacity() - page.len() < needed)
        {
            // Small sets take small pages.
            let room = needed.max(PAGE.min(self.page_bytes.next_multiple_of(UNIT).max(4096)));
            self.pages.push(Vec::with_capacity(room));
            self.page_bytes += room;
        }
        let number = self.pages.len() - 1;
        let page = &mut self.pages[number];
        let at = page.len();
        page.extend_from_slice(&(key.len() as u32).to_le_bytes());
        page.extend_from_slice(key);
        page.resize(at + needed, 0);
        (number, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_all_lengths_are_found_again() {
        let state = foldhash::quality::FixedState::default();
        let hash = |key: &[u8]| std::hash::BuildHasher::hash_one(&state, key);
        let keys: Vec<Vec<u8>> = (0..3000usize)
            .map(|n| {
                n.to_le_bytes()
                    .into_iter()
                    .cycle()
                    .take(8 + n % 40)
                    .collect()
            })
            .chain([
                vec![],
                vec![0],
                vec![7; PAGE - 4],
                vec![8; PAGE],
                vec![9; 3 * PAGE],
            ])
            .collect();
        let mut memory = Memory::default();
        for key in &keys {
            assert!(!memory.contains(hash(key), key));
            memory.insert(hash(key), key);
        }
        assert!(keys.iter().all(|key| memory.contains(hash(key), key)));
        assert!(!memory.contains(hash(b"absent"), b"absent"));
        let mut sorted = keys.clone();
        sorted.sort();
        assert!(memory.sorted().eq(sorted.iter().map(Vec::as_slice)));
        // Keys whose hashes collide are still told apart.
        memory.insert(hash(b"a"), b"a");
        assert!(!memory.contains(hash(b"a"), b"b"));
    }
}
