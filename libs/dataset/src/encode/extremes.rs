//! The least and the greatest of many byte strings, for a chunk's statistics.

/// The least and the greatest value so far, in the order of unsigned bytes.
#[derive(Debug, Default)]
pub(super) struct Extremes {
    least: Extreme,
    greatest: Extreme,
    any: bool,
}

/// A value, and its first eight bytes as a number: two values mostly differ in these, so
/// that a comparison is one of numbers.
#[derive(Debug, Default)]
struct Extreme {
    prefix: u64,
    value: Vec<u8>,
}

impl Extreme {
    fn set(&mut self, prefix: u64, value: &[u8]) {
        self.prefix = prefix;
        self.value.clear();
        self.value.extend_from_slice(value);
    }
}

impl Extremes {
    /// Takes a value in.
    #[inline]
    pub(super) fn add(&mut self, value: &[u8]) {
        let prefix = prefix(value);
        if prefix <= self.least.prefix || prefix >= self.greatest.prefix || !self.any {
            self.compare(prefix, value);
        }
    }

    #[cold]
    fn compare(&mut self, prefix: u64, value: &[u8]) {
        if !self.any || (prefix, value) < (self.least.prefix, &self.least.value) {
            self.least.set(prefix, value);
        }
        if !self.any || (prefix, value) > (self.greatest.prefix, &self.greatest.value) {
            self.greatest.set(prefix, value);
        }
        self.any = true;
    }

    /// Both; None without values.
    pub(super) fn get(&self) -> Option<(&[u8], &[u8])> {
        self.any
            .then_some((self.least.value.as_slice(), self.greatest.value.as_slice()))
    }
}

/// The first eight bytes, zeros where there are fewer.
#[inline]
fn prefix(value: &[u8]) -> u64 {
    match value.first_chunk() {
        Some(first) => u64::from_be_bytes(*first),
        None => {
            let mut first = [0; 8];
            first[..value.len()].copy_from_slice(value);
            u64::from_be_bytes(first)
        }
    }
}

/// A bound that is not above `least`, of at most `limit` bytes, and whether it is `least`
/// itself. Of text, whole characters.
pub(super) fn lower(least: &[u8], limit: usize, text: bool) -> (&[u8], bool) {
    if least.len() <= limit {
        return (least, true);
    }
    (&least[..cut(least, limit, text)], false)
}

/// A bound that is not below `greatest`, of at most `limit` bytes where there is one, and
/// whether it is `greatest` itself. Text stays text.
pub(super) fn upper(greatest: &[u8], limit: usize, text: bool) -> (Vec<u8>, bool) {
    if greatest.len() <= limit {
        return (greatest.to_vec(), true);
    }
    let front = &greatest[..cut(greatest, limit, text)];
    let above = if text {
        next_text(front)
    } else {
        next_bytes(front)
    };
    above.map_or_else(|| (greatest.to_vec(), true), |above| (above, false))
}

/// Where at most `limit` bytes of `value` end.
fn cut(value: &[u8], limit: usize, text: bool) -> usize {
    let is_inside = |at: &usize| text && value[*at] & 0xc0 == 0x80;
    (0..=limit).rev().find(|at| !is_inside(at)).unwrap_or(0)
}

/// The next byte string of that length or less that is above all that begin with `front`.
fn next_bytes(front: &[u8]) -> Option<Vec<u8>> {
    let last = front.iter().rposition(|byte| *byte < 0xff)?;
    let mut above = front[..=last].to_vec();
    above[last] += 1;
    Some(above)
}

/// The same for text: a later character takes the place of the last one that has one.
fn next_text(front: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(front).ok()?;
    text.char_indices().rev().find_map(|(at, character)| {
        let later = (character..).nth(1)?;
        // Never longer than what it replaces.
        (later.len_utf8() == character.len_utf8())
            .then(|| format!("{}{later}", &text[..at]).into_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extremes(values: &[&[u8]]) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut found = Extremes::default();
        values.iter().for_each(|value| found.add(value));
        found.get().map(|(a, b)| (a.to_vec(), b.to_vec()))
    }

    #[test]
    fn values_that_share_eight_bytes_or_end_before() {
        let cases: [&[&[u8]]; 6] = [
            &[b"", b"a"],
            &[b"a\0", b"a", b"a\0\0"],
            &[b"12345678b", b"12345678a", b"12345678", b"12345678\0"],
            &[
                b"\xff\xff\xff\xff\xff\xff\xff\xff",
                b"\xff",
                b"\0\0\0\0\0\0\0\0\0",
            ],
            &[b"same", b"same"],
            &[b""],
        ];
        for case in cases {
            let (least, greatest) = extremes(case).unwrap();
            assert_eq!(least, *case.iter().min().unwrap().to_vec());
            assert_eq!(greatest, *case.iter().max().unwrap().to_vec());
        }
        assert_eq!(extremes(&[]), None);
    }

    #[test]
    fn bounds_of_long_values() {
        let long = "ä".repeat(40);
        assert_eq!(lower(long.as_bytes(), 5, true), ("ää".as_bytes(), false));
        assert_eq!(upper(long.as_bytes(), 5, true), ("äå".into(), false));
        assert_eq!(lower(b"abc", 3, true), (b"abc".as_slice(), true));
        assert_eq!(upper(b"abc", 3, true), (b"abc".to_vec(), true));
        assert_eq!(upper(b"a\xff\xffz", 3, false), (b"b".to_vec(), false));
        // Nothing of three bytes is above: the value stays whole.
        assert_eq!(
            upper(b"\xff\xff\xffz", 3, false),
            (b"\xff\xff\xffz".to_vec(), true)
        );
        // The last character of its length has no later one; the one before has.
        assert_eq!(
            upper("a\u{7f}zz".as_bytes(), 2, true),
            (b"b".to_vec(), false)
        );
        // No character follows U+D7FF directly.
        assert_eq!(
            upper("\u{d7ff}zz".as_bytes(), 3, true),
            ("\u{e000}".into(), false)
        );
    }
}
