//! Distinct byte strings and their numbers.

use super::hybrid;
use super::recent::Recent;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// Values in order of appearance, as a dictionary page has them.
#[derive(Debug)]
pub(super) struct Dictionary {
    /// Each value behind its length in four bytes: PLAIN.
    page: Vec<u8>,
    /// Where each value begins and ends in the page.
    places: Vec<(usize, usize)>,
    /// Numbers by hash of their values.
    table: HashTable<u32>,
    /// Short values alone: a longer one has no key that tells it apart.
    recent: Recent<Short>,
}

/// A value of at most 16 bytes, told apart from all others of these: its length, and its
/// first and last bytes, which may overlap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Short {
    length: usize,
    first: u64,
    last: u64,
}

impl Short {
    #[inline]
    fn of(value: &[u8]) -> Option<Short> {
        let length = value.len();
        let (first, last) = match length {
            8..=16 => (
                u64::from_le_bytes(*value.first_chunk()?),
                u64::from_le_bytes(*value.last_chunk()?),
            ),
            4..=7 => (
                u32::from_le_bytes(*value.first_chunk()?).into(),
                u32::from_le_bytes(*value.last_chunk()?).into(),
            ),
            2..=3 => (
                u16::from_le_bytes(*value.first_chunk()?).into(),
                u16::from_le_bytes(*value.last_chunk()?).into(),
            ),
            1 => (value[0].into(), 0),
            0 => (0, 0),
            _ => return None,
        };
        Some(Short {
            length,
            first,
            last,
        })
    }

    /// Both ends as one number.
    #[inline]
    fn bits(self) -> u64 {
        self.first ^ self.last.rotate_left(29)
    }
}

impl Default for Dictionary {
    fn default() -> Self {
        Dictionary {
            page: Vec::new(),
            places: Vec::new(),
            table: HashTable::new(),
            recent: Recent::new(),
        }
    }
}

/// The same numbers for the same values in every run: nothing of the hash is written.
const HASHER: FixedState = FixedState::with_seed(0);

impl Dictionary {
    /// The number of `value`, and whether it is new.
    #[inline]
    pub(super) fn number(&mut self, value: &[u8]) -> (u32, bool) {
        let Some(short) = Short::of(value) else {
            return self.look_up(value);
        };
        if let Some(number) = self.recent.get(short, short.bits()) {
            return (number, false);
        }
        let found = self.look_up(value);
        self.recent.put(short, short.bits(), found.0);
        found
    }

    fn look_up(&mut self, value: &[u8]) -> (u32, bool) {
        let Dictionary {
            page,
            places,
            table,
            ..
        } = self;
        let at = |number: u32| {
            let (start, end) = places[number as usize];
            &page[start..end]
        };
        let hash = HASHER.hash_one(value);
        if let Some(number) = table.find(hash, |number| at(*number) == value) {
            return (*number, false);
        }
        let number = places.len() as u32;
        table.insert_unique(hash, number, |number| HASHER.hash_one(at(*number)));
        page.extend_from_slice(&(value.len() as u32).to_le_bytes());
        let start = page.len();
        page.extend_from_slice(value);
        places.push((start, page.len()));
        (number, true)
    }

    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Every value.
    pub(super) fn values(&self) -> impl Iterator<Item = &[u8]> {
        let value = |(start, end): &(usize, usize)| &self.page[*start..*end];
        self.places.iter().map(value)
    }

    /// The page of all values.
    pub(super) fn page(&self) -> &[u8] {
        &self.page
    }

    /// The page, and how many values it has.
    pub(super) fn into_page(self) -> (Vec<u8>, usize) {
        (self.page, self.places.len())
    }

    /// Bits of the largest number.
    pub(super) fn width(&self) -> u32 {
        hybrid::width(self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn short_values_are_told_apart() {
        let mut values: Vec<Vec<u8>> = Vec::new();
        for length in 0..=17 {
            for at in 0..length {
                let mut value = vec![b'a'; length];
                value[at] = b'b';
                values.push(value);
                values.push(
                    (0..length as u8)
                        .map(|i| i * u8::from(i as usize == at))
                        .collect(),
                );
            }
            values.extend([vec![b'a'; length], vec![0; length]]);
        }
        let mut twin = HashMap::new();
        let mut dictionary = Dictionary::default();
        for _ in 0..3 {
            for value in &values {
                let next = twin.len() as u32;
                let expected = *twin.entry(value.clone()).or_insert(next);
                assert_eq!(
                    dictionary.number(value),
                    (expected, expected == next),
                    "{value:?}"
                );
            }
        }
    }

    #[test]
    fn numbers_in_order_of_appearance() {
        let mut dictionary = Dictionary::default();
        let numbers: Vec<_> = ["b", "", "a", "b", "", "long enough to be hashed in blocks"]
            .map(|value| dictionary.number(value.as_bytes()))
            .into();
        let expected = [
            (0, true),
            (1, true),
            (2, true),
            (0, false),
            (1, false),
            (3, true),
        ];
        assert_eq!(numbers, expected);
        assert_eq!(dictionary.width(), 2);
        assert!(
            dictionary
                .page()
                .starts_with(b"\x01\0\0\0b\0\0\0\0\x01\0\0\0a")
        );
        assert_eq!(Dictionary::default().width(), 1);
        for i in 0..5000 {
            dictionary.number(&u64::to_le_bytes(i));
        }
        assert_eq!((dictionary.len(), dictionary.width()), (5004, 13));
        assert_eq!(dictionary.number(&4999u64.to_le_bytes()), (5003, false));
    }
}
