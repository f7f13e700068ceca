//! The values of one path column as small numbers: each distinct folder text gets a
//! code, in order of appearance.

use super::{SpecError, Transform, calendar, iceberg, zoned};
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType};
use foldhash::fast::RandomState;
use jiff::tz::TimeZone;
use std::collections::HashMap;

/// How folder texts are made of an array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// A part of a date; units a day.
    Calendar(Transform, i64),
    /// An integer as it is.
    Number,
    /// Anything that has a text.
    Text,
    /// The hash of `value * times / over`.
    BucketNumber {
        n: u32,
        times: i64,
        over: i64,
    },
    BucketText(u32),
    BucketDecimal(u32),
    BucketBytes(u32),
    TruncateNumber(u32),
    TruncateText(u32),
    /// Width (in units of the last place) and scale.
    TruncateDecimal(u32, i8),
}

/// The codes of one path column.
#[derive(Debug)]
pub(super) struct Codes {
    kind: Kind,
    /// Whose days and hours; None is UTC.
    zone: Option<TimeZone>,
    /// The text of each code; None is null.
    texts: Vec<Option<Box<str>>>,
    by_text: HashMap<Box<str>, u32, RandomState>,
    by_number: HashMap<i64, u32, RandomState>,
    /// Days or hours and their codes, each in a slot by the hour that was asked for.
    recent: Vec<(calendar::Range, u32)>,
    null: Option<u32>,
}

/// Hours that are remembered: ten days of them.
const RECENT: i64 = 256;

/// A value that has no place in the calendar: its text.
pub(super) struct OutOfRange(pub(super) i64);

/// Why a batch has no codes.
pub(super) enum Refused {
    Kernel(ArrowError),
    OutOfRange(i64),
}

impl From<ArrowError> for Refused {
    fn from(error: ArrowError) -> Self {
        Refused::Kernel(error)
    }
}

impl From<OutOfRange> for Refused {
    fn from(error: OutOfRange) -> Self {
        Refused::OutOfRange(error.0)
    }
}

impl Refused {
    /// The error for the item `item` of column `column`.
    pub(super) fn of(self, item: String, column: &str) -> SpecError {
        match self {
            Refused::Kernel(error) => SpecError::Kernel {
                item,
                reason: error.to_string(),
            },
            Refused::OutOfRange(value) => SpecError::Value {
                value: value.to_string(),
                column: column.to_owned(),
                problem: "outside of the years 0000 to 9999".to_owned(),
            },
        }
    }
}

impl Codes {
    pub(super) fn new(kind: Kind, zone: Option<TimeZone>) -> Self {
        Codes {
            kind,
            zone,
            texts: Vec::new(),
            by_text: HashMap::default(),
            by_number: HashMap::default(),
            recent: vec![(0..0, 0); RECENT as usize],
            null: None,
        }
    }

    /// The folder text of a code.
    pub(super) fn text(&self, code: u32) -> Option<&str> {
        self.texts[code as usize].as_deref()
    }

    /// How many distinct texts there are.
    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The code of each value of `array`, into `out`.
    pub(super) fn encode(&mut self, array: &ArrayRef, out: &mut Vec<u32>) -> Result<(), Refused> {
        out.clear();
        match self.kind {
            Kind::Calendar(transform, per_day) => self.calendar(array, transform, per_day, out),
            Kind::Number => self.numbers(array, |value| value, i64::to_string, out),
            Kind::TruncateNumber(width) => {
                let down = |value: i64| {
                    iceberg::truncate_number(value.into(), width).max(i64::MIN.into()) as i64
                };
                self.numbers(array, down, i64::to_string, out)
            }
            Kind::BucketNumber { n, times, over } => {
                let hashed =
                    |value: i64| iceberg::hash_integer(value.wrapping_mul(times).div_euclid(over));
                self.numbers(
                    array,
                    |value| iceberg::bucket(hashed(value), n).into(),
                    i64::to_string,
                    out,
                )
            }
            Kind::Text => self.texts(array, |text| text.to_owned(), out),
            Kind::TruncateText(width) => self.texts(
                array,
                |text| iceberg::truncate_text(text, width).to_owned(),
                out,
            ),
            Kind::BucketText(n) => self.texts(array, |text| bucket_text(text.as_bytes(), n), out),
            Kind::BucketBytes(n) => self.bytes(array, n, out),
            Kind::BucketDecimal(n) => self.decimals(
                array,
                |value| iceberg::bucket(iceberg::hash_decimal(value), n).to_string(),
                out,
            ),
            Kind::TruncateDecimal(width, scale) => self.decimals(
                array,
                |value| decimal(iceberg::truncate_number(value, width), scale),
                out,
            ),
        }
    }

    /// Neighbouring values mostly share a day or an hour: a range check finds them. Where
    /// they do not, a text need not be made for each: theirs was mostly seen before.
    fn calendar(
        &mut self,
        array: &ArrayRef,
        transform: Transform,
        per_day: i64,
        out: &mut Vec<u32>,
    ) -> Result<(), Refused> {
        let array = as_counts(array)?;
        let values = array.as_primitive::<Int64Type>();
        let per_slot = (per_day / 24).max(1);
        let mut last: (calendar::Range, u32) = (0..0, 0);
        for (row, value) in values.values().iter().enumerate() {
            if values.is_null(row) {
                out.push(self.null());
                continue;
            }
            if !last.0.contains(value) {
                let slot = value.div_euclid(per_slot).rem_euclid(RECENT) as usize;
                if !self.recent[slot].0.contains(value) {
                    self.recent[slot] = self.calendar_code(transform, *value, per_day)?;
                }
                last = self.recent[slot].clone();
            }
            out.push(last.1);
        }
        Ok(())
    }

    fn calendar_code(
        &mut self,
        transform: Transform,
        value: i64,
        per_day: i64,
    ) -> Result<(calendar::Range, u32), OutOfRange> {
        let part = match &self.zone {
            None => calendar::part(transform, value, per_day),
            Some(zone) => zoned::part(zone, transform, value, per_day),
        };
        let (text, range) = part.ok_or(OutOfRange(value))?;
        Ok((range, self.of_text(&text)))
    }

    fn numbers(
        &mut self,
        array: &ArrayRef,
        key: impl Fn(i64) -> i64,
        text: impl Fn(&i64) -> String,
        out: &mut Vec<u32>,
    ) -> Result<(), Refused> {
        let array = as_counts(array)?;
        let values = array.as_primitive::<Int64Type>();
        let mut last: Option<(i64, u32)> = None;
        for (row, value) in values.values().iter().enumerate() {
            let code = match last {
                _ if values.is_null(row) => self.null(),
                Some((same, code)) if same == *value => code,
                _ => {
                    let key = key(*value);
                    let code = match self.by_number.get(&key) {
                        Some(code) => *code,
                        None => self.of_text(&text(&key)),
                    };
                    self.by_number.insert(key, code);
                    last = Some((*value, code));
                    code
                }
            };
            out.push(code);
        }
        Ok(())
    }

    fn texts(
        &mut self,
        array: &ArrayRef,
        text: impl Fn(&str) -> String,
        out: &mut Vec<u32>,
    ) -> Result<(), Refused> {
        let array = cast(array, &DataType::Utf8)?;
        let values = array.as_string::<i32>();
        let mut last: Option<(&str, u32)> = None;
        for row in 0..values.len() {
            if values.is_null(row) {
                out.push(self.null());
                continue;
            }
            let value = values.value(row);
            let code = match last {
                Some((same, code)) if same == value => code,
                _ => self.of_value(value, &text),
            };
            last = Some((value, code));
            out.push(code);
        }
        Ok(())
    }

    /// The code of a text value; a plain column looks its value up without a copy.
    fn of_value(&mut self, value: &str, text: impl Fn(&str) -> String) -> u32 {
        match (self.kind, self.by_text.get(value)) {
            (Kind::Text, Some(code)) => *code,
            _ => self.of_text(&text(value)),
        }
    }

    fn bytes(&mut self, array: &ArrayRef, n: u32, out: &mut Vec<u32>) -> Result<(), Refused> {
        let array = cast(array, &DataType::LargeBinary)?;
        let values = array.as_binary::<i64>();
        out.extend(values.iter().map(|value| match value {
            None => self.null(),
            Some(bytes) => self.of_text(&bucket_text(bytes, n)),
        }));
        Ok(())
    }

    fn decimals(
        &mut self,
        array: &ArrayRef,
        text: impl Fn(i128) -> String,
        out: &mut Vec<u32>,
    ) -> Result<(), Refused> {
        let array = match array.data_type() {
            DataType::Decimal128(..) => array.clone(),
            DataType::Dictionary(_, values) => cast(array, values)?,
            _ => return Err(ArrowError::CastError("not a decimal".to_owned()).into()),
        };
        let values = array.as_primitive::<Decimal128Type>();
        out.extend(values.iter().map(|value| match value {
            None => self.null(),
            Some(value) => self.of_text(&text(value)),
        }));
        Ok(())
    }

    fn null(&mut self) -> u32 {
        let next = self.texts.len() as u32;
        let code = *self.null.get_or_insert(next);
        if code == next {
            self.texts.push(None);
        }
        code
    }

    fn of_text(&mut self, text: &str) -> u32 {
        if let Some(code) = self.by_text.get(text) {
            return *code;
        }
        let code = self.texts.len() as u32;
        self.texts.push(Some(text.into()));
        self.by_text.insert(text.into(), code);
        code
    }
}

/// Integers, days and counts of time units as Int64.
fn as_counts(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    use DataType as T;
    match array.data_type() {
        T::Int64 => Ok(array.clone()),
        T::Time32(_) | T::Date32 => cast(&cast(array, &T::Int32)?, &T::Int64),
        T::Dictionary(_, values) if **values != T::Int64 => as_counts(&cast(array, values)?),
        _ => cast(array, &T::Int64),
    }
}

fn bucket_text(bytes: &[u8], n: u32) -> String {
    iceberg::bucket(iceberg::murmur3(bytes), n).to_string()
}

/// An unscaled decimal with its point.
fn decimal(unscaled: i128, scale: i8) -> String {
    if scale <= 0 {
        let zeros = if unscaled == 0 {
            0
        } else {
            usize::from(scale.unsigned_abs())
        };
        return format!("{unscaled}{}", "0".repeat(zeros));
    }
    let scale = usize::from(scale.unsigned_abs());
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, part) = digits.split_at(digits.len() - scale);
    let sign = if unscaled < 0 { "-" } else { "" };
    format!("{sign}{whole}.{part}")
}
