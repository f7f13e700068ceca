//! A predicate bound to a schema.

use crate::evaluate::{self, Batch};
use crate::node::Node;
use crate::{Error, Outcome, Statistics, outcome};
use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::DataType;

/// A predicate whose columns and types are known.
#[derive(Clone, Debug)]
pub struct Bound {
    pub(crate) root: Node,
    pub(crate) columns: Vec<Column>,
}

/// A top-level column that the predicate reads.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) data_type: DataType,
}

impl Bound {
    /// The columns that it reads, as the schema spells them.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// True, false or null for each row. `batch` has at least the columns of
    /// [`Bound::columns`], with the types of the schema; others are not looked at.
    pub fn evaluate(&self, batch: &RecordBatch) -> Result<BooleanArray, Error> {
        evaluate::predicate(&self.root, &Batch::new(&self.columns, batch)?)
    }

    /// What `statistics` of some rows say about them. A row for which the predicate
    /// cannot be computed (a failing cast) is not accounted for.
    pub fn outcome(&self, statistics: &dyn Statistics) -> Outcome {
        outcome::predicate(self, statistics)
    }
}
