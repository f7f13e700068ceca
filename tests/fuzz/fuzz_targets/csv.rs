//! CSV of any bytes and dialect: no panic, both instruction sets agree, and cuts at the
//! ends that the cutter finds change nothing.
#![no_main]

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
});
