//! o
use crate::{Bound, Outcome, Statistics};
pub(crate) fn predicate(_b: &Bound, _s: &dyn Statistics) -> Outcome { Outcome::Maybe }
