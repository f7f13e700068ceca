//! What a field has held so far, and the narrowest type for it.

use super::numbers::{Number, Numbers};
use super::texts::Texts;
use crate::{Field, Kind};
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// An object with more members than this is a map with keys of its own, not a struct: its
/// text is kept.
const MOST_MEMBERS: usize = 1000;

/// More fields of records are taken for keys that differ from record to record.
pub(super) const MOST_FIELDS: usize = 10_000;

/// Everything seen in one field. Classes are kept apart and joined at the end.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) booleans: bool,
    /// Objects and arrays nested too deeply for a schema.
    pub(super) deep: bool,
    pub(super) numbers: Option<Numbers>,
    pub(super) texts: Option<Texts>,
    pub(super) members: Option<Members>,
    pub(super) items: Option<Box<Shape>>,
}

impl Shape {
    pub(super) fn see_boolean(&mut self) {
        self.booleans = true;
    }

    pub(super) fn see_number(&mut self, number: &Number<'_>) {
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

    /// The shape of records, of which nothing was seen yet.
    pub(super) fn of_records() -> Shape {
        Shape {
            members: Some(Members {
                most: MOST_FIELDS,
                ..Members::default()
            }),
            ..Shape::default()
        }
    }

    /// The fields, when this is the shape of records.
    pub(super) fn fields(&self) -> Option<Vec<Field>> {
        self.members.as_ref()?.fields()
    }

    /// Whether there were more members than are kept.
    pub(super) fn is_crowded(&self) -> bool {
        self.members.as_ref().is_some_and(|members| members.crowded)
    }

    pub(super) fn field(&self, name: &str, mixed: Kind) -> Field {
        if self.deep || self.classes() != 1 {
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

    fn classes(&self) -> usize {
        let classes = [
            self.booleans,
            self.numbers.is_some(),
            self.texts.is_some(),
            self.members.is_some(),
            self.items.is_some(),
        ];
        classes.into_iter().filter(|seen| *seen).count()
    }

    fn is_empty(&self) -> bool {
        !self.deep && self.classes() == 0
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
#[derive(Debug)]
pub(super) struct Members {
    list: Vec<Member>,
    /// How many are kept.
    most: usize,
    index: HashMap<Vec<u8>, usize, RandomState>,
    crowded: bool,
    /// How many objects were begun.
    turn: u64,
}

impl Default for Members {
    fn default() -> Self {
        Members {
            list: Vec::new(),
            most: MOST_MEMBERS,
            index: HashMap::default(),
            crowded: false,
            turn: 0,
        }
    }
}

#[derive(Debug)]
struct Member {
    name: Vec<u8>,
    /// The name with a closing quote and a colon; empty if JSON writes it otherwise.
    token: Vec<u8>,
    /// The object that had it last.
    turn: u64,
    shape: Shape,
}

impl Member {
    fn new(name: &[u8]) -> Member {
        let plain = !name
            .iter()
            .any(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
        Member {
            name: name.to_owned(),
            token: if plain {
                [name, b"\":"].concat()
            } else {
                Vec::new()
            },
            turn: 0,
            shape: Shape::default(),
        }
    }
}

/// What is known about a key.
#[derive(Clone, Copy)]
pub(super) enum Known {
    /// It is the member at this position.
    Member(usize),
    /// There are too many to keep any more.
    Crowd,
    /// It was not seen before.
    News,
}

impl Members {
    /// Begins an object.
    #[inline(always)]
    pub(super) fn begin(&mut self) {
        self.turn += 1;
    }

    /// The length of the key and colon, if `text` begins with those of the member at
    /// `expected`, as they are mostly written.
    #[inline(always)]
    pub(super) fn expect(&self, expected: usize, text: &[u8]) -> Option<usize> {
        let token = &self.list.get(expected)?.token;
        (!token.is_empty() && text.starts_with(token)).then_some(token.len())
    }

    #[inline(always)]
    pub(super) fn find(&self, key: &[u8]) -> Known {
        match self.index.get(key) {
            Some(found) => Known::Member(*found),
            None if self.crowded => Known::Crowd,
            None => Known::News,
        }
    }

    /// The shape of a member, for the first time in this object.
    #[inline(always)]
    pub(super) fn once(&mut self, position: usize) -> Option<&mut Shape> {
        let member = self.list.get_mut(position)?;
        (std::mem::replace(&mut member.turn, self.turn) != self.turn).then_some(&mut member.shape)
    }

    /// The shape of the member named `key`; None once there are too many.
    pub(super) fn named(&mut self, key: &[u8]) -> Option<&mut Shape> {
        let position = match self.find(key) {
            Known::Member(position) => position,
            Known::Crowd => return None,
            Known::News if self.list.len() == self.most => {
                self.crowded = true;
                return None;
            }
            Known::News => {
                self.index.insert(key.to_owned(), self.list.len());
                self.list.push(Member::new(key));
                self.list.len() - 1
            }
        };
        Some(&mut self.list[position].shape)
    }

    /// None for an object that has no fixed members.
    fn fields(&self) -> Option<Vec<Field>> {
        if self.crowded || self.list.is_empty() {
            return None;
        }
        let field = |member: &Member| {
            let name = String::from_utf8_lossy(&member.name);
            member.shape.field(&name, Kind::Any)
        };
        Some(self.list.iter().map(field).collect())
    }
}
