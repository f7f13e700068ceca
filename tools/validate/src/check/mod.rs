//! What is checked of each row, compiled for the stream's types.
//!
//! A [`Checks`] is everything that a schema and rules ask: constraints of columns and
//! of what is nested in them ([`column`]), SQL rules ([`rule`]), foreign keys and
//! uniqueness ([`key`]). Each is a few passes over whole columns; only for rows that
//! break something are places and values written down, as a [`Finding`].

mod allowed;
mod bind;
mod bounds;
mod checks;
mod column;
mod fields;
mod items;
mod key;
mod length;
mod number;
mod plain;
mod rule;
mod text;

pub(crate) use bind::{Request, unresolved};
pub(crate) use checks::Checks;
pub(crate) use plain::plain;
pub(crate) use rule::Rule;

use arrow_array::Array;
use arrow_buffer::BooleanBuffer;

/// One thing that is checked, as reports name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Description {
    /// Column, JSON pointer or columns; empty for the whole row.
    pub(crate) field: String,
    /// The constraint's name in Table Schema, or a rule's name.
    pub(crate) constraint: String,
    /// In words.
    pub(crate) expected: String,
}

/// That a row breaks something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The row in its batch.
    pub(crate) row: usize,
    /// Which check: an index into the descriptions.
    pub(crate) check: usize,
    /// Where exactly: for an item of a list, its pointer.
    pub(crate) field: String,
    /// The value as JSON text.
    pub(crate) value: String,
}

/// Says which values of an array break a constraint. Null positions may say anything:
/// the caller leaves them out.
pub(crate) type Test = Box<dyn Fn(&dyn Array) -> BooleanBuffer + Send>;

/// A constraint on the values of a field, compiled.
pub(crate) struct Compiled {
    pub(crate) name: &'static str,
    pub(crate) expected: String,
    pub(crate) test: Test,
}

/// What may be on a value's text in a reason, so that a large value is not written twice.
const LONGEST_VALUE: usize = 256;

/// JSON text for a reason: as it is, or cut and then always a string.
pub(crate) fn shown(json: &str) -> String {
    if json.len() <= LONGEST_VALUE {
        return json.to_owned();
    }
    let text: String = serde_json::from_str(json).unwrap_or_else(|_| json.to_owned());
    serde_json::Value::from(millrace_fault::clip(&text, LONGEST_VALUE)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_and_stay_json() {
        assert_eq!(shown("12.50"), "12.50");
        let long = format!("\"{}\"", "ä".repeat(300));
        assert_eq!(shown(&long), format!("\"{}…\"", "ä".repeat(256)));
        let list = format!("[{}1]", "1,".repeat(300));
        assert!(
            serde_json::from_str::<String>(&shown(&list))
                .unwrap()
                .starts_with("[1,1,")
        );
    }
}
