//! NDJSON lines of any bytes: no panic, both instruction sets agree, keys in or out of
//! order before them change nothing, a line that serde_json refuses is refused, and no
//! other is refused for its syntax.
#![no_main]

use arrow_array::RecordBatch;
use libfuzzer_sys::fuzz_target;
use millrace_decode::{Chunk, Options, Rejected, Sink, ndjson};
use millrace_schema::TableSchema;
use std::ops::ControlFlow;

const SCHEMA: &str = r#"{"fields":[{"name":"i","type":"integer"},{"name":"n","type":"number"},
    {"name":"d","type":"number","decimal":[10,2]},{"name":"s","type":"string"},{"name":"t","type":"datetime"},
    {"name":"b","type":"boolean"},{"name":"x","type":"any"},
    {"name":"o","type":"object","fields":[{"name":"s","type":"string"},{"name":"l","type":"array","items":{"type":"date"}}]}]}"#;

/// Two records that share no order, so that none is expected of the next.
const DISORDER: &[u8] = br#"{"i":1,"n":1,"d":1,"s":"","t":null,"b":true}
{"b":true,"t":null,"s":"","d":1,"n":1,"i":1}
"#;

#[derive(Default, PartialEq, Debug)]
struct Kept {
    batches: Vec<RecordBatch>,
    refused: Vec<(u64, Vec<u8>, &'static str)>,
}

impl Sink for Kept {
    fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()> {
        self.batches.push(batch);
        ControlFlow::Continue(())
    }

    fn reject(&mut self, rejected: Rejected<'_>) -> ControlFlow<()> {
        self.refused.push((rejected.line_in_chunk, rejected.raw.to_vec(), rejected.reason.constraint));
        ControlFlow::Continue(())
    }
}

fn decode(mut decoder: ndjson::Decoder, bytes: &[u8]) -> Kept {
    let mut kept = Kept::default();
    decoder.decode(&Chunk::from(bytes), &mut kept).expect("nobody says stop");
    decoder.finish(&mut kept).expect("nobody says stop");
    kept
}

fuzz_target!(|bytes: &[u8]| {
    let schema = TableSchema::parse(SCHEMA).expect("a schema");
    let make = || ndjson::Decoder::new(&schema, &Options::default()).expect("a decoder");
    let best = decode(make(), bytes);
    assert_eq!(best, decode(make().portable(), bytes));
    let mut disordered = decode(make(), &[DISORDER, bytes].concat());
    disordered.refused.iter_mut().for_each(|(line, ..)| *line -= 2);
    assert_eq!(disordered.refused, best.refused);
    if let ([after], [alone]) = (&disordered.batches[..], &best.batches[..]) {
        assert_eq!(&after.slice(2, after.num_rows() - 2), alone);
    }
    for (line, raw) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let blank = raw.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
        let refused = best.refused.iter().find(|(at, ..)| *at == line as u64);
        // A raw value may hold half a surrogate pair, a value no number beyond doubles.
        let loose = serde_json::from_slice::<Box<serde_json::value::RawValue>>(raw).is_ok();
        let strict = serde_json::from_slice::<serde_json::Value>(raw).is_ok_and(|value| value.is_object());
        assert!(blank || loose || refused.is_some(), "line {line} is no JSON and passed");
        if let (true, Some((_, _, constraint))) = (strict, refused) {
            assert_ne!(*constraint, "syntax", "line {line} is JSON");
        }
    }
});
