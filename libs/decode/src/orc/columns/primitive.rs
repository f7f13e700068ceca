//! Booleans, integers and floating-point numbers.

use super::numbers::{Each, Next, Numbers};
use super::{Progress, Values};
use crate::orc::bytes::{Booleans, ByteRuns};
use crate::orc::integers::Integers;
use crate::orc::stream::Stream;
use crate::orc::stripe::{Part, Streams};
use crate::orc::trouble::{Result, malformed};
use arrow_array::ArrayRef;
use arrow_array::builder::BooleanBuilder;
use arrow_array::types::{ArrowPrimitiveType, Float32Type, Float64Type, Int8Type};
use arrow_schema::ArrowError;
use std::sync::Arc;

pub(super) struct Flags {
    column: u32,
    values: BooleanBuilder,
    data: Booleans,
}

impl Flags {
    pub(super) fn new(column: u32) -> Flags {
        Flags {
            column,
            values: BooleanBuilder::new(),
            data: Booleans::default(),
        }
    }
}

impl Values for Flags {
    fn open(&mut self, streams: &Streams) -> Result<()> {
        self.data = streams.booleans(self.column);
        Ok(())
    }

    fn read(&mut self, count: usize, progress: &mut Progress) -> Result<()> {
        let mut left = count;
        while left > 0 {
            let (value, run) = self.data.run(left)?;
            self.values.append_n(run, value);
            progress.add(run, 1);
            left -= run;
        }
        Ok(())
    }

    fn nulls(&mut self, count: usize) {
        self.values.append_nulls(count);
    }

    fn finish(&mut self) -> std::result::Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.values.finish()))
    }
}

pub(super) struct Tiny {
    column: u32,
    data: ByteRuns,
}

impl Tiny {
    pub(super) fn new(column: u32) -> Each<Tiny> {
        let data = ByteRuns::default();
        Each::new(Tiny { column, data }, Int8Type::DATA_TYPE)
    }
}

impl Next for Tiny {
    type Type = Int8Type;

    fn open(&mut self, streams: &Streams) -> Result<()> {
        self.data = streams.byte_runs(self.column);
        Ok(())
    }

    #[inline]
    fn next(&mut self) -> Result<i8> {
        Ok(self.data.next()? as i8)
    }
}

/// Integers of 16, 32 or 64 bits.
pub(super) struct Whole<T: ArrowPrimitiveType> {
    column: u32,
    values: Numbers<T>,
    data: Integers,
}

impl<T: ArrowPrimitiveType> Whole<T> {
    pub(super) fn new(column: u32) -> Whole<T> {
        Whole {
            column,
            values: Numbers::new(T::DATA_TYPE),
            data: Integers::default(),
        }
    }
}

impl<T: ArrowPrimitiveType<Native: TryFrom<i64>>> Values for Whole<T> {
    fn open(&mut self, streams: &Streams) -> Result<()> {
        self.data = streams.integers(self.column, Part::Data, true)?;
        Ok(())
    }

    fn read(&mut self, count: usize, progress: &mut Progress) -> Result<()> {
        let size = size_of::<T::Native>();
        let mut left = count;
        while left > 0 {
            let run = self.data.some(left)?;
            let native = |number: &i64| T::Native::try_from(*number).ok();
            let fit = run
                .iter()
                .take_while(|number| native(number).is_some())
                .count();
            let values = run[..fit].iter();
            self.values
                .extend(values.map(|number| native(number).unwrap_or_default()));
            progress.add(fit, size);
            if let Some(number) = run.get(fit) {
                return Err(malformed(format!(
                    "{number} has more than {} bits",
                    size * 8
                )));
            }
            left -= fit;
        }
        Ok(())
    }

    fn nulls(&mut self, count: usize) {
        self.values.nulls(count);
    }

    fn finish(&mut self) -> std::result::Result<ArrayRef, ArrowError> {
        self.values.finish()
    }
}

/// IEEE 754, the lowest byte first.
pub(super) struct Floating<T: ArrowPrimitiveType> {
    column: u32,
    values: Numbers<T>,
    data: Stream,
}

pub(super) type Singles = Floating<Float32Type>;
pub(super) type Doubles = Floating<Float64Type>;

impl<T: ArrowPrimitiveType> Floating<T> {
    pub(super) fn new(column: u32) -> Floating<T> {
        Floating {
            column,
            values: Numbers::new(T::DATA_TYPE),
            data: Stream::default(),
        }
    }
}

/// A number as it is stored.
trait Stored: ArrowPrimitiveType + Sized {
    /// Appends the next ones, at most `most`; how many.
    fn take(stream: &mut Stream, most: usize, values: &mut Numbers<Self>) -> Result<usize>;
}

impl Stored for Float32Type {
    fn take(stream: &mut Stream, most: usize, values: &mut Numbers<Self>) -> Result<usize> {
        stream.some(most, |found| {
            values.extend(found.iter().map(|bytes| f32::from_le_bytes(*bytes)));
        })
    }
}

impl Stored for Float64Type {
    fn take(stream: &mut Stream, most: usize, values: &mut Numbers<Self>) -> Result<usize> {
        stream.some(most, |found| {
            values.extend(found.iter().map(|bytes| f64::from_le_bytes(*bytes)));
        })
    }
}

impl<T: Stored> Values for Floating<T> {
    fn open(&mut self, streams: &Streams) -> Result<()> {
        self.data = streams.stream(self.column, Part::Data);
        Ok(())
    }

    fn read(&mut self, count: usize, progress: &mut Progress) -> Result<()> {
        let mut left = count;
        while left > 0 {
            let taken = T::take(&mut self.data, left, &mut self.values)?;
            progress.add(taken, size_of::<T::Native>());
            left -= taken;
        }
        Ok(())
    }

    fn nulls(&mut self, count: usize) {
        self.values.nulls(count);
    }

    fn finish(&mut self) -> std::result::Result<ArrayRef, ArrowError> {
        self.values.finish()
    }
}
