//! A predicate bound to a schema.

use crate::ast::Comparison;
use crate::evaluate::{self, Batch};
use crate::node::{Kind, Node};
use crate::{Error, Outcome, Statistics, outcome};
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch};
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

    /// Columns that must have one of a few values where the predicate is true: what a
    /// bloom filter can be asked for. The values are not null, in the column's plain
    /// type (dictionaries and views unpacked, timestamps without zone), floats left out.
    pub fn required_values(&self) -> Vec<(&str, ArrayRef)> {
        let mut required = Vec::new();
        self.require(&self.root, &mut required);
        required
    }

    fn require<'a>(&'a self, node: &'a Node, required: &mut Vec<(&'a str, ArrayRef)>) {
        let (column, values) = match &node.kind {
            Kind::And(nodes) => return nodes.iter().for_each(|node| self.require(node, required)),
            Kind::In { node, set } => (node, set.sorted.clone()),
            Kind::Compare {
                op: Comparison::Equal,
                left,
                right,
            } => match (left.as_constant(), right.as_constant()) {
                (Some(value), None) => (right, value.clone()),
                (None, Some(value)) => (left, value.clone()),
                _ => return,
            },
            _ => return,
        };
        if let (Kind::Column(index), 0, false) = (
            &column.kind,
            values.null_count(),
            column.data_type.is_floating(),
        ) {
            required.push((&self.columns[*index].name, values));
        }
    }

    /// What `statistics` of some rows say about them. A row for which the predicate
    /// cannot be computed (a failing cast) is not accounted for.
    pub fn outcome(&self, statistics: &dyn Statistics) -> Outcome {
        outcome::predicate(self, statistics)
    }
}
