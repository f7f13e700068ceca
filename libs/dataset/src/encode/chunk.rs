//! A column chunk in memory: its pages, and what the footer says of it.

use super::compress::Codec;
use bytes::{Buf, Bytes};
use parquet::basic::{Compression, Encoding, PageType};
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{CompressedPage, Page, PageWriteSpec, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ColumnChunkMetaData, LevelHistogram, OffsetIndexBuilder, PageEncodingStats,
};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use std::collections::VecDeque;
use std::io::{self, Read, Write};

/// Finished pages. A dictionary comes first in the file, and is known last.
pub(super) struct Pages {
    codec: Codec,
    dictionary: Option<Stored>,
    data: Vec<DataPage>,
    /// Bytes before compression, headers included.
    uncompressed: i64,
    /// Pages of each kind, in the order of the file.
    kinds: Vec<PageEncodingStats>,
}

/// A page as it stands in the file.
struct Stored {
    header: Bytes,
    body: Bytes,
}

impl Stored {
    fn len(&self) -> i64 {
        (self.header.len() + self.body.len()) as i64
    }
}

struct DataPage {
    stored: Stored,
    rows: i64,
    /// Bytes of the values alone, where they have no width of their own.
    values: Option<i64>,
}

/// A column chunk that can be appended to a row group.
pub(super) struct OwnChunk {
    bytes: PageBytes,
    close: ColumnCloseResult,
}

/// What the footer says beside what the pages tell.
pub(super) struct Summary {
    pub(super) descriptor: ColumnDescPtr,
    pub(super) compression: Compression,
    pub(super) statistics: Statistics,
    /// Rows that are null, and the others.
    pub(super) nulls: i64,
    pub(super) values: i64,
    /// The least and the greatest value of every page.
    pub(super) index: Option<ColumnIndexMetaData>,
    pub(super) bloom: Option<Sbbf>,
}

impl Pages {
    pub(super) fn new(codec: Codec) -> Self {
        Pages {
            codec,
            dictionary: None,
            data: Vec::new(),
            uncompressed: 0,
            kinds: Vec::new(),
        }
    }

    /// A data page of `rows` rows, null ones included, whose values take `values` bytes
    /// if they have no width of their own.
    pub(super) fn add_data(
        &mut self,
        body: &[u8],
        encoding: Encoding,
        rows: usize,
        values: Option<usize>,
    ) -> Result<(), ParquetError> {
        let page = Page::DataPage {
            buf: self.codec.compress(body)?.into(),
            num_values: rows as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let stored = self.store(page, body.len())?;
        self.data.push(DataPage {
            stored,
            rows: rows as i64,
            values: values.map(|bytes| bytes as i64),
        });
        match self.kinds.last_mut() {
            Some(kind) if kind.encoding == encoding => kind.count += 1,
            _ => self.kinds.push(PageEncodingStats {
                page_type: PageType::DATA_PAGE,
                encoding,
                count: 1,
            }),
        }
        Ok(())
    }

    /// The dictionary page, of `count` values.
    pub(super) fn add_dictionary(&mut self, body: &[u8], count: usize) -> Result<(), ParquetError> {
        let page = Page::DictionaryPage {
            buf: self.codec.compress(body)?.into(),
            num_values: count as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        self.dictionary = Some(self.store(page, body.len())?);
        let kind = PageEncodingStats {
            page_type: PageType::DICTIONARY_PAGE,
            encoding: Encoding::PLAIN,
            count: 1,
        };
        self.kinds.insert(0, kind);
        Ok(())
    }

    /// The page, of `length` bytes before compression, and its header.
    fn store(&mut self, page: Page, length: usize) -> Result<Stored, ParquetError> {
        if i32::try_from(length.max(page.buffer().len())).is_err() {
            return Err(ParquetError::General(format!(
                "a value makes a page of {length} bytes, more than Parquet has room for"
            )));
        }
        let body = page.buffer().clone();
        let mut sink = TrackedWrite::new(Beginning::default());
        let page = CompressedPage::new(page, length);
        let spec: PageWriteSpec = SerializedPageWriter::new(&mut sink).write_page(page)?;
        self.uncompressed += spec.uncompressed_size as i64;
        sink.flush()?;
        let Beginning(mut header) = sink.into_inner()?;
        let size = spec.uncompressed_size - length;
        if header.len() < size {
            return Err(ParquetError::General(format!(
                "a page header of {size} bytes"
            )));
        }
        header.truncate(size);
        Ok(Stored {
            header: header.into(),
            body,
        })
    }

    pub(super) fn finish(self, summary: Summary) -> Result<OwnChunk, ParquetError> {
        let mut index = OffsetIndexBuilder::new();
        let data_offset = self.dictionary.as_ref().map_or(0, Stored::len);
        let mut end = data_offset;
        for page in &self.data {
            let length = page.stored.len();
            index.append_row_count(page.rows);
            index.append_offset_and_size(end, length as i32);
            index.append_unencoded_byte_array_data_bytes(page.values);
            end += length;
        }
        let mut encodings: Vec<Encoding> = self.kinds.iter().map(|kind| kind.encoding).collect();
        let optional = summary.descriptor.max_def_level() > 0;
        encodings.push(Encoding::RLE);
        let metadata = ColumnChunkMetaData::builder(summary.descriptor)
            .set_compression(summary.compression)
            .set_encodings(encodings)
            .set_page_encoding_stats(self.kinds)
            .set_total_compressed_size(end)
            .set_total_uncompressed_size(self.uncompressed)
            .set_num_values(summary.nulls + summary.values)
            .set_data_page_offset(data_offset)
            .set_dictionary_page_offset(self.dictionary.is_some().then_some(0))
            .set_statistics(summary.statistics)
            .set_unencoded_byte_array_data_bytes(self.data.iter().map(|page| page.values).sum())
            .set_definition_level_histogram(
                optional.then(|| LevelHistogram::from(vec![summary.nulls, summary.values])),
            )
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: end as u64,
            rows_written: (summary.nulls + summary.values) as u64,
            metadata,
            bloom_filter: summary.bloom,
            column_index: summary.index,
            offset_index: Some(index.build()),
        };
        let data = self.data.into_iter().map(|page| page.stored);
        let pages = self.dictionary.into_iter().chain(data);
        let bytes = PageBytes(pages.flat_map(|page| [page.header, page.body]).collect());
        Ok(OwnChunk { bytes, close })
    }
}

impl OwnChunk {
    /// The bytes, from 0 on, and what the footer says.
    pub(super) fn into_parts(self) -> (impl ChunkReader, ColumnCloseResult) {
        (self.bytes, self.close)
    }
}

/// What begins a page: its header, and what of its body comes with it. The body is there
/// already, and large.
#[derive(Default)]
struct Beginning(Vec<u8>);

/// More than a header without statistics takes.
const MOST_OF_HEADER: usize = 256;

impl Write for Beginning {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = MOST_OF_HEADER.saturating_sub(self.0.len());
        self.0.extend_from_slice(&bytes[..bytes.len().min(room)]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Pages as one piece.
#[derive(Clone)]
struct PageBytes(VecDeque<Bytes>);

impl Length for PageBytes {
    fn len(&self) -> u64 {
        self.0.iter().map(|page| page.len() as u64).sum()
    }
}

impl Read for PageBytes {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(page) = self.0.front_mut() {
            if page.has_remaining() {
                return page.reader().read(into);
            }
            self.0.pop_front();
        }
        Ok(0)
    }
}

impl ChunkReader for PageBytes {
    type T = PageBytes;

    fn get_read(&self, start: u64) -> Result<PageBytes, ParquetError> {
        let mut rest = self.clone();
        let skipped = io::copy(&mut rest.by_ref().take(start), &mut io::sink())?;
        match skipped == start {
            true => Ok(rest),
            false => Err(ParquetError::EOF("behind the last page".to_owned())),
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let mut bytes = vec![0; length];
        self.get_read(start)?.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}
