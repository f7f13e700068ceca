//! Rows for the temporary file: every array as its parts one after the other, small.
//!
//! An Arrow stream repeats the schema, pads and compresses buffer by buffer, which for
//! pieces of a hundred rows is most of the work. Here whole numbers take the bytes that
//! their range needs, and text is compressed only where that pays. What is read back is
//! one batch, however many pieces went in.
//!
//! A piece is its number of rows (four bytes), then each column: a byte that says whether
//! validity bits follow, these, and the values by [`Shape`]. All numbers are little-endian.
//! The bytes never outlive the process, and come from it alone.

mod bytes;
mod numbers;
mod read;
mod shape;
mod write;

pub(super) use self::bytes::Trials;
pub(super) use self::read::read;
pub(super) use self::shape::holds;
pub(super) use self::write::Writer;

#[cfg(test)]
mod tests;
