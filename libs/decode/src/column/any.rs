//! Any JSON value, kept as the text that stands in the input.

use super::text::Strings;
use crate::problem::Problem;
use millrace_schema::Field;

/// A column of raw JSON text.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) strings: Strings,
    /// The byte that a value must begin with, where the field is declared to be an
    /// object or an array.
    pub(crate) begins: Option<u8>,
}

impl Raw {
    pub(crate) fn new(field: &Field) -> Self {
        let begins = match field.declared {
            "object" | "geojson" => Some(b'{'),
            "array" => Some(b'['),
            _ => None,
        };
        Raw {
            strings: Strings::new(field.arrow_type.clone()),
            begins,
        }
    }

    pub(crate) fn problem(&self) -> Problem {
        Problem::of_type(match self.begins {
            Some(b'{') => "an object",
            Some(_) => "an array",
            None => "a JSON value",
        })
    }
}
