//! Rows into Parquet files, a folder for each partition.

mod error;
mod partitioned;

pub use error::WriteError;
pub use partitioned::PartitionedWriter;

/// A finished file in a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedFile {
    /// File name.
    pub name: String,
    /// Rows in it.
    pub rows: u64,
    /// Bytes of it.
    pub bytes: u64,
}
