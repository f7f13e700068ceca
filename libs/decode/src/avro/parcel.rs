//! Batches of the records of a few blocks.

use super::block::{Block, malformed};
use super::codec::Codec;
use super::column::Column;
use super::cursor::{Cursor, Malformed};
use super::reader::Sizes;
use super::types::{MOST_EMPTY, Type};
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, SchemaRef};
use millrace_fault::{Failure, quoted};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What all blocks of a file have in common.
#[derive(Clone)]
pub(super) struct Layout {
    pub(super) file: String,
    pub(super) codec: Codec,
    pub(super) sizes: Sizes,
    pub(super) fields: Vec<(String, Type)>,
    /// For each field: whether it was asked for.
    pub(super) wanted: Vec<bool>,
    /// Of these.
    pub(super) schema: SchemaRef,
    /// The smallest size of a row in a batch.
    pub(super) width: usize,
}

/// Blocks that follow each other.
pub struct Parcel {
    pub(super) layout: Arc<Layout>,
    /// Records of the file before these.
    pub(super) before: u64,
    pub(super) blocks: Vec<Block>,
}

impl Parcel {
    /// Bytes of its blocks as they are stored.
    pub fn weight(&self) -> u64 {
        self.blocks
            .iter()
            .map(|block| block.stored.len() as u64)
            .sum()
    }

    /// Hands over all its batches, in order; break: nothing more is wanted.
    ///
    /// # Errors
    /// If a record or a block is malformed (3).
    pub fn decode(
        self,
        mut take: impl FnMut(RecordBatch) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        let mut rows = Rows::new(&self.layout, self.before);
        for block in self.blocks {
            if rows.block(block, &mut take)?.is_break() {
                return Ok(());
            }
        }
        if let Some(batch) = rows.finish()? {
            let _ = take(batch);
        }
        Ok(())
    }
}

/// Records on their way into a batch.
struct Rows<'a> {
    layout: &'a Layout,
    /// For each field: its column, if it was asked for.
    columns: Vec<Option<Column>>,
    /// Records of the file that were read or are before these.
    records: u64,
    /// Rows of the batch in work, and about their bytes.
    rows: usize,
    bytes: usize,
}

impl<'a> Rows<'a> {
    fn new(layout: &'a Layout, before: u64) -> Self {
        let fields = layout.fields.iter().zip(&layout.wanted);
        let column =
            |((_, field), wanted): (&(String, Type), &bool)| wanted.then(|| Column::new(field));
        Rows {
            layout,
            columns: fields.map(column).collect(),
            records: before,
            rows: 0,
            bytes: 0,
        }
    }

    /// Reads a block, which must hold exactly the records it says.
    fn block(
        &mut self,
        block: Block,
        take: &mut impl FnMut(RecordBatch) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Failure> {
        let (layout, number, offset) = (self.layout, block.number, block.offset);
        let refuse = |reason: String| malformed(&layout.file, number, offset, &reason);
        let content = layout.codec.decompress(block.stored, layout.sizes.block);
        let content = content.map_err(refuse)?;
        if content.is_empty() && block.records > MOST_EMPTY {
            return Err(refuse(format!("{} records in no bytes", block.records)));
        }
        let mut cursor = Cursor::new(&content);
        for _ in 0..block.records {
            self.record(&mut cursor).map_err(refuse)?;
            let sizes = layout.sizes;
            if (self.rows >= sizes.batch_rows || self.bytes >= sizes.batch_bytes)
                && let Some(batch) = self.finish()?
                && take(batch).is_break()
            {
                return Ok(ControlFlow::Break(()));
            }
        }
        match cursor.left() {
            0 => Ok(ControlFlow::Continue(())),
            left => Err(refuse(format!("{left} bytes behind its last record"))),
        }
    }

    #[inline]
    fn record(&mut self, cursor: &mut Cursor<'_>) -> Result<(), String> {
        let before = cursor.left();
        self.records = self.records.saturating_add(1);
        let each = self.columns.iter_mut().zip(&self.layout.fields);
        for (column, (name, field)) in each {
            let read = match column {
                Some(column) => column.read(cursor),
                None => field.skip(cursor),
            };
            read.map_err(|problem| told(self.records, problem.inside(name)))?;
        }
        self.rows += 1;
        self.bytes += (before - cursor.left()).max(self.layout.width);
        Ok(())
    }

    /// The batch in work, if there are rows in it.
    fn finish(&mut self) -> Result<Option<RecordBatch>, Failure> {
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        if rows == 0 {
            return Ok(None);
        }
        self.batch(rows).map(Some).map_err(|error| {
            Failure::data(format!("cannot decode {}", quoted(&self.layout.file))).because(error)
        })
    }

    fn batch(&mut self, rows: usize) -> Result<RecordBatch, ArrowError> {
        let columns = self.columns.iter_mut().flatten().map(Column::finish);
        let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.layout.schema), columns, &options)
    }
}

/// `record 7: /a/b: the text is not UTF-8`
fn told(row: u64, problem: Malformed) -> String {
    let path: String = problem
        .path
        .iter()
        .rev()
        .map(|name| format!("/{name}"))
        .collect();
    format!("record {row}: {path}: {}", problem.reason)
}
