//! Several threads, and results in the order of what they are the results of: for any
//! number of threads the caller sees the same.
//!
//! - [`side_by_side`]: the same work for many items, one result each, all of them at the end.
//! - [`in_order`]: work whose results come piece by piece and are taken while it goes on,
//!   with a bounded backlog.
//! - [`ahead`]: one such piece of work, a step ahead.
//! - [`abreast`]: several whose results belong together, one of each at a time.

mod abreast;
mod ahead;
mod in_order;
mod side_by_side;

pub use abreast::abreast;
pub use ahead::ahead;
pub use in_order::{Backlog, Hand, RESULTS, in_order};
pub use side_by_side::side_by_side;
