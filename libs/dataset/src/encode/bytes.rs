//! The encoder of a column of strings or bytes.
//!
//! Values of Arrow lie side by side, as pages have them: without a dictionary, a page
//! takes a run of them in one copy. With one, each value becomes its number.

use super::chunk::{OwnChunk, Pages, Summary};
use super::compress::Codec;
use super::dictionary::Dictionary;
use super::extremes::{self, Extremes};
use super::{delta, hybrid, levels};
use arrow_array::cast::AsArray;
use arrow_array::types::ByteArrayType;
use arrow_array::{Array, GenericByteArray};
use arrow_buffer::{ArrowNativeType, NullBufferBuilder};
use arrow_schema::DataType;
use parquet::basic::{Compression, ConvertedType, Encoding, LogicalType};
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::schema::types::ColumnDescPtr;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

/// How a column is written.
#[derive(Debug)]
pub(super) struct Form {
    descriptor: ColumnDescPtr,
    compression: Compression,
    codec: Codec,
    dictionary: bool,
    /// Of values without a dictionary, or behind one that grew too large.
    encoding: Encoding,
    /// Bytes and rows of a page.
    page_bytes: usize,
    page_rows: usize,
    /// Bytes of a dictionary.
    dictionary_bytes: usize,
    /// Bytes of a bound in the statistics.
    bound_bytes: usize,
    text: bool,
}

impl Form {
    /// None for a column that is the parquet crate's: of another type, nested, with
    /// statistics for each page, a bloom filter, or a compression that is not ours.
    pub(super) fn of(
        data_type: &DataType,
        descriptor: &ColumnDescPtr,
        properties: &WriterProperties,
    ) -> Option<Form> {
        let path = descriptor.path();
        let is_flat = descriptor.max_rep_level() == 0 && descriptor.max_def_level() <= 1;
        let is_plain = properties.statistics_enabled(path) == EnabledStatistics::Chunk
            && properties.bloom_filter_properties(path).is_none();
        let is_bytes = matches!(
            data_type,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Binary | DataType::LargeBinary
        );
        if !(is_flat && is_plain && is_bytes && path.parts().len() == 1) {
            return None;
        }
        let compression = properties.compression(path);
        let encoding = match properties.encoding(path) {
            Some(Encoding::PLAIN) => Encoding::PLAIN,
            Some(Encoding::DELTA_LENGTH_BYTE_ARRAY) | None => Encoding::DELTA_LENGTH_BYTE_ARRAY,
            Some(_) => return None,
        };
        Some(Form {
            codec: Codec::of(compression)?,
            compression,
            dictionary: properties.dictionary_enabled(path),
            encoding,
            page_bytes: properties.column_data_page_size_limit(path),
            page_rows: properties.data_page_row_count_limit(),
            dictionary_bytes: properties.column_dictionary_page_size_limit(path),
            bound_bytes: properties
                .statistics_truncate_length()
                .unwrap_or(usize::MAX),
            text: matches!(descriptor.logical_type_ref(), Some(LogicalType::String))
                || descriptor.converted_type() == ConvertedType::UTF8,
            descriptor: descriptor.clone(),
        })
    }
}

/// A column chunk in work.
pub(super) struct ByteColumn {
    form: Arc<Form>,
    /// None without one, and since it grew too large.
    dictionary: Option<Dictionary>,
    page: Page,
    pages: Pages,
    extremes: Extremes,
    /// Rows that are null, and the others, of all pages.
    nulls: usize,
    values: usize,
}

/// The page in work.
#[derive(Debug)]
struct Page {
    rows: usize,
    nulls: NullBufferBuilder,
    /// Bytes of the values.
    bytes: usize,
    /// Of values with a dictionary: their numbers.
    numbers: Vec<u32>,
    /// Of values without one: their lengths, and themselves.
    lengths: Vec<u32>,
    data: Vec<u8>,
}

thread_local! {
    /// The page that is being put together.
    static BODY: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl ByteColumn {
    pub(super) fn new(form: Arc<Form>) -> Self {
        ByteColumn {
            dictionary: form.dictionary.then(Dictionary::default),
            page: Page {
                rows: 0,
                nulls: NullBufferBuilder::new(0),
                bytes: 0,
                numbers: Vec::new(),
                lengths: Vec::new(),
                data: Vec::new(),
            },
            pages: Pages::new(form.codec),
            extremes: Extremes::default(),
            nulls: 0,
            values: 0,
            form,
        }
    }

    /// Adds the rows of `array`.
    pub(super) fn write(&mut self, array: &dyn Array) -> Result<(), ParquetError> {
        match array.data_type() {
            DataType::Utf8 => self.add(array.as_string::<i32>()),
            DataType::LargeUtf8 => self.add(array.as_string::<i64>()),
            DataType::Binary => self.add(array.as_binary::<i32>()),
            DataType::LargeBinary => self.add(array.as_binary::<i64>()),
            other => Err(ParquetError::General(format!(
                "{other} is not text or bytes"
            ))),
        }
    }

    fn add<T: ByteArrayType>(&mut self, array: &GenericByteArray<T>) -> Result<(), ParquetError> {
        let Some(nulls) = array.nulls().filter(|nulls| nulls.null_count() > 0) else {
            return self.add_values(array, 0..array.len());
        };
        if self.form.descriptor.max_def_level() == 0 {
            return Err(ParquetError::General(
                "a column without nulls has one".to_owned(),
            ));
        }
        let mut at = 0;
        for (start, end) in nulls.valid_slices() {
            self.add_nulls(start - at)?;
            self.add_values(array, start..end)?;
            at = end;
        }
        self.add_nulls(array.len() - at)
    }

    fn add_nulls(&mut self, mut count: usize) -> Result<(), ParquetError> {
        while count > 0 {
            let taken = count.min(self.form.page_rows - self.page.rows);
            self.page.nulls.append_n_nulls(taken);
            self.page.rows += taken;
            self.nulls += taken;
            count -= taken;
            self.end_page_if_full()?;
        }
        Ok(())
    }

    fn add_values<T: ByteArrayType>(
        &mut self,
        array: &GenericByteArray<T>,
        mut rows: Range<usize>,
    ) -> Result<(), ParquetError> {
        while !rows.is_empty() {
            let room = rows.len().min(self.form.page_rows - self.page.rows);
            let next = rows.start..rows.start + room;
            let taken = match &mut self.dictionary {
                Some(dictionary) => {
                    let limit = self.form.dictionary_bytes;
                    self.page
                        .number(array, next, dictionary, &mut self.extremes, limit)
                }
                None => self
                    .page
                    .copy(array, next, &mut self.extremes, self.form.page_bytes),
            };
            self.page.nulls.append_n_non_nulls(taken);
            self.page.rows += taken;
            self.values += taken;
            rows.start += taken;
            self.end_dictionary_if_full()?;
            self.end_page_if_full()?;
        }
        Ok(())
    }

    /// What follows a dictionary that grew too large goes without.
    fn end_dictionary_if_full(&mut self) -> Result<(), ParquetError> {
        let is_full = |d: &Dictionary| d.page().len() >= self.form.dictionary_bytes;
        if self.dictionary.as_ref().is_some_and(is_full) {
            self.end_page()?;
            self.end_dictionary()?;
        }
        Ok(())
    }

    fn end_dictionary(&mut self) -> Result<(), ParquetError> {
        match self.dictionary.take() {
            // Readers want one, if without a value, where only nulls refer to it.
            Some(dictionary) if self.nulls + self.values > 0 => self
                .pages
                .add_dictionary(dictionary.page(), dictionary.len()),
            _ => Ok(()),
        }
    }

    fn end_page_if_full(&mut self) -> Result<(), ParquetError> {
        let width = self.dictionary.as_ref().map_or(0, Dictionary::width) as usize;
        let full = self.page.rows >= self.form.page_rows
            || self.page.data.len() >= self.form.page_bytes
            || self.page.numbers.len() * width / 8 >= self.form.page_bytes;
        if full { self.end_page() } else { Ok(()) }
    }

    fn end_page(&mut self) -> Result<(), ParquetError> {
        let page = &mut self.page;
        if page.rows == 0 {
            return Ok(());
        }
        let form = &self.form;
        BODY.with_borrow_mut(|body| {
            body.clear();
            let nulls = page.nulls.finish();
            if form.descriptor.max_def_level() > 0 {
                levels::append(page.rows, nulls.as_ref(), body);
            }
            let encoding = page.encode(self.dictionary.as_ref(), form.encoding, body);
            self.pages.add_data(body, encoding, page.rows, page.bytes)
        })?;
        page.clear();
        Ok(())
    }

    /// The finished chunk.
    pub(super) fn close(mut self) -> Result<OwnChunk, ParquetError> {
        self.end_page()?;
        self.end_dictionary()?;
        let statistics = self.statistics();
        self.pages.finish(Summary {
            descriptor: self.form.descriptor.clone(),
            compression: self.form.compression,
            statistics,
            nulls: self.nulls as i64,
            values: self.values as i64,
        })
    }

    fn statistics(&self) -> Statistics {
        let (limit, text) = (self.form.bound_bytes, self.form.text);
        let nulls = Some(self.nulls as u64);
        let Some((least, greatest)) = self.extremes.get() else {
            return Statistics::byte_array(None, None, None, nulls, false);
        };
        let (least, is_least) = extremes::lower(least, limit, text);
        let (greatest, is_greatest) = extremes::upper(greatest, limit, text);
        let bounds = ValueStatistics::new(
            Some(ByteArray::from(least)),
            Some(ByteArray::from(greatest)),
            None,
            nulls,
            false,
        );
        Statistics::ByteArray(
            bounds
                .with_min_is_exact(is_least)
                .with_max_is_exact(is_greatest),
        )
    }
}

impl Page {
    /// Takes the numbers of values until the dictionary has `limit` bytes; how many.
    fn number<T: ByteArrayType>(
        &mut self,
        array: &GenericByteArray<T>,
        rows: Range<usize>,
        dictionary: &mut Dictionary,
        extremes: &mut Extremes,
        limit: usize,
    ) -> usize {
        let (offsets, values) = (
            &array.value_offsets()[rows.start..=rows.end],
            array.value_data(),
        );
        self.numbers.reserve(rows.len());
        let mut taken = 0;
        for pair in offsets.windows(2) {
            let value = &values[pair[0].as_usize()..pair[1].as_usize()];
            let (number, is_new) = dictionary.number(value);
            self.numbers.push(number);
            taken += 1;
            if is_new {
                extremes.add(value);
                if dictionary.page().len() >= limit {
                    break;
                }
            }
        }
        self.bytes += offsets[taken].as_usize() - offsets[0].as_usize();
        taken
    }

    /// Copies values until they alone have `limit` bytes; how many. The lengths come on
    /// top: zstd's fast levels shrink text better by some 5 % from 256 KiB on, where they
    /// look for longer matches.
    fn copy<T: ByteArrayType>(
        &mut self,
        array: &GenericByteArray<T>,
        rows: Range<usize>,
        extremes: &mut Extremes,
        limit: usize,
    ) -> usize {
        let (offsets, values) = (
            &array.value_offsets()[rows.start..=rows.end],
            array.value_data(),
        );
        let start = offsets[0].as_usize();
        let held = self.data.len();
        // The first value with which the page is full is still taken.
        let fits = |row: usize| held + offsets[row].as_usize() - start < limit;
        let taken = first_without(rows.len(), fits);
        let values = &values[start..offsets[taken].as_usize()];
        self.data.extend_from_slice(values);
        self.bytes += values.len();
        self.lengths.reserve(taken);
        let mut left = values;
        for pair in offsets[..=taken].windows(2) {
            let (value, rest) = left.split_at(pair[1].as_usize() - pair[0].as_usize());
            self.lengths.push(value.len() as u32);
            extremes.add(value);
            left = rest;
        }
        taken
    }

    /// Appends the values to `body`; in which encoding.
    fn encode(
        &self,
        dictionary: Option<&Dictionary>,
        encoding: Encoding,
        body: &mut Vec<u8>,
    ) -> Encoding {
        if let Some(dictionary) = dictionary {
            let width = dictionary.width();
            body.push(width as u8);
            hybrid::append(&self.numbers, width, body);
            return Encoding::RLE_DICTIONARY;
        }
        if encoding == Encoding::PLAIN {
            let mut left = self.data.as_slice();
            for length in &self.lengths {
                let (value, rest) = left.split_at(*length as usize);
                body.extend_from_slice(&length.to_le_bytes());
                body.extend_from_slice(value);
                left = rest;
            }
        } else {
            delta::append(&self.lengths, body);
            body.extend_from_slice(&self.data);
        }
        encoding
    }

    fn clear(&mut self) {
        self.rows = 0;
        self.bytes = 0;
        self.numbers.clear();
        self.lengths.clear();
        self.data.clear();
    }
}

/// The first of `1..=last` for which `fits` is false, or `last`.
fn first_without(last: usize, fits: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (1, last);
    while low < high {
        let middle = low.midpoint(high);
        if fits(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
