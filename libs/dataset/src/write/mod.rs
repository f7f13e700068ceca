//! Rows into Parquet files, a folder for each partition.
//!
//! [`Scatter`] splits batches by partition, [`PartitionedWriter`] encodes what falls to
//! each on several threads, within a memory budget, into files of a target size.
//! [`Sorter`] stands in front of it where rows are to be sorted. [`FileSeries`] writes the
//! files of one folder, of rows and of row groups that are there already.

mod error;
mod file;
mod limits;
mod partition;
mod partitioned;
mod piece;
mod pool;
mod scatter;
mod series;
mod size;
mod sort;
mod spill;
mod unit;
mod whole;

pub use error::WriteError;
pub use partitioned::{Naming, PartitionedWriter, Staged};
pub use scatter::{Scatter, Window};
pub use series::FileSeries;
pub use sort::{OrderError, SortKey, SortOrder, SortSettings, Sorter, SorterError};

pub use crate::tx::StagedFile;
