//! Avro object container files → record batches.
//!
//! Source of the format: the Avro 1.12 specification, "Object Container Files" and
//! "Binary encoding".
//!
//! - The file is read from its beginning, block by block: it may come from a pipe. A few
//!   blocks at a time make a parcel, which is decoded without the others, on any thread:
//!   in memory is the parcel as stored, one block of it decompressed, and one batch.
//! - Every byte is accounted for: a block must end in the file's sync marker and hold
//!   exactly the records it says; a file that ends within a block is cut short. (One that
//!   ends between two blocks is whole as far as the format goes: it has no end marker.)
//! - Types: boolean, int, long, float, double, bytes, string, fixed, record (struct), array
//!   (list), map; an enum is a string; date, time, timestamp and local-timestamp in
//!   milli-, micro- and (timestamps) nanoseconds, decimal, duration; a union with null is
//!   a column that may be null, any other union an Arrow union. Other logical types are
//!   the type below them. A type that contains itself is refused: no column holds it.
//!
//! Why our own: the reader of arrow-avro 59 takes a file that is cut within a block for
//! whole, does not compare sync markers, does not come back from a block with bytes to
//! spare, and cannot parse a `fixed` where serde_json keeps numbers verbatim, as it does
//! here. It writes the files of our tests.

mod block;
mod codec;
mod column;
mod cursor;
mod parcel;
mod parse;
mod reader;
mod types;

pub use parcel::Parcel;
pub use reader::{Reader, Sizes, Source};
