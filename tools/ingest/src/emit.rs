//! Everything that leaves, in the order of the inputs: batches to the stream, refused
//! records to quarantine, and the counters.

use crate::parcel::Parcel;
use crate::places::{Place, Places};
use crate::plan::Plan;
use crate::source;
use crate::work::{Decoded, Refused};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use millrace_cli::Job;
use millrace_cli::values::Limit;
use millrace_decode::constraint;
use millrace_fault::{Exit, Failure, clip, quoted};
use millrace_rejects::{Content, Quarantine, Reason, Reject, Source};
use millrace_stream::Output;
use std::collections::BTreeSet;

/// The way out.
pub(crate) struct Emitter<'a> {
    job: &'a Job,
    plan: &'a Plan,
    output: &'a mut Output,
    quarantine: Option<Quarantine>,
    /// The schema of the stream, source columns included.
    schema: SchemaRef,
    /// Records that the schema was inferred from, if it was.
    sample: Option<u64>,
    /// Lines of the current file that were emitted.
    lines: u64,
    extra: BTreeSet<String>,
}

impl<'a> Emitter<'a> {
    /// Opens the rejects file and starts the stream. `schema` is that of the batches.
    pub(crate) fn start(
        plan: &'a Plan,
        job: &'a Job,
        output: &'a mut Output,
        schema: &SchemaRef,
        sample: Option<u64>,
    ) -> Result<Self, Failure> {
        let schema = if plan.source_columns {
            source::with_columns(schema)?
        } else {
            SchemaRef::clone(schema)
        };
        let identity = &job.identity;
        let quarantine = plan.rejects.as_deref();
        let quarantine = quarantine
            .map(|name| {
                Quarantine::create(name, identity.run_id.as_deref(), identity.unit.as_deref())
            })
            .transpose()?;
        output.start(&schema)?;
        Ok(Emitter {
            job,
            plan,
            output,
            quarantine,
            schema,
            sample,
            lines: 0,
            extra: BTreeSet::new(),
        })
    }

    /// Emits what became of the next parcel, or of the rest of it.
    pub(crate) fn emit(&mut self, parcel: &Parcel, decoded: Decoded) -> Result<(), Failure> {
        let lines = decoded.lines;
        self.emit_part(parcel, decoded)?;
        self.lines = Places::new(parcel, self.lines).lines_after(lines);
        Ok(())
    }

    /// Emits what became of a part of the next parcel.
    pub(crate) fn emit_part(&mut self, parcel: &Parcel, decoded: Decoded) -> Result<(), Failure> {
        let places = Places::new(parcel, self.lines);
        for rows in decoded.batches {
            match self.plan.source_columns {
                true => {
                    let columns = source::of_lines(&places, &rows.lines);
                    self.write(rows.batch, columns)?;
                }
                false => self.write(rows.batch, Vec::new())?,
            }
        }
        for refused in &decoded.refused {
            self.refuse(parcel, &places, refused)?;
        }
        self.extra.extend(decoded.extra);
        decoded.failure.map_or(Ok(()), Err)
    }

    /// Emits a batch, `source` columns behind its own.
    pub(crate) fn write(
        &mut self,
        batch: RecordBatch,
        source: Vec<arrow_array::ArrayRef>,
    ) -> Result<(), Failure> {
        let rows = batch.num_rows() as u64;
        self.job.metrics.records_in.add(rows);
        let mut columns = batch.columns().to_vec();
        columns.extend(source);
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch =
            RecordBatch::try_new_with_options(SchemaRef::clone(&self.schema), columns, &options)
                .map_err(|error| Failure::data(error.to_string()))?;
        self.output.write(&batch)?;
        self.job.metrics.records_out.add(rows);
        self.job.metrics.bytes_out.set(self.output.bytes_written());
        Ok(())
    }

    fn refuse(
        &mut self,
        parcel: &Parcel,
        places: &Places<'_>,
        refused: &Refused,
    ) -> Result<(), Failure> {
        let metrics = &self.job.metrics;
        metrics.records_in.add(1);
        metrics.rejected.add(1);
        let place = places.place(refused.line, refused.offset);
        let expected = self.expected(&refused.reason);
        let Some(quarantine) = &mut self.quarantine else {
            return Err(located(&place, refused, &expected));
        };
        let start = refused.offset as usize;
        let raw = &parcel.chunk.bytes()[start..start + refused.length];
        let reason = Reason {
            field: refused.reason.field.clone(),
            constraint: refused.reason.constraint.to_owned(),
            value: refused.reason.value.clone(),
            expected,
        };
        let source = Source::file(place.file, place.line, place.offset);
        quarantine.write(&Reject {
            source,
            reasons: &[reason],
            content: Content::Raw(raw),
        })?;
        match self.plan.max_rejects {
            Some(limit @ Limit::Count(most)) if limit.is_exceeded(quarantine.count(), 0) => Err(
                Failure::finding(format!("more than {most} records refused"))
                    .hint(seen_in(quarantine)),
            ),
            _ => Ok(()),
        }
    }

    /// Adds where a type came from that nobody wrote down.
    fn expected(&self, reason: &millrace_decode::Reason) -> String {
        let expected = &reason.expected;
        let guessed = [
            constraint::TYPE,
            constraint::RANGE,
            constraint::DIGITS,
            constraint::EXTRA,
        ];
        match self.sample {
            Some(records) if guessed.contains(&reason.constraint) => {
                format!("{expected} (inferred from the first {records} rows)")
            }
            _ => expected.clone(),
        }
    }

    /// Where the record at `offset` of `file`, which comes next, stands: behind
    /// `lines_before`, where nothing of the file was emitted yet.
    pub(crate) fn too_long(&self, file: &str, offset: u64, lines_before: Option<u64>) -> Failure {
        let line = lines_before.unwrap_or(self.lines) + 1;
        let size = self.plan.sizes.record;
        Failure::data(format!(
            "{}: byte {offset}: the record is longer than {size} bytes",
            at(file, line)
        ))
        .hint("--max-record-size allows longer ones")
    }

    /// Ends the run: judges the limits and completes the rejects, durably. The stream's
    /// own end is the caller's.
    pub(crate) fn finish(self, result: Result<(), Failure>) -> Result<(), Failure> {
        self.tell(result.is_ok());
        let Some(quarantine) = self.quarantine else {
            return result;
        };
        let (part, whole) = (
            self.job.metrics.rejected.value(),
            self.job.metrics.records_in.value(),
        );
        let hint = seen_in(&quarantine);
        let result = result.and_then(|()| match self.plan.max_rejects {
            Some(limit) if limit.is_exceeded(part, whole) => Err(Failure::finding(format!(
                "{part} of {whole} records refused, more than {limit}"
            ))
            .hint(hint)),
            _ => Ok(()),
        });
        match result {
            // The check said no, but it was a whole check.
            Err(failure) if failure.exit() != Exit::FINDING => {
                quarantine.fail();
                Err(failure)
            }
            result => {
                quarantine.finish()?;
                result
            }
        }
    }

    /// Remembers a field that the schema does not have.
    pub(crate) fn extra_field(&mut self, name: &str) {
        self.extra.insert(name.to_owned());
    }

    fn tell(&self, done: bool) {
        let rejected = self.job.metrics.rejected.value();
        if let (true, Some(quarantine), 1..) = (done, &self.quarantine, rejected) {
            let whole = self.job.metrics.records_in.value();
            self.job.say(format!(
                "{rejected} of {whole} records refused: {}",
                seen_in(quarantine)
            ));
        }
        if !self.extra.is_empty() {
            let names: Vec<String> = self.extra.iter().take(10).map(quoted).collect();
            let more = if self.extra.len() > 10 { ", …" } else { "" };
            let what = match self.extra.len() {
                1 => "1 field is not in the schema and was left out".to_owned(),
                count => format!("{count} fields are not in the schema and were left out"),
            };
            self.job.warn(format!("{what}: {}{more}", names.join(", ")));
        }
    }
}

fn seen_in(quarantine: &Quarantine) -> String {
    format!("see {}", quoted(quarantine.path().to_string_lossy()))
}

/// `FILE:LINE`, the file's name as it is unless it could hurt.
fn at(file: &str, line: u64) -> String {
    let name = quoted(file);
    format!("{}:{line}", &name[1..name.len() - 1])
}

fn located(place: &Place<'_>, refused: &Refused, expected: &str) -> Failure {
    let Refused { reason, .. } = refused;
    // In an envelope the record does not stand as it is.
    let offset = place.offset + if place.exact { reason.position } else { 0 };
    let field = if reason.field.is_empty() {
        String::new()
    } else {
        format!("{}: ", reason.field)
    };
    let value = quoted(clip(&reason.value, 80));
    let verdict = match reason.constraint {
        constraint::TYPE => format!("{value} is not"),
        _ if reason.value.is_empty() => "expected".to_owned(),
        _ => format!("{value} found, expected"),
    };
    Failure::data(format!(
        "{}: byte {offset}: {field}{verdict} {expected}",
        at(place.file, place.line)
    ))
    .hint("--rejects FILE keeps refused records and goes on")
}
