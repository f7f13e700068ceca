//! Statistics as ranges, one for each column.

use super::range::Range;
use crate::bound::Column;
use crate::evaluate::Batch;
use crate::node::{Kind, Node};
use crate::types::{Class, class, plain};
use crate::{ColumnStatistics, Statistics};
use arrow_array::{ArrayRef, Float32Array, Float64Array, new_null_array};
use arrow_schema::DataType;
use std::sync::Arc;

/// So many float columns are looked at as NaN by themselves.
const NAN_COLUMNS: usize = 3;

/// One way the rows may be: what each column holds.
pub(super) struct World {
    pub(super) columns: Vec<Range>,
}

impl World {
    /// The columns as one row, if each that `node` reads has one known value.
    pub(super) fn row(&self, node: &Node) -> Option<Batch> {
        let mut read = vec![false; self.columns.len()];
        mark(node, &mut read);
        let column = |(range, read): (&Range, bool)| match (read, range.point()) {
            (_, Some(value)) => Some(value),
            // Never looked at.
            (false, None) => Some(new_null_array(&range.data_type, 1)),
            (true, None) => None,
        };
        let columns: Option<Vec<ArrayRef>> = self.columns.iter().zip(read).map(column).collect();
        columns.map(Batch::of_one_row)
    }
}

fn mark(node: &Node, read: &mut [bool]) {
    if let Kind::Column(index) = node.kind {
        read[index] = true;
    }
    for child in node.children() {
        mark(child, read);
    }
}

/// The worlds that together cover every row. None at all when there are no rows.
pub(super) fn worlds(columns: &[Column], statistics: &dyn Statistics) -> Vec<World> {
    let known: Vec<ColumnStatistics> = columns
        .iter()
        .map(|column| statistics.column(&column.name).unwrap_or_default())
        .collect();
    if known.iter().any(|known| known.row_count == Some(0)) {
        return Vec::new();
    }
    let mut worlds = vec![World {
        columns: Vec::new(),
    }];
    let mut split = 0;
    for (column, known) in columns.iter().zip(&known) {
        let data_type = plain(&column.data_type);
        let range = Range::of(known, &data_type);
        let may_be_nan = class(&data_type) == Class::Float && !known.nan_free && range.value;
        let mut choices = vec![range];
        if may_be_nan && split < NAN_COLUMNS {
            split += 1;
            choices.push(Range::constant(nan(&data_type)));
        } else if may_be_nan {
            choices[0].high = None;
        }
        worlds = worlds
            .iter()
            .flat_map(|world| extended(world, &choices))
            .collect();
    }
    worlds
}

fn extended(world: &World, choices: &[Range]) -> Vec<World> {
    let with = |choice: &Range| {
        let mut columns = world.columns.clone();
        columns.push(choice.clone());
        World { columns }
    };
    choices.iter().map(with).collect()
}

fn nan(data_type: &DataType) -> ArrayRef {
    match data_type {
        DataType::Float32 => Arc::new(Float32Array::from(vec![f32::NAN])),
        _ => Arc::new(Float64Array::from(vec![f64::NAN])),
    }
}
