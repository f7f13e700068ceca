//! A batch's columns, unpacked to the plain types that expressions compute in.

use crate::bound::Column;
use crate::{Error, types};
use arrow_array::BooleanArray;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, make_array};
use arrow_buffer::NullBuffer;
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::DataType;
use arrow_select::filter::filter;

/// The columns of a bound predicate for some rows.
pub(crate) struct Batch {
    pub(crate) columns: Vec<ArrayRef>,
    pub(crate) rows: usize,
}

impl Batch {
    pub(crate) fn new(columns: &[Column], batch: &RecordBatch) -> Result<Self, Error> {
        let load = |column: &Column| {
            let array = batch.column_by_name(&column.name).ok_or_else(|| {
                Error::Evaluate(format!(
                    "the batch lacks the column {}",
                    millrace_fault::quoted(&column.name)
                ))
            })?;
            plain(array)
        };
        let columns = columns.iter().map(load).collect::<Result<_, _>>()?;
        Ok(Batch {
            columns,
            rows: batch.num_rows(),
        })
    }

    /// One row of plain columns.
    pub(crate) fn of_one_row(columns: Vec<ArrayRef>) -> Self {
        Batch { columns, rows: 1 }
    }

    /// The rows that `mask` selects.
    pub(crate) fn filter(&self, mask: &BooleanArray) -> Result<Self, Error> {
        let columns = self
            .columns
            .iter()
            .map(|column| filter(column, mask))
            .collect::<Result<_, _>>()?;
        Ok(Batch {
            columns,
            rows: mask.true_count(),
        })
    }
}

/// `array` in its plain type (see `types::plain`).
pub(crate) fn plain(array: &ArrayRef) -> Result<ArrayRef, Error> {
    let target = types::plain(array.data_type());
    match array.data_type() {
        same if *same == target => Ok(array.clone()),
        DataType::Timestamp(..) => instants(array, &target),
        // Out of a dictionary the zone may still be there.
        DataType::Dictionary(_, values) if **values != target => {
            plain(&cast_with_options(array, values, &STRICT)?)
        }
        DataType::RunEndEncoded(_, values) if *values.data_type() != target => {
            plain(&cast_with_options(array, values.data_type(), &STRICT)?)
        }
        _ => Ok(cast_with_options(array, &target, &STRICT)?),
    }
}

const STRICT: CastOptions<'static> = CastOptions {
    safe: false,
    format_options: arrow_cast::display::FormatOptions::new(),
};

/// The same numbers under another timestamp type: the zone is a label only.
fn instants(array: &ArrayRef, target: &DataType) -> Result<ArrayRef, Error> {
    let data = array
        .to_data()
        .into_builder()
        .data_type(target.clone())
        .build()?;
    Ok(make_array(data))
}

/// A struct's child, null where the struct is.
pub(crate) fn field(parent: &ArrayRef, index: usize) -> Result<ArrayRef, Error> {
    let parent = parent.as_struct();
    let child = parent.column(index);
    let nulls = NullBuffer::union(parent.nulls(), child.logical_nulls().as_ref());
    let child = plain(child)?;
    let data = child.to_data().into_builder().nulls(nulls).build()?;
    Ok(make_array(data))
}
