//! Values of a column of strings or bytes.
//!
//! Values of Arrow lie side by side, as pages have them: without a dictionary, a page
//! takes a run of them in one copy. With one, each value becomes its number.

use super::column::{Form, PageFacts, Take, Values};
use super::dictionary::Dictionary;
use super::extremes::{self, Extremes};
use super::keyed::{Keyed, Translation};
use super::{delta, hybrid};
use arrow_array::GenericByteArray;
use arrow_array::types::ByteArrayType;
use arrow_buffer::ArrowNativeType;
use parquet::basic::{ConvertedType, Encoding, LogicalType};
use parquet::bloom_filter::Sbbf;
use parquet::data_type::ByteArray;
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::schema::types::ColumnDescriptor;
use std::ops::Range;

/// Strings or bytes.
#[derive(Debug)]
pub(super) struct Bytes {
    /// None without one, and since it grew too large.
    dictionary: Option<Dictionary>,
    translation: Translation,
    extremes: Extremes,
    /// Bytes of the values of the page in work.
    bytes: usize,
    /// Of values with a dictionary: their numbers.
    numbers: Vec<u32>,
    /// Of values without one: their lengths, and themselves.
    lengths: Vec<i32>,
    data: Vec<u8>,
}

impl Bytes {
    pub(super) fn new(form: &Form) -> Self {
        Bytes {
            dictionary: form.dictionary.then(Dictionary::default),
            translation: Translation::default(),
            extremes: Extremes::default(),
            bytes: 0,
            numbers: Vec::new(),
            lengths: Vec::new(),
            data: Vec::new(),
        }
    }

    /// Takes the numbers of values until the dictionary has `limit` bytes; how many.
    fn number<T: ByteArrayType>(
        &mut self,
        array: &GenericByteArray<T>,
        rows: Range<usize>,
        limit: usize,
    ) -> usize {
        let Some(dictionary) = &mut self.dictionary else {
            return 0;
        };
        let offsets = &array.value_offsets()[rows.start..=rows.end];
        let values = array.value_data();
        self.numbers.reserve(rows.len());
        let mut taken = 0;
        for pair in offsets.windows(2) {
            let value = &values[pair[0].as_usize()..pair[1].as_usize()];
            let (number, is_new) = dictionary.number(value);
            self.numbers.push(number);
            taken += 1;
            if is_new {
                self.extremes.add(value);
                if dictionary.page().len() >= limit {
                    break;
                }
            }
        }
        self.bytes += offsets[taken].as_usize() - offsets[0].as_usize();
        taken
    }

    /// The same for values that come as keys.
    fn translate<T: ByteArrayType>(
        &mut self,
        source: &Keyed<'_, T>,
        rows: Range<usize>,
        limit: usize,
    ) -> usize {
        let Some(dictionary) = &mut self.dictionary else {
            return 0;
        };
        self.translation.turn_to(source.values);
        self.numbers.reserve(rows.len());
        let mut taken = 0;
        for key in &source.keys[rows] {
            let key = key.as_usize();
            let value = source.value(key);
            self.bytes += value.len();
            taken += 1;
            if let Some(number) = self.translation.get(key) {
                self.numbers.push(number);
                continue;
            }
            let (number, is_new) = dictionary.number(value);
            self.translation.put(key, number);
            self.numbers.push(number);
            if is_new {
                self.extremes.add(value);
                if dictionary.page().len() >= limit {
                    break;
                }
            }
        }
        taken
    }

    /// Copies values until they alone have `limit` bytes; how many. The lengths come on
    /// top: zstd's fast levels shrink text better by some 5 % from 256 KiB on, where they
    /// look for longer matches.
    fn copy<T: ByteArrayType>(
        &mut self,
        array: &GenericByteArray<T>,
        rows: Range<usize>,
        limit: usize,
    ) -> usize {
        let offsets = &array.value_offsets()[rows.start..=rows.end];
        let (held, start) = (self.data.len(), offsets[0].as_usize());
        // The first value with which the page is full is still taken.
        let fits = |end: &T::Offset| held + end.as_usize() - start < limit;
        let taken = (offsets[1..].partition_point(fits) + 1).min(rows.len());
        let values = &array.value_data()[start..offsets[taken].as_usize()];
        self.data.extend_from_slice(values);
        self.bytes += values.len();
        self.lengths.reserve(taken);
        let mut left = values;
        for pair in offsets[..=taken].windows(2) {
            let (value, rest) = left.split_at(pair[1].as_usize() - pair[0].as_usize());
            self.lengths.push(value.len() as i32);
            self.extremes.add(value);
            left = rest;
        }
        taken
    }

    /// The same for values that come as keys.
    fn gather<T: ByteArrayType>(
        &mut self,
        source: &Keyed<'_, T>,
        rows: Range<usize>,
        limit: usize,
    ) -> usize {
        let mut taken = 0;
        for key in &source.keys[rows] {
            let value = source.value(key.as_usize());
            self.data.extend_from_slice(value);
            self.bytes += value.len();
            self.lengths.push(value.len() as i32);
            self.extremes.add(value);
            taken += 1;
            if self.data.len() >= limit {
                break;
            }
        }
        taken
    }

    /// Appends the values of the page to `body`; in which encoding.
    fn encode(&self, encoding: Encoding, body: &mut Vec<u8>) -> Encoding {
        if let Some(dictionary) = &self.dictionary {
            let width = dictionary.width();
            body.push(width as u8);
            hybrid::append(&self.numbers, width, body);
            return Encoding::RLE_DICTIONARY;
        }
        if encoding == Encoding::PLAIN {
            for value in values(&self.lengths, &self.data) {
                body.extend_from_slice(&(value.len() as u32).to_le_bytes());
                body.extend_from_slice(value);
            }
        } else {
            delta::append(&self.lengths, body);
            body.extend_from_slice(&self.data);
        }
        encoding
    }
}

impl Values for Bytes {
    fn is_page_full(&self, form: &Form) -> bool {
        let width = self.dictionary.as_ref().map_or(0, Dictionary::width) as usize;
        self.data.len() >= form.page_bytes || self.numbers.len() * width / 8 >= form.page_bytes
    }

    fn has_dictionary(&self) -> bool {
        self.dictionary.is_some()
    }

    fn is_dictionary_full(&self, form: &Form) -> bool {
        let is_full = |dictionary: &Dictionary| dictionary.page().len() >= form.dictionary_bytes;
        self.dictionary.as_ref().is_some_and(is_full)
    }

    fn add_page_to(&self, filter: &mut Sbbf) {
        values(&self.lengths, &self.data).for_each(|value| filter.insert(value));
    }

    fn add_dictionary_to(&self, filter: &mut Sbbf) {
        let values = self.dictionary.iter().flat_map(Dictionary::values);
        values.for_each(|value| filter.insert(value));
    }

    fn end_page(&mut self, form: &Form, body: &mut Vec<u8>) -> PageFacts {
        let encoding = self.encode(form.encoding, body);
        self.numbers.clear();
        self.lengths.clear();
        self.data.clear();
        PageFacts {
            encoding,
            bytes: Some(std::mem::take(&mut self.bytes)),
            bounds: None,
        }
    }

    fn end_dictionary(&mut self) -> Option<(Vec<u8>, usize)> {
        self.dictionary.take().map(Dictionary::into_page)
    }

    fn statistics(&self, form: &Form, nulls: u64) -> Statistics {
        let (limit, text) = (form.bound_bytes, is_text(&form.descriptor));
        let Some((least, greatest)) = self.extremes.get() else {
            return Statistics::byte_array(None, None, None, Some(nulls), false);
        };
        let (least, is_least) = extremes::lower(least, limit, text);
        let (greatest, is_greatest) = extremes::upper(greatest, limit, text);
        let bounds = ValueStatistics::new(
            Some(ByteArray::from(least)),
            Some(ByteArray::from(greatest)),
            None,
            Some(nulls),
            false,
        );
        Statistics::ByteArray(
            bounds
                .with_min_is_exact(is_least)
                .with_max_is_exact(is_greatest),
        )
    }
}

impl<T: ByteArrayType> Take<GenericByteArray<T>> for Bytes {
    fn take(&mut self, array: &GenericByteArray<T>, rows: Range<usize>, form: &Form) -> usize {
        match self.dictionary {
            Some(_) => self.number(array, rows, form.dictionary_bytes),
            None => self.copy(array, rows, form.page_bytes),
        }
    }
}

impl<T: ByteArrayType> Take<Keyed<'_, T>> for Bytes {
    fn take(&mut self, source: &Keyed<'_, T>, rows: Range<usize>, form: &Form) -> usize {
        match self.dictionary {
            Some(_) => self.translate(source, rows, form.dictionary_bytes),
            None => self.gather(source, rows, form.page_bytes),
        }
    }
}

/// Values side by side, one by one.
fn values<'a>(lengths: &'a [i32], data: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    lengths.iter().scan(data, |left, length| {
        let (value, rest) = left.split_at(*length as usize);
        *left = rest;
        Some(value)
    })
}

fn is_text(descriptor: &ColumnDescriptor) -> bool {
    matches!(descriptor.logical_type_ref(), Some(LogicalType::String))
        || descriptor.converted_type() == ConvertedType::UTF8
}
