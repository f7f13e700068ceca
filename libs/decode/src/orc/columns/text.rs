//! Texts: one after the other, or numbers of a dictionary's entries.

use super::Values;
use super::binary::{Pieces, within};
use crate::orc::integers::Integers;
use crate::orc::stream::Stream;
use crate::orc::stripe::{Encoding, Part, Streams};
use crate::orc::trouble::{Result, Trouble, malformed};
use arrow_array::ArrayRef;
use arrow_array::builder::StringBuilder;
use arrow_schema::ArrowError;
use std::sync::Arc;

/// Largest dictionary: of its texts, and of their ends.
const LARGEST_DICTIONARY: usize = 256 << 20;

pub(super) struct Text {
    column: u32,
    values: StringBuilder,
    form: Form,
}

enum Form {
    Direct(Box<Pieces>),
    Dictionary(Box<Dictionary>),
}

impl Text {
    pub(super) fn new(column: u32) -> Text {
        Text {
            column,
            values: StringBuilder::new(),
            form: Form::Direct(Box::default()),
        }
    }
}

impl Values for Text {
    fn open(&mut self, streams: &Streams) -> Result<()> {
        let encoding = streams.encoding(self.column)?;
        if encoding.dictionary {
            let dictionary = Dictionary::new(self.column, streams, encoding)?;
            self.form = Form::Dictionary(Box::new(dictionary));
            return Ok(());
        }
        let mut pieces = Box::<Pieces>::default();
        pieces.open(self.column, streams)?;
        self.form = Form::Direct(pieces);
        Ok(())
    }

    fn read(&mut self) -> Result<usize> {
        let values = &mut self.values;
        let before = values.values_slice().len();
        match &mut self.form {
            Form::Direct(pieces) => pieces.read(before, |bytes| {
                let text = simdutf8::basic::from_utf8(bytes);
                values.append_value(text.map_err(|_| not_utf8())?);
                Ok(())
            }),
            Form::Dictionary(dictionary) => {
                let text = dictionary.next()?;
                within(before, text.len())?;
                values.append_value(text);
                Ok(text.len() + 4)
            }
        }
    }

    fn null(&mut self) {
        self.values.append_null();
    }

    fn finish(&mut self) -> std::result::Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.values.finish()))
    }
}

fn not_utf8() -> Trouble {
    malformed("the text is not UTF-8")
}

/// A stripe's dictionary, read with its first value: a column of nulls has none.
struct Dictionary {
    numbers: Integers,
    /// What is still to be read.
    stored: Option<(Integers, Stream)>,
    entries: usize,
    texts: String,
    /// Where each entry ends.
    ends: Vec<u32>,
}

impl Dictionary {
    fn new(column: u32, streams: &Streams, encoding: Encoding) -> Result<Dictionary> {
        let lengths = streams.integers(column, Part::Length, false)?;
        let texts = streams.stream(column, Part::Dictionary);
        Ok(Dictionary {
            numbers: streams.integers(column, Part::Data, false)?,
            stored: Some((lengths, texts)),
            entries: encoding.entries as usize,
            texts: String::new(),
            ends: Vec::new(),
        })
    }

    fn next(&mut self) -> Result<&str> {
        if let Some((lengths, texts)) = self.stored.take() {
            self.load(lengths, texts)?;
        }
        let number = self.numbers.length()?;
        let end = self.ends.get(number).ok_or_else(|| {
            malformed(format!(
                "there is no entry {number} among {}",
                self.ends.len()
            ))
        })?;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        let text = self.texts.get(start as usize..*end as usize);
        text.ok_or_else(not_utf8)
    }

    fn load(&mut self, mut lengths: Integers, mut texts: Stream) -> Result<()> {
        let too_large = || {
            malformed(format!(
                "a dictionary of more than {LARGEST_DICTIONARY} bytes"
            ))
        };
        if self.entries > LARGEST_DICTIONARY / size_of::<u32>() {
            return Err(too_large());
        }
        let mut total = 0usize;
        for _ in 0..self.entries {
            total = total.saturating_add(lengths.length()?);
            if total > LARGEST_DICTIONARY {
                return Err(too_large());
            }
            self.ends.push(total as u32);
        }
        let mut bytes = Vec::new();
        texts.append_to(&mut bytes, total)?;
        self.texts = String::from_utf8(bytes).map_err(|_| not_utf8())?;
        Ok(())
    }
}
