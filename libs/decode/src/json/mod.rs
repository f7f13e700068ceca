//! JSON documents (RFC 8259): the elements of an array, or objects after each other; and
//! the readers of values that NDJSON shares.
//!
//! One cursor, no tree: the schema decides what is next.
//! Every function takes the text and a position and returns the position behind what it
//! read. The functions that [`crate::kernel::Isa`] names are generic over it and
//! compiled once for each instruction set; what is rare is compiled once for all.

mod cut;
mod decoder;
mod key;
mod object;
mod outline;
mod record;
mod scattered;
mod skip;
mod strangers;
mod string;
mod value;

pub use cut::{Cutter, Malformed, elements};
pub use decoder::Decoder;
pub(crate) use key::{Next, next_key};
pub(crate) use object::{list, object};
pub(crate) use record::{Pause, Records, records};
pub(crate) use scattered::{Scattered, scattered};
pub(crate) use skip::{Open, skip};
pub(crate) use strangers::Strangers;
pub(crate) use value::value;

use crate::kernel::Text;

/// Behind the white space at `at`. In NDJSON a line end is not white space: it ends the
/// record.
#[inline(always)]
pub(crate) fn behind_space(text: Text<'_>, mut at: usize, lines: bool) -> usize {
    while matches!(text.byte(at), b' ' | b'\t' | b'\r') || text.byte(at) == b'\n' && !lines {
        at += 1;
    }
    at
}
