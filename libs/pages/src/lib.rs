//! Parquet files as record batches, of anyone's files: what is small is fetched at once,
//! Zstandard pages are decompressed with one context a thread, and what a page says of
//! itself is checked before the parquet crate makes room for it.

mod checked;
mod chunks;
mod deltas;
mod dictionaries;
mod extent;
mod footer;
mod instants;
mod intervals;
mod narrow;
mod page;
mod places;
mod reason;
mod retyped;
mod rows;
mod zstandard;

pub use self::extent::Extent;
pub use self::footer::footer;
pub use self::places::offset_index;
pub use self::reason::reason;
pub use self::retyped::retyped;
pub use self::rows::Rows;
