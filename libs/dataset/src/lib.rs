//! A dataset: a directory of Hive partitions with Parquet files.
//!
//! Layout: [`spec`] (which folder a row belongs to), [`hive`] (values as folder names),
//! [`listing`] (what a tree holds), [`parquet`] (how files are encoded), [`write`] (rows
//! into staged files).

pub mod hive;
pub mod listing;
pub mod parquet;
pub mod spec;
pub mod write;
