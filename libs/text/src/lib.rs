//! Arrays of bytes that become arrays of texts.
//!
//! Arrow checks the UTF-8 of an array, and that every text begins with a character, in
//! 5 % of the time of a pipe that writes Parquet. Most columns are ASCII, where there is
//! nothing to be seen but that.
#![allow(unsafe_code)]

use arrow_array::{GenericBinaryArray, GenericStringArray, OffsetSizeTrait};

/// A value that is not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("value {row} is not UTF-8")]
pub struct NotText {
    /// Its row, counted from 0.
    pub row: usize,
}

/// The texts whose bytes are `array`. A null may stand for nothing but UTF-8, either.
///
/// # Errors
/// The first value that is not UTF-8.
pub fn texts<O: OffsetSizeTrait>(
    array: GenericBinaryArray<O>,
) -> Result<GenericStringArray<O>, NotText> {
    if let Some(row) = first_bad(array.value_data(), array.value_offsets()) {
        return Err(NotText { row });
    }
    let (offsets, bytes, nulls) = array.into_parts();
    // SAFETY: offsets and nulls are those of an array; `first_bad` found that the bytes
    // between any two offsets that follow each other are UTF-8.
    Ok(unsafe { GenericStringArray::new_unchecked(offsets, bytes, nulls) })
}

/// The first row whose bytes, from its offset to the next, are not UTF-8. `offsets` are at
/// least one, do not fall, and are within `bytes`.
pub fn first_bad<O: OffsetSizeTrait>(bytes: &[u8], offsets: &[O]) -> Option<usize> {
    let bounds = |row: usize| offsets[row].as_usize()..offsets[row + 1].as_usize();
    let rows = offsets.len() - 1;
    let all = &bytes[offsets[0].as_usize()..offsets[rows].as_usize()];
    // UTF-8 that is cut between characters is UTF-8 on both sides.
    if all.is_ascii() || simdutf8::basic::from_utf8(all).is_ok_and(|all| is_cut_well(all, offsets))
    {
        return None;
    }
    (0..rows).find(|row| simdutf8::basic::from_utf8(&bytes[bounds(*row)]).is_err())
}

/// Whether no offset, counted from the first, is within a character of `all`.
fn is_cut_well<O: OffsetSizeTrait>(all: &str, offsets: &[O]) -> bool {
    let first = offsets[0].as_usize();
    let mut places = offsets.iter().map(|offset| offset.as_usize() - first);
    places.all(|place| all.is_char_boundary(place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{BinaryArray, LargeBinaryArray, StringArray};
    use proptest::prelude::*;

    fn row_of(values: &[&[u8]]) -> Result<StringArray, usize> {
        texts(BinaryArray::from_vec(values.to_vec())).map_err(|bad| bad.row)
    }

    #[test]
    fn texts_are_those_of_the_bytes() {
        let values = ["", "plain", "Straße", "\u{10ffff}", ""];
        let bytes: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
        assert_eq!(row_of(&bytes), Ok(StringArray::from(values.to_vec())));
        assert_eq!(row_of(&[]), Ok(StringArray::from(Vec::<&str>::new())));
    }

    #[test]
    fn the_first_bad_value_is_named() {
        assert_eq!(row_of(&[b"a", b"\xff", b"\xfe"]), Err(1));
        // A character in two values is none in either.
        assert_eq!(row_of(&[b"a", b"\xc3", b"\x9f"]), Err(1));
        assert_eq!(row_of(&[b"\xc3\x9f\xc3"]), Err(0));
    }

    /// What is not between the offsets does not count.
    #[test]
    fn a_slice_is_judged_alone() {
        let values: Vec<&[u8]> = vec![b"\xff", b"good", b"\xfe"];
        let slice = LargeBinaryArray::from_vec(values).slice(1, 1);
        assert_eq!(texts(slice).unwrap().value(0), "good");
    }

    proptest! {
        /// Arrow's own check says the same, of texts, of texts cut anywhere, and of bytes.
        #[test]
        fn arrow_agrees(
            text in "[a-zß€\u{10000}-\u{10ffff}]{0,40}",
            noise in prop::collection::vec(any::<u8>(), 0..3),
            at in any::<prop::sample::Index>(),
            mut cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let mut bytes = text.into_bytes();
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..at, noise);
            cuts.sort_by_key(|cut| cut.index(bytes.len() + 1));
            let mut values: Vec<&[u8]> = Vec::new();
            let mut from = 0;
            for cut in cuts {
                let to = cut.index(bytes.len() + 1);
                values.push(&bytes[from..to]);
                from = to;
            }
            let array = BinaryArray::from_vec(values);
            let (offsets, data, nulls) = array.clone().into_parts();
            match (StringArray::try_new(offsets, data, nulls), texts(array)) {
                (Ok(theirs), Ok(ours)) => prop_assert_eq!(theirs, ours),
                (theirs, ours) => prop_assert_eq!(theirs.is_ok(), ours.is_ok()),
            }
        }
    }
}
