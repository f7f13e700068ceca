//! The column chunks of some row groups.

use crate::extent::Extent;
use crate::narrow::Narrow;
use crate::page::Pages;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::RowGroups;
use parquet::column::page::{PageIterator, PageReader};
use parquet::errors::Result;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::page_index::offset_index::PageLocation;
use parquet::file::reader::ChunkReader;
use std::sync::Arc;

/// Bytes of chunks that are fetched at once, all of those that are asked for together.
const SMALL: u64 = 1 << 20;

/// Some row groups of a file.
pub(crate) struct Groups<R> {
    source: Arc<R>,
    footer: Arc<ParquetMetaData>,
    groups: Arc<[usize]>,
    /// The bytes of what is wanted of them, if they were fetched.
    bytes: Option<Arc<Extent>>,
    /// Whether pages are to be skipped.
    skipping: bool,
    /// By leaf, what is made narrower.
    narrow: Arc<[Option<Narrow>]>,
}

impl<R> Clone for Groups<R> {
    fn clone(&self) -> Self {
        Groups {
            source: self.source.clone(),
            footer: self.footer.clone(),
            groups: self.groups.clone(),
            bytes: self.bytes.clone(),
            skipping: self.skipping,
            narrow: self.narrow.clone(),
        }
    }
}

impl<R: ChunkReader + 'static> Groups<R> {
    /// Those with these numbers. Some leaves are made `narrow`.
    pub(crate) fn new(
        source: Arc<R>,
        footer: Arc<ParquetMetaData>,
        groups: Arc<[usize]>,
        narrow: Vec<Option<Narrow>>,
    ) -> Self {
        Groups {
            source,
            footer,
            groups,
            bytes: None,
            skipping: false,
            narrow: narrow.into(),
        }
    }

    /// Looks pages up where the footer was read with their places, so that those of which
    /// no row is wanted are not fetched.
    pub(crate) fn skipping(mut self) -> Self {
        self.skipping = true;
        self
    }

    /// Fetches these columns if they are few bytes, from the first column chunk to the last.
    pub(crate) fn fetched(mut self, columns: &ProjectionMask) -> Result<Self> {
        let chunks = self.row_groups().flat_map(|group| {
            let chunks = group.columns().iter().enumerate();
            chunks.filter(|(leaf, _)| columns.leaf_included(*leaf))
        });
        let ranges = chunks.map(|(_, chunk)| chunk.byte_range());
        let span = ranges.fold(None, |span, (start, length)| {
            let end = start.saturating_add(length);
            let (first, last) = span.unwrap_or((start, end));
            Some((start.min(first), end.max(last)))
        });
        if let Some((start, end)) = span.filter(|(start, end)| end - start <= SMALL) {
            let bytes = self.source.get_bytes(start, (end - start) as usize)?;
            self.bytes = Some(Arc::new(Extent::new(start, bytes)));
        }
        Ok(self)
    }

    fn pages(&self, group: usize, leaf: usize) -> Result<Box<dyn PageReader>> {
        let places = || self.places(group, leaf);
        let places = self.skipping.then(places).flatten();
        let group = self.footer.row_group(group);
        let (chunk, rows) = (group.column(leaf), usize::try_from(group.num_rows())?);
        let narrow = self.narrow.get(leaf).copied().flatten();
        Ok(match self.bytes.clone() {
            Some(bytes) => Box::new(Pages::new(bytes, chunk, rows, places, narrow)?),
            None => Box::new(Pages::new(
                self.source.clone(),
                chunk,
                rows,
                places,
                narrow,
            )?),
        })
    }

    /// Where the pages of a chunk are, if the footer tells.
    fn places(&self, group: usize, leaf: usize) -> Option<Vec<PageLocation>> {
        let chunk = self.footer.offset_index()?.get(group)?.get(leaf)?;
        Some(chunk.page_locations.clone())
    }
}

impl<R: ChunkReader + 'static> RowGroups for Groups<R> {
    fn num_rows(&self) -> usize {
        let rows = self.row_groups().map(RowGroupMetaData::num_rows);
        let rows = rows.fold(0, i64::saturating_add);
        usize::try_from(rows).unwrap_or(0)
    }

    fn column_chunks(&self, leaf: usize) -> Result<Box<dyn PageIterator>> {
        Ok(Box::new(Chunks {
            groups: self.clone(),
            taken: 0,
            leaf,
        }))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        let groups = self.groups.iter();
        Box::new(groups.map(|group| self.footer.row_group(*group)))
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.footer
    }
}

/// The chunks of a column, a row group each.
struct Chunks<R> {
    groups: Groups<R>,
    /// Row groups whose chunks were taken.
    taken: usize,
    leaf: usize,
}

impl<R: ChunkReader + 'static> Iterator for Chunks<R> {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let group = *self.groups.groups.get(self.taken)?;
        self.taken += 1;
        Some(self.groups.pages(group, self.leaf))
    }
}

impl<R: ChunkReader + 'static> PageIterator for Chunks<R> {}
