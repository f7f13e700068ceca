//! Where bytes live: the seam behind which local files (and later object stores)
//! stand. Nothing above this crate opens a path by itself.
//!
//! - [`Location`] names an input; [`expand`] turns an operand into sorted locations;
//!   [`open_read`] and [`open_read_at`] read them.
//! - [`AtomicFile`] writes a file that is there whole or not at all.
//! - [`GrowingFile`] is a large file in a place where nobody looks yet; [`WriteBehind`] gets it
//!   to the disk meanwhile.
//! - [`AppendFile`] is a log: it grows, and a torn end is cut.
//! - [`dir`] holds the durable directory operations that a commit is made of,
//!   [`attributes`] what directories are besides, [`lock`] the locks, [`failpoint`] the places where tests break things.
//!
//! Every error names the path and what was being done. A failed sync is never
//! retried: after one, the kernel may have dropped the pages and answer OK.

pub mod attributes;
pub mod dir;
pub mod failpoint;
pub mod lock;

mod append;
mod atomic;
mod behind;
mod error;
mod expand;
mod list;
mod location;
mod pattern;
mod read;
mod sync;

pub use append::AppendFile;
pub use atomic::AtomicFile;
pub use behind::{GrowingFile, WriteBehind};
pub use error::Error;
pub use expand::expand;
pub use list::{Entry, EntryKind, Name, list, names};
pub use location::Location;
pub use read::{ReadAt, open_read, open_read_at, read_whole};
pub use sync::{TreeSync, sync_all};
