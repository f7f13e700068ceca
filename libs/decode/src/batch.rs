//! Rows into record batches of the right size and selection.

use crate::column::{Object, Place};
use crate::context::Context;
use crate::options::{Error, Options};
use crate::sink::{Sink, Stop, told};
use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};
use millrace_schema::TableSchema;
use std::sync::Arc;

/// No batch is larger, so that 32-bit offsets suffice for a batch and one record more.
const LARGEST_BATCH: usize = 1 << 29;

/// The record under construction and what becomes of its columns.
#[derive(Debug)]
pub(crate) struct Batches {
    pub(crate) record: Object,
    /// Most rows of a batch.
    pub(crate) most_rows: usize,
    most_bytes: usize,
    /// The columns to hand over, in order.
    selected: Vec<usize>,
    schema: SchemaRef,
}

impl Batches {
    pub(crate) fn new(schema: &TableSchema, options: &Options) -> Result<Self, Error> {
        let record = Object::new(&schema.fields, &Place::root(schema))?;
        let selected = selection(schema, options)?;
        let fields: Vec<_> = selected
            .iter()
            .map(|column| schema.fields[*column].to_arrow())
            .collect();
        let most_bytes = options.batch_bytes.clamp(1, LARGEST_BATCH);
        let fitting = most_bytes / record.row_bytes().max(1);
        Ok(Batches {
            most_rows: options.batch_rows.min(fitting).max(1),
            most_bytes,
            record,
            selected,
            schema: Arc::new(Schema::new(fields)),
        })
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// How many more bytes of input may be read before the size is looked at again;
    /// None if the batch is full.
    fn room(&self) -> Option<usize> {
        let bytes = self.record.all_bytes();
        let full = self.record.rows >= self.most_rows || bytes >= self.most_bytes;
        (!full).then(|| (self.most_bytes - bytes).max(1024))
    }

    /// Whether it has as many rows as it may.
    pub(crate) fn is_full(&self) -> bool {
        self.record.rows >= self.most_rows
    }

    /// Hands over what there is, if there is anything.
    pub(crate) fn flush(&mut self, cx: &mut Context, sink: &mut impl Sink) -> Result<(), Stop> {
        let rows = self.record.rows;
        if rows == 0 {
            return Ok(());
        }
        let mut arrays = Vec::with_capacity(self.selected.len());
        for column in &self.selected {
            arrays.push(self.record.columns[*column].take(rows));
        }
        // Columns that nobody asked for keep their buffers.
        self.record.truncate(0);
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options)
            .map_err(|error| Stop::Internal(error.to_string()))?;
        let flow = sink.batch_with_lines(batch, cx.lines_of_rows());
        cx.forget_lines();
        told(flow)
    }

    /// Hands the batch over if it is full. Where in the input, now at `at`, to look again.
    pub(crate) fn make_room(
        &mut self,
        at: usize,
        cx: &mut Context,
        sink: &mut impl Sink,
    ) -> Result<usize, Stop> {
        if self.room().is_none() {
            self.flush(cx, sink)?;
        }
        Ok(at + self.room().unwrap_or(1))
    }
}

/// The indexes of the selected columns.
fn selection(schema: &TableSchema, options: &Options) -> Result<Vec<usize>, Error> {
    let Some(names) = &options.select else {
        return Ok((0..schema.fields.len()).collect());
    };
    let find = |name: &String| schema.fields.iter().position(|field| field.name == *name);
    names
        .iter()
        .map(|name| find(name).ok_or_else(|| Error::NoSuchField(name.clone())))
        .collect()
}
