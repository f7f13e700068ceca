//! Protocol Buffers, as much of them as ORC's messages need: fields by number.

use super::trouble::{Result, malformed};
use crate::varint;

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Number(u64),
    /// A text, a message, or packed numbers.
    Bytes(&'a [u8]),
    /// Four or eight bytes: nothing that we read.
    Fixed,
}

/// Calls `field` with the number and value of each field of a message, in order.
pub(super) fn fields<'a>(
    message: &'a [u8],
    mut field: impl FnMut(u64, Value<'a>) -> Result<()>,
) -> Result<()> {
    let mut rest = message;
    while !rest.is_empty() {
        let tag = varint(&mut rest)?;
        let value = match tag & 7 {
            0 => Value::Number(varint(&mut rest)?),
            1 => take(&mut rest, 8).map(|_| Value::Fixed)?,
            2 => {
                let length = varint(&mut rest)?;
                Value::Bytes(take(&mut rest, length)?)
            }
            5 => take(&mut rest, 4).map(|_| Value::Fixed)?,
            _ => return Err(damaged()),
        };
        field(tag >> 3, value)?;
    }
    Ok(())
}

impl<'a> Value<'a> {
    pub(super) fn number(self) -> Result<u64> {
        match self {
            Value::Number(number) => Ok(number),
            _ => Err(damaged()),
        }
    }

    /// A number below 2^32: a column, a count.
    pub(super) fn small(self) -> Result<u32> {
        u32::try_from(self.number()?).map_err(|_| damaged())
    }

    pub(super) fn bytes(self) -> Result<&'a [u8]> {
        match self {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(damaged()),
        }
    }

    pub(super) fn text(self) -> Result<String> {
        let text = std::str::from_utf8(self.bytes()?);
        text.map(str::to_owned).map_err(|_| damaged())
    }

    /// Appends repeated numbers, packed or not, of which there may be `most`.
    pub(super) fn append_to(self, numbers: &mut Vec<u32>, most: usize) -> Result<()> {
        match self {
            Value::Bytes(mut packed) => {
                while !packed.is_empty() {
                    Value::Number(varint(&mut packed)?).append_to(numbers, most)?;
                }
                Ok(())
            }
            _ if numbers.len() >= most => Err(malformed(format!("more than {most} numbers"))),
            _ => {
                numbers.push(self.small()?);
                Ok(())
            }
        }
    }
}

fn damaged() -> super::trouble::Trouble {
    malformed("it is not a message of Protocol Buffers")
}

fn varint(rest: &mut &[u8]) -> Result<u64> {
    varint::read(|| take(rest, 1).map(|bytes| bytes[0]))?.ok_or_else(damaged)
}

fn take<'a>(rest: &mut &'a [u8], count: u64) -> Result<&'a [u8]> {
    let count = usize::try_from(count).map_err(|_| damaged())?;
    let (taken, left) = rest.split_at_checked(count).ok_or_else(damaged)?;
    *rest = left;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(message: &[u8]) -> Option<Vec<(u64, Value<'_>)>> {
        let mut found = Vec::new();
        let each = |number, value| {
            found.push((number, value));
            Ok(())
        };
        fields(message, each).ok().map(|()| found)
    }

    #[test]
    fn fields_are_numbered() {
        assert_eq!(all(b""), Some(vec![]));
        assert_eq!(all(&[8, 0xac, 2]), Some(vec![(1, Value::Number(300))]));
        assert_eq!(
            all(&[0x82, 0xf4, 3, 3, b'O', b'R', b'C']),
            Some(vec![(8000, Value::Bytes(b"ORC"))])
        );
        assert_eq!(
            all(&[9, 0, 0, 0, 0, 0, 0, 0, 0]),
            Some(vec![(1, Value::Fixed)])
        );
        assert_eq!(all(&[13, 0, 0, 0, 0]), Some(vec![(1, Value::Fixed)]));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for message in [
            &[8][..],
            &[8, 0x80],
            &[10, 2, 0],
            &[10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
            &[8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
            &[11],
            &[9, 0],
        ] {
            assert_eq!(all(message), None, "{message:?}");
        }
    }

    #[test]
    fn numbers_may_be_packed_up_to_a_bound() {
        let mut numbers = Vec::new();
        assert!(
            Value::Bytes(&[1, 0x80, 1])
                .append_to(&mut numbers, 3)
                .is_ok()
        );
        assert!(Value::Number(5).append_to(&mut numbers, 3).is_ok());
        assert_eq!(numbers, [1, 128, 5]);
        assert!(Value::Number(6).append_to(&mut numbers, 3).is_err());
        assert!(Value::Number(1 << 32).append_to(&mut numbers, 9).is_err());
    }
}
