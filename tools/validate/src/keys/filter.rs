//! A Bloom filter: says of most absent keys that they are absent, of a present one never.

/// Bits a key where memory allows; wrong about 1 % of the absent.
const BITS_PER_KEY: usize = 10;
const PROBES: u32 = 5;

/// A filter over hashes.
pub(crate) struct Filter {
    words: Vec<u64>,
}

impl Filter {
    /// For so many keys, in at most so many bytes: with fewer it errs more often.
    pub(crate) fn new(keys: u64, bytes: usize) -> Filter {
        let wanted = usize::try_from(keys)
            .unwrap_or(usize::MAX)
            .saturating_mul(BITS_PER_KEY)
            / 64
            + 1;
        Filter {
            words: vec![0; wanted.min(bytes / 8).max(1)],
        }
    }

    pub(crate) fn add(&mut self, hash: u64) {
        for probe in 0..PROBES {
            let (word, bit) = self.place(hash, probe);
            self.words[word] |= bit;
        }
    }

    /// False: certainly not added.
    pub(crate) fn may_hold(&self, hash: u64) -> bool {
        (0..PROBES).all(|probe| {
            let (word, bit) = self.place(hash, probe);
            self.words[word] & bit != 0
        })
    }

    pub(crate) fn size(&self) -> usize {
        self.words.len() * 8
    }

    /// Double hashing: the upper half steps on from the lower.
    fn place(&self, hash: u64, probe: u32) -> (usize, u64) {
        let mixed = hash.wrapping_add(u64::from(probe).wrapping_mul(hash.rotate_left(32) | 1));
        let word = (u128::from(mixed) * self.words.len() as u128) >> 64;
        (word as usize, 1 << (mixed & 63))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::BuildHasher;

    #[test]
    fn never_wrong_about_what_is_there_seldom_about_what_is_not() {
        let state = foldhash::quality::FixedState::default();
        for bytes in [usize::MAX, 8, 0] {
            let mut filter = Filter::new(10_000, bytes);
            (0..10_000u64).for_each(|key| filter.add(state.hash_one(key)));
            assert!((0..10_000u64).all(|key| filter.may_hold(state.hash_one(key))));
            let wrong = (10_000..110_000u64)
                .filter(|key| filter.may_hold(state.hash_one(key)))
                .count();
            assert!(bytes != usize::MAX || wrong < 3000, "{wrong}");
            assert!(filter.size() <= bytes.max(8));
        }
    }
}
