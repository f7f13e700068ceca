//! ORC files → record batches.
//!
//! Source of the format: the ORC v1 specification.
//!
//! - The file is read from its end, so it cannot come from a pipe. Streams are read a chunk
//!   at a time, and only those of the columns asked for: what is in memory is one chunk and
//!   one fetch per stream, the dictionaries of one stripe, and one batch.
//! - Row indexes, statistics and bloom filters are not looked at.
//! - Types: boolean, tinyint to bigint, float, double, binary; string, char and varchar are
//!   texts, which must be UTF-8; date; decimal; struct, list, map; a union is an Arrow union.
//!   A timestamp is the time that the clocks of the writer showed, in nanoseconds; a
//!   timestamp with local time zone is a moment, in UTC. Any column may have nulls.
//! - Refused: LZO and Brotli, encrypted columns, files of version 2 (which is not final),
//!   dates of the Julian calendar, times that nanoseconds in 64 bits cannot tell, decimals
//!   that their type cannot hold exactly.
//! - As Java and C++ write it, half a second before 1970 is half a second after: times of the
//!   last second before 1970 that have milliseconds are read in the first one behind it, as
//!   all readers do. A stripe without the zone of its writer is taken for one of UTC.
//!
//! Why our own: orc-rust 0.9 links the whole of `arrow` and a second time zone database, and
//! allocates what lengths in the file ask for.

mod bytes;
mod codec;
mod columns;
mod integers;
mod packed;
mod proto;
mod reader;
mod stream;
mod stripe;
mod tail;
mod trouble;
mod types;
mod zone;

pub use reader::{Reader, Sizes};
pub use stream::Source;
