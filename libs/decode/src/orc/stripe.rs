//! A stripe: which streams it has, and how columns are encoded in it.

use super::bytes::{Booleans, ByteRuns};
use super::integers::{Integers, Version};
use super::proto::{Value, fields};
use super::stream::{Storage, Stream};
use super::tail::{LARGEST_SECTION, Stripe};
use super::trouble::{Result, malformed};
use super::zone::Zone;
use std::collections::HashMap;

/// What a stream holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Present,
    Data,
    Length,
    Dictionary,
    Secondary,
}

impl Part {
    fn numbered(number: u64) -> Option<Part> {
        Some(match number {
            0 => Part::Present,
            1 => Part::Data,
            2 => Part::Length,
            3 => Part::Dictionary,
            5 => Part::Secondary,
            // Counts that nobody writes, indexes, bloom filters.
            _ => return None,
        })
    }

    fn label(self) -> &'static str {
        match self {
            Part::Present => "the stream PRESENT",
            Part::Data => "the stream DATA",
            Part::Length => "the stream LENGTH",
            Part::Dictionary => "the stream DICTIONARY_DATA",
            Part::Secondary => "the stream SECONDARY",
        }
    }
}

/// How a column is encoded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Encoding {
    pub(super) dictionary: bool,
    pub(super) version: Version,
    /// Entries of the dictionary.
    pub(super) entries: u32,
}

/// The streams of a stripe.
pub(super) struct Streams {
    storage: Storage,
    /// Offset and length.
    places: HashMap<(u32, Part), (u64, u64)>,
    encodings: Vec<Encoding>,
    zone: Option<String>,
    /// Whether days before 15 October 1582 are of the Julian calendar.
    pub(super) julian: bool,
}

impl Streams {
    /// Reads the footer of `stripe`, in a file of so many `types`.
    pub(super) fn read(
        storage: &Storage,
        stripe: &Stripe,
        types: usize,
        julian: bool,
    ) -> Result<Streams> {
        let start = stripe.offset + stripe.index + stripe.data;
        let footer = Stream::new(storage.clone(), "its footer", start, stripe.footer);
        let footer = footer.rest(LARGEST_SECTION)?;
        let mut streams = Streams {
            storage: storage.clone(),
            places: HashMap::new(),
            encodings: Vec::new(),
            zone: None,
            julian,
        };
        let mut at = stripe.offset;
        fields(&footer, |number, value| {
            match number {
                1 => at = streams.place(value, at, start, types)?,
                2 if streams.encodings.len() >= types => {
                    return Err(malformed("too many encodings"));
                }
                2 => streams.encodings.push(Encoding::parse(value.bytes()?)?),
                3 => streams.zone = Some(value.text()?),
                _ => {}
            }
            Ok(())
        })?;
        Ok(streams)
    }

    /// Takes up the stream that begins `at`; where the next one does.
    fn place(&mut self, value: Value<'_>, at: u64, end: u64, types: usize) -> Result<u64> {
        let (mut kind, mut column, mut length) = (0, 0, 0);
        fields(value.bytes()?, |number, value| {
            match number {
                1 => kind = value.number()?,
                2 => column = value.small()?,
                3 => length = value.number()?,
                _ => {}
            }
            Ok(())
        })?;
        let next = at.checked_add(length).filter(|next| *next <= end);
        let next = next.ok_or_else(|| malformed("its streams go on beyond it"))?;
        if let Some(part) = Part::numbered(kind).filter(|_| (column as usize) < types) {
            let before = self.places.insert((column, part), (at, length));
            if before.is_some() {
                return Err(malformed(format!("{} is there twice", part.label())));
            }
        }
        Ok(next)
    }

    /// A column's stream; an empty one if there is none, as where all values are null.
    pub(super) fn stream(&self, column: u32, part: Part) -> Stream {
        let place = self.places.get(&(column, part));
        let (offset, length) = place.copied().unwrap_or_default();
        Stream::new(self.storage.clone(), part.label(), offset, length)
    }

    /// Which values of the column are there; None if all are.
    pub(super) fn present(&self, column: u32) -> Option<Booleans> {
        let known = self.places.contains_key(&(column, Part::Present));
        known.then(|| Booleans::new(self.stream(column, Part::Present)))
    }

    pub(super) fn booleans(&self, column: u32) -> Booleans {
        Booleans::new(self.stream(column, Part::Data))
    }

    pub(super) fn byte_runs(&self, column: u32) -> ByteRuns {
        ByteRuns::new(self.stream(column, Part::Data))
    }

    pub(super) fn integers(&self, column: u32, part: Part, signed: bool) -> Result<Integers> {
        let version = self.encoding(column)?.version;
        Ok(Integers::new(self.stream(column, part), version, signed))
    }

    pub(super) fn encoding(&self, column: u32) -> Result<Encoding> {
        let encoding = self.encodings.get(column as usize);
        encoding
            .copied()
            .ok_or_else(|| malformed("it has no encoding"))
    }

    /// The zone of the stripe's writer.
    pub(super) fn zone(&self) -> Result<Zone> {
        Zone::named(self.zone.as_deref().unwrap_or_default())
    }
}

impl Encoding {
    fn parse(message: &[u8]) -> Result<Encoding> {
        let mut encoding = Encoding::default();
        let mut kind = 0;
        fields(message, |number, value| {
            match number {
                1 => kind = value.number()?,
                2 => encoding.entries = value.small()?,
                _ => {}
            }
            Ok(())
        })?;
        (encoding.dictionary, encoding.version) = match kind {
            0 => (false, Version::One),
            1 => (true, Version::One),
            2 => (false, Version::Two),
            3 => (true, Version::Two),
            _ => return Err(malformed(format!("the encoding {kind} is unknown"))),
        };
        Ok(encoding)
    }
}
