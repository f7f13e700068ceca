//! What a field has held so far, and the narrowest type for it.

use crate::{Field, Format, Kind, temporal};
use arrow_schema::{DataType, TimeUnit};
use std::collections::HashMap;

/// An object with more members than this is a map, not a record: its text is kept.
const MOST_MEMBERS: usize = 1000;

/// Everything seen in one field. Classes are kept apart and joined at the end.
#[derive(Debug, Default)]
pub(super) struct Shape {
    booleans: bool,
    numbers: Option<Numbers>,
    texts: Option<Texts>,
    members: Option<Members>,
    items: Option<Box<Shape>>,
}

impl Shape {
    pub(super) fn see_boolean(&mut self) {
        self.booleans = true;
    }

    /// `number` is a number of JSON's grammar.
    pub(super) fn see_number(&mut self, number: &[u8]) {
        self.numbers.get_or_insert_default().see(number);
    }

    pub(super) fn see_text(&mut self, text: &[u8]) {
        self.texts.get_or_insert_default().see(text);
    }

    pub(super) fn see_object(&mut self) -> &mut Members {
        self.members.get_or_insert_default()
    }

    pub(super) fn see_array(&mut self) -> &mut Shape {
        self.items.get_or_insert_default()
    }

    /// The fields, when this is the shape of records.
    pub(super) fn fields(&self) -> Option<Vec<Field>> {
        self.members.as_ref()?.fields()
    }

    pub(super) fn field(&self, name: &str, mixed: Kind) -> Field {
        let classes = [
            self.booleans,
            self.numbers.is_some(),
            self.texts.is_some(),
            self.members.is_some(),
            self.items.is_some(),
        ];
        if classes.into_iter().filter(|seen| *seen).count() != 1 {
            return Field::new(name, mixed);
        }
        match (&self.numbers, &self.texts, &self.members, &self.items) {
            (Some(numbers), ..) => numbers.field(name, mixed),
            (_, Some(texts), ..) => texts.field(name),
            (_, _, Some(members), _) => match members.fields() {
                Some(fields) => Field::new(name, Kind::Object(fields)),
                None => raw(name, "object"),
            },
            (_, _, _, Some(items)) if items.is_empty() => raw(name, "array"),
            (_, _, _, Some(items)) => {
                Field::new(name, Kind::Array(Box::new(items.field("item", mixed))))
            }
            _ => Field::new(name, Kind::Boolean),
        }
    }

    fn is_empty(&self) -> bool {
        !self.booleans
            && self.numbers.is_none()
            && self.texts.is_none()
            && self.members.is_none()
            && self.items.is_none()
    }
}

/// JSON text of one shape whose parts are not known.
fn raw(name: &str, declared: &'static str) -> Field {
    Field {
        declared,
        ..Field::new(name, Kind::Any)
    }
}

/// The members of an object, in the order in which they were first seen.
#[derive(Debug, Default)]
pub(super) struct Members {
    list: Vec<(Vec<u8>, Shape)>,
    index: HashMap<Vec<u8>, usize>,
    crowded: bool,
}

impl Members {
    /// The member named `key`, which is expected to stand at `expected`; its position.
    /// None once there are too many.
    pub(super) fn find(&mut self, key: &[u8], expected: usize) -> Option<usize> {
        if self.list.get(expected).is_some_and(|(name, _)| name == key) {
            return Some(expected);
        }
        if let Some(found) = self.index.get(key) {
            return Some(*found);
        }
        if self.list.len() == MOST_MEMBERS {
            self.crowded = true;
            return None;
        }
        self.index.insert(key.to_owned(), self.list.len());
        self.list.push((key.to_owned(), Shape::default()));
        Some(self.list.len() - 1)
    }

    pub(super) fn shape(&mut self, position: usize) -> &mut Shape {
        &mut self.list[position].1
    }

    /// None for an object that has no fixed members.
    fn fields(&self) -> Option<Vec<Field>> {
        if self.crowded || self.list.is_empty() {
            return None;
        }
        let field = |(name, shape): &(Vec<u8>, Shape)| {
            shape.field(&String::from_utf8_lossy(name), Kind::Any)
        };
        Some(self.list.iter().map(field).collect())
    }
}

/// How numbers were written.
#[derive(Debug)]
struct Numbers {
    whole_digits: usize,
    least_scale: usize,
    greatest_scale: usize,
    exponent: bool,
    beyond_i64: bool,
    beyond_u64: bool,
}

impl Default for Numbers {
    fn default() -> Self {
        Numbers {
            whole_digits: 0,
            least_scale: usize::MAX,
            greatest_scale: 0,
            exponent: false,
            beyond_i64: false,
            beyond_u64: false,
        }
    }
}

impl Numbers {
    fn see(&mut self, number: &[u8]) {
        let digits = number.strip_prefix(b"-").unwrap_or(number);
        let whole = digits
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let scale = match digits.get(whole) {
            Some(b'.') => digits[whole + 1..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count(),
            _ => 0,
        };
        self.whole_digits = self.whole_digits.max(whole);
        self.least_scale = self.least_scale.min(scale);
        self.greatest_scale = self.greatest_scale.max(scale);
        self.exponent |= digits[whole..]
            .iter()
            .any(|byte| matches!(byte, b'e' | b'E'));
        // Eighteen digits fit anyway.
        if whole > 18 && digits.len() == whole {
            let text = std::str::from_utf8(number).unwrap_or_default();
            self.beyond_i64 |= text.parse::<i64>().is_err();
            self.beyond_u64 |= text.parse::<u64>().is_err();
        }
    }

    fn field(&self, name: &str, mixed: Kind) -> Field {
        let decimal = |scale: usize| {
            let digits = self.whole_digits + scale;
            // Room for later values: the digits seen are seldom the most there are.
            let precision = if digits <= 15 && scale > 0 { 18 } else { 38 };
            Kind::Decimal {
                precision,
                scale: scale as i8,
            }
        };
        if self.exponent {
            return Field::new(name, Kind::Number);
        }
        match (self.least_scale, self.greatest_scale) {
            (_, 0) if !self.beyond_i64 => Field::new(name, Kind::Integer),
            (_, 0) if !self.beyond_u64 => Field {
                arrow_type: DataType::UInt64,
                ..Field::new(name, Kind::Integer)
            },
            (_, 0) if self.whole_digits <= 38 => Field::new(name, decimal(0)),
            (_, 0) => Field::new(name, mixed),
            (least, most) if least == most && self.whole_digits + most <= 38 => {
                Field::new(name, decimal(most))
            }
            _ => Field::new(name, Kind::Number),
        }
    }
}

/// Which forms texts had.
#[derive(Debug, Default)]
struct Texts {
    dates: bool,
    instants: bool,
    wall_clocks: bool,
    times: bool,
    spaces: bool,
    below_micros: bool,
    others: bool,
}

impl Texts {
    fn see(&mut self, text: &[u8]) {
        // The longest datetime is 2026-03-17T05:00:00.123456789+01:00.
        if self.others || text.len() > 35 || !text.first().is_some_and(u8::is_ascii_digit) {
            self.others = true;
            return;
        }
        let text = std::str::from_utf8(text).unwrap_or_default();
        if temporal::date(text).is_some() {
            self.dates = true;
        } else if let Some(civil) = temporal::datetime_any(text) {
            self.spaces |= text.as_bytes()[10] == b' ';
            self.below_micros |= civil.nanos % 1000 != 0;
            match civil.offset {
                Some(_) => self.instants = true,
                None => self.wall_clocks = true,
            }
        } else if let Some(nanos) = temporal::time(text) {
            self.below_micros |= nanos % 1000 != 0;
            self.times = true;
        } else {
            self.others = true;
        }
    }

    fn field(&self, name: &str) -> Field {
        let datetimes = self.instants || self.wall_clocks;
        match (self.others, self.times, self.dates, datetimes) {
            (false, true, false, false) => {
                let unit = self.unit();
                Field {
                    arrow_type: DataType::Time64(unit),
                    ..Field::new(name, Kind::Time)
                }
            }
            (false, false, true, false) => Field::new(name, Kind::Date),
            (false, false, _, true) if self.instants != self.wall_clocks => self.datetime(name),
            _ => Field::new(name, Kind::String),
        }
    }

    fn datetime(&self, name: &str) -> Field {
        let mut field = Field::new(name, Kind::Datetime);
        let zone = self.instants.then(|| "UTC".into());
        field.arrow_type = DataType::Timestamp(self.unit(), zone);
        if self.dates || self.spaces {
            field.format = Format::Any;
        }
        field
    }

    fn unit(&self) -> TimeUnit {
        if self.below_micros {
            TimeUnit::Nanosecond
        } else {
            TimeUnit::Microsecond
        }
    }
}
