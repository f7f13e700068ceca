//! Values of a dictionary that were just seen: most of a column's values are found here,
//! without a hash table.

/// Places for values; two that share one take turns.
const SLOTS: usize = 256;

/// A dictionary is full long before it has so many values.
const EMPTY: u32 = u32::MAX;

/// Numbers by keys that are equal for equal values alone.
#[derive(Debug)]
pub(super) struct Recent<K>(Box<[(K, u32); SLOTS]>);

impl<K: Copy + Default + PartialEq> Recent<K> {
    pub(super) fn new() -> Self {
        Recent(Box::new([(K::default(), EMPTY); SLOTS]))
    }

    /// The number of `key`, if it was put here and no other took its place. `bits` of the
    /// key choose the place.
    #[inline]
    pub(super) fn get(&self, key: K, bits: u64) -> Option<u32> {
        let (seen, number) = self.0[slot(bits)];
        (number != EMPTY && seen == key).then_some(number)
    }

    pub(super) fn put(&mut self, key: K, bits: u64, number: u32) {
        self.0[slot(bits)] = (key, number);
    }
}

/// The upper bits of a product depend on all of `bits`.
#[inline]
fn slot(bits: u64) -> usize {
    (bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_share_a_place_are_told_apart() {
        let mut recent = Recent::new();
        assert_eq!(recent.get(0, 0), None);
        recent.put(0, 0, 7);
        assert_eq!((recent.get(0, 0), recent.get(1, 0)), (Some(7), None));
        recent.put(1, 0, 8);
        assert_eq!((recent.get(0, 0), recent.get(1, 0)), (None, Some(8)));
    }
}
