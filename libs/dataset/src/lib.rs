//! A dataset: a directory of Hive partitions with Parquet files.
//!
//! Layout: [`spec`] (which folder a row belongs to), [`hive`] (values as folder names),
//! [`listing`] (what a tree holds), [`evolution`] (files whose schemas differ),
//! [`parquet`] (how files are encoded), [`encode`] (columns into chunks), [`provenance`]
//! (what they tell of their run), [`read`] (footers and bytes), [`select`] (which
//! partitions are meant), [`write`] (rows into staged files).
//! Change: [`root`] (which directory), [`state`] (what is kept beside it), [`tx`] (how
//! files appear and disappear, crash or not).

pub mod content;
pub mod encode;
pub mod evolution;
pub mod hive;
pub mod listing;
pub mod parquet;
pub mod provenance;
pub mod read;
pub mod root;
pub mod select;
pub mod spec;
pub mod state;
pub mod tx;
pub mod write;
