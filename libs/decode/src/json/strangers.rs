//! Keys that no column stands for: they may not occur twice in an object either.

use crate::kernel::Text;
use std::hash::{BuildHasher, RandomState};

/// The keys of all open objects, one object's after the other's.
#[derive(Debug, Default)]
pub(crate) struct Strangers {
    keys: Vec<Stranger>,
    /// Keys without their escapes, where they have any.
    unescaped: Vec<u8>,
    /// Seeded, so that nobody can choose keys that collide.
    hasher: RandomState,
}

/// A key and where its bytes are.
#[derive(Clone, Copy, Debug)]
struct Stranger {
    hash: u64,
    from: usize,
    to: usize,
    /// Whether the bytes are in `unescaped`, not in the text.
    rewritten: bool,
    /// Where the key stands in the text.
    at: usize,
}

/// So few keys are compared one by one, without sorting.
const FEW: usize = 12;

impl Strangers {
    /// How many keys the objects around have; an object begins there.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Adds the key that stands between quotes at `from..to`.
    #[inline(always)]
    pub(crate) fn push(&mut self, text: Text<'_>, from: usize, to: usize) {
        let hash = self.hasher.hash_one(text.slice(from, to));
        self.keys.push(Stranger {
            hash,
            from,
            to,
            rewritten: false,
            at: from,
        });
    }

    /// Adds a key that stands at `at` with escapes and reads `name` without.
    pub(crate) fn push_unescaped(&mut self, name: &[u8], at: usize) {
        let from = self.unescaped.len();
        self.unescaped.extend_from_slice(name);
        let hash = self.hasher.hash_one(name);
        self.keys.push(Stranger {
            hash,
            from,
            to: self.unescaped.len(),
            rewritten: true,
            at,
        });
    }

    /// Ends the object that began with `begin` keys before it. Returns where a key stands
    /// that the object has twice.
    pub(crate) fn end_object(&mut self, text: Text<'_>, begin: usize) -> Option<usize> {
        let twice = match self.keys.len() - begin {
            0 | 1 => None,
            2..=FEW => self.twice_among_few(text, begin),
            _ => self.twice_among_many(text, begin),
        };
        self.truncate(begin);
        twice
    }

    /// Forgets all keys but the first `len`.
    #[inline(always)]
    pub(crate) fn truncate(&mut self, len: usize) {
        self.keys.truncate(len);
        if len == 0 {
            self.unescaped.clear();
        }
    }

    fn twice_among_few(&self, text: Text<'_>, begin: usize) -> Option<usize> {
        let keys = &self.keys[begin..];
        for (i, key) in keys.iter().enumerate() {
            if keys[..i].iter().any(|other| self.same(text, key, other)) {
                return Some(key.at);
            }
        }
        None
    }

    fn twice_among_many(&mut self, text: Text<'_>, begin: usize) -> Option<usize> {
        self.keys[begin..].sort_unstable_by_key(|key| (key.hash, key.at));
        let keys = &self.keys[begin..];
        let twice = keys
            .windows(2)
            .filter(|pair| self.same(text, &pair[0], &pair[1]));
        // The first one in the text, whatever the hashes are.
        twice.map(|pair| pair[1].at).min()
    }

    fn same(&self, text: Text<'_>, one: &Stranger, other: &Stranger) -> bool {
        one.hash == other.hash && self.bytes(text, one) == self.bytes(text, other)
    }

    fn bytes<'a>(&'a self, text: Text<'a>, key: &Stranger) -> &'a [u8] {
        match key.rewritten {
            true => &self.unescaped[key.from..key.to],
            false => text.slice(key.from, key.to),
        }
    }
}
