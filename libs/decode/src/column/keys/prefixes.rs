//! Which column a key names, told by its first bytes alone.

use super::table::SPREAD;
use crate::Chunk;
use crate::kernel::{Text, equal_bytes};

/// A table in which a key is found without knowing where it ends. No two entries share a
/// slot; a name that would is not here. So what is found must still be compared, and what
/// is not found may be a column all the same.
#[derive(Debug)]
pub(super) struct Prefixes {
    /// A power of two of them.
    slots: Vec<u32>,
    shift: u32,
    factor: u64,
}

/// So many factors are tried, to leave out as few names as possible.
const TRIES: usize = 64;

/// Of more names than this, some share a slot whatever the factor is.
const FEW: usize = 100;

impl Prefixes {
    /// The table of these names. Where it has no column, it says how many there are.
    pub(super) fn new(names: &[Box<str>]) -> Prefixes {
        let size = (8 * names.len().max(1)).next_power_of_two();
        let prefixes: Vec<u64> = names.iter().map(|name| prefix_of(name)).collect();
        let tries = if names.len() <= FEW { TRIES } else { 0 };
        let (mut factor, mut best) = (SPREAD, Prefixes::of(&prefixes, size, SPREAD));
        for _ in 0..tries {
            if best.1 == 0 {
                break;
            }
            factor = factor.rotate_left(1).wrapping_add(SPREAD) | 1;
            let next = Prefixes::of(&prefixes, size, factor);
            if next.1 < best.1 {
                best = next;
            }
        }
        best.0
    }

    /// The table with this factor, and how many names found their slots taken.
    fn of(prefixes: &[u64], size: usize, factor: u64) -> (Prefixes, usize) {
        let none = prefixes.len() as u32;
        let mut table = Prefixes {
            slots: vec![none; size],
            shift: 64 - size.trailing_zeros(),
            factor,
        };
        let mut left_out = 0;
        for (column, prefix) in prefixes.iter().enumerate() {
            let slot = table.slot(*prefix);
            match table.slots[slot] == none {
                true => table.slots[slot] = column as u32,
                false => left_out += 1,
            }
        }
        (table, left_out)
    }

    /// The column that the key at `at`, behind its opening quote, can only be.
    #[inline(always)]
    pub(super) fn guess(&self, text: Text<'_>, at: usize) -> usize {
        self.slots[self.slot(prefix(text, at))] as usize
    }

    #[inline(always)]
    fn slot(&self, prefix: u64) -> usize {
        (prefix.wrapping_mul(self.factor) >> self.shift) as usize
    }
}

fn prefix_of(name: &str) -> u64 {
    let chunk = Chunk::from(format!("{name}\"").as_bytes());
    Text::of(&chunk).map_or(0, |text| prefix(text, 0))
}

/// The sixteen bytes at `at`, up to and with the first quote, as one word. (Written so
/// that it takes no branch: half of all keys are shorter than a word.)
#[inline(always)]
fn prefix(text: Text<'_>, at: usize) -> u64 {
    let (first, second) = (text.word(at), text.word(at + 8));
    let (first_quote, second_quote) = (equal_bytes(first, b'"'), equal_bytes(second, b'"'));
    let first = first & up_to(first_quote);
    let second = second & up_to(second_quote);
    let second = if first_quote == 0 { second } else { 0 };
    first ^ second.rotate_left(23)
}

/// Ones up to the lowest one; all ones if there is none.
#[inline(always)]
fn up_to(bits: u64) -> u64 {
    bits ^ bits.wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(names: &[&str]) -> Prefixes {
        let names: Vec<Box<str>> = names.iter().map(|name| Box::from(*name)).collect();
        Prefixes::new(&names)
    }

    fn guess(table: &Prefixes, text: &str) -> usize {
        table.guess(Text::of(&Chunk::from(text)).unwrap(), 0)
    }

    #[test]
    fn names_are_found_whatever_follows_them() {
        let names = [
            "id",
            "customer_id",
            "customer_segment",
            "",
            "éé",
            "customers",
        ];
        let table = table(&names);
        for (column, name) in names.iter().enumerate() {
            for behind in [
                "\"",
                "\":\"customer\"",
                "\": 12345678901234567890",
                "\"\"\"",
            ] {
                assert_eq!(guess(&table, &format!("{name}{behind}")), column, "{name}");
            }
        }
    }

    #[test]
    fn of_names_with_one_prefix_one_is_found() {
        let names = ["sixteen_bytes_and_a", "sixteen_bytes_and_b"];
        let table = table(&names);
        assert_eq!(guess(&table, "sixteen_bytes_and_a\""), 0);
        assert_eq!(guess(&table, "sixteen_bytes_and_b\""), 0);
    }

    #[test]
    fn every_one_of_many_names_has_its_slot() {
        let names: Vec<String> = (0..60).map(|i| format!("column_{i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let table = table(&names);
        for (column, name) in names.iter().enumerate() {
            assert_eq!(guess(&table, &format!("{name}\"")), column);
        }
    }

    #[test]
    fn bytes_up_to_the_first_quote_count() {
        for len in 0..=8 {
            let mut bytes = *b"abcdefgh";
            if len < 8 {
                bytes[len..].fill(b'#');
                bytes[len] = b'"';
            }
            let mut kept = [0; 8];
            kept[..(len + 1).min(8)].copy_from_slice(&bytes[..(len + 1).min(8)]);
            let word = u64::from_le_bytes(bytes);
            let quote = equal_bytes(word, b'"');
            assert_eq!(quote == 0, len == 8);
            assert_eq!(word & up_to(quote), u64::from_le_bytes(kept));
        }
    }
}
