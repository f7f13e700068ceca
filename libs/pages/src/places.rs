//! Where the pages of a column chunk are, by a walk over their headers: an index that not
//! every writer makes.

use parquet::column::page::PageReader;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, OffsetIndexBuilder};
use parquet::file::page_index::offset_index::OffsetIndexMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The offset index of a chunk of `rows` rows; None where its pages do not tell how many
/// rows they hold, as those of the first version do not for lists.
///
/// # Errors
/// A file that cannot be read, or is damaged.
pub fn offset_index<R: ChunkReader + 'static>(
    source: R,
    chunk: &ColumnChunkMetaData,
    rows: usize,
) -> Result<Option<OffsetIndexMetaData>> {
    let headers = Arc::new(Headers {
        source,
        last: AtomicU64::new(0),
    });
    let mut pages = SerializedPageReader::new(headers.clone(), chunk, rows, None)?;
    let is_flat = chunk.column_descr().max_rep_level() == 0;
    let mut begun: Vec<(u64, usize)> = Vec::new();
    while let Some(page) = pages.peek_next_page()? {
        let levels = page.num_levels.filter(|_| is_flat);
        if !page.is_dict {
            let Some(rows) = page.num_rows.or(levels) else {
                return Ok(None);
            };
            begun.push((headers.last.load(Ordering::Relaxed), rows));
        }
        pages.skip_next_page()?;
    }
    let (start, length) = chunk.byte_range();
    let end = start.saturating_add(length);
    built(&begun, end, rows).map(Some)
}

/// The index of pages with these offsets and rows, of which the last one ends at `end`.
fn built(pages: &[(u64, usize)], end: u64, rows: usize) -> Result<OffsetIndexMetaData> {
    let held = pages.iter().map(|(_, rows)| *rows);
    if held.fold(0, usize::saturating_add) != rows {
        let text = format!("the pages of a column do not hold its {rows} rows");
        return Err(ParquetError::General(text));
    }
    let ends = pages.iter().skip(1).map(|(offset, _)| *offset);
    let mut index = OffsetIndexBuilder::new();
    for ((offset, rows), end) in pages.iter().zip(ends.chain([end])) {
        let length = end.saturating_sub(*offset);
        index.append_offset_and_size(i64::try_from(*offset)?, i32::try_from(length)?);
        index.append_row_count(i64::try_from(*rows)?);
    }
    Ok(index.build())
}

/// A file of which only headers of pages are read: it knows where the last one began.
struct Headers<R> {
    source: R,
    last: AtomicU64,
}

impl<R: Length> Length for Headers<R> {
    fn len(&self) -> u64 {
        self.source.len()
    }
}

impl<R: ChunkReader> ChunkReader for Headers<R> {
    type T = R::T;

    fn get_read(&self, start: u64) -> Result<R::T> {
        self.last.store(start, Ordering::Relaxed);
        self.source.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<bytes::Bytes> {
        self.source.get_bytes(start, length)
    }
}
