//! Keys in memory: pages of bytes that never move, and a hash table of addresses.

use hashbrown::HashTable;

/// Room of a page; a longer key gets a page of its own.
const PAGE: usize = 256 << 10;

/// A set of keys in memory. Hashes are the caller's, always the same for a key.
#[derive(Default)]
pub(crate) struct Memory {
    pages: Vec<Vec<u8>>,
    page_bytes: usize,
    table: HashTable<Address>,
}

/// Where a key stands: page in the upper half, offset in the lower.
#[derive(Clone, Copy)]
struct Address(u64);

impl Memory {
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Bytes held, with what sorting them for a run will take, should `more` keys come.
    pub(crate) fn size_with(&self, more: usize) -> usize {
        let table = self.table.allocation_size();
        // A table that grows holds the old and the doubled one at a time.
        let growth = if self.table.len() + more > self.table.capacity() {
            2 * table
        } else {
            0
        };
        self.page_bytes + table + growth + 8 * self.table.len()
    }

    pub(crate) fn contains(&self, hash: u64, key: &[u8]) -> bool {
        self.table
            .find(hash, |address| self.key(*address) == key)
            .is_some()
    }

    /// Adds a key that is not there. `hasher` is for those that move when the table grows.
    pub(crate) fn insert(&mut self, hash: u64, key: &[u8], hasher: impl Fn(&[u8]) -> u64) {
        let address = self.store(key);
        let pages = &self.pages;
        self.table
            .insert_unique(hash, address, |address| hasher(key_at(pages, *address)));
    }

    /// All keys in the order of their bytes.
    pub(crate) fn sorted(&self) -> impl Iterator<Item = &[u8]> {
        let mut addresses: Vec<Address> = self.table.iter().copied().collect();
        addresses.sort_unstable_by(|a, b| self.key(*a).cmp(self.key(*b)));
        addresses.into_iter().map(|address| self.key(address))
    }

    fn key(&self, address: Address) -> &[u8] {
        key_at(&self.pages, address)
    }

    fn store(&mut self, key: &[u8]) -> Address {
        let needed = key.len() + LENGTH;
        if self
            .pages
            .last()
            .is_none_or(|page| page.capacity() - page.len() < needed)
        {
            self.add_page(needed.max(PAGE.min(self.page_bytes.max(4096))));
        }
        let number = self.pages.len() - 1;
        let page = &mut self.pages[number];
        let address = Address((number as u64) << 32 | page.len() as u64);
        page.extend_from_slice(&(key.len() as u32).to_le_bytes());
        page.extend_from_slice(key);
        address
    }

    fn add_page(&mut self, room: usize) {
        self.pages.push(Vec::with_capacity(room));
        self.page_bytes += room;
    }
}

/// Bytes of a key's length in front of it.
const LENGTH: usize = 4;

fn key_at(pages: &[Vec<u8>], address: Address) -> &[u8] {
    let (page, at) = (
        &pages[(address.0 >> 32) as usize],
        address.0 as u32 as usize,
    );
    let mut length = [0; LENGTH];
    length.copy_from_slice(&page[at..at + LENGTH]);
    &page[at + LENGTH..][..u32::from_le_bytes(length) as usize]
}
