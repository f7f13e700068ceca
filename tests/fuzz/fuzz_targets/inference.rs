//! A schema inferred from lines of any bytes: those that were looked at decode under it,
//! those that were passed over are refused; and the schema can be written and read back.
#![no_main]

use arrow_array::RecordBatch;
use libfuzzer_sys::fuzz_target;
use millrace_decode::{Chunk, Options, Rejected, Sink, ndjson};
use millrace_schema::TableSchema;
use millrace_schema::infer::{CellInference, JsonInference};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

#[derive(Default)]
struct Refused(BTreeMap<u64, String>);

impl Sink for Refused {
    fn batch(&mut self, _: RecordBatch) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn reject(&mut self, rejected: Rejected<'_>) -> ControlFlow<()> {
        self.0.insert(rejected.line_in_chunk, format!("{:?}", rejected.reason));
        ControlFlow::Continue(())
    }
}

fuzz_target!(|bytes: &[u8]| {
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let mut inference = JsonInference::new();
    let good: Vec<bool> = lines.iter().map(|line| inference.record(line)).collect();
    let Ok(schema) = inference.schema() else {
        return;
    };
    assert_eq!(TableSchema::parse(&schema.to_json()).as_ref(), Ok(&schema));
    let mut decoder = ndjson::Decoder::new(&schema, &Options::default()).expect("a decoder");
    let mut refused = Refused::default();
    decoder.decode(&Chunk::from(bytes), &mut refused).expect("nobody says stop");
    for (line, good) in good.into_iter().enumerate() {
        let blank = lines[line].iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
        let why = refused.0.get(&(line as u64));
        assert!(blank || good == why.is_none(), "line {line}: {good} {why:?} under {}", schema.to_json());
    }
    let mut cells = CellInference::new(&["c".to_owned()], &[String::new()]);
    lines.iter().for_each(|line| cells.cell(0, line));
    let cells = cells.schema();
    assert_eq!(TableSchema::parse(&cells.to_json()).as_ref(), Ok(&cells));
});
