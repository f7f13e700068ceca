//! Columns under construction: one file for each kind of value. Each reads its own
//! literals, knows what it expected, and becomes an Arrow array.

mod any;
mod boolean;
mod clock;
mod date;
mod datetime;
mod decimal;
mod duration;
mod float;
mod integer;
mod keys;
mod list;
mod numbers;
mod object;
mod shelf;
mod store;
mod text;
mod time;
mod validity;
mod values;
mod year;
mod year_month;

pub(crate) use list::List;
pub(crate) use object::Object;
pub(crate) use text::Strings;
pub(crate) use values::Values;

use crate::options::Error;
use crate::problem::Problem;
use arrow_array::ArrayRef;
use millrace_schema::{Field, TableSchema, TextRules};
use validity::Validity;

/// A column and how far it has got.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) values: Values,
    /// Rows written; one more than its object's while the current record has its key.
    pub(crate) rows: usize,
    /// Objects and arrays around a value.
    pub(crate) depth: usize,
    /// JSON strings that mean null.
    pub(crate) missing_in_json: Box<[String]>,
    /// Cells that mean null.
    pub(crate) missing_in_text: Box<[String]>,
    /// Whether the empty cell is one of them; it is not in the list then.
    pub(crate) empty_is_null: bool,
    pub(crate) rules: TextRules,
    validity: Validity,
}

/// Where in the schema a column is made.
pub(crate) struct Place<'a> {
    pub(crate) schema: &'a TableSchema,
    /// JSON pointer of the field.
    pub(crate) pointer: String,
    /// Objects and arrays around the field's value, and itself.
    pub(crate) depth: usize,
}

impl<'a> Place<'a> {
    pub(crate) fn root(schema: &'a TableSchema) -> Self {
        Place {
            schema,
            pointer: String::new(),
            depth: 1,
        }
    }

    fn inside(&self, name: &str) -> Place<'a> {
        let step = name.replace('~', "~0").replace('/', "~1");
        Place {
            schema: self.schema,
            pointer: format!("{}/{step}", self.pointer),
            depth: self.depth + 1,
        }
    }
}

impl Column {
    pub(crate) fn new(field: &Field, place: &Place<'_>) -> Result<Self, Error> {
        let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
        Ok(Column {
            name: field.name.clone(),
            values: Values::new(field, place)?,
            rows: 0,
            depth: place.depth - 1,
            missing_in_json: owned(place.schema.missing_in_json(field)),
            empty_is_null: place.schema.missing_in_text(field).contains(&""),
            missing_in_text: owned(
                place
                    .schema
                    .missing_in_text(field)
                    .into_iter()
                    .filter(|cell| !cell.is_empty())
                    .collect(),
            ),
            rules: field.text.clone(),
            validity: Validity::default(),
        })
    }

    pub(crate) fn reserve(&mut self, rows: usize) {
        self.values.reserve(rows);
        self.validity.reserve(rows);
    }

    /// Row `row` is null.
    #[inline(always)]
    pub(crate) fn null(&mut self, row: usize) {
        self.values.null(row);
        self.validity.null(row);
    }

    /// Whether a cell that is not empty stands for null by its content.
    #[inline(never)]
    pub(crate) fn has_missing(&self, cell: &[u8]) -> bool {
        self.missing_in_text
            .iter()
            .any(|missing| missing.as_bytes() == cell)
    }

    /// Whether a cell of this content is null.
    pub(crate) fn is_missing(&self, cell: &str) -> bool {
        match cell {
            "" => self.empty_is_null,
            _ => self.has_missing(cell.as_bytes()),
        }
    }

    pub(crate) fn truncate(&mut self, rows: usize) {
        self.validity.restore(rows, self.rows);
        self.values.truncate(rows);
        self.rows = rows;
    }

    pub(crate) fn take(&mut self, rows: usize) -> ArrayRef {
        self.rows = 0;
        let nulls = self.validity.take(rows);
        self.values.take(rows, nulls)
    }

    pub(crate) fn bytes(&self, rows: usize) -> usize {
        rows / 8 + self.values.bytes(rows)
    }

    /// Takes the content of a JSON string as row `row`: for kinds that JSON has no
    /// literal for.
    pub(crate) fn text(&mut self, row: usize, text: &str) -> Result<(), Problem> {
        match &mut self.values {
            Values::Date(dates) => dates.text(row, text),
            Values::Datetime(datetimes) => datetimes.text(row, text),
            Values::Time(times) => times.text(row, text),
            Values::Year(years) => years.text(row, text),
            Values::YearMonth(strings) => year_month::text(strings, row, text),
            Values::Duration(durations) => durations.text(row, text),
            _ => Err(self.values.problem(None)),
        }
    }
}
