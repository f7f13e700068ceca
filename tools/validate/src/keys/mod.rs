//! Sets of keys, exact however large: in memory up to a budget, beyond it in sorted
//! runs on disk.
//!
//! A key is one or several columns of a row as bytes ([`encode`]). A [`KeySet`] holds
//! the newest keys in a hash table over pages of bytes ([`memory`]); when these
//! outgrow the budget they are sorted and written to a run ([`run`]), which is asked
//! once per batch, behind a filter ([`filter`]) that answers for most absent keys.
//! Runs are files without a name in the temporary directory: they vanish with the
//! process.

mod encode;
mod filter;
mod memory;
mod merge;
mod run;
mod set;

pub(crate) use set::{KeySet, Probe, Spill};
