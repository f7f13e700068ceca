//! A stream that carries a partition column already (from `prune`) must agree with
//! what the spec computes: silently moving a row would be worse than a refusal.

use super::codes::Codes;
use super::{Bound, SpecError};
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_cast::cast;
use arrow_schema::DataType;

/// Compares partition columns of the stream with the computed values.
#[derive(Debug)]
pub struct Agreement {
    /// Items with a column of their name.
    items: Vec<usize>,
    rows: u64,
}

impl Agreement {
    pub(super) fn new(bound: &Bound) -> Self {
        let items = (0..bound.items.len())
            .filter(|i| bound.items[*i].twin.is_some())
            .collect();
        Agreement { items, rows: 0 }
    }

    /// `codes` and `rows` are the items' texts and the batch's codes.
    pub(super) fn check(
        &mut self,
        bound: &Bound,
        batch: &RecordBatch,
        codes: &[Codes],
        rows: &[Vec<u32>],
    ) -> Result<(), SpecError> {
        for &i in &self.items {
            self.check_item(bound, i, batch, &codes[i], &rows[i])?;
        }
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    fn check_item(
        &self,
        bound: &Bound,
        i: usize,
        batch: &RecordBatch,
        codes: &Codes,
        rows: &[u32],
    ) -> Result<(), SpecError> {
        let item = &bound.items[i];
        let Some(twin) = item.twin else { return Ok(()) };
        let kernel = |error: arrow_schema::ArrowError| SpecError::Kernel {
            item: item.item.to_string(),
            reason: error.to_string(),
        };
        let found = cast(batch.column(twin), &DataType::Utf8).map_err(kernel)?;
        let found = found.as_string::<i32>();
        let numeric = item.data_type.is_integer();
        let mut last: Option<(Option<&str>, u32)> = None;
        for (row, code) in rows.iter().enumerate() {
            let value = found.is_valid(row).then(|| found.value(row));
            if last == Some((value, *code)) {
                continue;
            }
            last = Some((value, *code));
            if !same(value, codes.text(*code), numeric) {
                return Err(SpecError::Disagrees {
                    row: self.rows + row as u64 + 1,
                    column: item.item.name.clone(),
                    found: value.unwrap_or("null").to_owned(),
                    item: item.item.to_string(),
                    computed: codes.text(*code).unwrap_or("null").to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// `5` is `05` for numbers.
fn same(found: Option<&str>, computed: Option<&str>, numeric: bool) -> bool {
    if found == computed {
        return true;
    }
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<i64>().ok());
    numeric && number(found).is_some() && number(found) == number(computed)
}
