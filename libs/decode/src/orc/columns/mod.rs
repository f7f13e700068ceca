//! Values on their way from the streams of stripes into Arrow arrays, one file per kind.

mod binary;
mod decimal;
mod list;
mod primitive;
mod record;
mod text;
mod timestamp;
mod union;

use super::bytes::Booleans;
use super::stripe::Streams;
use super::trouble::{Result, malformed};
use super::types::{Kind, Type};
use arrow_array::ArrayRef;
use arrow_array::types::{Int16Type, Int32Type, Int64Type};
use arrow_schema::ArrowError;

pub(super) use record::Record;

/// About the most that a batch of one column may take: a few bytes of the file may stand
/// for many values, nulls, or repeats of a long text.
const LARGEST: usize = 1 << 30;

/// Reads the values of a column that are there.
trait Values: Send {
    /// Goes on to the streams of the next stripe.
    fn open(&mut self, streams: &Streams) -> Result<()>;

    /// Appends the next value; about how many bytes it takes in a batch.
    fn read(&mut self) -> Result<usize>;

    /// Appends a null, which takes nothing from the streams.
    fn null(&mut self);

    /// The array of what was appended since the last one.
    fn finish(&mut self) -> std::result::Result<ArrayRef, ArrowError>;
}

/// A column in the making.
pub(super) struct Column {
    number: u32,
    /// What a null takes.
    width: usize,
    present: Option<Booleans>,
    values: Box<dyn Values>,
}

impl Column {
    /// A column without streams yet.
    pub(super) fn new(of: &Type) -> Column {
        let number = of.column;
        let values: Box<dyn Values> = match &of.kind {
            Kind::Boolean => Box::new(primitive::Flags::new(number)),
            Kind::Byte => Box::new(primitive::Tiny::new(number)),
            Kind::Short => Box::new(primitive::Whole::<Int16Type>::new(number)),
            Kind::Int => Box::new(primitive::Whole::<Int32Type>::new(number)),
            Kind::Long => Box::new(primitive::Whole::<Int64Type>::new(number)),
            Kind::Float => Box::new(primitive::Singles::new(number)),
            Kind::Double => Box::new(primitive::Doubles::new(number)),
            Kind::String => Box::new(text::Text::new(number)),
            Kind::Binary => Box::new(binary::Binary::new(number)),
            Kind::Date => Box::new(timestamp::Dates::new(number)),
            Kind::Timestamp(utc) => Box::new(timestamp::Timestamps::new(number, *utc)),
            Kind::Decimal(precision, scale) => {
                Box::new(decimal::Decimals::new(number, *precision, *scale))
            }
            Kind::List(items) => Box::new(list::List::new(number, items)),
            Kind::Map(pair) => Box::new(list::Map::new(number, pair)),
            Kind::Struct(fields) => Box::new(Record::new(fields)),
            Kind::Union(branches) => Box::new(union::Union::new(number, branches)),
        };
        Column {
            number,
            width: of.width(),
            present: None,
            values,
        }
    }

    pub(super) fn open(&mut self, streams: &Streams) -> Result<()> {
        self.present = streams.present(self.number);
        self.values.open(streams)
    }

    /// Appends the next value or null; about how many bytes it takes in a batch.
    #[inline]
    pub(super) fn read(&mut self) -> Result<usize> {
        match self.is_present()? {
            true => self.values.read(),
            false => {
                self.values.null();
                Ok(self.width)
            }
        }
    }

    /// Appends the next value, which may not be a null.
    fn read_value(&mut self, what: &str) -> Result<usize> {
        match self.is_present()? {
            true => self.values.read(),
            false => Err(malformed(format!("{what} is null"))),
        }
    }

    #[inline]
    fn is_present(&mut self) -> Result<bool> {
        match &mut self.present {
            Some(present) => present.next(),
            None => Ok(true),
        }
    }

    fn null(&mut self) {
        self.values.null();
    }

    pub(super) fn finish(&mut self) -> std::result::Result<ArrayRef, ArrowError> {
        self.values.finish()
    }
}
