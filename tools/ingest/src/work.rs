//! A worker: turns parcels into batches and refused records, with decoders of its own
//! that live as long as it does. What grows far beyond its input (rows of nulls from
//! `{}`, a reason for each of a million bad lines) leaves in parts.

use crate::args::ExtraOption;
use crate::header::dialect;
use crate::parcel::{Cells, Layout, Parcel};
use crate::plan::Plan;
use arrow_array::RecordBatch;
use millrace_decode::{ExtraFields, Options, Reason, Rejected, Sink, Stop, csv, json, ndjson};
use millrace_fault::{Failure, guarded, quoted};
use millrace_schema::TableSchema;
use std::ops::ControlFlow;
use std::sync::Arc;

/// More than this, as a multiple of the chunk's size, is not kept until the whole parcel
/// is decoded.
const MOST_KEPT: usize = 3;
/// About what a refused record takes besides its texts.
const REFUSED: usize = 256;

/// Takes what became of the first part of a parcel; break: nothing more is wanted.
pub(crate) type HandOver<'h> = &'h mut dyn FnMut(Decoded) -> ControlFlow<()>;

/// What became of a parcel, or of a part of it.
#[derive(Default)]
pub(crate) struct Decoded {
    pub(crate) batches: Vec<Rows>,
    pub(crate) refused: Vec<Refused>,
    /// Fields that the schema does not have.
    pub(crate) extra: Vec<String>,
    /// Line ends in the whole chunk; known with the last part.
    pub(crate) lines: Option<u64>,
    /// Nothing behind this was decoded.
    pub(crate) failure: Option<Failure>,
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
    elements: Option<json::Decoder>,
    cells: Option<(Arc<Cells>, csv::Decoder)>,
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
            lines: plan.source_columns,
            ..Options::default()
        };
        Worker {
            plan,
            schema,
            options,
            lines: None,
            elements: None,
            cells: None,
        }
    }

    /// Decodes a parcel and returns the last part of what became of it. Without a place
    /// for refused records, nothing behind the first of them is decoded.
    pub(crate) fn decode(&mut self, parcel: &Parcel, hand_over: HandOver<'_>) -> Decoded {
        let mut collector = Collector {
            decoded: Decoded::default(),
            kept: 0,
            most_kept: MOST_KEPT * self.plan.sizes.chunk,
            hand_over,
            stop_at_first: self.plan.rejects.is_none(),
        };
        let what = quoted(&parcel.parts[0].file);
        let outcome = guarded(&what, || self.run(parcel, &mut collector));
        let mut decoded = collector.decoded;
        match outcome {
            Ok(lines) => decoded.lines = lines,
            Err(failure) => decoded.failure = Some(failure),
        }
        decoded
    }

    /// The decoder for rows of these columns.
    fn cells(&mut self, cells: &Arc<Cells>) -> Result<&mut csv::Decoder, Failure> {
        let decoder = match self.cells.take() {
            Some((known, decoder)) if Arc::ptr_eq(&known, cells) || known == *cells => decoder,
            known => {
                let mut decoder = match known {
                    Some((known, decoder)) if known.tabs == cells.tabs => decoder,
                    _ => {
                        let schema = with_null_values(self.schema, self.plan);
                        csv::Decoder::new(&schema, &dialect(self.plan, cells.tabs), &self.options)?
                    }
                };
                decoder.set_columns(&cells.columns)?;
                decoder
            }
        };
        let (_, decoder) = self.cells.insert((Arc::clone(cells), decoder));
        Ok(decoder)
    }

    /// How many lines end in the parcel; None if the sink had enough before its end.
    fn run(&mut self, parcel: &Parcel, sink: &mut Collector<'_>) -> Result<Option<u64>, Failure> {
        let (schema, options) = (self.schema, &self.options);
        let decoded = match &parcel.layout {
            Layout::Lines => {
                let decoder = kept(&mut self.lines, || ndjson::Decoder::new(schema, options))?;
                decoder
                    .decode(&parcel.chunk, sink)
                    .and_then(|counts| decoder.finish(sink).map(|()| counts.lines))
            }
            Layout::Elements => {
                let decoder = kept(&mut self.elements, || json::Decoder::new(schema, options))?;
                decoder
                    .decode(&parcel.chunk, sink)
                    .and_then(|counts| decoder.finish(sink).map(|()| counts.lines))
            }
            Layout::Cells(cells) => {
                let decoder = self.cells(cells)?;
                decoder
                    .decode(&parcel.chunk, sink)
                    .and_then(|counts| decoder.finish(sink).map(|()| counts.lines))
            }
        };
        match decoded {
            Ok(lines) => Ok(Some(lines)),
            // The collector has what it wants: the run ends here.
            Err(Stop::Sink) => Ok(None),
            Err(stop) => Err(Failure::data(stop.to_string())),
        }
    }
}

/// The decoder made earlier, else one made now.
fn kept<D>(
    decoder: &mut Option<D>,
    make: impl FnOnce() -> Result<D, millrace_decode::Error>,
) -> Result<&mut D, Failure> {
    match decoder {
        Some(decoder) => Ok(decoder),
        none => Ok(none.insert(make()?)),
    }
}

/// The schema as cells have it: `--null-value` adds to what means null.
fn with_null_values(schema: &TableSchema, plan: &Plan) -> TableSchema {
    let mut schema = schema.clone();
    let added = &plan.csv.null_values;
    if !added.is_empty() {
        schema
            .missing_values
            .get_or_insert_default()
            .extend_from_slice(added);
        let own = schema
            .fields
            .iter_mut()
            .filter_map(|field| field.missing_values.as_mut());
        own.for_each(|values| values.extend_from_slice(added));
    }
    schema
}

/// Collects what a decoder produces.
struct Collector<'h> {
    decoded: Decoded,
    /// About the bytes of what was collected.
    kept: usize,
    most_kept: usize,
    hand_over: HandOver<'h>,
    stop_at_first: bool,
}

impl Collector<'_> {
    fn keep(&mut self, bytes: usize) -> ControlFlow<()> {
        self.kept += bytes;
        if self.kept <= self.most_kept {
            return ControlFlow::Continue(());
        }
        self.kept = 0;
        (self.hand_over)(std::mem::take(&mut self.decoded))
    }
}

impl Sink for Collector<'_> {
    fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()> {
        self.batch_with_lines(batch, &[])
    }

    fn batch_with_lines(&mut self, batch: RecordBatch, lines: &[u64]) -> ControlFlow<()> {
        let bytes = batch.get_array_memory_size();
        let lines = lines.to_vec();
        self.decoded.batches.push(Rows { batch, lines });
        self.keep(bytes)
    }

    fn reject(&mut self, rejected: Rejected<'_>) -> ControlFlow<()> {
        let texts = rejected.reason.value.len() + rejected.reason.expected.len();
        self.decoded.refused.push(Refused {
            line: rejected.line_in_chunk,
            offset: rejected.offset_in_chunk,
            length: rejected.raw.len(),
            reason: rejected.reason,
        });
        match self.stop_at_first {
            true => ControlFlow::Break(()),
            false => self.keep(REFUSED + texts),
        }
    }

    fn extra_field(&mut self, pointer: &str) {
        self.decoded.extra.push(pointer.to_owned());
    }
}
