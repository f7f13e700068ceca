//! Bytes → Arrow record batches and refused records. No I/O, no threads, no clock: the
//! same bytes and options give the same batches. (Text formats are decoded by the schema
//! asked for, as below; [`avro`] and [`orc`] have schemas of their own.)
//!
//! # How a caller uses it
//! 1. Make one decoder per thread, and one [`Sink`] that takes batches and rejects.
//! 2. Fill a [`Chunk`], find where its last whole record ends ([`ndjson::cut`],
//!    [`csv::Cutter`], [`json::Cutter`]), move the tail to the next chunk, decode.
//!    A chunk of 1 to 2 MiB makes about one batch. Skip a byte order mark first.
//! 3. Call `finish` at the end of the input; or after every chunk, where chunks are
//!    decoded on several threads, so that batches do not depend on who decodes which.
//! 4. Places in [`Rejected`] count from the chunk's beginning; [`Counts::lines`] says how
//!    many lines to add for the chunks before. Rejects and batches are each in order.
//!
//! # What is refused
//! A record is good or refused as a whole: [`Reason`] says for which value and why.
//! - JSON is RFC 8259 to the letter, also in fields that no column reads. Keys may not
//!   occur twice in an object, however they are spelled.
//! - Numbers keep their value. An integer is an integer literal (not `1.0`, not `1e2`) in
//!   the type's range; a decimal may have an exponent and zeros beyond its scale; a
//!   floating-point number is the nearest one, but never infinite, never zero for what is
//!   not, and exact if the literal is an integer.
//! - A JSON string is never taken for a number or a boolean, nor the other way round.
//! - Dates and times are what the field's format says, on the calendar, without leap
//!   seconds, and no finer than the column keeps.
//! - A missing key is a null. Whether null is allowed is not judged here, nor any other
//!   constraint.

pub mod avro;
mod batch;
mod chunk;
mod column;
mod context;
pub mod csv;
mod inflate;
pub mod json;
mod kernel;
mod literal;
mod machine;
pub mod ndjson;
mod options;
pub mod orc;
mod problem;
mod project;
mod reject;
mod sink;
mod utf8;
mod varint;

pub use chunk::Chunk;
pub use options::{Error, ExtraFields, Options};
pub use sink::{Counts, Reason, Rejected, Sink, Stop, constraint};
