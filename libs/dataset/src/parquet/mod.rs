//! How Parquet files are written: settings, and encodings chosen from the data.

mod compression;
mod encodings;
mod settings;

pub use compression::Codec;
pub use encodings::{Encoded, Encodings};
pub use settings::{WriterSettings, sorting_columns};
