//! e
pub(crate) mod set;
use crate::{Error, bound::Column, node::Node};
use arrow_array::{BooleanArray, RecordBatch};
pub(crate) struct Batch;
impl Batch { pub(crate) fn new(_c: &[Column], _b: &RecordBatch) -> Result<Self, Error> { Ok(Batch) } }
pub(crate) fn predicate(_n: &Node, _b: &Batch) -> Result<BooleanArray, Error> { Err(Error::Type("not evaluated".into())) }
