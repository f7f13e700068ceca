//! Values of a column of numbers: of one width, and with an order of their own.

use super::column::{Bounds, Form, PageFacts, Take, Values};
use super::recent::Recent;
use super::{delta, hybrid};
use arrow_buffer::{ArrowNativeType, ToByteSlice};
use foldhash::fast::FixedState;
use parquet::basic::Encoding;
use parquet::bloom_filter::Sbbf;
use parquet::file::statistics::{Statistics, ValueStatistics};
use std::collections::HashMap;
use std::ops::Range;

/// A number as Arrow and Parquet both have it.
pub(super) trait Number: ArrowNativeType {
    /// Its bits: equal for equal numbers alone, and not for zeros of both signs.
    fn bits(self) -> u64;

    /// The least and the greatest; None if no value has an order.
    fn extremes(values: &[Self]) -> Option<(Self, Self)>;

    /// Appends `values` in one of the encodings that [`Form`] allows.
    fn append(values: &[Self], encoding: Encoding, body: &mut Vec<u8>);

    /// The statistics of a chunk; of integers and floats, older readers read them, too.
    fn statistics(bounds: Option<(Self, Self)>, nulls: u64) -> Statistics;
}

/// The variant of a type, which only a macro can name.
macro_rules! statistics {
    ($variant:ident) => {
        fn statistics(bounds: Option<(Self, Self)>, nulls: u64) -> Statistics {
            let (least, greatest) = bounds.unzip();
            let values = ValueStatistics::new(least, greatest, None, Some(nulls), false);
            Statistics::$variant(values.with_backwards_compatible_min_max(true))
        }
    };
}

macro_rules! integer {
    ($type:ty, $statistics:ident) => {
        impl Number for $type {
            fn bits(self) -> u64 {
                self as u64
            }

            fn extremes(values: &[Self]) -> Option<(Self, Self)> {
                let first = *values.first()?;
                let both = |(least, greatest): (Self, Self), value: &Self| {
                    (least.min(*value), greatest.max(*value))
                };
                Some(values.iter().fold((first, first), both))
            }

            fn append(values: &[Self], encoding: Encoding, body: &mut Vec<u8>) {
                match encoding {
                    Encoding::PLAIN => body.extend_from_slice(values.to_byte_slice()),
                    _ => delta::append(values, body),
                }
            }

            statistics!($statistics);
        }
    };
}

integer!(i32, Int32);
integer!(i64, Int64);

macro_rules! float {
    ($type:ty, $statistics:ident) => {
        impl Number for $type {
            fn bits(self) -> u64 {
                self.to_bits().into()
            }

            /// What is no number is above and below nothing.
            fn extremes(values: &[Self]) -> Option<(Self, Self)> {
                let both = |(least, greatest): (Self, Self), value: &Self| {
                    (least.min(*value), greatest.max(*value))
                };
                let (least, greatest) = values
                    .iter()
                    .fold((<$type>::INFINITY, <$type>::NEG_INFINITY), both);
                // A zero stands for those of both signs, as the specification asks for.
                let zeros = |value: Self, zero: Self| if value == 0.0 { zero } else { value };
                // Without a value, they stay apart.
                (least <= greatest).then(|| (zeros(least, -0.0), zeros(greatest, 0.0)))
            }

            fn append(values: &[Self], _: Encoding, body: &mut Vec<u8>) {
                body.extend_from_slice(values.to_byte_slice());
            }

            statistics!($statistics);
        }
    };
}

float!(f32, Float);
float!(f64, Double);

/// Numbers of one type.
#[derive(Debug)]
pub(super) struct Numbers<T> {
    dictionary: Option<Dictionary<T>>,
    /// The values of the page in work, if there is no dictionary; their numbers, if there is.
    values: Vec<T>,
    numbers: Vec<u32>,
    /// The least and the greatest value so far, and those of the last page.
    extremes: Option<(T, T)>,
    last: Option<(T, T)>,
}

/// Distinct values and their numbers.
#[derive(Debug)]
struct Dictionary<T> {
    values: Vec<T>,
    table: HashMap<u64, u32, FixedState>,
    /// By the values' bits.
    recent: Recent<u64>,
}

impl<T: Number> Dictionary<T> {
    fn new() -> Self {
        Dictionary {
            values: Vec::new(),
            table: HashMap::default(),
            recent: Recent::new(),
        }
    }

    #[inline]
    fn number(&mut self, value: T) -> u32 {
        let bits = value.bits();
        if let Some(number) = self.recent.get(bits, bits) {
            return number;
        }
        let next = self.values.len() as u32;
        let number = *self.table.entry(bits).or_insert(next);
        if number == next {
            self.values.push(value);
        }
        self.recent.put(bits, bits, number);
        number
    }

    fn bytes(&self) -> usize {
        size_of_val(self.values.as_slice())
    }
}

impl<T: Number> Numbers<T> {
    pub(super) fn new(form: &Form) -> Self {
        Numbers {
            dictionary: form.dictionary.then(Dictionary::new),
            values: Vec::new(),
            numbers: Vec::new(),
            extremes: None,
            last: None,
        }
    }

    /// The least and the greatest value of the page in work.
    fn page_extremes(&self) -> Option<(T, T)> {
        let Some(dictionary) = &self.dictionary else {
            return T::extremes(&self.values);
        };
        let seen: Vec<T> = self
            .numbers
            .iter()
            .map(|number| dictionary.values[*number as usize])
            .collect();
        T::extremes(&seen)
    }

    /// Takes a page, or a dictionary, into those of the whole column.
    fn widen(&mut self, found: Option<(T, T)>) {
        let both = [self.extremes, found];
        let ends = both.iter().flatten().flat_map(|both| [both.0, both.1]);
        self.extremes = T::extremes(&ends.collect::<Vec<T>>());
    }

    fn bounds(&mut self, (least, greatest): (T, T)) -> Bounds {
        let before = self.last.replace((least, greatest));
        let bytes = |value: T| [value].to_byte_slice().to_vec();
        Bounds {
            least: bytes(least),
            greatest: bytes(greatest),
            rises: before.is_none_or(|before| before.0 <= least && before.1 <= greatest),
            falls: before.is_none_or(|before| before.0 >= least && before.1 >= greatest),
        }
    }

    fn encode(&self, encoding: Encoding, body: &mut Vec<u8>) -> Encoding {
        match &self.dictionary {
            Some(dictionary) => {
                let width = hybrid::width(dictionary.values.len());
                body.push(width as u8);
                hybrid::append(&self.numbers, width, body);
                Encoding::RLE_DICTIONARY
            }
            None => {
                T::append(&self.values, encoding, body);
                encoding
            }
        }
    }
}

impl<T: Number> Values for Numbers<T> {
    fn is_page_full(&self, form: &Form) -> bool {
        let count = self.values.len() + self.numbers.len();
        count * size_of::<T>() >= form.page_bytes
    }

    fn has_dictionary(&self) -> bool {
        self.dictionary.is_some()
    }

    fn is_dictionary_full(&self, form: &Form) -> bool {
        let is_full = |dictionary: &Dictionary<T>| dictionary.bytes() >= form.dictionary_bytes;
        self.dictionary.as_ref().is_some_and(is_full)
    }

    fn add_page_to(&self, filter: &mut Sbbf) {
        add(&self.values, filter);
    }

    fn add_dictionary_to(&self, filter: &mut Sbbf) {
        if let Some(dictionary) = &self.dictionary {
            add(&dictionary.values, filter);
        }
    }

    fn end_page(&mut self, form: &Form, body: &mut Vec<u8>) -> PageFacts {
        // All values of a dictionary are in a page of its column.
        let is_asked = form.page_statistics || self.dictionary.is_none();
        let found = is_asked.then(|| self.page_extremes()).flatten();
        self.widen(found);
        let encoding = self.encode(form.encoding, body);
        self.values.clear();
        self.numbers.clear();
        PageFacts {
            encoding,
            bytes: None,
            bounds: found.map(|found| self.bounds(found)),
        }
    }

    fn end_dictionary(&mut self) -> Option<(Vec<u8>, usize)> {
        let dictionary = self.dictionary.take()?;
        self.widen(T::extremes(&dictionary.values));
        let page = dictionary.values.to_byte_slice().to_vec();
        Some((page, dictionary.values.len()))
    }

    fn statistics(&self, _: &Form, nulls: u64) -> Statistics {
        T::statistics(self.extremes, nulls)
    }
}

fn add<T: Number>(values: &[T], filter: &mut Sbbf) {
    for value in values {
        filter.insert([*value].to_byte_slice());
    }
}

impl<T: Number> Take<[T]> for Numbers<T> {
    fn take(&mut self, source: &[T], rows: Range<usize>, form: &Form) -> usize {
        let held = self.values.len() + self.numbers.len();
        let room = (form.page_bytes / size_of::<T>())
            .saturating_sub(held)
            .max(1);
        let rows = rows.start..rows.end.min(rows.start + room);
        let Some(dictionary) = &mut self.dictionary else {
            self.values.extend_from_slice(&source[rows.clone()]);
            return rows.len();
        };
        let limit = form.dictionary_bytes;
        let before = self.numbers.len();
        for value in &source[rows] {
            self.numbers.push(dictionary.number(*value));
            if dictionary.bytes() >= limit {
                break;
            }
        }
        self.numbers.len() - before
    }
}
