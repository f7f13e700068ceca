//! A record whose keys come in an order that nobody can foretell.
//!
//! Where each key is a surprise, a processor that reads on while it guesses has guessed
//! wrong at every member: which kind of value it is, how long, and what follows. So the
//! record is outlined first, the column of every member found, and then the values are
//! read in the order of the columns, in which one record is like the next.
//!
//! What is read so is exactly what [`super::object`] would have read; what it would refuse
//! is left to it, so that the reason is the same.

use super::outline::Outline;
use super::{behind_space, key, value};
use crate::column::Object;
use crate::context::Context;
use crate::kernel::{Isa, Text};
use crate::options::ExtraFields;
use std::ops::Range;

/// Room to read records in any order; it is used again for each.
#[derive(Debug, Default)]
pub(crate) struct Scattered {
    outline: Outline,
    /// For each column where its value begins and where its member ends, or zeros.
    places: Vec<(u32, u32)>,
    /// The keys, between their quotes, that no column stands for.
    extras: Vec<Range<usize>>,
}

/// More members that no column stands for are not outlined.
const MOST_EXTRAS: usize = 64;

/// Reads the record at `at` as one more row; the position behind it. None if there is
/// anything to say against the record, and nothing has happened then.
#[inline(always)]
pub(crate) fn scattered<I: Isa>(
    isa: I,
    object: &mut Object,
    text: Text<'_>,
    at: usize,
    cx: &mut Context,
) -> Option<usize> {
    let mut room = std::mem::take(&mut cx.scattered);
    let row = object.begin_row();
    object.keys.prepare();
    let end = match room.place(isa, object, text, at, cx) {
        Some(end) if room.read(isa, object, row, text, cx) => Some(end),
        _ => None,
    };
    if end.is_none() {
        room.places.fill((0, 0));
        object.truncate(row);
        cx.abandon();
        cx.fault = None;
    }
    cx.scattered = room;
    end
}

impl Scattered {
    /// Finds the place of each column's value, and checks the members that have no column.
    /// The position behind the record.
    #[inline(always)]
    fn place(
        &mut self,
        isa: impl Isa,
        object: &Object,
        text: Text<'_>,
        at: usize,
        cx: &mut Context,
    ) -> Option<usize> {
        let columns = object.columns.len();
        if text.byte(at) != b'{' || !self.outline.draw(isa, text, at, columns + MOST_EXTRAS) {
            return None;
        }
        self.places.resize(columns, (0, 0));
        self.extras.clear();
        for member in self.outline.marks().windows(2) {
            let (mark, end) = (member[0] as usize, member[1]);
            let (column, value) = match object.keys.look_up(isa, text, mark) {
                Some(found) => found,
                None => match key::read(isa, object, text, mark, cx)? {
                    (Some(column), _, value) => (column, value),
                    (None, key, value) => {
                        let skipped = isa.skip(text, value, object.depth, cx);
                        match skipped {
                            Ok(at) if ends(text, at, end) => self.extras.push(key),
                            _ => return None,
                        }
                        continue;
                    }
                },
            };
            self.places[column] = (value as u32, end);
        }
        let end = *self.outline.marks().last()? as usize;
        // The outline does not look at which brackets go together.
        (text.byte(end) == b'}').then_some(end + 1)
    }

    /// Reads the values at their places; whether they are all of the record.
    #[inline(always)]
    fn read<I: Isa>(
        &mut self,
        isa: I,
        object: &mut Object,
        row: usize,
        text: Text<'_>,
        cx: &mut Context,
    ) -> bool {
        let mut members = self.extras.len();
        for (column, place) in object.columns.iter_mut().zip(&mut self.places) {
            let (from, end) = std::mem::take(place);
            if end == 0 {
                column.null(row);
            } else {
                match value(isa, column, row, text, from as usize, cx) {
                    Ok(at) if ends(text, at, end) => members += 1,
                    _ => return false,
                }
            }
            column.rows = row + 1;
        }
        // A key that stands twice has one place.
        if members + 1 != self.outline.marks().len() || !self.settle_extras(object, text, cx) {
            return false;
        }
        object.end_row(object.columns.len());
        true
    }

    /// Whether the members without a column are different ones and welcome; if so, they
    /// are noted.
    #[inline(always)]
    fn settle_extras(&self, object: &Object, text: Text<'_>, cx: &mut Context) -> bool {
        if self.extras.is_empty() {
            return true;
        }
        if cx.extra_fields == ExtraFields::Refuse || key::end(text, 0, cx).is_err() {
            return false;
        }
        if cx.extra_fields == ExtraFields::Warn {
            for key in &self.extras {
                key::note_extra(object, text, key.clone(), cx);
            }
        }
        true
    }
}

/// Whether the value that was read up to `at` is the last of its member, which the outline
/// says ends at `end`.
#[inline(always)]
fn ends(text: Text<'_>, at: usize, end: u32) -> bool {
    at == end as usize || behind_space(text, at, true) == end as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::Chunk;
    use crate::column::Place;
    use crate::kernel::Portable;
    use crate::options::Options;
    use millrace_schema::TableSchema;

    const SCHEMA: &str = r#"{"fields":[{"name":"i","type":"integer"},{"name":"s","type":"string"},
        {"name":"a longer name than thirty-two bytes can hold","type":"boolean"},
        {"name":"o","type":"object","fields":[{"name":"l","type":"array","items":{"type":"integer"}}]}]}"#;

    struct Both {
        options: Options,
        schema: TableSchema,
    }

    impl Both {
        fn new(extra_fields: ExtraFields) -> Both {
            Both {
                options: Options {
                    extra_fields,
                    ..Options::default()
                },
                schema: TableSchema::parse(SCHEMA).unwrap(),
            }
        }

        /// Whether `record` is read at once; then it is what is read in order.
        fn agree(&self, record: &str) -> bool {
            let chunk = Chunk::from(format!("[1]{record}\n{{\"i\":7}}\n").as_str());
            let text = Text::of(&chunk).unwrap();
            let make = || {
                let object = Object::new(&self.schema.fields, &Place::root(&self.schema)).unwrap();
                (object, Context::new(&self.options, true))
            };
            let ((mut ours, mut cx), (mut twin, mut twins)) = (make(), make());
            let end = scattered(Portable, &mut ours, text, 3, &mut cx);
            let expected = super::super::object(Portable, &mut twin, text, 3, &mut twins);
            if end.is_none() {
                assert!(cx.fault.is_none());
                assert_eq!((ours.rows, cx.strangers.len()), (0, 0));
                let again = super::super::object(Portable, &mut ours, text, 3, &mut cx);
                assert_eq!(again.ok(), expected.ok());
            } else {
                assert_eq!(end, expected.ok(), "{record}");
            }
            if expected.is_ok() {
                assert_eq!(ours.take_columns(), twin.take_columns(), "{record}");
            }
            end.is_some()
        }
    }

    fn read(record: &str) -> bool {
        Both::new(ExtraFields::Ignore).agree(record)
    }

    #[test]
    fn members_in_any_order() {
        for record in [
            r#"{"s":"x","i":1,"o":{"l":[1,2,3]},"a longer name than thirty-two bytes can hold":true}"#,
            r#"{"a longer name than thirty-two bytes can hold":null,"s":"{\"i\":[}"}"#,
            r#"{"o":{"l":[]},"s":null}"#,
            r#"{"o":null,"i":-5}"#,
            r#"{"i":1}"#,
            r#"{ "s" : "a, b" , "i" : 1 , "o" : { "l" : [ 1 , 2 ] } }"#,
            "{\t\"s\": \"\\\\\",\r\"i\": 1}",
            r#"{"\u0069":1,"\u0073":"x"}"#,
        ] {
            assert!(read(record), "{record}");
        }
    }

    #[test]
    fn strings_across_steps() {
        for len in 0..200 {
            let (letters, backslashes) = ("y".repeat(len), r"\\".repeat(len));
            for text in [&letters, &backslashes, &format!(r#"{backslashes}\""#)] {
                assert!(read(&format!(r#"{{"s":"{text},{{","i":1}}"#)), "{text}");
                assert!(read(&format!(r#"{{"i":1,"x":"{text}","o":null}}"#)));
            }
        }
    }

    #[test]
    fn members_without_a_column() {
        let record = r#"{"x":[1,{"y":"}"}],"s":"x","z":0.5e1,"i":1}"#;
        assert!(read(record));
        assert!(Both::new(ExtraFields::Warn).agree(record));
        assert!(!Both::new(ExtraFields::Refuse).agree(record));
        let many: String = (0..100).map(|i| format!(r#","x{i}":{i}"#)).collect();
        assert!(!read(&format!(r#"{{"i":1{many}}}"#)));
    }

    #[test]
    fn what_is_refused_is_left_alone() {
        for record in [
            r#"{"s":"x","s":"y"}"#,
            r#"{"x":1,"i":2,"x":3}"#,
            r#"{"s":1,"i":2}"#,
            r#"{"s":"x","i":"2"}"#,
            r#"{"s":"x","i":2,}"#,
            r#"{"s":"x",,"i":2}"#,
            r#"{"s":"x" "i":2}"#,
            r#"{"s":"x","i":2 3}"#,
            r#"{"s":"x","i":2]"#,
            r#"{"s":"x","i":2"#,
            r#"{"s":"x,"i":2}"#,
            r#"{"s":"x","x":[1}"#,
            r#"{"s":"x","x":01}"#,
            r#"{"s":"x",i:2}"#,
            r#"{"s":"x","i" 2}"#,
            r#"{"s","i":2}"#,
            r#"{"s":"x","o":{"l":[1,2}}"#,
            "{\"s\":\"x\ny\",\"i\":2}",
            "{\"s\":\"x\",\n\"i\":2}",
            r#"["s":"x","i":2}"#,
            r#"x{"s":"x","i":2}"#,
            r#"{"s":"x","x":{"y":1]}"#,
            "{}",
            "[]",
            "",
        ] {
            assert!(!read(record), "{record}");
        }
    }
}
