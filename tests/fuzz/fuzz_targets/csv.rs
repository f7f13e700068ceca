//! CSV of any bytes and dialect: no panic, both instruction sets agree, cuts at the ends
//! that the cutter finds change nothing, and records that pass are those of the csv crate.
#![no_main]

use arrow_array::cast::AsArray;
use arrow_array::RecordBatch;
use libfuzzer_sys::fuzz_target;
use millrace_decode::csv::{Cutter, Decoder, Dialect};
use millrace_decode::{Chunk, Options, Rejected, Sink};
use millrace_schema::TableSchema;
use std::ops::ControlFlow;

const SCHEMA: &str = r#"{"fields":[{"name":"s","type":"string"},{"name":"i","type":"integer"},
    {"name":"t","type":"datetime"},{"name":"l","type":"array","items":{"type":"number"}}]}"#;

#[derive(Default, PartialEq, Debug)]
struct Kept {
    batches: Vec<RecordBatch>,
    refused: Vec<(Vec<u8>, &'static str)>,
}

impl Sink for Kept {
    fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()> {
        self.batches.push(batch);
        ControlFlow::Continue(())
    }

    fn reject(&mut self, rejected: Rejected<'_>) -> ControlFlow<()> {
        self.refused.push((rejected.raw.to_vec(), rejected.reason.constraint));
        ControlFlow::Continue(())
    }
}

fn decode(mut decoder: Decoder, parts: &[&[u8]]) -> Kept {
    let mut kept = Kept::default();
    for part in parts {
        decoder.decode(&Chunk::from(*part), &mut kept).expect("nobody says stop");
    }
    decoder.finish(&mut kept).expect("nobody says stop");
    kept
}

fuzz_target!(|input: (u8, usize, &[u8])| {
    let (kind, at, bytes) = input;
    let dialect = Dialect {
        delimiter: if kind & 1 == 0 { b',' } else { b'\t' },
        quote: (kind & 2 == 0).then_some(b'"'),
        escape: (kind & 4 != 0).then_some(b'\\'),
        comment: (kind & 8 != 0).then_some(b'#'),
    };
    let schema = TableSchema::parse(SCHEMA).expect("a schema");
    let make = || Decoder::new(&schema, &dialect, &Options::default()).expect("a decoder");
    let whole = decode(make(), &[bytes]);
    assert_eq!(whole, decode(make().portable(), &[bytes]));
    let piece = &bytes[..at.min(bytes.len())];
    if let Some(cut) = Cutter::new(&dialect).cut(piece) {
        assert_eq!(whole, decode(make(), &[&bytes[..cut], &bytes[cut..]]));
    }
    compare(&dialect, bytes);
});

/// A text that is well-formed and has the same number of cells in each record reads as
/// the csv crate reads it. (A carriage return outside of quotes is part of a line end to
/// us, and an empty line no record, so texts with them are left out; the crate lets an
/// escape stand anywhere, skips a byte order mark, which is the caller's to skip here, and
/// takes a comment that ends with the text for an empty cell.)
fn compare(dialect: &Dialect, bytes: &[u8]) {
    let odd = bytes.contains(&b'\r') || bytes.contains(&b'\\') || bytes.windows(2).any(|two| two == b"\n\n");
    let last = bytes.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let ends_in_comment = dialect.comment.is_some_and(|comment| last.first() == Some(&comment));
    let starts_oddly = bytes.starts_with(b"\n") || bytes.starts_with(b"\xEF\xBB\xBF");
    if odd || starts_oddly || ends_in_comment || bytes.is_empty() {
        return;
    }
    let records = by_the_crate(dialect, bytes);
    let Some(width @ 2..9) = records.first().map(csv::ByteRecord::len) else {
        return;
    };
    let fields: Vec<String> = (0..width).map(|n| format!(r#"{{"name":"{n}","type":"string"}}"#)).collect();
    let schema = format!(r#"{{"missingValues":[],"fields":[{}]}}"#, fields.join(","));
    let schema = TableSchema::parse(&schema).expect("a schema");
    let kept = decode(Decoder::new(&schema, dialect, &Options::default()).expect("a decoder"), &[bytes]);
    if !kept.refused.is_empty() {
        return;
    }
    let mut theirs = records.iter();
    for batch in &kept.batches {
        for row in 0..batch.num_rows() {
            let record = theirs.next().expect("as many records as the crate reads");
            let cells = batch.columns().iter().map(|column| column.as_string::<i32>().value(row).as_bytes());
            assert!(cells.eq(record.iter()), "row {row}: {record:?}");
        }
    }
    assert!(theirs.next().is_none(), "a record is missing");
}

fn by_the_crate(dialect: &Dialect, bytes: &[u8]) -> Vec<csv::ByteRecord> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .terminator(csv::Terminator::Any(b'\n'))
        .delimiter(dialect.delimiter)
        .quoting(dialect.quote.is_some())
        .comment(dialect.comment)
        .from_reader(bytes)
        .byte_records()
        .map(|record| record.expect("bytes in memory"))
        .collect()
}
