//! ORC files: three that pyarrow wrote (`orc/write.py`), and others written by hand, of one
//! stripe and without compression.

use crate::varint::varint;

/// 12 rows of seven types with nulls, zstd.
pub const FLAT: &[u8] = include_bytes!("../orc/flat.orc");
/// Four rows with a list, a struct and a map, uncompressed.
pub const NESTED: &[u8] = include_bytes!("../orc/nested.orc");
/// 40 rows, texts in a dictionary, zlib.
pub const WORDS: &[u8] = include_bytes!("../orc/words.orc");

/// A field of a message that is a number.
pub fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

/// A field of a message that is a text, or a message.
pub fn bytes(field: u64, value: impl AsRef<[u8]>) -> Vec<u8> {
    let value = value.as_ref();
    [
        &varint(field << 3 | 2)[..],
        &varint(value.len() as u64),
        value,
    ]
    .concat()
}

/// A type of this kind, with others in it and maybe their names.
pub fn kind(kind: u64, inner: &[u64], names: &[&str]) -> Vec<u8> {
    let inner = inner.iter().map(|inner| number(2, *inner));
    let names = names.iter().map(|name| bytes(3, name));
    [number(1, kind)]
        .into_iter()
        .chain(inner)
        .chain(names)
        .collect::<Vec<_>>()
        .concat()
}

/// A file to be written.
#[derive(Default)]
pub struct File {
    /// The types, the root first.
    pub types: Vec<Vec<u8>>,
    /// Streams: kind, column and content.
    pub streams: Vec<(u64, u64, Vec<u8>)>,
    /// For each column its encoding.
    pub encodings: Vec<u64>,
    /// Further fields of the stripe's footer.
    pub stripe: Vec<u8>,
    /// Further fields of the footer.
    pub footer: Vec<u8>,
    /// Further fields of the postscript.
    pub postscript: Vec<u8>,
    /// Rows that the stripe says it has.
    pub rows: u64,
}

impl File {
    /// A file with the column `f`, of a type whose kind has no further types in it.
    pub fn of(kind: u64, encoding: u64, rows: u64, streams: &[(u64, &[u8])]) -> File {
        let streams = streams.iter();
        File {
            types: vec![self::kind(12, &[1], &["f"]), self::kind(kind, &[], &[])],
            streams: streams
                .map(|(kind, bytes)| (*kind, 1, bytes.to_vec()))
                .collect(),
            encodings: vec![0, encoding],
            rows,
            ..File::default()
        }
    }

    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        let data: Vec<u8> = self
            .streams
            .iter()
            .flat_map(|(_, _, bytes)| bytes.clone())
            .collect();
        let mut stripe = Vec::new();
        for (kind, column, content) in &self.streams {
            let length = number(3, content.len() as u64);
            stripe.extend(bytes(
                1,
                [number(1, *kind), number(2, *column), length].concat(),
            ));
        }
        for encoding in &self.encodings {
            stripe.extend(bytes(2, number(1, *encoding)));
        }
        stripe.extend(&self.stripe);
        let place = [
            number(1, 3),
            number(3, data.len() as u64),
            number(4, stripe.len() as u64),
            number(5, self.rows),
        ];
        let mut footer = bytes(3, place.concat());
        footer.extend(self.types.iter().flat_map(|kind| bytes(4, kind)));
        footer.extend(number(6, self.rows));
        footer.extend(&self.footer);
        let mut postscript = number(1, footer.len() as u64);
        postscript.extend(&self.postscript);
        postscript.extend(bytes(8000, "ORC"));
        let size = [postscript.len() as u8];
        [b"ORC", &data[..], &stripe, &footer, &postscript, &size].concat()
    }
}
