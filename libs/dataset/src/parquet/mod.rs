//! How Parquet files are written: settings, and encodings chosen from the data.

mod compression;
mod encodings;
mod known;
mod settings;

pub use compression::Codec;
pub use encodings::{Encoded, Encodings};
pub use known::known;
pub use settings::{WriterSettings, sorting_columns};
