//! What the tests of this crate share: a sink that keeps everything, and schemas.
#![allow(dead_code, unreachable_pub)]

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::DataType;
use millrace_decode::{Chunk, Counts, Options, Reason, Rejected, Sink, csv, json, ndjson};
use millrace_schema::TableSchema;
use std::ops::ControlFlow;

/// A refused record, owned.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub line: u64,
    pub offset: u64,
    pub raw: Vec<u8>,
    pub reason: Reason,
}

#[derive(Default, Debug)]
pub struct Kept {
    pub batches: Vec<RecordBatch>,
    pub lines: Vec<u64>,
    pub refused: Vec<Refusal>,
    pub extras: Vec<String>,
    pub counts: Counts,
}

impl Sink for Kept {
    fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()> {
        self.batches.push(batch);
        ControlFlow::Continue(())
    }

    fn batch_with_lines(&mut self, batch: RecordBatch, lines: &[u64]) -> ControlFlow<()> {
        self.lines.extend(lines);
        self.batch(batch)
    }

    fn reject(&mut self, rejected: Rejected<'_>) -> ControlFlow<()> {
        self.refused.push(Refusal {
            line: rejected.line_in_chunk,
            offset: rejected.offset_in_chunk,
            raw: rejected.raw.to_vec(),
            reason: rejected.reason,
        });
        ControlFlow::Continue(())
    }

    fn extra_field(&mut self, pointer: &str) {
        self.extras.push(pointer.to_owned());
    }
}

impl Kept {
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The rows as JSON values, nulls written.
    pub fn values(&self) -> Vec<serde_json::Value> {
        let mut out = Vec::new();
        let mut writer = arrow_json::WriterBuilder::new()
            .with_explicit_nulls(true)
            .build::<_, arrow_json::writer::LineDelimited>(&mut out);
        for batch in &self.batches {
            writer.write(&with_offsets(batch)).unwrap();
        }
        writer.finish().unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// One column over all batches.
    pub fn column(&self, index: usize) -> Vec<ArrayRef> {
        self.batches
            .iter()
            .map(|batch| batch.column(index).clone())
            .collect()
    }

    fn count(&mut self, counts: Counts) {
        self.counts.rows += counts.rows;
        self.counts.rejected += counts.rejected;
        self.counts.lines += counts.lines;
    }
}

/// Zones by their offset: the writer of JSON knows no names.
fn with_offsets(batch: &RecordBatch) -> RecordBatch {
    let schema = batch.schema();
    let columns = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, column)| match field.data_type() {
            DataType::Timestamp(unit, Some(_)) => {
                let utc = DataType::Timestamp(*unit, Some("+00:00".into()));
                (
                    field.name().clone(),
                    arrow_cast::cast(column, &utc).unwrap(),
                )
            }
            _ => (field.name().clone(), column.clone()),
        });
    match batch.num_columns() {
        0 => batch.clone(),
        _ => RecordBatch::try_from_iter_with_nullable(
            columns.map(|(name, column)| (name, column, true)),
        )
        .unwrap(),
    }
}

pub fn schema(fields: &str) -> TableSchema {
    TableSchema::parse(&format!(r#"{{"fields":[{fields}]}}"#)).unwrap()
}

/// All of `text` in one chunk, with the best and with the portable instructions, which
/// must agree.
pub fn decode_with(schema: &TableSchema, options: &Options, text: &[u8]) -> Kept {
    let best = run(ndjson::Decoder::new(schema, options).unwrap(), text);
    let portable = run(
        ndjson::Decoder::new(schema, options).unwrap().portable(),
        text,
    );
    assert_eq!(best.batches, portable.batches);
    assert_eq!(best.refused, portable.refused);
    assert_eq!(best.counts, portable.counts);
    assert_eq!(best.counts.rows as usize, best.rows());
    assert_eq!(best.counts.rejected as usize, best.refused.len());
    best
}

fn run(mut decoder: ndjson::Decoder, text: &[u8]) -> Kept {
    let mut kept = Kept::default();
    let counts = decoder.decode(&Chunk::from(text), &mut kept).unwrap();
    kept.count(counts);
    decoder.finish(&mut kept).unwrap();
    kept
}

pub fn decode(schema: &TableSchema, text: impl AsRef<[u8]>) -> Kept {
    decode_with(schema, &Options::default(), text.as_ref())
}

/// `text` read in pieces of `size` bytes, cut at record ends.
pub fn decode_in_pieces(schema: &TableSchema, text: &[u8], size: usize) -> Kept {
    let mut decoder = ndjson::Decoder::new(schema, &Options::default()).unwrap();
    let (mut kept, mut chunk, mut next) = (Kept::default(), Chunk::default(), Chunk::default());
    for piece in text.chunks(size) {
        chunk.extend_from_slice(piece);
        if let Some(cut) = ndjson::cut(chunk.bytes()) {
            chunk.move_tail(cut, &mut next);
            let counts = decoder.decode(&chunk, &mut kept).unwrap();
            kept.count(counts);
            chunk.clear();
            std::mem::swap(&mut chunk, &mut next);
        }
    }
    let counts = decoder.decode(&chunk, &mut kept).unwrap();
    kept.count(counts);
    decoder.finish(&mut kept).unwrap();
    kept
}

pub fn decode_csv(
    schema: &TableSchema,
    dialect: &csv::Dialect,
    columns: Option<&[&str]>,
    text: &[u8],
) -> Kept {
    let mut all = Vec::new();
    for portable in [false, true] {
        let mut decoder = csv::Decoder::new(
            schema,
            dialect,
            &Options {
                lines: true,
                ..Options::default()
            },
        )
        .unwrap();
        if portable {
            decoder = decoder.portable();
        }
        if let Some(columns) = columns {
            decoder.set_columns(columns).unwrap();
        }
        let mut kept = Kept::default();
        let counts = decoder.decode(&Chunk::from(text), &mut kept).unwrap();
        kept.count(counts);
        decoder.finish(&mut kept).unwrap();
        assert_eq!(kept.counts.rows as usize, kept.rows());
        assert_eq!(kept.lines.len(), kept.rows());
        all.push(kept);
    }
    let (portable, best) = (all.pop().unwrap(), all.pop().unwrap());
    assert_eq!(best.batches, portable.batches);
    assert_eq!(best.refused, portable.refused);
    best
}

/// A JSON document, its cutter fed with pieces of `size` bytes.
pub fn decode_document(
    schema: &TableSchema,
    text: &[u8],
    size: usize,
) -> Result<Kept, json::Malformed> {
    let mut decoder = json::Decoder::new(
        schema,
        &Options {
            lines: true,
            ..Options::default()
        },
    )
    .unwrap();
    let (mut kept, mut chunk, mut next) = (Kept::default(), Chunk::default(), Chunk::default());
    let mut cutter = json::Cutter::new();
    for piece in text.chunks(size) {
        let cut = cutter.cut(piece)?.map(|end| chunk.len() + end);
        chunk.extend_from_slice(piece);
        if let Some(cut) = cut {
            chunk.move_tail(cut, &mut next);
            let counts = decoder.decode(&chunk, &mut kept).unwrap();
            kept.count(counts);
            chunk.clear();
            std::mem::swap(&mut chunk, &mut next);
        }
    }
    cutter.finish()?;
    let counts = decoder.decode(&chunk, &mut kept).unwrap();
    kept.count(counts);
    decoder.finish(&mut kept).unwrap();
    Ok(kept)
}
