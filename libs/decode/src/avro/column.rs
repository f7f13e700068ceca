//! Values on their way into an Arrow array.

use super::cursor::{Cursor, Malformed, Result};
use super::types::{Type, arrow_fields, branch, each_item, entries, is_null, union_fields};
use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, FixedSizeBinaryBuilder, PrimitiveBuilder, StringBuilder,
};
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Decimal256Type, DecimalType, Float32Type,
    Float64Type, Int32Type, Int64Type, IntervalMonthDayNanoType, Time32MillisecondType,
    Time64MicrosecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType,
};
use arrow_array::{ArrayRef, ListArray, MapArray, NullArray, StructArray, UnionArray};
use arrow_buffer::{IntervalMonthDayNano, NullBufferBuilder, OffsetBuffer, ScalarBuffer, i256};
use arrow_schema::{ArrowError, FieldRef, Fields, TimeUnit, UnionFields};
use std::sync::Arc;

/// About the most that a record's lists, or symbols, may take, however few bytes of the
/// file they take: nulls of wide structs, and symbols, are written in a byte.
const LARGEST: usize = 1 << 30;

/// A column in the making.
pub(super) enum Column {
    Null(usize),
    Boolean(BooleanBuilder),
    Int(PrimitiveBuilder<Int32Type>),
    Long(PrimitiveBuilder<Int64Type>),
    Float(PrimitiveBuilder<Float32Type>),
    Double(PrimitiveBuilder<Float64Type>),
    Bytes(BinaryBuilder),
    String(StringBuilder),
    Fixed(FixedSizeBinaryBuilder, i32),
    Enum(StringBuilder, Arc<[String]>),
    Date(PrimitiveBuilder<Date32Type>),
    TimeMillis(PrimitiveBuilder<Time32MillisecondType>),
    TimeMicros(PrimitiveBuilder<Time64MicrosecondType>),
    Millis(PrimitiveBuilder<TimestampMillisecondType>),
    Micros(PrimitiveBuilder<TimestampMicrosecondType>),
    Nanos(PrimitiveBuilder<TimestampNanosecondType>),
    Decimal(PrimitiveBuilder<Decimal128Type>, Digits),
    WideDecimal(PrimitiveBuilder<Decimal256Type>, Digits),
    Duration(PrimitiveBuilder<IntervalMonthDayNanoType>),
    Nullable(Box<Column>, usize),
    Array(Items, FieldRef),
    Map(Items, StringBuilder, FieldRef),
    Record(Record),
    Union(Union),
}

/// How a decimal is written.
pub(super) struct Digits {
    precision: u8,
    scale: i8,
    size: Option<usize>,
}

/// The items of lists, and where the lists end among them.
pub(super) struct Items {
    column: Box<Column>,
    /// Whether no item takes any bytes.
    empty: bool,
    total: i32,
    most: i32,
    offsets: Vec<i32>,
    validity: NullBufferBuilder,
}

pub(super) struct Record {
    names: Vec<String>,
    columns: Vec<Column>,
    fields: Fields,
    rows: usize,
    validity: NullBufferBuilder,
}

pub(super) struct Union {
    columns: Vec<Column>,
    fields: UnionFields,
    ids: Vec<i8>,
    offsets: Vec<i32>,
    counts: Vec<i32>,
}

impl Column {
    pub(super) fn new(of: &Type) -> Column {
        match of {
            Type::Null => Column::Null(0),
            Type::Boolean => Column::Boolean(BooleanBuilder::new()),
            Type::Int => Column::Int(primitive(of)),
            Type::Long => Column::Long(primitive(of)),
            Type::Float => Column::Float(primitive(of)),
            Type::Double => Column::Double(primitive(of)),
            Type::Bytes => Column::Bytes(BinaryBuilder::new()),
            Type::String => Column::String(StringBuilder::new()),
            Type::Fixed(size) => Column::Fixed(FixedSizeBinaryBuilder::new(*size), *size),
            Type::Enum(symbols) => Column::Enum(StringBuilder::new(), Arc::clone(symbols)),
            Type::Date => Column::Date(primitive(of)),
            Type::TimeMillis => Column::TimeMillis(primitive(of)),
            Type::TimeMicros => Column::TimeMicros(primitive(of)),
            Type::Timestamp(TimeUnit::Millisecond, _) => Column::Millis(primitive(of)),
            Type::Timestamp(TimeUnit::Nanosecond, _) => Column::Nanos(primitive(of)),
            Type::Timestamp(..) => Column::Micros(primitive(of)),
            Type::Decimal(precision, scale, size) => decimal(of, *precision, *scale, *size),
            Type::Duration => Column::Duration(primitive(of)),
            Type::Nullable(inner, null) => Column::Nullable(Box::new(Column::new(inner)), *null),
            Type::Array(items) => Column::Array(Items::new(items), Arc::new(items.field("item"))),
            Type::Map(values) => {
                Column::Map(Items::new(values), StringBuilder::new(), entries(values))
            }
            Type::Record(fields) => Column::Record(Record::new(fields)),
            Type::Union(branches) => Column::Union(Union::new(branches)),
        }
    }

    /// Reads the next value.
    #[inline]
    pub(super) fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        match self {
            Column::Null(rows) => *rows += 1,
            Column::Boolean(values) => values.append_value(cursor.boolean()?),
            Column::Int(values) => values.append_value(cursor.int()?),
            Column::Long(values) => values.append_value(cursor.long()?),
            Column::Float(values) => values.append_value(f32::from_le_bytes(cursor.array()?)),
            Column::Double(values) => values.append_value(f64::from_le_bytes(cursor.array()?)),
            Column::Bytes(values) => values.append_value(cursor.bytes()?),
            Column::String(values) => values.append_value(cursor.string()?),
            Column::Fixed(values, size) => {
                let bytes = cursor.take(*size as usize)?;
                values.append_value(bytes).map_err(refused)?;
            }
            Column::Enum(values, symbols) => {
                let symbol = branch(cursor, symbols)?.1;
                // A byte of the file may stand for a long symbol.
                if values.values_slice().len() + symbol.len() > LARGEST {
                    return Err(Malformed::new("a record has too many symbols"));
                }
                values.append_value(symbol);
            }
            Column::Date(values) => values.append_value(cursor.int()?),
            Column::TimeMillis(values) => values.append_value(cursor.int()?),
            Column::TimeMicros(values) => values.append_value(cursor.long()?),
            Column::Millis(values) => values.append_value(cursor.long()?),
            Column::Micros(values) => values.append_value(cursor.long()?),
            Column::Nanos(values) => values.append_value(cursor.long()?),
            Column::Decimal(values, digits) => {
                let value = i128::from_be_bytes(digits.read(cursor)?);
                digits.check::<Decimal128Type>(value)?;
                values.append_value(value);
            }
            Column::WideDecimal(values, digits) => {
                let value = i256::from_be_bytes(digits.read(cursor)?);
                digits.check::<Decimal256Type>(value)?;
                values.append_value(value);
            }
            Column::Duration(values) => values.append_value(duration(cursor)?),
            Column::Nullable(inner, null) => match is_null(cursor, *null)? {
                true => inner.null(),
                false => return inner.read(cursor),
            },
            Column::Array(items, _) => return items.read(cursor, |_| Ok(())),
            Column::Map(items, keys, _) => {
                return items.read(cursor, |cursor| {
                    keys.append_value(cursor.string()?);
                    Ok(())
                });
            }
            Column::Record(record) => return record.read(cursor),
            Column::Union(union) => return union.read(cursor),
        }
        Ok(())
    }

    /// Appends a null.
    fn null(&mut self) {
        match self {
            Column::Null(rows) => *rows += 1,
            Column::Boolean(values) => values.append_null(),
            Column::Int(values) => values.append_null(),
            Column::Long(values) => values.append_null(),
            Column::Float(values) => values.append_null(),
            Column::Double(values) => values.append_null(),
            Column::Bytes(values) => values.append_null(),
            Column::String(values) | Column::Enum(values, _) => values.append_null(),
            Column::Fixed(values, _) => values.append_null(),
            Column::Date(values) => values.append_null(),
            Column::TimeMillis(values) => values.append_null(),
            Column::TimeMicros(values) => values.append_null(),
            Column::Millis(values) => values.append_null(),
            Column::Micros(values) => values.append_null(),
            Column::Nanos(values) => values.append_null(),
            Column::Decimal(values, _) => values.append_null(),
            Column::WideDecimal(values, _) => values.append_null(),
            Column::Duration(values) => values.append_null(),
            Column::Nullable(inner, _) => inner.null(),
            Column::Array(items, _) | Column::Map(items, ..) => items.end(false),
            Column::Record(record) => record.null(),
            Column::Union(union) => union.null(),
        }
    }

    /// The array of what was read since the last one.
    pub(super) fn finish(&mut self) -> std::result::Result<ArrayRef, ArrowError> {
        Ok(match self {
            Column::Null(rows) => Arc::new(NullArray::new(std::mem::take(rows))),
            Column::Boolean(values) => Arc::new(values.finish()),
            Column::Int(values) => Arc::new(values.finish()),
            Column::Long(values) => Arc::new(values.finish()),
            Column::Float(values) => Arc::new(values.finish()),
            Column::Double(values) => Arc::new(values.finish()),
            Column::Bytes(values) => Arc::new(values.finish()),
            Column::String(values) | Column::Enum(values, _) => Arc::new(values.finish()),
            Column::Fixed(values, _) => Arc::new(values.finish()),
            Column::Date(values) => Arc::new(values.finish()),
            Column::TimeMillis(values) => Arc::new(values.finish()),
            Column::TimeMicros(values) => Arc::new(values.finish()),
            Column::Millis(values) => Arc::new(values.finish()),
            Column::Micros(values) => Arc::new(values.finish()),
            Column::Nanos(values) => Arc::new(values.finish()),
            Column::Decimal(values, _) => Arc::new(values.finish()),
            Column::WideDecimal(values, _) => Arc::new(values.finish()),
            Column::Duration(values) => Arc::new(values.finish()),
            Column::Nullable(inner, _) => inner.finish()?,
            Column::Array(items, field) => {
                let (offsets, validity, values) = items.finish()?;
                Arc::new(ListArray::try_new(
                    Arc::clone(field),
                    offsets,
                    values,
                    validity,
                )?)
            }
            Column::Map(items, keys, field) => {
                let keys: ArrayRef = Arc::new(keys.finish());
                let (offsets, validity, values) = items.finish()?;
                let arrow_schema::DataType::Struct(fields) = field.data_type() else {
                    return Err(ArrowError::SchemaError("a map without entries".to_owned()));
                };
                let pairs = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
                let field = Arc::clone(field);
                Arc::new(MapArray::try_new(field, offsets, pairs, validity, false)?)
            }
            Column::Record(record) => Arc::new(record.finish()?),
            Column::Union(union) => Arc::new(union.finish()?),
        })
    }
}

fn primitive<T: ArrowPrimitiveType>(of: &Type) -> PrimitiveBuilder<T> {
    PrimitiveBuilder::new().with_data_type(of.arrow())
}

fn decimal(of: &Type, precision: u8, scale: i8, size: Option<usize>) -> Column {
    let digits = Digits {
        precision,
        scale,
        size,
    };
    match precision {
        ..=38 => Column::Decimal(primitive(of), digits),
        _ => Column::WideDecimal(primitive(of), digits),
    }
}

fn refused(error: ArrowError) -> Malformed {
    Malformed::new(error.to_string())
}

impl Digits {
    /// The unscaled value in two's complement, as wide as the column's.
    fn read<const N: usize>(&self, cursor: &mut Cursor<'_>) -> Result<[u8; N]> {
        let bytes = match self.size {
            Some(size) => cursor.take(size)?,
            None => cursor.bytes()?,
        };
        let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
        let fill = if negative { 0xff } else { 0 };
        let surplus = bytes.len().saturating_sub(N);
        let (surplus, bytes) = bytes.split_at(surplus);
        let changes_sign = !surplus.is_empty() && (bytes[0] ^ fill) & 0x80 != 0;
        if changes_sign || surplus.iter().any(|byte| *byte != fill) {
            return Err(self.too_long());
        }
        let mut value = [fill; N];
        value[N - bytes.len()..].copy_from_slice(bytes);
        Ok(value)
    }

    fn check<T: DecimalType>(&self, value: T::Native) -> Result<()> {
        T::validate_decimal_precision(value, self.precision, self.scale)
            .map_err(|_| self.too_long())
    }

    fn too_long(&self) -> Malformed {
        Malformed::new(format!(
            "the decimal has more than {} digits",
            self.precision
        ))
    }
}

/// Months, days and milliseconds.
fn duration(cursor: &mut Cursor<'_>) -> Result<IntervalMonthDayNano> {
    let months = u32::from_le_bytes(cursor.array()?);
    let days = u32::from_le_bytes(cursor.array()?);
    let millis = u32::from_le_bytes(cursor.array()?);
    let (Ok(months), Ok(days)) = (i32::try_from(months), i32::try_from(days)) else {
        return Err(Malformed::new("the duration is too long"));
    };
    let nanos = i64::from(millis) * 1_000_000;
    Ok(IntervalMonthDayNano::new(months, days, nanos))
}

/// What an array consists of.
type Parts = (
    OffsetBuffer<i32>,
    Option<arrow_buffer::NullBuffer>,
    ArrayRef,
);

impl Items {
    fn new(of: &Type) -> Items {
        Items {
            column: Box::new(Column::new(of)),
            empty: of.is_empty(),
            total: 0,
            most: i32::try_from(LARGEST / of.width().max(1)).unwrap_or(i32::MAX),
            offsets: vec![0],
            validity: NullBufferBuilder::new(0),
        }
    }

    /// Reads a list; `key` reads what stands before each item.
    fn read<'a>(
        &mut self,
        cursor: &mut Cursor<'a>,
        mut key: impl FnMut(&mut Cursor<'a>) -> Result<()>,
    ) -> Result<()> {
        let (column, total, most) = (&mut self.column, &mut self.total, self.most);
        each_item(cursor, self.empty, |cursor| {
            if *total >= most {
                return Err(Malformed::new("a record has lists with too many items"));
            }
            *total += 1;
            key(cursor)?;
            column.read(cursor)
        })?;
        self.end(true);
        Ok(())
    }

    fn end(&mut self, valid: bool) {
        self.offsets.push(self.total);
        self.validity.append(valid);
    }

    fn finish(&mut self) -> std::result::Result<Parts, ArrowError> {
        self.total = 0;
        let offsets = std::mem::replace(&mut self.offsets, vec![0]);
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        Ok((offsets, self.validity.finish(), self.column.finish()?))
    }
}

impl Record {
    fn new(fields: &[(String, Type)]) -> Record {
        Record {
            names: fields.iter().map(|(name, _)| name.clone()).collect(),
            columns: fields.iter().map(|(_, field)| Column::new(field)).collect(),
            fields: arrow_fields(fields),
            rows: 0,
            validity: NullBufferBuilder::new(0),
        }
    }

    fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        for (column, name) in self.columns.iter_mut().zip(&self.names) {
            column
                .read(cursor)
                .map_err(|problem| problem.inside(name))?;
        }
        self.end(true);
        Ok(())
    }

    fn null(&mut self) {
        self.columns.iter_mut().for_each(Column::null);
        self.end(false);
    }

    fn end(&mut self, valid: bool) {
        self.rows += 1;
        self.validity.append(valid);
    }

    fn finish(&mut self) -> std::result::Result<StructArray, ArrowError> {
        let columns = self.columns.iter_mut().map(Column::finish);
        let columns: Vec<ArrayRef> = columns.collect::<std::result::Result<_, _>>()?;
        let rows = std::mem::take(&mut self.rows);
        let validity = self.validity.finish();
        StructArray::try_new_with_length(self.fields.clone(), columns, validity, rows)
    }
}

impl Union {
    fn new(branches: &[Type]) -> Union {
        Union {
            columns: branches.iter().map(Column::new).collect(),
            fields: union_fields(branches),
            ids: Vec::new(),
            offsets: Vec::new(),
            counts: vec![0; branches.len()],
        }
    }

    fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        let (index, column) = {
            let index = branch(cursor, &self.columns)?.0;
            (index, &mut self.columns[index])
        };
        column.read(cursor)?;
        self.end(index);
        Ok(())
    }

    /// A union within a null: it has no nulls of its own.
    fn null(&mut self) {
        self.columns[0].null();
        self.end(0);
    }

    fn end(&mut self, index: usize) {
        self.ids.push(index as i8);
        self.offsets.push(self.counts[index]);
        self.counts[index] += 1;
    }

    fn finish(&mut self) -> std::result::Result<UnionArray, ArrowError> {
        self.counts.fill(0);
        let columns = self.columns.iter_mut().map(Column::finish);
        let columns = columns.collect::<std::result::Result<_, _>>()?;
        let ids = ScalarBuffer::from(std::mem::take(&mut self.ids));
        let offsets = ScalarBuffer::from(std::mem::take(&mut self.offsets));
        UnionArray::try_new(self.fields.clone(), ids, Some(offsets), columns)
    }
}
