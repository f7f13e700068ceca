//! The wire between tools: one Arrow IPC stream, strictly.
//!
//! [`Reader`] accepts exactly what a finished producer wrote: schema, batches, the
//! end-of-stream marker, then end of file. A stream that ends before its marker, goes
//! on after it, or is empty is refused, so that a producer which died never looks
//! finished; a stream that its producer poisoned hands on the first cause.
//! [`Output`] is the other end: it writes the next message's marker together with
//! each message (so that foreign readers refuse a cut stream too), and at the end
//! either the end marker or the poison. [`Relay`] and [`forward_stdin`] pass messages
//! on without decoding them. [`FileReader`] reads the Arrow file format. Bytes are
//! untrusted: nothing here panics, and a claimed length allocates no more than has
//! arrived plus a bound. The rules are millrace(7)'s.

mod body;
mod check;
mod decode;
mod encode;
mod error;
mod file;
mod forward;
mod frame;
mod output;
mod pipe;
mod poison;
mod reader;
mod relay;
mod sink;
mod splice;
mod texts;

pub use error::Error;
pub use file::FileReader;
pub use forward::{Listener, forward_stdin};
pub use output::Output;
pub use pipe::Kind;
pub use reader::Reader;
pub use relay::{Passed, Relay};
