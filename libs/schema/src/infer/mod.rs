//! A schema from a sample: every value seen widens what its field must hold.
//!
//! The lattice: null → boolean, integer → decimal (all numbers with the same scale)
//! → number, date → datetime → string, time → string; objects and lists field by
//! field. What has no common type stays `any` (raw text) in JSON and becomes string
//! in CSV. Nothing is guessed from part of the values: each is looked at.

mod cells;
mod check;
mod glance;
mod json;
mod numbers;
mod scan;
mod shape;
mod texts;

pub use cells::CellInference;
pub use json::JsonInference;
