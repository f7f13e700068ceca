//! A worker: turns parcels into batches and refused records, with decoders of its own
//! that live as long as it does.

use crate::args::ExtraOption;
use crate::parcel::{Layout, Parcel};
use crate::plan::Plan;
use arrow_array::RecordBatch;
use millrace_decode::{ExtraFields, Options, Reason, Rejected, Sink, ndjson};
use millrace_fault::{Failure, guarded, quoted};
use millrace_schema::TableSchema;
use std::ops::ControlFlow;

/// What became of a parcel.
#[derive(Default)]
pub(crate) struct Decoded {
    pub(crate) batches: Vec<Rows>,
    pub(crate) refused: Vec<Refused>,
    /// Fields that the schema does not have.
    pub(crate) extra: Vec<String>,
    /// Nothing behind this was decoded.
    pub(crate) failure: Option<Failure>,
}

impl Decoded {
    /// Finds the line of every good record: lines that hold more than white space, and
    /// were not refused.
    fn number_lines(&mut self, parcel: &Parcel) {
        let mut refused = self.refused.iter().map(|refused| refused.line).peekable();
        let lines = parcel.chunk.bytes().split(|byte| *byte == b'\n').zip(0..);
        let mut good = lines.filter(|(line, _)| !line.trim_ascii().is_empty()).map(|(_, number)| number);
        for rows in &mut self.batches {
            let unrefused = good.by_ref().filter(|number| refused.next_if_eq(number).is_none());
            rows.lines = unrefused.take(rows.batch.num_rows()).collect();
        }
    }
}

/// Good records.
pub(crate) struct Rows {
    pub(crate) batch: RecordBatch,
    /// The line of the chunk on which each begins, if that was asked for.
    pub(crate) lines: Vec<u64>,
}

/// A refused record; its text is still in the chunk.
pub(crate) struct Refused {
    pub(crate) line: u64,
    pub(crate) offset: u64,
    pub(crate) length: usize,
    pub(crate) reason: Reason,
}

/// Decodes parcels of any layout.
pub(crate) struct Worker<'a> {
    plan: &'a Plan,
    schema: &'a TableSchema,
    options: Options,
    lines: Option<ndjson::Decoder>,
}

impl<'a> Worker<'a> {
    pub(crate) fn new(plan: &'a Plan, schema: &'a TableSchema) -> Self {
        let options = Options {
            batch_rows: plan.sizes.batch_rows,
            batch_bytes: plan.sizes.batch_bytes,
            extra_fields: match plan.extra_fields {
                ExtraOption::Ignore => ExtraFields::Ignore,
                ExtraOption::Warn => ExtraFields::Warn,
                ExtraOption::Refuse => ExtraFields::Refuse,
            },
            select: plan.select.clone(),
            ..Options::default()
        };
        Worker { plan, schema, options, lines: None }
    }

    /// Decodes a parcel. Without a place for refused records, nothing behind the first
    /// of them is decoded.
    pub(crate) fn decode(&mut self, parcel: &Parcel) -> Decoded {
        let mut collector = Collector { decoded: Decoded::default(), stop_at_first: self.plan.rejects.is_none() };
        let what = quoted(&parcel.parts[0].file);
        let outcome = guarded(&what, || self.run(parcel, &mut collector));
        let mut decoded = collector.decoded;
        if self.plan.source_columns {
            decoded.number_lines(parcel);
        }
        decoded.failure = outcome.err();
        decoded
    }

    fn run(&mut self, parcel: &Parcel, sink: &mut Collector) -> Result<(), Failure> {
        match &parcel.layout {
            Layout::Lines => {
                let decoder = match &mut self.lines {
                    Some(decoder) => decoder,
                    none => none.insert(ndjson::Decoder::new(self.schema, &self.options)?),
                };
                let decoded = decoder.decode(&parcel.chunk, sink).and_then(|_| decoder.finish(sink));
                if decoded.is_err() {
                    self.lines = None;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Collects what a decoder produces.
struct Collector {
    decoded: Decoded,
    stop_at_first: bool,
}

impl Sink for Collector {
    fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()> {
        self.decoded.batches.push(Rows { batch, lines: Vec::new() });
        ControlFlow::Continue(())
    }

    fn reject(&mut self, rejected: Rejected<'_>) -> ControlFlow<()> {
        self.decoded.refused.push(Refused {
            line: rejected.line_in_chunk,
            offset: rejected.offset_in_chunk,
            length: rejected.raw.len(),
            reason: rejected.reason,
        });
        match self.stop_at_first {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn extra_field(&mut self, pointer: &str) {
        self.decoded.extra.push(pointer.to_owned());
    }
}
