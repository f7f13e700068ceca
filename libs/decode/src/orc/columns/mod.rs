//! Values on their way from the streams of stripes into Arrow arrays, one file per kind.
//! Columns are read one after the other, a few rows at a time: see [`STEP`].

mod binary;
mod decimal;
mod list;
mod numbers;
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

/// Rows of a column that are read before the next column's. By so many a batch may have
/// more bytes than it should, if rows suddenly grow.
pub(super) const STEP: usize = 32;

/// About the most that a batch of one column may take: a few bytes of the file may stand
/// for many values, nulls, or repeats of a long text.
const LARGEST: usize = 1 << 30;

/// What the end of a value of any length takes in a batch.
const END: usize = size_of::<i32>();

/// What was read, also when not all could be.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    pub(super) rows: usize,
    /// About what the values take in a batch.
    pub(super) bytes: usize,
}

impl Progress {
    /// So many `rows` more, of `width` bytes each.
    fn add(&mut self, rows: usize, width: usize) {
        self.rows += rows;
        self.bytes = self.bytes.saturating_add(rows.saturating_mul(width));
    }
}

/// Reads the values of a column that are there.
trait Values: Send {
    /// Goes on to the streams of the next stripe.
    fn open(&mut self, streams: &Streams) -> Result<()>;

    /// Appends the next `count` values. Memory is taken as they arrive, whatever `count` is.
    fn read(&mut self, count: usize, progress: &mut Progress) -> Result<()>;

    /// Appends nulls, which take nothing from the streams.
    fn nulls(&mut self, count: usize);

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

    /// Appends the next `count` values or nulls.
    pub(super) fn read(&mut self, count: usize, progress: &mut Progress) -> Result<()> {
        let Some(present) = &mut self.present else {
            return self.values.read(count, progress);
        };
        let mut left = count;
        while left > 0 {
            let (is_there, run) = present.run(left)?;
            left -= run;
            if is_there {
                self.values.read(run, progress)?;
            } else {
                self.values.nulls(run);
                progress.add(run, self.width);
            }
        }
        Ok(())
    }

    /// Appends the next `count` values, none of which may be a null.
    fn read_values(&mut self, count: usize, what: &str, progress: &mut Progress) -> Result<()> {
        let mut left = count;
        while left > 0 {
            let (is_there, run) = match &mut self.present {
                Some(present) => present.run(left)?,
                None => (true, left),
            };
            if !is_there {
                return Err(malformed(format!("{what} is null")));
            }
            self.values.read(run, progress)?;
            left -= run;
        }
        Ok(())
    }

    fn nulls(&mut self, count: usize) {
        self.values.nulls(count);
    }

    pub(super) fn finish(&mut self) -> std::result::Result<ArrayRef, ArrowError> {
        self.values.finish()
    }
}
