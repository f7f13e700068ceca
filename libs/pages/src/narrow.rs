//! Leaves whose values the parquet crate makes narrower than they are in the file. What does
//! not fit is refused, where it would be wrapped or left out.

use crate::retyped::retyped;
use crate::{instants, intervals};
use arrow_schema::{DataType, IntervalUnit, Schema, TimeUnit};
use parquet::basic::{ConvertedType, Encoding, Type as Physical};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::SchemaDescriptor;

/// What the values of such a leaf become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Narrow {
    /// Timestamps of 96 bits: so many of a unit.
    Instants(TimeUnit),
    /// Intervals: a part of months, days and milliseconds.
    Intervals(IntervalUnit),
}

impl Narrow {
    /// Checks the values of a page, which are stored there in `encoding`.
    ///
    /// # Errors
    /// If one does not fit, or may not.
    pub(crate) fn check(self, values: &[u8], encoding: Encoding) -> Result<()> {
        let refused = match self {
            Narrow::Instants(unit) => instants::refused(values, encoding, unit),
            Narrow::Intervals(unit) => intervals::refused(values, encoding, unit),
        };
        refused.map_or(Ok(()), |reason| Err(ParquetError::General(reason)))
    }
}

/// By leaf, what is made narrower; empty if nothing is.
pub(crate) fn leaves(schema: &Schema, descriptor: &SchemaDescriptor) -> Vec<Option<Narrow>> {
    if !descriptor
        .columns()
        .iter()
        .any(|column| may(column.physical_type()))
    {
        return Vec::new();
    }
    let mut found = Vec::new();
    retyped(schema.fields(), &mut |data_type| {
        let column = descriptor.columns().get(found.len());
        let kinds = column.map(|column| (column.physical_type(), column.converted_type()));
        found.push(match (kinds, data_type) {
            (Some((Physical::INT96, _)), DataType::Timestamp(unit, _)) => {
                Some(Narrow::Instants(*unit))
            }
            (Some((_, ConvertedType::INTERVAL)), DataType::Interval(unit)) => {
                Some(Narrow::Intervals(*unit))
            }
            _ => None,
        });
        data_type.clone()
    });
    found
}

fn may(physical: Physical) -> bool {
    matches!(physical, Physical::INT96 | Physical::FIXED_LEN_BYTE_ARRAY)
}
