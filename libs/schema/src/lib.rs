//! Table Schema (Frictionless Data, version 2) ⇄ Arrow, and constraints as data.
//!
//! [`TableSchema::parse`] reads the JSON file that `ingest` and `validate` take,
//! refuses what it does not understand with the JSON pointer of the place, and
//! knows the Arrow type of every field. [`TableSchema::to_json`] writes it back in
//! a stable order. [`infer`] finds a schema for JSON values and CSV cells. Nothing
//! here reads files, and nothing here checks rows: `millrace-decode` and
//! `validate` do.
//!
//! Source of the format: <https://datapackage.org/standard/table-schema/>.

mod arrow;
mod arrow_type;
mod constraints;
mod error;
pub mod infer;
mod keys;
mod parse;
pub mod pattern;
mod place;
mod print;
mod table;
pub mod temporal;

pub use constraints::Constraints;
pub use error::Error;
pub use keys::ForeignKey;
pub use pattern::Pattern;
pub use table::{Field, FieldsMatch, Format, Kind, TableSchema, TextRules};
