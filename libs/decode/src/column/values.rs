//! The buffers of a column, by kind.

use super::any::Raw;
use super::boolean::Booleans;
use super::date::Dates;
use super::datetime::Datetimes;
use super::decimal::Decimals;
use super::duration::Durations;
use super::float::Floats;
use super::integer::Integers;
use super::list::List;
use super::object::Object;
use super::store::Store;
use super::text::Strings;
use super::time::Times;
use super::year::Years;
use super::{Place, year_month};
use crate::kernel::Text;
use crate::literal::Literal;
use crate::options::Error;
use crate::problem::Problem;
use arrow_array::ArrayRef;
use arrow_buffer::NullBuffer;
use millrace_schema::{Field, Kind};

/// One kind of value and its buffers.
#[derive(Debug)]
pub(crate) enum Values {
    Integer(Integers),
    Number(Floats),
    Decimal(Box<Decimals>),
    String(Strings),
    Boolean(Booleans),
    Date(Box<Dates>),
    Datetime(Box<Datetimes>),
    Time(Box<Times>),
    Year(Years),
    YearMonth(Strings),
    Duration(Durations),
    Object(Box<Object>),
    List(Box<List>),
    Any(Raw),
}

macro_rules! each {
    ($values:expr, $inner:ident => $do:expr) => {
        match $values {
            Values::Integer($inner) => $do,
            Values::Number($inner) => $do,
            Values::Decimal($inner) => $do,
            Values::String($inner) | Values::YearMonth($inner) => $do,
            Values::Boolean($inner) => $do,
            Values::Date($inner) => $do,
            Values::Datetime($inner) => $do,
            Values::Time($inner) => $do,
            Values::Year($inner) => $do,
            Values::Duration($inner) => $do,
            Values::Object($inner) => $do,
            Values::List($inner) => $do,
            Values::Any(Raw {
                strings: $inner, ..
            }) => $do,
        }
    };
}

impl Values {
    pub(crate) fn new(field: &Field, place: &Place<'_>) -> Result<Self, Error> {
        let arrow = &field.arrow_type;
        let values = match &field.kind {
            Kind::Integer => match Integers::new(arrow) {
                Some(integers) => Some(Values::Integer(integers)),
                None => Decimals::of_integers(arrow).map(|wide| Values::Decimal(Box::new(wide))),
            },
            Kind::Number => Floats::new(arrow).map(Values::Number),
            Kind::Decimal { .. } => {
                Decimals::new(arrow).map(|decimals| Values::Decimal(Box::new(decimals)))
            }
            Kind::String => Some(Values::String(Strings::new(arrow.clone()))),
            Kind::Boolean => Some(Values::Boolean(Booleans::new(&field.text))),
            Kind::Date => {
                Dates::new(arrow, &field.format).map(|dates| Values::Date(Box::new(dates)))
            }
            Kind::Datetime => {
                Datetimes::new(arrow, &field.format).map(|times| Values::Datetime(Box::new(times)))
            }
            Kind::Time => {
                Times::new(arrow, &field.format).map(|times| Values::Time(Box::new(times)))
            }
            Kind::Year => Years::new(arrow).map(Values::Year),
            Kind::YearMonth => Some(Values::YearMonth(Strings::new(arrow.clone()))),
            Kind::Duration => Durations::new(arrow).map(Values::Duration),
            Kind::Object(fields) => Some(Values::Object(Box::new(Object::new(fields, place)?))),
            Kind::Array(item) => {
                List::new(arrow, item, place)?.map(|list| Values::List(Box::new(list)))
            }
            Kind::Any => Some(Values::Any(Raw::new(field))),
        };
        values.ok_or_else(|| Error::Unsupported {
            field: place.pointer.clone(),
            kind: field.kind.type_name(),
            arrow_type: arrow.to_string(),
        })
    }

    pub(crate) fn reserve(&mut self, rows: usize) {
        each!(self, values => values.reserve(rows));
    }

    #[inline(always)]
    pub(crate) fn null(&mut self, row: usize) {
        each!(self, values => values.null(row));
    }

    pub(crate) fn truncate(&mut self, rows: usize) {
        each!(self, values => values.truncate(rows));
    }

    pub(crate) fn take(&mut self, rows: usize, nulls: Option<NullBuffer>) -> ArrayRef {
        each!(self, values => values.take(rows, nulls))
    }

    pub(crate) fn bytes(&self, rows: usize) -> usize {
        each!(self, values => values.bytes(rows))
    }

    /// About how many bytes a row takes before it has any content.
    pub(crate) fn row_bytes(&self) -> usize {
        match self {
            Values::Object(object) => object.row_bytes(),
            Values::Decimal(_) => 16,
            _ => 8,
        }
    }

    /// What was expected instead of a value; `number` where a number stands there.
    pub(crate) fn problem(&self, number: Option<(Text<'_>, Literal)>) -> Problem {
        let literal = number.map(|(_, literal)| literal);
        match self {
            Values::Integer(integers) => integers.problem(literal),
            Values::Number(floats) => floats.problem(literal),
            Values::Decimal(decimals) => decimals.problem(number),
            Values::Year(years) => years.problem(literal),
            Values::String(_) => Problem::of_type("a string"),
            Values::Boolean(_) => Problem::of_type("true or false"),
            Values::Date(dates) => dates.problem(),
            Values::Datetime(datetimes) => datetimes.problem(),
            Values::Time(times) => times.problem(),
            Values::YearMonth(_) => year_month::problem(),
            Values::Duration(durations) => durations.problem(),
            Values::Object(_) => Problem::of_type("an object"),
            Values::List(_) => Problem::of_type("an array"),
            Values::Any(raw) => raw.problem(),
        }
    }
}
