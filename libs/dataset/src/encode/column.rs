//! A column chunk in work: levels, pages and statistics, whatever its values are.

use super::chunk::{OwnChunk, Pages, Summary};
use super::compress::Codec;
use super::levels;
use arrow_array::Array;
use arrow_buffer::{NullBuffer, NullBufferBuilder};
use arrow_schema::DataType;
use parquet::basic::{BoundaryOrder, Compression, Encoding, Type as Physical};
use parquet::bloom_filter::Sbbf;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnIndexBuilder;
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::properties::{BloomFilterProperties, EnabledStatistics, WriterProperties};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

/// How a column is written.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) descriptor: ColumnDescPtr,
    compression: Compression,
    codec: Codec,
    pub(super) dictionary: bool,
    /// Of values without a dictionary, or behind one that grew too large.
    pub(super) encoding: Encoding,
    /// Bytes and rows of a page.
    pub(super) page_bytes: usize,
    page_rows: usize,
    /// Whether each page has its own least and greatest value.
    pub(super) page_statistics: bool,
    /// Bytes of a dictionary.
    pub(super) dictionary_bytes: usize,
    /// Bytes of a bound in the statistics.
    pub(super) bound_bytes: usize,
    bloom: Option<BloomFilterProperties>,
}

impl Form {
    /// None for a column that is the parquet crate's: of another type, nested, with an
    /// encoding or a compression that is not ours, or of strings with statistics for each
    /// page.
    pub(super) fn of(
        data_type: &DataType,
        descriptor: &ColumnDescPtr,
        properties: &WriterProperties,
    ) -> Option<Form> {
        let path = descriptor.path();
        let is_flat = descriptor.max_rep_level() == 0 && path.parts().len() == 1;
        let page_statistics = match properties.statistics_enabled(path) {
            EnabledStatistics::None => return None,
            EnabledStatistics::Chunk => false,
            EnabledStatistics::Page => true,
        };
        let physical = descriptor.physical_type();
        if !is_flat
            || !is_ours(data_type, physical)
            || (page_statistics && physical == Physical::BYTE_ARRAY)
        {
            return None;
        }
        let compression = properties.compression(path);
        Some(Form {
            codec: Codec::of(compression)?,
            compression,
            dictionary: properties.dictionary_enabled(path),
            encoding: encoding(physical, properties.encoding(path))?,
            page_bytes: properties.column_data_page_size_limit(path),
            page_rows: properties.data_page_row_count_limit(),
            page_statistics,
            dictionary_bytes: properties.column_dictionary_page_size_limit(path),
            bound_bytes: properties
                .statistics_truncate_length()
                .unwrap_or(usize::MAX),
            bloom: properties.bloom_filter_properties(path).cloned(),
            descriptor: descriptor.clone(),
        })
    }
}

/// The encoding without a dictionary; None for one that is not ours.
fn encoding(physical: Physical, wanted: Option<Encoding>) -> Option<Encoding> {
    match (physical, wanted) {
        (_, Some(Encoding::PLAIN)) => wanted,
        (Physical::BYTE_ARRAY, None | Some(Encoding::DELTA_LENGTH_BYTE_ARRAY)) => {
            Some(Encoding::DELTA_LENGTH_BYTE_ARRAY)
        }
        (Physical::INT32 | Physical::INT64, None | Some(Encoding::DELTA_BINARY_PACKED)) => {
            Some(Encoding::DELTA_BINARY_PACKED)
        }
        (Physical::FLOAT | Physical::DOUBLE, None) => Some(Encoding::PLAIN),
        _ => None,
    }
}

/// Types whose values Parquet has as Arrow has them, or nearly.
fn is_ours(data_type: &DataType, physical: Physical) -> bool {
    use arrow_schema::TimeUnit::Second;
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Binary | DataType::LargeBinary => {
            physical == Physical::BYTE_ARRAY
        }
        DataType::Int32 | DataType::Date32 => physical == Physical::INT32,
        DataType::Int64 | DataType::Time64(_) => physical == Physical::INT64,
        DataType::Timestamp(unit, _) => *unit != Second && physical == Physical::INT64,
        DataType::Decimal128(..) => matches!(physical, Physical::INT32 | Physical::INT64),
        DataType::Float32 => physical == Physical::FLOAT,
        DataType::Float64 => physical == Physical::DOUBLE,
        _ => false,
    }
}

/// The values of a column, without nulls: those of the page in work, and what is known
/// of all.
pub(super) trait Values {
    /// Whether the page in work is full, whatever its rows.
    fn is_page_full(&self, form: &Form) -> bool;

    /// Whether values become numbers of a dictionary.
    fn has_dictionary(&self) -> bool;

    /// Whether there is a dictionary, and it is full.
    fn is_dictionary_full(&self, form: &Form) -> bool;

    /// Adds the values of the page in work that are in no dictionary to a bloom filter.
    fn add_page_to(&self, filter: &mut Sbbf);

    /// The same for those of the dictionary.
    fn add_dictionary_to(&self, filter: &mut Sbbf);

    /// Moves the values of the page in work to `body`; in which encoding.
    fn end_page(&mut self, form: &Form, body: &mut Vec<u8>) -> PageFacts;

    /// Ends the dictionary: its page and how many values it has; None without one.
    fn end_dictionary(&mut self) -> Option<(Vec<u8>, usize)>;

    /// Of all pages.
    fn statistics(&self, form: &Form, nulls: u64) -> Statistics;
}

/// Values that are taken from `S`.
pub(super) trait Take<S: ?Sized>: Values {
    /// Takes values of the rows `rows` of `source` until the page or the dictionary is
    /// full; how many, at least one.
    fn take(&mut self, source: &S, rows: Range<usize>, form: &Form) -> usize;
}

/// What is known of a page.
pub(super) struct PageFacts {
    pub(super) encoding: Encoding,
    /// Bytes of the values, where they have no width of their own.
    pub(super) bytes: Option<usize>,
    /// The least and the greatest value as Parquet has them, where it is wanted.
    pub(super) bounds: Option<Bounds>,
}

/// The least and the greatest value of a page.
pub(super) struct Bounds {
    pub(super) least: Vec<u8>,
    pub(super) greatest: Vec<u8>,
    /// Whether neither is below that of the page before; or neither above.
    pub(super) rises: bool,
    pub(super) falls: bool,
}

/// A column chunk in work.
pub(super) struct Column<V> {
    form: Arc<Form>,
    values: V,
    /// Rows of the page in work.
    rows: usize,
    levels: NullBufferBuilder,
    pages: Pages,
    index: Option<Index>,
    bloom: Option<Bloom>,
    /// Rows of all pages that are null, and the others.
    nulls: usize,
    valid: usize,
}

/// The least and the greatest value of every page.
struct Index {
    builder: ColumnIndexBuilder,
    rises: bool,
    falls: bool,
}

/// A bloom filter, made when there is something to put into it: a dictionary is full of
/// it when the column ends, so that none of an open one takes memory.
struct Bloom {
    form: BloomFilterProperties,
    filter: Option<Sbbf>,
}

impl Bloom {
    fn filter(&mut self) -> Result<&mut Sbbf, ParquetError> {
        match &mut self.filter {
            Some(filter) => Ok(filter),
            none => Ok(none.insert(Sbbf::new_with_ndv_fpp(self.form.ndv(), self.form.fpp())?)),
        }
    }

    /// As small as its rate of false positives permits.
    fn finish(self) -> Option<Sbbf> {
        let mut filter = self.filter?;
        filter.fold_to_target_fpp(self.form.fpp());
        Some(filter)
    }
}

thread_local! {
    /// The page that is being put together.
    static BODY: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl<V: Values> Column<V> {
    pub(super) fn new(form: Arc<Form>, values: V) -> Self {
        let index = || Index {
            builder: ColumnIndexBuilder::new(form.descriptor.physical_type()),
            rises: true,
            falls: true,
        };
        let bloom = |properties: &BloomFilterProperties| Bloom {
            form: properties.clone(),
            filter: None,
        };
        Column {
            bloom: form.bloom.as_ref().map(bloom),
            index: form.page_statistics.then(index),
            values,
            rows: 0,
            levels: NullBufferBuilder::new(0),
            pages: Pages::new(form.codec),
            nulls: 0,
            valid: 0,
            form,
        }
    }

    /// Adds the rows of `array`, whose values are in `source`.
    pub(super) fn add<S: ?Sized>(
        &mut self,
        array: &dyn Array,
        source: &S,
    ) -> Result<(), ParquetError>
    where
        V: Take<S>,
    {
        let has_nulls = |nulls: &&NullBuffer| nulls.null_count() > 0;
        let Some(nulls) = array.nulls().filter(has_nulls) else {
            return self.add_values(source, 0..array.len());
        };
        if self.form.descriptor.max_def_level() == 0 {
            return Err(ParquetError::General(
                "a column without nulls has one".to_owned(),
            ));
        }
        let mut at = 0;
        for (start, end) in nulls.valid_slices() {
            self.add_nulls(start - at)?;
            self.add_values(source, start..end)?;
            at = end;
        }
        self.add_nulls(array.len() - at)
    }

    fn add_nulls(&mut self, mut count: usize) -> Result<(), ParquetError> {
        while count > 0 {
            let taken = count.min(self.form.page_rows - self.rows);
            self.levels.append_n_nulls(taken);
            self.rows += taken;
            self.nulls += taken;
            count -= taken;
            self.end_page_if_full()?;
        }
        Ok(())
    }

    fn add_values<S: ?Sized>(
        &mut self,
        source: &S,
        mut rows: Range<usize>,
    ) -> Result<(), ParquetError>
    where
        V: Take<S>,
    {
        while !rows.is_empty() {
            let room = rows.len().min(self.form.page_rows - self.rows);
            let next = rows.start..rows.start + room;
            let taken = self.values.take(source, next, &self.form);
            self.levels.append_n_non_nulls(taken);
            self.rows += taken;
            self.valid += taken;
            rows.start += taken;
            if self.values.is_dictionary_full(&self.form) {
                // What follows goes without.
                self.end_page()?;
                self.end_dictionary()?;
            }
            self.end_page_if_full()?;
        }
        Ok(())
    }

    fn end_page_if_full(&mut self) -> Result<(), ParquetError> {
        if self.rows >= self.form.page_rows || self.values.is_page_full(&self.form) {
            self.end_page()
        } else {
            Ok(())
        }
    }

    fn end_page(&mut self) -> Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        if let Some(bloom) = &mut self.bloom
            && !self.values.has_dictionary()
        {
            self.values.add_page_to(bloom.filter()?);
        }
        let rows = std::mem::take(&mut self.rows);
        let nulls = self.levels.finish();
        let facts = BODY.with_borrow_mut(|body| {
            body.clear();
            if self.form.descriptor.max_def_level() > 0 {
                levels::append(rows, nulls.as_ref(), body);
            }
            let facts = self.values.end_page(&self.form, body);
            self.pages
                .add_data(body, facts.encoding, rows, facts.bytes)?;
            Ok::<_, ParquetError>(facts)
        })?;
        let nulls = nulls.map_or(0, |nulls| nulls.null_count());
        match (&mut self.index, facts.bounds) {
            (Some(index), Some(bounds)) => index.add(bounds, nulls as i64),
            (Some(index), None) if nulls == rows => index.add_null(nulls as i64),
            // Values without an order: there is no index of a part of the pages.
            _ => self.index = None,
        }
        Ok(())
    }

    fn end_dictionary(&mut self) -> Result<(), ParquetError> {
        if let Some(bloom) = &mut self.bloom {
            self.values.add_dictionary_to(bloom.filter()?);
        }
        match self.values.end_dictionary() {
            // Readers want one, if without a value, where only nulls refer to it.
            Some((page, count)) if self.nulls + self.valid > 0 => {
                self.pages.add_dictionary(&page, count)
            }
            _ => Ok(()),
        }
    }

    /// The finished chunk.
    pub(super) fn close(mut self) -> Result<OwnChunk, ParquetError> {
        self.end_page()?;
        self.end_dictionary()?;
        let statistics = self.values.statistics(&self.form, self.nulls as u64);
        self.pages.finish(Summary {
            descriptor: self.form.descriptor.clone(),
            compression: self.form.compression,
            statistics,
            nulls: self.nulls as i64,
            values: self.valid as i64,
            index: self.index.map(Index::finish).transpose()?,
            bloom: self.bloom.and_then(Bloom::finish),
        })
    }
}

impl Index {
    /// A page with these bounds.
    fn add(&mut self, bounds: Bounds, nulls: i64) {
        self.rises &= bounds.rises;
        self.falls &= bounds.falls;
        self.builder
            .append(false, bounds.least, bounds.greatest, nulls);
    }

    /// A page without values.
    fn add_null(&mut self, nulls: i64) {
        self.builder.append(true, Vec::new(), Vec::new(), nulls);
    }

    fn finish(mut self) -> Result<ColumnIndexMetaData, ParquetError> {
        self.builder
            .set_boundary_order(match (self.rises, self.falls) {
                (true, _) => BoundaryOrder::ASCENDING,
                (false, true) => BoundaryOrder::DESCENDING,
                (false, false) => BoundaryOrder::UNORDERED,
            });
        self.builder.build()
    }
}
