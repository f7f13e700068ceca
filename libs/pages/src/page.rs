//! The pages of a column chunk, decompressed and checked.

use crate::checked::{Values, damaged};
use crate::narrow::Narrow;
use crate::zstandard::decompress;
use bytes::Bytes;
use parquet::basic::Compression;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::Result;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::page_index::offset_index::PageLocation;
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;
use std::sync::Arc;

/// Pages of a chunk as the decoders take them.
pub(crate) struct Pages<R: ChunkReader> {
    stored: SerializedPageReader<R>,
    values: Values,
    /// Whether they are Zstandard where they are stored, and ours to decompress.
    packed: bool,
}

impl<R: ChunkReader + 'static> Pages<R> {
    /// Those of a chunk of `rows` rows, with their places if these are known: pages of
    /// which no row is wanted are then never fetched. Its values may be made
    /// `narrow`.
    pub(crate) fn new(
        bytes: Arc<R>,
        chunk: &ColumnChunkMetaData,
        rows: usize,
        places: Option<Vec<PageLocation>>,
        narrow: Option<Narrow>,
    ) -> Result<Pages<R>> {
        let packed = matches!(chunk.compression(), Compression::ZSTD(_));
        let stored = if packed {
            // The crate is told that there is nothing to decompress, and gives pages as they
            // are. It makes two contexts a chunk, of which each asks the processor what it
            // can do: in a virtual machine that is a trip to the host, longer than it takes
            // to decompress a small page.
            let plain = chunk.clone().into_builder();
            let plain = plain.set_compression(Compression::UNCOMPRESSED).build()?;
            SerializedPageReader::new(bytes, &plain, rows, places)?
        } else {
            SerializedPageReader::new(bytes, chunk, rows, places)?
        };
        Ok(Pages {
            stored,
            values: Values::of(chunk, narrow),
            packed,
        })
    }
}

impl<R: ChunkReader + 'static> PageReader for Pages<R> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let Some(mut page) = self.stored.get_next_page()? else {
            return Ok(None);
        };
        if self.packed {
            unpack(&mut page)?;
        }
        self.values.check(&page)?;
        Ok(Some(page))
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

impl<R: ChunkReader + 'static> Iterator for Pages<R> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

/// Takes the compression off. Of a second-version page the levels have none.
fn unpack(page: &mut Page) -> Result<()> {
    match page {
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
    Ok(())
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
