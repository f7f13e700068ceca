//! Text that was checked once is not checked again.
#![allow(unsafe_code)]

use arrow_array::StringArray;
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer};

/// An array of texts.
///
/// Invariant: `data` up to the last offset is UTF-8, and every offset is the boundary of
/// a character. It holds because decoders check a chunk as a whole before they read it,
/// copy only between ASCII delimiters, and write escapes as encoded characters. Debug
/// builds (all tests) check it again.
pub(crate) fn utf8_array(
    offsets: OffsetBuffer<i32>,
    data: Buffer,
    nulls: Option<NullBuffer>,
) -> StringArray {
    if cfg!(debug_assertions) {
        return StringArray::new(offsets, data, nulls);
    }
    // SAFETY: see the invariant.
    unsafe { StringArray::new_unchecked(offsets, data, nulls) }
}
