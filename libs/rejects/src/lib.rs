//! The quarantine that `ingest` and `validate` share: what was refused, whole, with
//! every reason, so that it can be mended and read back.
//!
//! A [`Quarantine`] is an open rejects file. It is written beside its name and
//! renamed by [`Quarantine::finish`], synced, so that a file of that name is always
//! complete; a run that fails leaves `NAME.failed` instead. Each [`Reject`] is one
//! NDJSON line (or one row of an Arrow stream, when the name ends in `.arrows`),
//! in the order of the input. [`parse_envelope`] reads a line back. [`RowEncoder`]
//! renders rows of any Arrow type as JSON without losing a digit.

mod arrows;
mod envelope;
mod name;
mod quarantine;
mod reject;
mod rows;
mod values;

pub use envelope::{Envelope, EnvelopeError, Restored, parse_envelope};
pub use quarantine::Quarantine;
pub use reject::{Content, Reason, Reject, Source};
pub use rows::{RowEncoder, RowsError};
