//! The end of the file: postscript and footer.

use super::codec::Codec;
use super::proto::{Value, fields};
use super::stream::{Source, Storage, Stream};
use super::trouble::{Result, Trouble, malformed};
use super::types::{Type, Types};

const MAGIC: &[u8] = b"ORC";
/// Largest chunk: its length has 23 bits.
const LARGEST_BLOCK: u64 = 8 << 20;
/// Where the postscript says nothing.
const USUAL_BLOCK: u64 = 256 << 10;
/// The calendar that is Julian before 15 October 1582.
const JULIAN: u64 = 1;
/// Largest footer, decompressed.
pub(super) const LARGEST_SECTION: usize = 64 << 20;

/// What the end of the file tells.
pub(super) struct Tail {
    pub(super) storage: Storage,
    pub(super) stripes: Vec<Stripe>,
    /// The columns of the root.
    pub(super) fields: Vec<(String, Type)>,
    /// How many types there are, the root among them.
    pub(super) types: usize,
    pub(super) rows: u64,
    /// Whether days before 15 October 1582 are of the Julian calendar.
    pub(super) julian: bool,
}

/// Where a stripe is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stripe {
    pub(super) offset: u64,
    pub(super) index: u64,
    pub(super) data: u64,
    pub(super) footer: u64,
    pub(super) rows: u64,
}

#[derive(Default)]
struct Footer {
    stripes: Vec<Stripe>,
    types: Types,
    rows: u64,
    calendar: u64,
}

/// Where the sections of the end are.
struct Ending {
    storage: Storage,
    footer: Stream,
    /// Where stripes end.
    content: u64,
}

struct Postscript {
    footer: u64,
    metadata: u64,
    codec: Option<Codec>,
    block: usize,
}

impl Tail {
    /// Reads the end of a file that begins as ORC does.
    pub(super) fn read(source: &Source) -> Result<Tail> {
        let ending = Ending::read(source)?;
        let content = ending.footer.rest(LARGEST_SECTION)?;
        let inside = |trouble: Trouble| trouble.at("its footer");
        let footer = Footer::parse(&content, source.length()).map_err(inside)?;
        for (index, stripe) in footer.stripes.iter().enumerate() {
            let place = format!("stripe {}", index + 1);
            let checked = stripe.check(ending.content);
            checked.map_err(|trouble| trouble.at(&place))?;
        }
        Ok(Tail {
            storage: ending.storage,
            stripes: footer.stripes,
            types: footer.types.count(),
            fields: footer.types.columns().map_err(inside)?,
            rows: footer.rows,
            julian: footer.calendar == JULIAN,
        })
    }
}

impl Ending {
    fn read(source: &Source) -> Result<Ending> {
        let before = |end: u64, count| end.checked_sub(count).ok_or_else(too_short);
        let last = before(source.length(), 1)?;
        let size = source.read(last, 1)?[0];
        let end = before(last, size.into()).map_err(|_| no_end())?;
        let postscript = Postscript::parse(&source.read(end, size.into())?)?;
        let start = before(end, postscript.footer)?;
        let storage = Storage {
            source: source.clone(),
            codec: postscript.codec,
            block: postscript.block,
        };
        let length = postscript.footer;
        Ok(Ending {
            footer: Stream::new(storage.clone(), "the footer", start, length),
            content: before(start, postscript.metadata)?,
            storage,
        })
    }
}

fn no_end() -> Trouble {
    malformed("it does not end as an ORC file: it is damaged or cut short")
}

fn too_short() -> Trouble {
    malformed("it says that its end is longer than the file")
}

impl Footer {
    /// Reads the footer of a file of `length` bytes.
    fn parse(footer: &[u8], length: u64) -> Result<Footer> {
        let mut found = Footer::default();
        fields(footer, |number, value| found.take(number, value, length))?;
        let mut stripes = found.stripes.iter();
        let sum = stripes.try_fold(0u64, |sum, stripe| sum.checked_add(stripe.rows));
        match sum == Some(found.rows) {
            true => Ok(found),
            false => Err(malformed(format!(
                "it says {} rows, its stripes say another number",
                found.rows
            ))),
        }
    }

    fn take(&mut self, number: u64, value: Value<'_>, length: u64) -> Result<()> {
        match number {
            // A stripe has a footer at least.
            3 if self.stripes.len() as u64 >= length => return Err(malformed("too many stripes")),
            3 => self.stripes.push(Stripe::parse(value.bytes()?)?),
            4 => self.types.push(value.bytes()?)?,
            6 => self.rows = value.number()?,
            10 if !value.bytes()?.is_empty() => {
                return Err(malformed("encrypted columns are not supported"));
            }
            11 => self.calendar = value.number()?,
            _ => {}
        }
        Ok(())
    }
}

impl Postscript {
    fn parse(postscript: &[u8]) -> Result<Postscript> {
        let (mut footer, mut metadata, mut codec, mut block) = (0, 0, 0, USUAL_BLOCK);
        let (mut version, mut magic) = (Vec::new(), false);
        let read = fields(postscript, |number, value| {
            match number {
                1 => footer = value.number()?,
                2 => codec = value.number()?,
                3 => block = value.number()?,
                4 => value.append_to(&mut version, 2)?,
                5 => metadata = value.number()?,
                8000 => magic = value.bytes()? == MAGIC,
                _ => {}
            }
            Ok(())
        });
        // What is cut off takes the postscript with it.
        if read.is_err() || !magic {
            return Err(no_end());
        }
        if !matches!(version[..], [] | [0, 11 | 12]) {
            let version: Vec<String> = version.iter().map(u32::to_string).collect();
            let version = version.join(".");
            return Err(malformed(format!("version {version} is not supported")));
        }
        if block > LARGEST_BLOCK {
            return Err(malformed(format!("chunks of {block} bytes are too large")));
        }
        Ok(Postscript {
            footer,
            metadata,
            codec: Codec::numbered(codec).map_err(malformed)?,
            block: block as usize,
        })
    }
}

impl Stripe {
    fn parse(message: &[u8]) -> Result<Stripe> {
        let mut stripe = Stripe::default();
        fields(message, |number, value| {
            match number {
                1 => stripe.offset = value.number()?,
                2 => stripe.index = value.number()?,
                3 => stripe.data = value.number()?,
                4 => stripe.footer = value.number()?,
                5 => stripe.rows = value.number()?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(stripe)
    }

    /// Whether it ends before the file's own sections begin.
    fn check(&self, end: u64) -> Result<()> {
        let parts = [self.index, self.data, self.footer];
        let mut parts = parts.into_iter();
        let found = parts.try_fold(self.offset, u64::checked_add);
        match found.is_some_and(|found| found <= end) {
            true => Ok(()),
            false => Err(malformed("it goes on beyond the footer")),
        }
    }
}

/// Whether a file that begins with `head` is ORC.
pub(super) fn is_orc(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}
