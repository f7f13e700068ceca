//! Rows of a file: which row groups, columns and rows, then record batches.

use crate::checked::most_rows;
use crate::chunks::Groups;
use crate::{dictionaries, narrow};
use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_schema::{ArrowError, FieldRef, SchemaRef};
use arrow_select::filter::prep_null_mask_filter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReader, RowGroups, RowSelection, RowSelector,
};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels_with_virtual};
use parquet::errors::Result;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::ChunkReader;
use parquet::schema::types::SchemaDescriptor;
use std::sync::Arc;

/// What to read of a file: all of it, until told otherwise.
pub struct Rows<R> {
    source: Arc<R>,
    footer: Arc<ParquetMetaData>,
    /// As Arrow has the columns.
    schema: SchemaRef,
    groups: Arc<[usize]>,
    columns: ProjectionMask,
    numbers: Vec<FieldRef>,
    dictionaries: bool,
    batch_rows: usize,
    selection: Option<RowSelection>,
    limit: usize,
}

impl<R: ChunkReader + 'static> Rows<R> {
    /// Of a file with this footer, which was read without virtual columns.
    pub fn new(source: R, footer: &ArrowReaderMetadata) -> Rows<R> {
        let count = footer.metadata().num_row_groups();
        Rows {
            source: Arc::new(source),
            footer: footer.metadata().clone(),
            schema: footer.schema().clone(),
            groups: (0..count).collect(),
            columns: ProjectionMask::all(),
            numbers: Vec::new(),
            dictionaries: false,
            batch_rows: 8192,
            selection: None,
            limit: usize::MAX,
        }
    }

    /// Only these row groups, in this order.
    #[must_use]
    pub fn groups(mut self, groups: &[usize]) -> Self {
        self.groups = groups.into();
        self
    }

    /// Only these columns.
    #[must_use]
    pub fn columns(mut self, columns: ProjectionMask) -> Self {
        self.columns = columns;
        self
    }

    /// A column more, with the number of each row within the file, from 0. The field has
    /// the extension type of row numbers.
    #[must_use]
    pub fn numbered(mut self, field: FieldRef) -> Self {
        self.numbers.push(field);
        self
    }

    /// Strings and bytes come as the dictionaries, with keys of 32 bits, that they have in
    /// the file, where that is quicker: the rest of their schema stays.
    #[must_use]
    pub fn with_dictionaries(mut self) -> Self {
        self.dictionaries = true;
        self
    }

    /// At most so many rows a batch.
    #[must_use]
    pub fn batch_rows(mut self, rows: usize) -> Self {
        self.batch_rows = rows;
        self
    }

    /// Only these rows of all row groups that are read. Pages without any of them are not
    /// fetched if the footer was read with the page index.
    #[must_use]
    pub fn selected(mut self, selection: RowSelection) -> Self {
        self.selection = Some(selection);
        self
    }

    /// No more than so many rows.
    #[must_use]
    pub fn limited(mut self, rows: usize) -> Self {
        self.limit = rows;
        self
    }

    /// Reads `columns` and goes on with the rows that pass, of those that were selected.
    /// Where the limit is known by then, no more is read than it takes.
    ///
    /// # Errors
    /// A file that cannot be read, or is damaged; what `passes` says.
    pub fn filtered(
        mut self,
        columns: &ProjectionMask,
        mut passes: impl FnMut(RecordBatch) -> Result<BooleanArray, ArrowError>,
    ) -> Result<Self> {
        let (mut masks, mut seen, mut passed) = (Vec::new(), 0, 0);
        let mut batches = self.reader(columns, &[], self.selection.clone())?;
        while passed < self.limit {
            let Some(batch) = batches.next().transpose()? else {
                break;
            };
            seen += batch.num_rows();
            let mask = without_nulls(passes(batch)?);
            passed += mask.true_count();
            masks.push(mask);
        }
        let before = match self.selection.take() {
            None => RowSelection::from_filters(&masks),
            // What was not looked at any more does not pass.
            Some(before) => {
                let unseen = before.row_count().saturating_sub(seen);
                masks.push(BooleanArray::from(vec![false; unseen]));
                before.and_then(&RowSelection::from_filters(&masks))
            }
        };
        self.selection = Some(before);
        Ok(self)
    }

    /// The rows, batch by batch.
    ///
    /// # Errors
    /// A file that cannot be read, or is damaged.
    pub fn read(mut self) -> Result<ParquetRecordBatchReader> {
        let mut selection = self.selection.take();
        if self.limit < usize::MAX {
            selection = Some(first(selection, self.limit, self.all().num_rows()));
        }
        self.reader(&self.columns, &self.numbers, selection)
    }

    fn all(&self) -> Groups<R> {
        let (source, footer) = (self.source.clone(), self.footer.clone());
        let narrow = narrow::leaves(&self.schema, self.descriptor());
        Groups::new(source, footer, self.groups.clone(), narrow)
    }

    fn reader(
        &self,
        columns: &ProjectionMask,
        numbers: &[FieldRef],
        selection: Option<RowSelection>,
    ) -> Result<ParquetRecordBatchReader> {
        let schema = match self.dictionaries {
            true => dictionaries::kept(&self.schema, &self.footer, &self.groups, self.batch_rows),
            false => self.schema.clone(),
        };
        let levels = parquet_to_arrow_field_levels_with_virtual(
            self.descriptor(),
            columns.clone(),
            Some(schema.fields()),
            numbers,
        )?;
        let groups = match selection {
            None => self.all().fetched(columns)?,
            Some(_) => self.all().skipping(),
        };
        // Room is made for whole batches.
        let rows = self.batch_rows.min(most_rows(&self.footer)?);
        let rows = rows.min(groups.num_rows()).max(1);
        ParquetRecordBatchReader::try_new_with_row_groups(&levels, &groups, rows, selection)
    }

    fn descriptor(&self) -> &SchemaDescriptor {
        self.footer.file_metadata().schema_descr()
    }
}

fn without_nulls(mask: BooleanArray) -> BooleanArray {
    match mask.null_count() {
        0 => mask,
        _ => prep_null_mask_filter(&mask),
    }
}

/// The first `limit` of the selected rows, of `rows` if there is no selection.
fn first(selection: Option<RowSelection>, limit: usize, rows: usize) -> RowSelection {
    let selection: Vec<RowSelector> = match selection {
        None => vec![RowSelector::select(rows)],
        Some(selection) => selection.into(),
    };
    let mut left = limit;
    let kept = selection.into_iter().map_while(|mut selector| {
        if !selector.skip {
            selector.row_count = selector.row_count.min(left);
            left -= selector.row_count;
        }
        (selector.skip || selector.row_count > 0).then_some(selector)
    });
    RowSelection::from(kept.collect::<Vec<_>>())
}
