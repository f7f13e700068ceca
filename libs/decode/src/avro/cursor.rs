//! The bytes of a block, and the primitive values in them.

use crate::varint::{self, TOO_LONG, zig_zag};

/// Why a value cannot be read: the path of the column, from the inside out, and the reason.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) path: Vec<String>,
    pub(super) reason: String,
}

impl Malformed {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Malformed {
            path: Vec::new(),
            reason: reason.into(),
        }
    }

    /// The same, seen from outside of `name`.
    pub(super) fn inside(mut self, name: &str) -> Self {
        self.path.push(name.to_owned());
        self
    }
}

pub(super) type Result<T> = std::result::Result<T, Malformed>;

/// What is left of a block.
pub(super) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Cursor(bytes)
    }

    pub(super) fn left(&self) -> usize {
        self.0.len()
    }

    #[inline]
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        match self.0.split_at_checked(count) {
            Some((taken, rest)) => {
                self.0 = rest;
                Ok(taken)
            }
            None => Err(cut()),
        }
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        Ok(bytes)
    }

    pub(super) fn boolean(&mut self) -> Result<bool> {
        match self.take(1)?[0] {
            0 => Ok(false),
            1 => Ok(true),
            byte => Err(Malformed::new(format!("{byte} is not a boolean"))),
        }
    }

    #[inline]
    pub(super) fn int(&mut self) -> Result<i32> {
        let long = self.long()?;
        i32::try_from(long).map_err(|_| Malformed::new(format!("{long} is not an int")))
    }

    #[inline]
    pub(super) fn long(&mut self) -> Result<i64> {
        match self.0 {
            // Lengths, branches of unions, and small numbers.
            [byte @ ..0x80, rest @ ..] => {
                self.0 = rest;
                Ok(zig_zag(u64::from(*byte)))
            }
            _ => self.long_of_many(),
        }
    }

    fn long_of_many(&mut self) -> Result<i64> {
        let mut bytes = self.0.iter();
        let number = varint::read(|| bytes.next().copied().ok_or(()));
        self.0 = bytes.as_slice();
        match number {
            Ok(Some(number)) => Ok(zig_zag(number)),
            Ok(None) => Err(Malformed::new(TOO_LONG)),
            Err(()) => Err(cut()),
        }
    }

    /// A length or count, in front of what it counts.
    #[inline]
    pub(super) fn length(&mut self) -> Result<usize> {
        let long = self.long()?;
        usize::try_from(long).map_err(|_| Malformed::new(format!("a length of {long}")))
    }

    #[inline]
    pub(super) fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.length()?;
        self.take(length)
    }

    #[inline]
    pub(super) fn string(&mut self) -> Result<&'a str> {
        simdutf8::basic::from_utf8(self.bytes()?)
            .map_err(|_| Malformed::new("the text is not UTF-8"))
    }

    /// The count of the next items of an array or map; 0 at its end. A count below zero is
    /// followed by their size, for readers that skip.
    pub(super) fn items(&mut self) -> Result<u64> {
        let count = self.long()?;
        if count < 0 {
            self.length()?;
        }
        Ok(count.unsigned_abs())
    }
}

#[cold]
fn cut() -> Malformed {
    Malformed::new("the value goes on beyond the block's end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longs_are_zig_zag() {
        for (bytes, expected) in [
            (&[0][..], 0),
            (&[1], -1),
            (&[2], 1),
            (&[0x7f], -64),
            (&[0x80, 0x01], 64),
            (
                &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
                i64::MAX,
            ),
            (
                &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
                i64::MIN,
            ),
        ] {
            assert_eq!(Cursor::new(bytes).long(), Ok(expected));
        }
        assert!(Cursor::new(&[0x80]).long().is_err());
        assert!(Cursor::new(&[0xff; 11]).long().is_err());
        assert!(Cursor::new(&[0xfe, 0xff, 0xff, 0xff, 0x1f]).int().is_err());
    }
}
