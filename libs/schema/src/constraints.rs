//! Constraints as data: `validate` compiles and checks them.

use crate::place::Place;
use crate::{Error, Kind, temporal};
use serde_json::Value;

/// What a field's values must satisfy. Bounds are kept as the file writes them: the
/// text of a number, or of a date, in the field's type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Constraints {
    /// Null is refused.
    pub required: bool,
    /// A value occurs once in the stream.
    pub unique: bool,
    /// Fewest characters, items or members.
    pub min_length: Option<u64>,
    /// Most characters, items or members.
    pub max_length: Option<u64>,
    /// Least value.
    pub minimum: Option<String>,
    /// Greatest value.
    pub maximum: Option<String>,
    /// Values must be greater.
    pub exclusive_minimum: Option<String>,
    /// Values must be less.
    pub exclusive_maximum: Option<String>,
    /// A regular expression that the whole text must match.
    pub pattern: Option<String>,
    /// The values allowed (`enum`).
    pub enumeration: Option<Vec<Value>>,
}

const NAMES: [&str; 10] = [
    "required",
    "unique",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "pattern",
    "enum",
];

impl Constraints {
    /// Whether there is nothing to check.
    pub fn is_empty(&self) -> bool {
        *self == Constraints::default()
    }

    pub(crate) fn parse(place: &Place<'_>, kind: &Kind) -> Result<Self, Error> {
        let mut constraints = Constraints::default();
        for name in place.object()?.keys() {
            let value = place.required(name)?;
            constraints.set(name, &value, kind)?;
        }
        Ok(constraints)
    }

    fn set(&mut self, name: &str, value: &Place<'_>, kind: &Kind) -> Result<(), Error> {
        match name {
            "required" => self.required = value.boolean()?,
            "unique" => self.unique = value.boolean()?,
            "minLength" => self.min_length = Some(length(value, kind)?),
            "maxLength" => self.max_length = Some(length(value, kind)?),
            "minimum" => self.minimum = Some(bound(value, kind)?),
            "maximum" => self.maximum = Some(bound(value, kind)?),
            "exclusiveMinimum" => self.exclusive_minimum = Some(bound(value, kind)?),
            "exclusiveMaximum" => self.exclusive_maximum = Some(bound(value, kind)?),
            "pattern" => self.pattern = Some(pattern(value, kind)?),
            "enum" => self.enumeration = Some(enumeration(value)?),
            _ => return Err(unknown(name, value)),
        }
        Ok(())
    }
}

fn unknown(name: &str, value: &Place<'_>) -> Error {
    let error = value.error(format!("'{name}' is not a constraint"));
    match crate::parse::closest(name, &NAMES, 3) {
        Some(meant) => error.hint(format!("did you mean '{meant}'?")),
        None => error.hint(format!("one of {}", NAMES.join(", "))),
    }
}

fn length(value: &Place<'_>, kind: &Kind) -> Result<u64, Error> {
    match kind {
        Kind::String | Kind::Object(_) | Kind::Array(_) | Kind::Any => value.count(),
        _ => Err(misplaced(value, "a length", kind)),
    }
}

fn bound(value: &Place<'_>, kind: &Kind) -> Result<String, Error> {
    let text = match value.value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return Err(value.expected("a number or a string")),
    };
    let fits = match kind {
        Kind::Integer | Kind::Year => text.parse::<i128>().is_ok(),
        Kind::Number | Kind::Decimal { .. } => text.parse::<f64>().is_ok_and(f64::is_finite),
        Kind::Date => temporal::date(&text).is_some(),
        Kind::Datetime => temporal::datetime(&text).is_some() || temporal::date(&text).is_some(),
        Kind::Time => temporal::time(&text).is_some(),
        Kind::YearMonth => temporal::year_month(&text).is_some(),
        Kind::Duration => temporal::duration(&text).is_some(),
        _ => return Err(misplaced(value, "a bound", kind)),
    };
    match fits {
        true => Ok(text),
        false => Err(value.expected(format!("a value of type {}", kind.type_name()))),
    }
}

fn pattern(value: &Place<'_>, kind: &Kind) -> Result<String, Error> {
    if !matches!(kind, Kind::String | Kind::Any | Kind::YearMonth) {
        return Err(misplaced(value, "a pattern", kind));
    }
    let pattern = value.string()?;
    match regex::Regex::new(pattern) {
        Ok(_) => Ok(pattern.to_owned()),
        Err(error) => {
            let reason = error.to_string();
            let last = reason
                .lines()
                .last()
                .unwrap_or_default()
                .trim()
                .trim_start_matches("error: ");
            Err(value.error(format!("not a regular expression: {last}")))
        }
    }
}

fn enumeration(value: &Place<'_>) -> Result<Vec<Value>, Error> {
    let values: Vec<Value> = value
        .items()?
        .iter()
        .map(|item| item.value.clone())
        .collect();
    match values.is_empty() {
        true => Err(value.expected("a list of at least one value")),
        false => Ok(values),
    }
}

fn misplaced(value: &Place<'_>, what: &str, kind: &Kind) -> Error {
    value.error(format!(
        "a field of type {} cannot have {what}",
        kind.type_name()
    ))
}
