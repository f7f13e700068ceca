//! Texts: one after the other, or numbers of a dictionary's entries.

use super::binary::{Bytes, Pieces};
use super::{Progress, Values};
use crate::orc::integers::Integers;
use crate::orc::stream::Stream;
use crate::orc::stripe::{Encoding, Part, Streams};
use crate::orc::trouble::{Result, Trouble, malformed};
use arrow_array::ArrayRef;
use arrow_schema::ArrowError;
use millrace_text::first_bad;
use std::sync::Arc;

/// Largest dictionary: of its texts, and of their ends.
const LARGEST_DICTIONARY: usize = 256 << 20;

pub(super) struct Text {
    column: u32,
    values: Bytes,
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
            values: Bytes::new(),
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

    fn read(&mut self, count: usize, progress: &mut Progress) -> Result<()> {
        let mut left = count;
        while left > 0 {
            left -= match &mut self.form {
                Form::Direct(pieces) => direct(pieces, left, &mut self.values, progress)?,
                Form::Dictionary(entries) => entries.read(left, &mut self.values, progress)?,
            };
        }
        Ok(())
    }

    fn nulls(&mut self, count: usize) {
        self.values.nulls(count);
    }

    fn finish(&mut self) -> std::result::Result<ArrayRef, ArrowError> {
        let texts = millrace_text::texts(self.values.finish()?);
        let texts = texts.map_err(|bad| ArrowError::InvalidArgumentError(bad.to_string()))?;
        Ok(Arc::new(texts))
    }
}

/// Appends the next texts, at most `most`, and sees that they are UTF-8; how many.
fn direct(
    pieces: &mut Pieces,
    most: usize,
    values: &mut Bytes,
    progress: &mut Progress,
) -> Result<usize> {
    let (first, before) = (values.offsets.len() - 1, *progress);
    let count = pieces.read(most, values, progress)?;
    match first_bad(&values.data, &values.offsets[first..]) {
        None => Ok(count),
        Some(bad) => {
            progress.rows = before.rows + bad;
            Err(not_utf8())
        }
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
    texts: Vec<u8>,
    /// Where each entry ends, behind the beginning of the first.
    ends: Vec<i32>,
}

impl Dictionary {
    fn new(column: u32, streams: &Streams, encoding: Encoding) -> Result<Dictionary> {
        let lengths = streams.integers(column, Part::Length, false)?;
        let texts = streams.stream(column, Part::Dictionary);
        Ok(Dictionary {
            numbers: streams.integers(column, Part::Data, false)?,
            stored: Some((lengths, texts)),
            entries: encoding.entries as usize,
            texts: Vec::new(),
            ends: vec![0],
        })
    }

    /// Appends the next texts, at most `most`; how many.
    fn read(&mut self, most: usize, values: &mut Bytes, progress: &mut Progress) -> Result<usize> {
        if let Some((lengths, texts)) = self.stored.take() {
            self.load(lengths, texts)?;
        }
        let (start, mut count) = (values.data.len(), 0);
        let mut numbers = self.numbers.some(most)?.iter();
        let read = numbers.try_for_each(|number| {
            values.push(entry(&self.texts, &self.ends, *number)?)?;
            count += 1;
            Ok(())
        });
        values.count(count, start, progress);
        read.map(|()| count)
    }

    fn load(&mut self, mut lengths: Integers, mut texts: Stream) -> Result<()> {
        let too_large = || {
            malformed(format!(
                "a dictionary of more than {LARGEST_DICTIONARY} bytes"
            ))
        };
        if self.entries > LARGEST_DICTIONARY / size_of::<i32>() {
            return Err(too_large());
        }
        let mut total = 0usize;
        for _ in 0..self.entries {
            total = total.saturating_add(lengths.length()?);
            if total > LARGEST_DICTIONARY {
                return Err(too_large());
            }
            self.ends.push(total as i32);
        }
        texts.append_to(&mut self.texts, total)?;
        match first_bad(&self.texts, &self.ends) {
            Some(_) => Err(not_utf8()),
            None => Ok(()),
        }
    }
}

/// The text of an entry.
#[inline]
fn entry<'a>(texts: &'a [u8], ends: &[i32], number: i64) -> Result<&'a [u8]> {
    let number = Integers::as_length(number)?;
    match (ends.get(number), ends.get(number.saturating_add(1))) {
        (Some(start), Some(end)) => Ok(&texts[*start as usize..*end as usize]),
        _ => Err(malformed(format!(
            "there is no entry {number} among {}",
            ends.len() - 1
        ))),
    }
}
