//! The partition spec: which folder a row belongs to.
//!
//! `order_date=date(event_timestamp),region` is parsed into a [`Spec`], checked
//! against a schema into a [`Bound`] spec, and a [`Keys`] then names the partition of
//! every row of a batch. Parsing and [`Spec`]'s `Display` are inverse to each other.
//! `bucket` and `truncate` follow the Iceberg table spec (appendix B, "32-bit hash
//! requirements", and "Truncate transform details").

mod agree;
mod bind;
mod calendar;
mod codes;
mod error;
mod iceberg;
mod keys;
mod parse;
mod record;
mod zoned;

pub use agree::Agreement;
pub use bind::{Bound, BoundItem};
pub use error::SpecError;
pub use iceberg::murmur3;
pub use keys::Keys;
pub use record::recorded;
pub use zoned::zone_name;

use std::fmt;

/// A partition spec: the columns of the path, outermost first.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Spec {
    /// The path's columns; empty for a dataset without partitions.
    pub items: Vec<Item>,
    /// The time zone (IANA) whose days and hours the date functions tell; None is UTC.
    /// Not part of the text.
    pub zone: Option<String>,
}

/// One column of the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The name in the path: `order_date` in `order_date=2026-03-17`.
    pub name: String,
    /// The source column.
    pub column: String,
    /// What is made of the source column's values.
    pub transform: Transform,
}

/// What is made of a source column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transform {
    /// The value as it is; the column moves from the files into the path.
    Identity,
    /// The calendar day, `2026-03-17`.
    Date,
    /// The year, four digits.
    Year,
    /// The month of the year, two digits.
    Month,
    /// The day of the month, two digits.
    Day,
    /// The hour of the day, two digits.
    Hour,
    /// Iceberg's bucket: murmur3 of the value modulo N.
    Bucket(u32),
    /// Iceberg's truncate: strings to W characters, numbers down to a multiple of W.
    Truncate(u32),
}

impl Spec {
    /// Parses `name=function(column)`, `name=column` or `column`, separated by commas.
    /// The empty text is the spec without partitions.
    pub fn parse(text: &str) -> Result<Spec, SpecError> {
        parse::spec(text)
    }

    /// Whether a function depends on the time zone.
    pub fn has_dates(&self) -> bool {
        self.items.iter().any(|item| item.transform.is_date())
    }

    /// The text, and the zone where it is not UTC.
    pub fn described(&self) -> String {
        match &self.zone {
            None => self.to_string(),
            Some(zone) => format!("{self} in {zone}"),
        }
    }

    /// Whether there are no partitions.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, item) in self.items.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{item}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = parse::Name(&self.column);
        if self.transform == Transform::Identity && self.name == self.column {
            return write!(f, "{column}");
        }
        write!(f, "{}=", parse::Name(&self.name))?;
        match self.transform {
            Transform::Identity => write!(f, "{column}"),
            Transform::Bucket(n) => write!(f, "bucket({n},{column})"),
            Transform::Truncate(width) => write!(f, "truncate({width},{column})"),
            other => write!(f, "{}({column})", other.name()),
        }
    }
}

impl Transform {
    /// Whether it is made of days and hours.
    fn is_date(self) -> bool {
        use Transform::*;
        matches!(self, Date | Year | Month | Day | Hour)
    }

    /// The function's name in a spec; empty for a plain column.
    pub fn name(self) -> &'static str {
        match self {
            Transform::Identity => "",
            Transform::Date => "date",
            Transform::Year => "year",
            Transform::Month => "month",
            Transform::Day => "day",
            Transform::Hour => "hour",
            Transform::Bucket(_) => "bucket",
            Transform::Truncate(_) => "truncate",
        }
    }
}
