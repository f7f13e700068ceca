//! Row groups as record batches, for files of which there are many: what is small is
//! fetched at once instead of page by page, and pages that are Zstandard are decompressed
//! with the context that the thread has. The parquet crate makes two a column chunk, of
//! which each asks the processor what it can do: in a virtual machine that is a trip to
//! the host, longer than it takes to decompress a small page.

use super::Source;
use super::extent::Extent;
use super::zstd::decompress;
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader, RowGroups};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::basic::Compression;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;
use std::sync::Arc;

/// Bytes of row groups that are fetched at once, all of those that are asked for together.
const SMALL: u64 = 1 << 20;

/// The rows of these row groups of a file, `batch_rows` at a time, all columns.
///
/// # Errors
/// A file that cannot be read, or is damaged.
pub fn record_batches(
    source: &Source,
    footer: &ArrowReaderMetadata,
    groups: &[usize],
    batch_rows: usize,
) -> Result<ParquetRecordBatchReader> {
    let levels = parquet_to_arrow_field_levels(
        footer.parquet_schema(),
        ProjectionMask::all(),
        Some(footer.schema().fields()),
    )?;
    let groups = Groups::new(source, footer.metadata(), groups)?;
    // Room is made for whole batches.
    let batch_rows = batch_rows.min(groups.num_rows()).max(1);
    ParquetRecordBatchReader::try_new_with_row_groups(&levels, &groups, batch_rows, None)
}

/// Some row groups of a file.
#[derive(Clone)]
struct Groups {
    source: Source,
    footer: Arc<ParquetMetaData>,
    groups: Vec<usize>,
    /// The bytes of all of them, if these are few.
    bytes: Option<Extent>,
}

impl Groups {
    fn new(source: &Source, footer: &Arc<ParquetMetaData>, groups: &[usize]) -> Result<Groups> {
        let mut all = Groups {
            source: source.clone(),
            footer: footer.clone(),
            groups: groups.to_vec(),
            bytes: None,
        };
        all.bytes = all.fetched()?;
        Ok(all)
    }

    /// The bytes from the first column chunk to the last, if they are few.
    fn fetched(&self) -> Result<Option<Extent>> {
        let chunks = || self.row_groups().flat_map(RowGroupMetaData::columns);
        let ranges = || chunks().map(ColumnChunkMetaData::byte_range);
        let start = ranges().map(|(start, _)| start).min().unwrap_or(0);
        let end = ranges().map(|(start, length)| start.saturating_add(length));
        let length = end.max().unwrap_or(0).saturating_sub(start);
        if length > SMALL {
            return Ok(None);
        }
        let bytes = self.source.get_bytes(start, length as usize)?;
        Ok(Some(Extent::new(start, bytes)))
    }
}

impl RowGroups for Groups {
    fn num_rows(&self) -> usize {
        let rows = self.row_groups().map(RowGroupMetaData::num_rows);
        usize::try_from(rows.sum::<i64>()).unwrap_or(0)
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
struct Chunks {
    groups: Groups,
    /// Row groups whose chunks were taken.
    taken: usize,
    leaf: usize,
}

impl Chunks {
    fn pages(&self, group: usize) -> Result<Box<dyn PageReader>> {
        let group = self.groups.footer.row_group(group);
        let chunk = group.column(self.leaf);
        let rows = usize::try_from(group.num_rows())?;
        match self.groups.bytes.clone() {
            Some(bytes) => pages(Arc::new(bytes), chunk, rows),
            None => pages(Arc::new(self.groups.source.clone()), chunk, rows),
        }
    }
}

impl Iterator for Chunks {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let group = *self.groups.groups.get(self.taken)?;
        self.taken += 1;
        Some(self.pages(group))
    }
}

impl PageIterator for Chunks {}

/// The pages of a chunk of `rows` rows, without their compression.
fn pages<R: ChunkReader + 'static>(
    bytes: Arc<R>,
    chunk: &ColumnChunkMetaData,
    rows: usize,
) -> Result<Box<dyn PageReader>> {
    if !matches!(chunk.compression(), Compression::ZSTD(_)) {
        let pages = SerializedPageReader::new(bytes, chunk, rows, None)?;
        return Ok(Box::new(pages));
    }
    // The crate is told that there is nothing to decompress, and gives pages as they are.
    let plain = chunk.clone().into_builder();
    let plain = plain.set_compression(Compression::UNCOMPRESSED).build()?;
    let stored = SerializedPageReader::new(bytes, &plain, rows, None)?;
    Ok(Box::new(Unpacked { stored }))
}

/// Pages that are Zstandard where they are stored.
struct Unpacked<R: ChunkReader> {
    stored: SerializedPageReader<R>,
}

impl<R: ChunkReader + 'static> PageReader for Unpacked<R> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        self.stored.get_next_page()?.map(unpacked).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.stored.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.stored.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.stored.at_record_boundary()
    }
}

impl<R: ChunkReader + 'static> Iterator for Unpacked<R> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

/// The page without its compression. Of a second-version one the levels have none.
fn unpacked(mut page: Page) -> Result<Page> {
    match &mut page {
        Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => {
            *buf = content(buf, 0)?;
        }
        Page::DataPageV2 {
            buf,
            def_levels_byte_len,
            rep_levels_byte_len,
            is_compressed: true,
            ..
        } => {
            let levels = u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len);
            *buf = content(buf, usize::try_from(levels)?)?;
        }
        Page::DataPageV2 { .. } => (),
    }
    Ok(page)
}

/// The first `levels` bytes of `stored` and the content of the others, if there are any: a
/// page without values may have none.
fn content(stored: &Bytes, levels: usize) -> Result<Bytes> {
    let split = stored.split_at_checked(levels);
    let (levels, packed) = split.ok_or_else(|| damaged("its levels are longer than it is"))?;
    if packed.is_empty() {
        return Ok(stored.clone());
    }
    let content = decompress(levels, packed).map_err(damaged)?;
    Ok(content.into())
}

fn damaged(reason: impl std::fmt::Display) -> ParquetError {
    ParquetError::General(format!("a page is damaged: {reason}"))
}
