//! One hash of a stream's rows, to tell a repetition of a run from other data under the
//! same name. It depends on values and their order alone: not on where batches begin,
//! nor on what lies beneath a null.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::ArrowNativeType;
use arrow_cast::cast;
use arrow_data::ArrayData;
use arrow_schema::{ArrowError, DataType};
use xxhash_rust::xxh3::Xxh3;

/// A running hash of rows.
pub struct Content {
    columns: Vec<Column>,
}

/// One column: positions of nulls, lengths, and values are hashed apart, so that a run of
/// values is one call.
struct Column {
    rows: u64,
    nulls: Xxh3,
    lengths: Xxh3,
    values: Xxh3,
    children: Vec<Column>,
}

impl Content {
    /// For batches of `columns` columns.
    pub fn new(columns: usize) -> Self {
        Content {
            columns: (0..columns).map(|_| Column::new()).collect(),
        }
    }

    /// Adds rows.
    pub fn update(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        self.columns
            .iter_mut()
            .zip(batch.columns())
            .try_for_each(|(column, array)| column.update(array))
    }

    /// The hash of all rows so far, 16 hexadecimal digits.
    pub fn digest(&self) -> String {
        let mut all = Xxh3::new();
        self.columns
            .iter()
            .for_each(|column| column.digest(&mut all));
        format!("{:016x}", all.digest())
    }
}

impl Column {
    fn new() -> Self {
        Column {
            rows: 0,
            nulls: Xxh3::new(),
            lengths: Xxh3::new(),
            values: Xxh3::new(),
            children: Vec::new(),
        }
    }

    fn digest(&self, all: &mut Xxh3) {
        for hash in [&self.nulls, &self.lengths, &self.values] {
            all.update(&hash.digest().to_le_bytes());
        }
        all.update(&self.rows.to_le_bytes());
        self.children.iter().for_each(|child| child.digest(all));
    }

    fn update(&mut self, array: &ArrayRef) -> Result<(), ArrowError> {
        use DataType as T;
        match array.data_type() {
            T::Utf8View => return self.update(&cast(array, &T::LargeUtf8)?),
            T::BinaryView => return self.update(&cast(array, &T::LargeBinary)?),
            T::Dictionary(_, values) => return self.update(&cast(array, values)?),
            T::RunEndEncoded(_, values) => return self.update(&cast(array, values.data_type())?),
            T::Boolean => return self.update(&cast(array, &T::Int8)?),
            _ => {}
        }
        self.nulls(array);
        let data = array.to_data();
        match array.data_type() {
            T::Utf8 | T::Binary => self.texts::<i32>(&data),
            T::LargeUtf8 | T::LargeBinary => self.texts::<i64>(&data),
            T::Struct(_) => self.each_child(array.as_struct().columns())?,
            T::List(_) => {
                let list = array.as_list::<i32>();
                self.lists(array, list.value_offsets(), list.values())?;
            }
            T::LargeList(_) => {
                let list = array.as_list::<i64>();
                self.lists(array, list.value_offsets(), list.values())?;
            }
            T::Map(..) => {
                let map = array.as_map();
                let entries: ArrayRef = std::sync::Arc::new(map.entries().clone());
                self.lists(array, map.value_offsets(), &entries)?;
            }
            T::FixedSizeList(_, size) => {
                let list = array.as_fixed_size_list();
                let start = list.value_offset(0).as_usize();
                self.each_child(&[list.values().slice(start, array.len() * size.as_usize())])?;
            }
            other => self.fixed(&data, width(other)),
        }
        self.rows += array.len() as u64;
        Ok(())
    }

    fn nulls(&mut self, array: &ArrayRef) {
        if array.null_count() > 0 {
            for row in (0..array.len()).filter(|row| array.is_null(*row)) {
                self.nulls.update(&(self.rows + row as u64).to_le_bytes());
            }
        }
    }

    /// Fixed-width values; a type without a width hashes by its nulls and length alone.
    fn fixed(&mut self, data: &ArrayData, width: usize) {
        let Some(buffer) = data.buffers().first().filter(|_| width > 0) else {
            return;
        };
        let bytes = buffer.as_slice();
        for_valid_runs(data, |start, end| {
            self.values
                .update(&bytes[(data.offset() + start) * width..(data.offset() + end) * width]);
        });
    }

    fn texts<O: ArrowNativeType>(&mut self, data: &ArrayData) {
        if data.is_empty() {
            return;
        }
        let offsets = &data.buffer::<O>(0)[..=data.len()];
        let bytes = data.buffers()[1].as_slice();
        for_valid_runs(data, |start, end| {
            self.values
                .update(&bytes[offsets[start].as_usize()..offsets[end].as_usize()]);
            self.lengths(&offsets[start..=end]);
        });
    }

    fn lengths<O: ArrowNativeType>(&mut self, offsets: &[O]) {
        let mut lengths = [0u8; 2048];
        let mut used = 0;
        for pair in offsets.windows(2) {
            let length = (pair[1].as_usize() - pair[0].as_usize()) as u32;
            lengths[used..used + 4].copy_from_slice(&length.to_le_bytes());
            used += 4;
            if used == lengths.len() {
                self.lengths.update(&lengths);
                used = 0;
            }
        }
        self.lengths.update(&lengths[..used]);
    }

    fn lists<O: ArrowNativeType>(
        &mut self,
        array: &ArrayRef,
        offsets: &[O],
        values: &ArrayRef,
    ) -> Result<(), ArrowError> {
        for row in (0..array.len()).filter(|row| array.is_valid(*row)) {
            let (start, end) = (offsets[row].as_usize(), offsets[row + 1].as_usize());
            self.lengths(&offsets[row..=row + 1]);
            self.each_child(&[values.slice(start, end - start)])?;
        }
        Ok(())
    }

    fn each_child(&mut self, children: &[ArrayRef]) -> Result<(), ArrowError> {
        self.children.resize_with(children.len(), Column::new);
        self.children
            .iter_mut()
            .zip(children)
            .try_for_each(|(column, child)| column.update(child))
    }
}

fn width(data_type: &DataType) -> usize {
    match data_type {
        DataType::FixedSizeBinary(width) => width.as_usize(),
        other => other.primitive_width().unwrap_or(0),
    }
}

/// The runs of rows without a null.
fn for_valid_runs(data: &ArrayData, mut run: impl FnMut(usize, usize)) {
    match data.nulls() {
        None => run(0, data.len()),
        Some(nulls) => nulls
            .valid_slices()
            .for_each(|(start, end)| run(start, end)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::builder::{Int64Builder, ListBuilder};
    use arrow_array::{BooleanArray, Int64Array, StringArray};
    use std::sync::Arc;

    fn batch() -> RecordBatch {
        let mut lists = ListBuilder::new(Int64Builder::new());
        for n in 0..40 {
            lists
                .values()
                .append_slice(&(0..n % 4).collect::<Vec<i64>>());
            lists.append(n % 7 != 0);
        }
        RecordBatch::try_from_iter_with_nullable([
            (
                "i",
                Arc::new(
                    (0..40)
                        .map(|i| (i % 5 != 0).then_some(i))
                        .collect::<Int64Array>(),
                ) as ArrayRef,
                true,
            ),
            (
                "s",
                Arc::new(
                    (0..40)
                        .map(|i| (i % 3 != 0).then(|| "x".repeat(i)))
                        .collect::<StringArray>(),
                ),
                true,
            ),
            (
                "b",
                Arc::new(
                    (0..40)
                        .map(|i| (i % 4 != 0).then_some(i % 2 == 0))
                        .collect::<BooleanArray>(),
                ),
                true,
            ),
            ("l", Arc::new(lists.finish()), true),
        ])
        .unwrap()
    }

    fn digest(batches: &[RecordBatch]) -> String {
        let mut content = Content::new(batches[0].num_columns());
        batches
            .iter()
            .for_each(|batch| content.update(batch).unwrap());
        content.digest()
    }

    #[test]
    fn batch_boundaries_do_not_matter() {
        let whole = batch();
        for cut in 0..=40 {
            let parts = [whole.slice(0, cut), whole.slice(cut, 40 - cut)];
            assert_eq!(
                digest(&parts),
                digest(std::slice::from_ref(&whole)),
                "{cut}"
            );
        }
    }

    #[test]
    fn any_other_value_order_or_length_does() {
        let whole = batch();
        let expected = digest(std::slice::from_ref(&whole));
        assert_ne!(digest(&[whole.slice(0, 39)]), expected);
        assert_ne!(digest(&[whole.slice(20, 20), whole.slice(0, 20)]), expected);
        let one = |texts: Vec<&str>| {
            digest(&[RecordBatch::try_from_iter([(
                "s",
                Arc::new(StringArray::from(texts)) as ArrayRef,
            )])
            .unwrap()])
        };
        assert_ne!(one(vec!["ab", "c"]), one(vec!["a", "bc"]));
    }

    #[test]
    fn what_lies_beneath_a_null_does_not() {
        let nulls = Some(vec![true, false].into());
        let one = Int64Array::new(vec![1, 2].into(), nulls.clone());
        let other = Int64Array::new(vec![1, 3].into(), nulls);
        let digest_of = |array: Int64Array| {
            digest(&[RecordBatch::try_from_iter([("i", Arc::new(array) as ArrayRef)]).unwrap()])
        };
        assert_eq!(digest_of(one), digest_of(other));
    }
}
