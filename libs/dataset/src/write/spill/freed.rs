//! What of the temporary file is no longer needed: given back while it is in use.
//!
//! Rows come back about in the order in which they went, several runs side by side. A part
//! of a few kilobytes is not worth a system call; parts that lie beside each other are
//! put together first.

use std::collections::BTreeMap;
use std::ops::Range;

/// So many bytes are worth a call.
const WORTH: u64 = 1 << 20;

/// Only whole pages can be given back.
const PAGE: u64 = 4 << 10;

/// Parts that were read and are not given back yet: where each begins, and ends.
#[derive(Debug, Default)]
pub(super) struct Freed(BTreeMap<u64, u64>);

impl Freed {
    /// Takes a part that was read. Answers with what is to be given back now.
    pub(super) fn add(&mut self, part: Range<u64>) -> Option<Range<u64>> {
        let Range { mut start, mut end } = part;
        let before = self.0.range(..=start).next_back();
        if let Some((first, _)) = before
            .map(|(a, b)| (*a, *b))
            .filter(|(_, last)| *last == start)
        {
            self.0.remove(&first);
            start = first;
        }
        if let Some(last) = self.0.remove(&end) {
            end = last;
        }
        let pages = start.next_multiple_of(PAGE)..end / PAGE * PAGE;
        let is_worth = pages.end.saturating_sub(pages.start) >= WORTH;
        match is_worth {
            true => {
                // The rest of a page waits for its neighbour.
                self.keep(start..pages.start);
                self.keep(pages.end..end);
                Some(pages)
            }
            false => {
                self.keep(start..end);
                None
            }
        }
    }

    fn keep(&mut self, part: Range<u64>) {
        if !part.is_empty() {
            self.0.insert(part.start, part.end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts of every size in any order: each page is given back once, whole, and only once
    /// all its bytes were read.
    #[test]
    fn pages_are_given_back_once_all_of_them_was_read() {
        let sizes = [1, 4096, 13_000, 100, 8192, 70_000, 3];
        let mut parts: Vec<Range<u64>> = Vec::new();
        let mut end = 0;
        while end < 20 << 20 {
            let start = end;
            end += sizes[parts.len() % sizes.len()];
            parts.push(start..end);
        }
        for step in [1, 7, 1009] {
            let mut freed = Freed::default();
            let mut read = vec![false; end as usize];
            let mut given = vec![false; end.div_ceil(PAGE) as usize];
            for n in 0..parts.len() {
                let part = parts[n * step % parts.len()].clone();
                assert!(!read[part.start as usize], "the step meets every part once");
                read[part.start as usize..part.end as usize].fill(true);
                let Some(pages) = freed.add(part) else {
                    continue;
                };
                assert!(pages.end - pages.start >= WORTH);
                assert!(
                    read[pages.start as usize..pages.end as usize]
                        .iter()
                        .all(|read| *read)
                );
                for page in pages.start / PAGE..pages.end / PAGE {
                    assert!(!std::mem::replace(&mut given[page as usize], true));
                }
            }
            let rest = given.iter().filter(|given| !**given).count() as u64;
            assert!(
                rest <= WORTH / PAGE + 2,
                "{rest} pages of {} are kept",
                given.len()
            );
        }
    }

    #[test]
    fn a_part_of_nothing_is_nothing() {
        let mut freed = Freed::default();
        assert_eq!(freed.add(10..10), None);
        assert!(freed.0.is_empty());
    }
}
