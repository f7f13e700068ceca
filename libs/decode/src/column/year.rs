//! Years.

use super::integer::Integers;
use super::store::Store;
use crate::kernel::Text;
use crate::literal::Literal;
use crate::problem::Problem;
use arrow_array::ArrayRef;
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;

/// A column of years from -9999 to 9999: integers, or text of four digits with a sign
/// where needed.
#[derive(Debug)]
pub(crate) struct Years(Integers);

const LAST: i64 = 9999;

impl Years {
    /// None if `arrow_type` has no room for four digits.
    pub(crate) fn new(arrow_type: &DataType) -> Option<Self> {
        let fits = matches!(
            arrow_type,
            DataType::Int16 | DataType::Int32 | DataType::Int64
        );
        fits.then(|| Integers::new(arrow_type)).flatten().map(Years)
    }

    /// Reads the integer literal at `at`.
    #[inline(always)]
    pub(crate) fn json(&mut self, row: usize, text: Text<'_>, at: usize) -> Option<usize> {
        let (year, end) = super::integer::read(text, at)?;
        (year.abs() <= LAST && self.0.accept(row, year)).then_some(end)
    }

    pub(crate) fn text(&mut self, row: usize, text: &str) -> Result<(), Problem> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let written = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(year) if written && self.0.accept(row, year) => Ok(()),
            _ => Err(Problem::of_type("a year of four digits")),
        }
    }

    pub(crate) fn problem(&self, literal: Option<Literal>) -> Problem {
        match literal {
            Some(literal) if literal.is_integer() => {
                Problem::range(format!("a year from -{LAST} to {LAST}"))
            }
            _ => Problem::of_type("a year"),
        }
    }
}

impl Store for Years {
    fn reserve(&mut self, rows: usize) {
        self.0.reserve(rows);
    }

    fn null(&mut self, row: usize) {
        self.0.null(row);
    }

    fn take(&mut self, rows: usize, nulls: Option<NullBuffer>) -> ArrayRef {
        self.0.take(rows, nulls)
    }

    fn bytes(&self, rows: usize) -> usize {
        self.0.bytes(rows)
    }
}
