//! Lists and maps: lengths, and items in columns of their own.

use super::{Column, END, LARGEST, Progress, Values};
use crate::orc::integers::Integers;
use crate::orc::stripe::{Part, Streams};
use crate::orc::trouble::{Result, malformed};
use crate::orc::types::{Type, entries};
use arrow_array::{ArrayRef, ListArray, MapArray, StructArray};
use arrow_buffer::{NullBuffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, FieldRef};
use std::sync::Arc;

/// So many items that take no bytes may stand in a batch: no bytes bound their number.
const MOST_EMPTY: usize = 1 << 16;

/// Where lists end among their items.
struct Ends {
    column: u32,
    lengths: Integers,
    total: usize,
    most: usize,
    offsets: Vec<i32>,
    validity: NullBufferBuilder,
}

impl Ends {
    /// Of lists whose items take at least `width` bytes in a batch.
    fn new(column: u32, empty: bool, width: usize) -> Ends {
        Ends {
            column,
            lengths: Integers::default(),
            total: 0,
            most: if empty {
                MOST_EMPTY
            } else {
                LARGEST / width.max(1)
            },
            offsets: vec![0],
            validity: NullBufferBuilder::new(0),
        }
    }

    fn open(&mut self, streams: &Streams) -> Result<()> {
        self.lengths = streams.integers(self.column, Part::Length, false)?;
        Ok(())
    }

    /// Begins lists, as many as there are lengths at hand, at most `most`; how many, and
    /// how many items they have.
    fn begin(&mut self, most: usize) -> Result<(usize, usize)> {
        let before = self.total;
        let lengths = self.lengths.some(most)?;
        for length in lengths {
            let length = Integers::as_length(*length)?;
            let total = self.total.saturating_add(length);
            if total > self.most {
                return Err(malformed(format!("a list of {length} items is too long")));
            }
            self.total = total;
            self.offsets.push(total as i32);
        }
        self.validity.append_n_non_nulls(lengths.len());
        Ok((lengths.len(), self.total - before))
    }

    fn nulls(&mut self, count: usize) {
        let end = self.total as i32;
        self.offsets.resize(self.offsets.len() + count, end);
        self.validity.append_n_nulls(count);
    }

    /// How many of the last `lists` have all their items, if `items` of these are there.
    fn whole(&self, lists: usize, items: usize) -> usize {
        let first = self.offsets.len() - 1 - lists;
        let end = self.offsets[first] as usize + items;
        self.offsets[first + 1..].partition_point(|offset| *offset as usize <= end)
    }

    fn finish(&mut self) -> (OffsetBuffer<i32>, Option<NullBuffer>) {
        self.total = 0;
        let offsets = std::mem::replace(&mut self.offsets, vec![0]);
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        (offsets, self.validity.finish())
    }
}

pub(super) struct List {
    ends: Ends,
    items: Column,
    field: FieldRef,
}

impl List {
    pub(super) fn new(column: u32, items: &Type) -> List {
        List {
            ends: Ends::new(column, items.is_empty(), items.width()),
            items: Column::new(items),
            field: Arc::new(items.field("item")),
        }
    }
}

impl Values for List {
    fn open(&mut self, streams: &Streams) -> Result<()> {
        self.ends.open(streams)?;
        self.items
            .open(streams)
            .map_err(|trouble| trouble.inside("item"))
    }

    fn read(&mut self, count: usize, progress: &mut Progress) -> Result<()> {
        let mut left = count;
        while left > 0 {
            let (lists, items) = self.ends.begin(left)?;
            let mut inside = Progress::default();
            let read = self.items.read(items, &mut inside);
            read.map_err(|trouble| {
                progress.rows += self.ends.whole(lists, inside.rows);
                trouble.inside("item")
            })?;
            progress.add(lists, END);
            progress.bytes += inside.bytes;
            left -= lists;
        }
        Ok(())
    }

    fn nulls(&mut self, count: usize) {
        self.ends.nulls(count);
    }

    fn finish(&mut self) -> std::result::Result<ArrayRef, ArrowError> {
        let (offsets, validity) = self.ends.finish();
        let (field, items) = (Arc::clone(&self.field), self.items.finish()?);
        Ok(Arc::new(ListArray::try_new(
            field, offsets, items, validity,
        )?))
    }
}

pub(super) struct Map {
    ends: Ends,
    keys: Column,
    values: Column,
    field: FieldRef,
}

impl Map {
    pub(super) fn new(column: u32, pair: &[Type; 2]) -> Map {
        let [key, value] = pair;
        let empty = key.is_empty() && value.is_empty();
        Map {
            ends: Ends::new(column, empty, key.width() + value.width()),
            keys: Column::new(key),
            values: Column::new(value),
            field: entries(pair),
        }
    }
}

impl Values for Map {
    fn open(&mut self, streams: &Streams) -> Result<()> {
        self.ends.open(streams)?;
        self.keys
            .open(streams)
            .map_err(|trouble| trouble.inside("key"))?;
        self.values
            .open(streams)
            .map_err(|trouble| trouble.inside("value"))
    }

    fn read(&mut self, count: usize, progress: &mut Progress) -> Result<()> {
        let mut left = count;
        while left > 0 {
            let (maps, pairs) = self.ends.begin(left)?;
            let mut inside = [Progress::default(); 2];
            let read = self.pairs(pairs, &mut inside);
            let [keys, values] = inside;
            read.inspect_err(|_| {
                // Values are read when all keys are there.
                let whole = if keys.rows < pairs { keys } else { values };
                progress.rows += self.ends.whole(maps, whole.rows);
            })?;
            progress.add(maps, END);
            progress.bytes += keys.bytes + values.bytes;
            left -= maps;
        }
        Ok(())
    }

    fn nulls(&mut self, count: usize) {
        self.ends.nulls(count);
    }

    fn finish(&mut self) -> std::result::Result<ArrayRef, ArrowError> {
        let (offsets, validity) = self.ends.finish();
        let DataType::Struct(fields) = self.field.data_type() else {
            return Err(ArrowError::SchemaError("a map without entries".to_owned()));
        };
        let pairs = vec![self.keys.finish()?, self.values.finish()?];
        let pairs = StructArray::try_new(fields.clone(), pairs, None)?;
        let field = Arc::clone(&self.field);
        Ok(Arc::new(MapArray::try_new(
            field, offsets, pairs, validity, false,
        )?))
    }
}

impl Map {
    fn pairs(&mut self, count: usize, progress: &mut [Progress; 2]) -> Result<()> {
        let [keys, values] = progress;
        self.keys
            .read_values(count, "a key", keys)
            .map_err(|trouble| trouble.inside("key"))?;
        self.values
            .read(count, values)
            .map_err(|trouble| trouble.inside("value"))
    }
}
