//! Structs: a column for each field.

use super::{Column, Progress, Values};
use crate::orc::stripe::Streams;
use crate::orc::trouble::Result;
use crate::orc::types::{Type, arrow_fields};
use arrow_array::{ArrayRef, StructArray};
use arrow_buffer::NullBufferBuilder;
use arrow_schema::{ArrowError, Fields};
use std::sync::Arc;

pub(in crate::orc) struct Record {
    columns: Vec<(String, Column)>,
    fields: Fields,
    rows: usize,
    validity: NullBufferBuilder,
}

impl Record {
    pub(in crate::orc) fn new(fields: &[(String, Type)]) -> Record {
        let columns = fields.iter();
        let columns = columns.map(|(name, field)| (name.clone(), Column::new(field)));
        Record {
            columns: columns.collect(),
            fields: arrow_fields(fields),
            rows: 0,
            validity: NullBufferBuilder::new(0),
        }
    }
}

impl Values for Record {
    fn open(&mut self, streams: &Streams) -> Result<()> {
        self.columns.iter_mut().try_for_each(|(name, column)| {
            column.open(streams).map_err(|trouble| trouble.inside(name))
        })
    }

    fn read(&mut self, count: usize, progress: &mut Progress) -> Result<()> {
        let mut bytes = 0;
        for (name, column) in &mut self.columns {
            let mut inside = Progress::default();
            column.read(count, &mut inside).map_err(|trouble| {
                progress.rows += inside.rows;
                trouble.inside(name)
            })?;
            bytes += inside.bytes;
        }
        self.rows += count;
        self.validity.append_n_non_nulls(count);
        progress.add(count, 1);
        progress.bytes += bytes;
        Ok(())
    }

    fn nulls(&mut self, count: usize) {
        self.columns
            .iter_mut()
            .for_each(|(_, column)| column.nulls(count));
        self.rows += count;
        self.validity.append_n_nulls(count);
    }

    fn finish(&mut self) -> std::result::Result<ArrayRef, ArrowError> {
        let columns = self.columns.iter_mut().map(|(_, column)| column.finish());
        let columns = columns.collect::<std::result::Result<_, _>>()?;
        let rows = std::mem::take(&mut self.rows);
        let (fields, validity) = (self.fields.clone(), self.validity.finish());
        let array = StructArray::try_new_with_length(fields, columns, validity, rows)?;
        Ok(Arc::new(array))
    }
}
