//! SQL predicates over Arrow data: on the rows of a batch, and on statistics.
//!
//! [`Predicate`] is a parsed SQL expression (three-valued logic throughout);
//! [`Predicate::bind`] resolves its columns and types against a schema; [`Bound`] then
//! says which rows of a batch satisfy it, or what must hold of all rows that lie
//! within given [`Statistics`]. The second answer is never wrong about the first:
//! what is unknown keeps.
//!
//! Integers and decimals compare exactly, whatever their types; what meets a
//! floating-point column is rounded to it first. NaN equals itself and is greater than
//! every number, and `-0.0` equals `0.0` (as in DuckDB, PostgreSQL and Spark). `/`
//! divides in floating point, `//` drops the fraction; dividing by zero gives NULL.
//! Timestamps are instants: one without a zone is in UTC, and so are dates and hours.
//!
//! The way of an expression: `parse` (text to `sqlparser`'s tree to `ast`), `bind`
//! (`ast` and a schema to typed `node`s), then `evaluate` or `outcome`.

mod ast;
mod bind;
mod bound;
mod error;
mod evaluate;
mod literal;
mod node;
mod outcome;
mod parse;
mod pattern;
mod predicate;
mod statistics;
mod types;

pub use bound::Bound;
pub use error::Error;
pub use predicate::Predicate;
pub use statistics::{ColumnStatistics, Outcome, Statistics};
