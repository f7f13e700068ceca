//! What statistics say about a predicate: the set of answers (true, false, null) that
//! some row may give, as truth tables. The set may be too large, never too small.
//!
//! | of a row may be  | t            | f            | null                          |
//! |------------------|--------------|--------------|-------------------------------|
//! | a AND b          | both t       | either f     | one null, the other null or t |
//! | a OR b           | either t     | both f       | one null, the other null or f |
//! | NOT a            | a f          | a t          | a null                        |
//! | a IS TRUE        | a t          | a f or null  | never                         |
//! | a IS NULL        | a null       | a a value    | never                         |
//! | a < b            | min a < max b| max a >= min b| either null                  |
//!
//! NaN is above every number but outside of Parquet's bounds; a float column is
//! therefore looked at twice: as within its bounds, and as NaN.

mod range;
mod truth;
mod world;

use crate::{Bound, Outcome, Statistics};
use truth::Truth;

pub(crate) fn predicate(bound: &Bound, statistics: &dyn Statistics) -> Outcome {
    let mut all = Truth::NOTHING;
    for world in world::worlds(&bound.columns, statistics) {
        all = all.or_else(truth::truth(&bound.root, &world));
        if all == Truth::ANYTHING {
            break;
        }
    }
    match all {
        Truth { yes: false, .. } => Outcome::Never,
        Truth {
            no: false,
            null: false,
            ..
        } => Outcome::Always,
        _ => Outcome::Maybe,
    }
}
