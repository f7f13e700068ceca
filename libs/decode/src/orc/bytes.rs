//! Runs of bytes, and booleans: eight to a byte, the highest bit first.

use super::stream::Stream;
use super::trouble::Result;

/// Byte run length encoding.
#[derive(Default)]
pub(super) struct ByteRuns {
    stream: Stream,
    left: usize,
    /// The byte of a run; None among literals.
    repeated: Option<u8>,
}

impl ByteRuns {
    pub(super) fn new(stream: Stream) -> ByteRuns {
        ByteRuns {
            stream,
            ..ByteRuns::default()
        }
    }

    #[inline]
    pub(super) fn next(&mut self) -> Result<u8> {
        if self.left == 0 {
            self.run()?;
        }
        self.left -= 1;
        match self.repeated {
            Some(byte) => Ok(byte),
            None => self.stream.byte(),
        }
    }

    /// Begins a run: 3 to 130 times a byte, or 1 to 128 literals.
    fn run(&mut self) -> Result<()> {
        let control = self.stream.byte()?;
        (self.left, self.repeated) = match control {
            0..=127 => (usize::from(control) + 3, Some(self.stream.byte()?)),
            128..=255 => (256 - usize::from(control), None),
        };
        Ok(())
    }
}

/// Booleans; the bits behind the last one in a byte mean nothing.
#[derive(Default)]
pub(super) struct Booleans {
    bytes: ByteRuns,
    byte: u8,
    left: u8,
}

impl Booleans {
    pub(super) fn new(stream: Stream) -> Booleans {
        Booleans {
            bytes: ByteRuns::new(stream),
            ..Booleans::default()
        }
    }

    #[inline]
    pub(super) fn next(&mut self) -> Result<bool> {
        if self.left == 0 {
            (self.byte, self.left) = (self.bytes.next()?, 8);
        }
        self.left -= 1;
        Ok(self.byte >> self.left & 1 == 1)
    }

    /// The next one, and how often it comes: at least once, at most `most` times.
    pub(super) fn run(&mut self, most: usize) -> Result<(bool, usize)> {
        let first = self.next()?;
        // The bits that are left, at the top; what follows them is not one of them.
        let rest = self.byte.checked_shl(8 - u32::from(self.left)).unwrap_or(0);
        let alike = match first {
            true => rest.leading_ones(),
            false => rest.leading_zeros(),
        };
        let more = alike.min(u32::from(self.left)).min(most as u32 - 1);
        self.left -= more as u8;
        Ok((first, 1 + more as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::super::stream::tests::stream;
    use super::*;

    #[test]
    fn the_examples_of_the_specification() {
        let mut runs = ByteRuns::new(stream(None, 0, &[0x61, 0x00]));
        let found: Option<Vec<u8>> = (0..100).map(|_| runs.next().ok()).collect();
        assert_eq!(found, Some(vec![0; 100]));
        assert!(runs.next().is_err());
        let mut literals = ByteRuns::new(stream(None, 0, &[0xfe, 0x44, 0x45]));
        assert_eq!(literals.next().ok(), Some(0x44));
        assert_eq!(literals.next().ok(), Some(0x45));
        assert!(literals.next().is_err());
        let mut booleans = Booleans::new(stream(None, 0, &[0xff, 0x80]));
        let found: Option<Vec<bool>> = (0..8).map(|_| booleans.next().ok()).collect();
        let expected = [true, false, false, false, false, false, false, false];
        assert_eq!(found, Some(expected.to_vec()));
        assert!(booleans.next().is_err());
    }

    #[test]
    fn booleans_come_in_runs() {
        let bytes = [0xfe, 0b1110_0000, 0b0111_1101, 0x00, 0xff];
        let mut booleans = Booleans::new(stream(None, 0, &bytes));
        let mut found = Vec::new();
        for most in [9, 9, 1, 3, 9, 9, 9, 2, 9, 9] {
            found.push(booleans.run(most).unwrap());
        }
        // Up to the end of a byte, at most.
        let expected = [
            (true, 3),
            (false, 5),
            (false, 1),
            (true, 3),
            (true, 2),
            (false, 1),
        ];
        assert_eq!(found[..6], expected);
        assert_eq!(found[6..], [(true, 1), (true, 2), (true, 6), (true, 8)]);
    }

    #[test]
    fn runs_that_are_cut_are_refused() {
        for bytes in [&[][..], &[0x61], &[0xfe]] {
            assert!(ByteRuns::new(stream(None, 0, bytes)).next().is_err());
        }
    }
}
