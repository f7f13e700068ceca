//! CSV and its relatives: RFC 4180 with a dialect.
//!
//! - A record ends with `\n` or `\r\n`; the last one may lack it. Line ends between quotes
//!   belong to the cell.
//! - A quote counts only as the first character of a cell; elsewhere it is text. Between
//!   quotes, a quote is written twice, or behind the dialect's escape character, which may
//!   stand before a delimiter, a line end and itself too; before anything else it is refused.
//! - After the closing quote comes a delimiter or the end of the record, or the record is
//!   refused.
//! - A record with more or fewer cells than the header is refused. An empty line is passed
//!   over, unless there is only one column: then it is an empty cell.
//! - Cells that mean null are the schema's `missingValues`, by default the empty cell. A
//!   quoted cell of a string column is always text.
//! - White space around numbers, booleans, dates and JSON in cells means nothing; in
//!   strings it is kept. Numbers may have a plus sign and leading zeros, and follow the
//!   field's `decimalChar`, `groupChar` and `bareNumber`; a number column also reads
//!   `NaN`, `INF` and `-INF`.
//! - Objects and arrays are JSON in a cell. Cells of `any` are kept as they are.

mod cell;
mod cut;
mod decoder;
mod dialect;
mod header;
mod number;
mod record;
mod scan;

pub use cut::Cutter;
pub use decoder::Decoder;
pub use dialect::Dialect;
pub use header::Records;
pub(crate) use record::{Layout, Rows, rows};
