//! The parts of a schema, as data.

use crate::{Constraints, ForeignKey, Pattern};
use arrow_schema::DataType;
use serde_json::{Map, Value};

/// What a table's rows look like: a Table Schema with the Arrow type of each field.
#[derive(Clone, Debug, PartialEq)]
pub struct TableSchema {
    /// The columns, in order; names are unique.
    pub fields: Vec<Field>,
    /// `missingValues`, if the file says any; see [`TableSchema::missing_in_text`].
    pub missing_values: Option<Vec<String>>,
    /// `primaryKey`: names of fields, empty if there is none.
    pub primary_key: Vec<String>,
    /// `uniqueKeys`: lists of names of fields.
    pub unique_keys: Vec<Vec<String>>,
    /// `foreignKeys`.
    pub foreign_keys: Vec<ForeignKey>,
    /// `fieldsMatch`, if the file says one: how a header has to agree.
    pub fields_match: Option<FieldsMatch>,
    /// Properties that Table Schema does not know; kept for [`TableSchema::to_json`].
    pub extra: Map<String, Value>,
}

/// How the fields of a source have to agree with the schema's (`fieldsMatch`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldsMatch {
    /// The same fields in the same order.
    Exact,
    /// The same fields in any order.
    Equal,
    /// The source has all fields of the schema, and maybe more.
    Subset,
    /// The source has only fields of the schema, maybe not all.
    Superset,
    /// The source has at least one field of the schema.
    Partial,
}

/// One column, one member of an object, or the items of an array (named `item`).
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The name, as the source spells it.
    pub name: String,
    /// What values mean.
    pub kind: Kind,
    /// The `type` as Table Schema spells it: `geojson`, `list` and an `object` without
    /// `fields` are kept as text and differ only in this.
    pub declared: &'static str,
    /// How values are written.
    pub format: Format,
    /// How numbers and booleans are written in text.
    pub text: TextRules,
    /// What `validate` checks.
    pub constraints: Constraints,
    /// `missingValues` of this field, instead of the schema's.
    pub missing_values: Option<Vec<String>>,
    /// The exact Arrow type of the column. Every column is nullable: `required` is a
    /// constraint, for `validate` to judge.
    pub arrow_type: DataType,
    /// `title`, `description` and properties that Table Schema does not know.
    pub extra: Map<String, Value>,
}

/// What a field's values mean.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A whole number.
    Integer,
    /// A binary floating-point number.
    Number,
    /// A decimal number with exactly these digits: `"decimal": [precision, scale]`.
    Decimal {
        /// Digits in all, 1 to 38.
        precision: u8,
        /// Digits after the point.
        scale: i8,
    },
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// A day.
    Date,
    /// An instant (a type with a zone) or a wall-clock time (one without).
    Datetime,
    /// A time of day.
    Time,
    /// A year.
    Year,
    /// A year and a month, kept as text: `2026-03`.
    YearMonth,
    /// An ISO 8601 duration.
    Duration,
    /// Named members.
    Object(Vec<Field>),
    /// Items alike.
    Array(Box<Field>),
    /// Any JSON value, kept as its text. `declared` says whether it must be an
    /// `object` or an `array`.
    Any,
}

/// How a field's values are written.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    /// The type's own form.
    Default,
    /// Any form that is not ambiguous (dates and times): ISO 8601 with `T` or a space.
    Any,
    /// A strptime pattern (dates and times).
    Pattern(Pattern),
    /// Text that `validate` checks to be an e-mail address.
    Email,
    /// Text that `validate` checks to be a URI.
    Uri,
    /// Text that `validate` checks to be a UUID.
    Uuid,
    /// Text that `validate` checks to be base64.
    Binary,
    /// Another form of a type that is kept as text (`topojson`, geopoint `array`).
    Other(&'static str),
}

/// How numbers and booleans are written in text (CSV cells, and JSON strings where
/// a field says so explicitly).
#[derive(Clone, Debug, PartialEq)]
pub struct TextRules {
    /// `decimalChar`.
    pub decimal_char: char,
    /// `groupChar`: stands between digits and means nothing.
    pub group_char: Option<char>,
    /// `bareNumber`: false allows text around the digits, as in `€95` or `95%`.
    pub bare_number: bool,
    /// `trueValues`, if given; else `true True TRUE 1`.
    pub true_values: Option<Vec<String>>,
    /// `falseValues`, if given; else `false False FALSE 0`.
    pub false_values: Option<Vec<String>>,
}

impl Default for TextRules {
    fn default() -> Self {
        TextRules {
            decimal_char: '.',
            group_char: None,
            bare_number: true,
            true_values: None,
            false_values: None,
        }
    }
}

impl TextRules {
    /// What a text cell may say for true.
    pub fn truths(&self) -> Vec<&str> {
        match &self.true_values {
            Some(values) => values.iter().map(String::as_str).collect(),
            None => vec!["true", "True", "TRUE", "1"],
        }
    }

    /// What a text cell may say for false.
    pub fn falsehoods(&self) -> Vec<&str> {
        match &self.false_values {
            Some(values) => values.iter().map(String::as_str).collect(),
            None => vec!["false", "False", "FALSE", "0"],
        }
    }
}

impl TableSchema {
    /// A schema of these fields and nothing else.
    pub fn of(fields: Vec<Field>) -> Self {
        TableSchema {
            fields,
            missing_values: None,
            primary_key: Vec::new(),
            unique_keys: Vec::new(),
            foreign_keys: Vec::new(),
            fields_match: None,
            extra: Map::new(),
        }
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The cells of a text format (CSV) that mean null in `field`: the field's own, else
    /// the schema's, else the empty cell.
    pub fn missing_in_text<'a>(&'a self, field: &'a Field) -> Vec<&'a str> {
        match field
            .missing_values
            .as_ref()
            .or(self.missing_values.as_ref())
        {
            Some(values) => values.iter().map(String::as_str).collect(),
            None => vec![""],
        }
    }

    /// The JSON strings that mean null in `field`, beside `null`: only those that the
    /// file lists, so that an empty JSON string stays an empty string.
    pub fn missing_in_json<'a>(&'a self, field: &'a Field) -> Vec<&'a str> {
        let listed = field
            .missing_values
            .as_ref()
            .or(self.missing_values.as_ref());
        listed.map_or_else(Vec::new, |values| {
            values.iter().map(String::as_str).collect()
        })
    }
}

impl Field {
    /// A field of this kind in its default form.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        let arrow_type = kind.default_arrow_type();
        Field {
            name: name.into(),
            declared: kind.type_name(),
            kind,
            format: Format::Default,
            text: TextRules::default(),
            constraints: Constraints::default(),
            missing_values: None,
            arrow_type,
            extra: Map::new(),
        }
    }
}

impl Kind {
    /// The Table Schema type that stands for this kind.
    pub fn type_name(&self) -> &'static str {
        match self {
            Kind::Integer => "integer",
            Kind::Number | Kind::Decimal { .. } => "number",
            Kind::String => "string",
            Kind::Boolean => "boolean",
            Kind::Date => "date",
            Kind::Datetime => "datetime",
            Kind::Time => "time",
            Kind::Year => "year",
            Kind::YearMonth => "yearmonth",
            Kind::Duration => "duration",
            Kind::Object(_) => "object",
            Kind::Array(_) => "array",
            Kind::Any => "any",
        }
    }
}
