//! How fast one thread decodes: `decode_rate [--portable] [--arrow-json] [--chunk BYTES]
//! SCHEMA FILE`; a FILE that ends in `.csv` has a header. With `--arrow-json` each round is
//! followed by one of that library, on the same bytes.
//! The file is read once; then each of five rounds decodes all of it, chunk by chunk.
//! The rate is per second of CPU time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use arrow_array::RecordBatch;
use arrow_schema::{DataType, FieldRef, Schema, SchemaRef};
use millrace_decode::{Chunk, Options, Rejected, Sink, csv, ndjson};
use millrace_schema::TableSchema;
use std::ops::ControlFlow;
use std::sync::Arc;

#[derive(Default)]
struct Count {
    rows: usize,
    rejected: usize,
    batches: usize,
}

impl Sink for Count {
    fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()> {
        self.rows += batch.num_rows();
        self.batches += 1;
        ControlFlow::Continue(())
    }

    fn reject(&mut self, rejected: Rejected<'_>) -> ControlFlow<()> {
        if self.rejected == 0 {
            println!(
                "first reject: line {} {:?}",
                rejected.line_in_chunk, rejected.reason
            );
        }
        self.rejected += 1;
        ControlFlow::Continue(())
    }
}

/// Seconds that this thread has run: other work on the machine does not count.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let portable = args.first().is_some_and(|arg| arg == "--portable");
    args.drain(..usize::from(portable));
    let peer = args.first().is_some_and(|arg| arg == "--arrow-json");
    args.drain(..usize::from(peer));
    let mut size = 2 << 20;
    if args[0] == "--chunk" {
        size = args[1].parse().unwrap();
        args.drain(..2);
    }
    let schema = TableSchema::parse(&std::fs::read_to_string(&args[0]).unwrap()).unwrap();
    let bytes = std::fs::read(&args[1]).unwrap();
    for _ in 0..5 {
        timed("millrace", &bytes, || match args[1].ends_with(".csv") {
            true => decode_csv(&schema, &bytes, size, portable),
            false => decode_ndjson(&schema, &bytes, size, portable),
        });
        if peer {
            timed("arrow-json", &bytes, || decode_arrow_json(&schema, &bytes));
        }
    }
}

fn timed(who: &str, bytes: &[u8], decode: impl Fn() -> Count) {
    let begin = cpu_seconds();
    let count = decode();
    let rate = bytes.len() as f64 / (cpu_seconds() - begin) / 1e9;
    println!(
        "{who}: {} rows, {} rejected, {} batches, {rate:.2} GB/s",
        count.rows, count.rejected, count.batches
    );
}

fn decode_arrow_json(schema: &TableSchema, bytes: &[u8]) -> Count {
    let mut count = Count::default();
    let rows = arrow_json::ReaderBuilder::new(with_offsets(&schema.to_arrow()))
        .with_batch_size(8192)
        .build(bytes)
        .unwrap();
    for batch in rows {
        count.rows += batch.unwrap().num_rows();
        count.batches += 1;
    }
    count
}

/// That library knows offsets alone, built as it is here.
fn with_offsets(schema: &Schema) -> SchemaRef {
    let field = |field: &FieldRef| match field.data_type() {
        DataType::Timestamp(unit, Some(_)) => {
            let at_zero = DataType::Timestamp(*unit, Some("+00:00".into()));
            Arc::new(field.as_ref().clone().with_data_type(at_zero))
        }
        _ => field.clone(),
    };
    Arc::new(Schema::new(
        schema.fields().iter().map(field).collect::<Vec<_>>(),
    ))
}

fn decode_ndjson(schema: &TableSchema, bytes: &[u8], size: usize, portable: bool) -> Count {
    let mut decoder = ndjson::Decoder::new(schema, &Options::default()).unwrap();
    if portable {
        decoder = decoder.portable();
    }
    let (mut count, mut chunk, mut at) = (Count::default(), Chunk::with_capacity(size), 0);
    while at < bytes.len() {
        let window = &bytes[at..bytes.len().min(at + size)];
        let end = ndjson::cut(window).unwrap_or(window.len());
        chunk.clear();
        chunk.extend_from_slice(&window[..end]);
        decoder.decode(&chunk, &mut count).unwrap();
        at += end;
    }
    decoder.finish(&mut count).unwrap();
    count
}

fn decode_csv(schema: &TableSchema, bytes: &[u8], size: usize, portable: bool) -> Count {
    let dialect = csv::Dialect::default();
    let mut decoder = csv::Decoder::new(schema, &dialect, &Options::default()).unwrap();
    if portable {
        decoder = decoder.portable();
    }
    let mut at = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let header = String::from_utf8(bytes[..at].to_vec()).unwrap();
    decoder
        .set_columns(&header.trim_end().split(',').collect::<Vec<_>>())
        .unwrap();
    let (mut count, mut chunk) = (Count::default(), Chunk::with_capacity(size));
    while at < bytes.len() {
        let window = &bytes[at..bytes.len().min(at + size)];
        let end = csv::Cutter::new(&dialect)
            .cut(window)
            .unwrap_or(window.len());
        chunk.clear();
        chunk.extend_from_slice(&window[..end]);
        decoder.decode(&chunk, &mut count).unwrap();
        at += end;
    }
    decoder.finish(&mut count).unwrap();
    count
}
