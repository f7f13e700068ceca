//! Runs of integers, of both versions.

use super::packed;
use super::stream::Stream;
use super::trouble::{Result, malformed};
use crate::varint::{self, TOO_LONG, zig_zag};

/// Which run length encoding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Version {
    #[default]
    One,
    Two,
}

/// Integers; unsigned ones above `i64::MAX` come out negative.
#[derive(Default)]
pub(super) struct Integers {
    stream: Stream,
    version: Version,
    signed: bool,
    /// The run at hand, of at most 512 values, and what of it was taken.
    run: Vec<i64>,
    taken: usize,
}

impl Integers {
    pub(super) fn new(stream: Stream, version: Version, signed: bool) -> Integers {
        Integers {
            stream,
            version,
            signed,
            ..Integers::default()
        }
    }

    #[inline]
    pub(super) fn next(&mut self) -> Result<i64> {
        self.some(1).map(|one| one[0])
    }

    /// The next ones, as many as are at hand: at least one, at most `most`.
    #[inline]
    pub(super) fn some(&mut self, most: usize) -> Result<&[i64]> {
        if self.taken == self.run.len() {
            self.begin()?;
        }
        let start = self.taken;
        self.taken = self.run.len().min(start + most);
        Ok(&self.run[start..self.taken])
    }

    fn begin(&mut self) -> Result<()> {
        self.run.clear();
        self.taken = 0;
        match self.version {
            Version::One => first(&mut self.stream, self.signed, &mut self.run),
            Version::Two => packed::run(&mut self.stream, self.signed, &mut self.run),
        }
    }

    /// A length, or an index.
    #[inline]
    pub(super) fn length(&mut self) -> Result<usize> {
        self.next().and_then(Self::as_length)
    }

    /// One of these as a length, or an index.
    #[inline]
    pub(super) fn as_length(value: i64) -> Result<usize> {
        usize::try_from(value).map_err(|_| malformed(format!("a length of {value}")))
    }
}

/// A run of version 1: 3 to 130 values at one distance, or 1 to 128 literals.
fn first(stream: &mut Stream, signed: bool, run: &mut Vec<i64>) -> Result<()> {
    let control = stream.byte()?;
    if control >= 0x80 {
        for _ in 0..256 - i64::from(control) {
            run.push(varint(stream, signed)?);
        }
        return Ok(());
    }
    let delta = i64::from(stream.byte()? as i8);
    let base = varint(stream, signed)?;
    // Writers tell the distance between the extremes of 64 bits modulo 2^64.
    run.extend((0..i64::from(control) + 3).map(|n| base.wrapping_add(n.wrapping_mul(delta))));
    Ok(())
}

/// A number in groups of seven bits, the lowest first; signed ones zig-zag.
pub(super) fn varint(stream: &mut Stream, signed: bool) -> Result<i64> {
    let value = varint::read(|| stream.byte())?;
    let value = value.ok_or_else(|| malformed(TOO_LONG))?;
    Ok(sign(value, signed))
}

/// The value of 64 bits: zig-zag if they are signed.
pub(super) fn sign(value: u64, signed: bool) -> i64 {
    match signed {
        true => zig_zag(value),
        false => value as i64,
    }
}

#[cfg(test)]
mod tests {
    use super::super::stream::tests::stream;
    use super::*;

    /// All values of the bytes; None if they end within one or are damaged.
    fn all(version: Version, signed: bool, count: usize, bytes: &[u8]) -> Option<Vec<i64>> {
        let mut integers = Integers::new(stream(None, 0, bytes), version, signed);
        let found = (0..count).map(|_| integers.next().ok()).collect();
        assert!(integers.next().is_err(), "{bytes:?}");
        found
    }

    #[test]
    fn the_first_version_as_specified() {
        let one = |bytes: &[u8], count| all(Version::One, false, count, bytes);
        assert_eq!(one(&[0x61, 0x00, 0x07], 100), Some(vec![7; 100]));
        let down: Vec<i64> = (1..=100).rev().collect();
        assert_eq!(one(&[0x61, 0xff, 0x64], 100), Some(down));
        let literals = [0xfb, 0x02, 0x03, 0x04, 0x07, 0x0b];
        assert_eq!(one(&literals, 5), Some(vec![2, 3, 4, 7, 11]));
        let signed = all(Version::One, true, 3, &[0x00, 0x01, 0x03]);
        assert_eq!(signed, Some(vec![-2, -1, 0]));
    }

    #[test]
    fn the_second_version_as_specified() {
        let two = |bytes: &[u8], count| all(Version::Two, false, count, bytes);
        assert_eq!(two(&[0x0a, 0x27, 0x10], 5), Some(vec![10000; 5]));
        let direct = [0x5e, 0x03, 0x5c, 0xa1, 0xab, 0x1e, 0xde, 0xad, 0xbe, 0xef];
        assert_eq!(two(&direct, 4), Some(vec![23713, 43806, 57005, 48879]));
        let patched = [
            0x8e, 0x13, 0x2b, 0x21, 0x07, 0xd0, 0x1e, 0x00, 0x14, 0x70, 0x28, 0x32, 0x3c, 0x46,
            0x50, 0x5a, 0x64, 0x6e, 0x78, 0x82, 0x8c, 0x96, 0xa0, 0xaa, 0xb4, 0xbe, 0xfc, 0xe8,
        ];
        let expected = vec![
            2030, 2000, 2020, 1000000, 2040, 2050, 2060, 2070, 2080, 2090, 2100, 2110, 2120, 2130,
            2140, 2150, 2160, 2170, 2180, 2190,
        ];
        assert_eq!(two(&patched, 20), Some(expected));
        let delta = [0xc6, 0x09, 0x02, 0x02, 0x22, 0x42, 0x42, 0x46];
        let primes = vec![2, 3, 5, 7, 11, 13, 17, 19, 23, 29];
        assert_eq!(two(&delta, 10), Some(primes));
    }

    #[test]
    fn the_second_version_beyond_the_examples() {
        let signed = |bytes: &[u8], count| all(Version::Two, true, count, bytes);
        assert_eq!(signed(&[0x00, 0x01], 3), Some(vec![-1; 3]));
        // A fixed distance, downwards.
        assert_eq!(
            signed(&[0xc0, 0x03, 0x00, 0x03], 4),
            Some(vec![0, -2, -4, -6])
        );
        // Packed distances, downwards.
        assert_eq!(
            signed(&[0xc2, 0x03, 0x14, 0x01, 0x60], 4),
            Some(vec![10, 9, 8, 6])
        );
        // One value.
        assert_eq!(signed(&[0xc0, 0x00, 0x14, 0x00], 1), Some(vec![10]));
        assert_eq!(signed(&[0x40, 0x00, 0x80], 1), Some(vec![-1]));
        let widest = [0x7e, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(signed(&widest, 1), Some(vec![i64::MIN]));
        // A base below zero: the highest bit of its bytes is the sign.
        let base = [0x82, 0x01, 0x00, 0x00, 0x85, 0x60];
        assert_eq!(all(Version::Two, true, 2, &base), Some(vec![-4, -3]));
    }

    #[test]
    fn damaged_runs_are_refused() {
        for bytes in [
            &[][..],
            &[0x0a, 0x27],
            &[0x5e],
            &[0x5e, 0x03, 0x5c],
            &[0xc6, 0x09, 0x02],
            &[0xc6, 0x09, 0x02, 0x02],
            &[0x8e, 0x13, 0x2b],
            // A patch beyond the last value.
            &[0x82, 0x00, 0x00, 0x61, 0x05, 0x00, 0xff],
            // A patch wider than 64 bits with its gap.
            &[
                0x82, 0x00, 0x1f, 0xe1, 0x05, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                0xff,
            ],
        ] {
            let mut integers = Integers::new(stream(None, 0, bytes), Version::Two, false);
            assert!(integers.next().is_err(), "{bytes:?}");
        }
        for bytes in [&[0x61][..], &[0x61, 0], &[0x61, 0, 0x80], &[0xff]] {
            let mut integers = Integers::new(stream(None, 0, bytes), Version::One, false);
            assert!(integers.next().is_err(), "{bytes:?}");
        }
        let long = [&[0xff][..], &[0xff; 9], &[2]].concat();
        assert!(
            Integers::new(stream(None, 0, &long), Version::One, false)
                .next()
                .is_err()
        );
    }
}
