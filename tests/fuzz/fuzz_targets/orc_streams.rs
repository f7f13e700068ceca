//! Any bytes as the streams of an ORC file that is otherwise in order: what is read many
//! rows at a time is what is read row by row, and fails if that does.
#![no_main]

use arrow_array::RecordBatch;
use libfuzzer_sys::fuzz_target;
use millrace_decode::orc::{Reader, Sizes, Source};
use millrace_testkit::orc::{File, kind};

/// Kinds of types with others in them: how many, and under which names.
const NESTED: [(u64, &[u64], &[&str]); 4] = [
    (10, &[2], &[]),
    (11, &[2, 3], &[]),
    (12, &[2, 3], &["a", "b"]),
    (13, &[2, 3], &[]),
];

fuzz_target!(|bytes: &[u8]| {
    let Some(([shape, inner, other, encodings, rows], rest)) = bytes.split_first_chunk() else {
        return;
    };
    let kinds = u64::from(shape % 20);
    let nested = NESTED.into_iter().find(|(code, ..)| *code == kinds);
    let (code, within, names) = nested.unwrap_or((kinds, &[], &[]));
    let mut types = vec![kind(12, &[1], &["f"]), kind(code, within, names)];
    let others = [inner, other].into_iter().take(within.len());
    types.extend(others.map(|code| kind(plain(*code), &[], &[])));
    let encodings = (0..types.len()).map(|column| u64::from(encodings >> (2 * column) & 3));
    let file = File {
        encodings: encodings.collect(),
        streams: streams(rest, types.len()),
        types,
        rows: u64::from(*rows),
        ..File::default()
    };
    let content = file.bytes();
    let (many, each) = (read(&content, 1000), read(&content, 1));
    assert_eq!(many, each);
});

/// A kind without others in it. (Of structs without fields a batch may hold fewer in lists
/// than several batches may: no bytes bound their number.)
fn plain(code: u8) -> u64 {
    match u64::from(code % 20) {
        10..=13 => 3,
        code => code,
    }
}

/// Up to eight streams: which, of which column, how long, and what is in them.
fn streams(mut bytes: &[u8], columns: usize) -> Vec<(u64, u64, Vec<u8>)> {
    let mut streams: Vec<(u64, u64, Vec<u8>)> = Vec::new();
    while streams.len() < 8
        && let Some(([place, length], rest)) = bytes.split_first_chunk()
    {
        let (content, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        let (part, column) = (u64::from(place % 6), u64::from(place / 6) % columns as u64);
        if !streams.iter().any(|(known, of, _)| (*known, *of) == (part, column)) {
            streams.push((part, column, content.to_vec()));
        }
        bytes = rest;
    }
    streams
}

/// All rows, one by one; None if the file is refused.
fn read(content: &[u8], batch_rows: usize) -> Option<Vec<RecordBatch>> {
    let (bytes, length) = (content.to_vec(), content.len() as u64);
    let source = Source::new(length, move |offset, count| {
        Ok(bytes[offset as usize..][..count].to_vec().into())
    });
    let sizes = Sizes { batch_rows, batch_bytes: 1 << 20 };
    let mut reader = Reader::new("fuzz", source, sizes).ok()?;
    let mut rows = Vec::new();
    while let Some(batch) = reader.next().ok()? {
        assert!(batch.num_rows() <= batch_rows);
        rows.extend((0..batch.num_rows()).map(|row| batch.slice(row, 1)));
    }
    Some(rows)
}
