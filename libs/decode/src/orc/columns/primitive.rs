//! Booleans, integers and floating-point numbers.

use super::Values;
use crate::orc::bytes::{Booleans, ByteRuns};
use crate::orc::integers::Integers;
use crate::orc::stream::Stream;
use crate::orc::stripe::{Part, Streams};
use crate::orc::trouble::{Result, malformed};
use arrow_array::ArrayRef;
use arrow_array::builder::{BooleanBuilder, PrimitiveBuilder};
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

    fn read(&mut self) -> Result<usize> {
        self.values.append_value(self.data.next()?);
        Ok(1)
    }

    fn null(&mut self) {
        self.values.append_null();
    }

    fn finish(&mut self) -> std::result::Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.values.finish()))
    }
}

pub(super) struct Tiny {
    column: u32,
    values: PrimitiveBuilder<Int8Type>,
    data: ByteRuns,
}

impl Tiny {
    pub(super) fn new(column: u32) -> Tiny {
        Tiny {
            column,
            values: PrimitiveBuilder::new(),
            data: ByteRuns::default(),
        }
    }
}

impl Values for Tiny {
    fn open(&mut self, streams: &Streams) -> Result<()> {
        self.data = streams.byte_runs(self.column);
        Ok(())
    }

    fn read(&mut self) -> Result<usize> {
        self.values.append_value(self.data.next()? as i8);
        Ok(1)
    }

    fn null(&mut self) {
        self.values.append_null();
    }

    fn finish(&mut self) -> std::result::Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.values.finish()))
    }
}

/// Integers of 16, 32 or 64 bits.
pub(super) struct Whole<T: ArrowPrimitiveType> {
    column: u32,
    values: PrimitiveBuilder<T>,
    data: Integers,
}

impl<T: ArrowPrimitiveType> Whole<T> {
    pub(super) fn new(column: u32) -> Whole<T> {
        Whole {
            column,
            values: PrimitiveBuilder::new(),
            data: Integers::default(),
        }
    }
}

impl<T: ArrowPrimitiveType<Native: TryFrom<i64>>> Values for Whole<T> {
    fn open(&mut self, streams: &Streams) -> Result<()> {
        self.data = streams.integers(self.column, Part::Data, true)?;
        Ok(())
    }

    fn read(&mut self) -> Result<usize> {
        let number = self.data.next()?;
        let value = T::Native::try_from(number);
        let value = value.map_err(|_| {
            malformed(format!(
                "{number} has more than {} bits",
                size_of::<T::Native>() * 8
            ))
        })?;
        self.values.append_value(value);
        Ok(size_of::<T::Native>())
    }

    fn null(&mut self) {
        self.values.append_null();
    }

    fn finish(&mut self) -> std::result::Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.values.finish()))
    }
}

/// IEEE 754, the lowest byte first.
pub(super) struct Floating<T: ArrowPrimitiveType> {
    column: u32,
    values: PrimitiveBuilder<T>,
    data: Stream,
}

pub(super) type Singles = Floating<Float32Type>;
pub(super) type Doubles = Floating<Float64Type>;

impl<T: ArrowPrimitiveType> Floating<T> {
    pub(super) fn new(column: u32) -> Floating<T> {
        Floating {
            column,
            values: PrimitiveBuilder::new(),
            data: Stream::default(),
        }
    }
}

/// A number as it is stored.
trait Stored: ArrowPrimitiveType {
    fn take(stream: &mut Stream) -> Result<Self::Native>;
}

impl Stored for Float32Type {
    fn take(stream: &mut Stream) -> Result<f32> {
        stream.array().map(f32::from_le_bytes)
    }
}

impl Stored for Float64Type {
    fn take(stream: &mut Stream) -> Result<f64> {
        stream.array().map(f64::from_le_bytes)
    }
}

impl<T: Stored> Values for Floating<T> {
    fn open(&mut self, streams: &Streams) -> Result<()> {
        self.data = streams.stream(self.column, Part::Data);
        Ok(())
    }

    fn read(&mut self) -> Result<usize> {
        self.values.append_value(T::take(&mut self.data)?);
        Ok(size_of::<T::Native>())
    }

    fn null(&mut self) {
        self.values.append_null();
    }

    fn finish(&mut self) -> std::result::Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.values.finish()))
    }
}
