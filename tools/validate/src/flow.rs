//! Rows through the checks: good ones on, bad ones aside, and the verdict.

use crate::args::Args;
use crate::check::{Checks, Description, Finding};
use crate::gate::{Gate, share};
use crate::plan;
use crate::report::{Outcome, Summary, Tally};
use crate::source::{Sources, own_columns, place};
use arrow_array::{BooleanArray, RecordBatch};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder};
use arrow_select::filter::filter_record_batch;
use millrace_cli::Job;
use millrace_fault::{Failure, clip, quoted};
use millrace_rejects::{Content, Quarantine, Reason, Reject, RowEncoder, Source};
use millrace_stream::{Output, Reader};

/// Reads standard input to its end marker and writes what passes, without an end.
pub(crate) fn run(args: &Args, job: &Job, output: &mut Output) -> Result<(), Failure> {
    let request = plan::request(args, job)?;
    let mut reader = Reader::stdin()?;
    let schema = reader.schema();
    let checks = request.bind(&schema)?;
    let identity = &job.identity;
    let quarantine = args
        .rejects
        .as_deref()
        .map(|name| Quarantine::create(name, identity.run_id.as_deref(), identity.unit.as_deref()));
    let mut flow = Flow {
        job,
        gate: Gate {
            max: args.max_rejects,
            warn: args.warn_rejects,
        },
        tally: Tally::new(&checks.descriptions),
        own_columns: own_columns(&schema),
        checks,
        quarantine: quarantine.transpose()?,
        rows: 0,
    };
    let passed = output
        .start(&schema)
        .map_err(Failure::from)
        .and_then(|()| flow.pass(&mut reader, output));
    job.metrics.bytes_in.set(reader.bytes_read());
    flow.end(passed, args)
}

struct Flow<'a> {
    job: &'a Job,
    gate: Gate,
    checks: Checks,
    tally: Tally,
    quarantine: Option<Quarantine>,
    /// Columns that go into a record of the quarantine.
    own_columns: Vec<usize>,
    /// Rows judged.
    rows: u64,
}

/// Why rows stop passing.
enum End {
    /// The stream is at its end.
    Complete,
    /// One row too many is bad; judged were the rows up to it.
    Shut,
    /// Bad, and nowhere to put it.
    BadRow(Failure),
}

impl Flow<'_> {
    fn pass(&mut self, reader: &mut Reader, output: &mut Output) -> Result<End, Failure> {
        while let Some(batch) = reader.next()? {
            self.job.metrics.bytes_in.set(reader.bytes_read());
            self.job.metrics.records_in.add(batch.num_rows() as u64);
            let found = self.checks.check(&batch)?;
            if found.is_empty() {
                self.rows += batch.num_rows() as u64;
                self.write(&batch, output)?;
                continue;
            }
            if let Some(end) = self.set_aside(&batch, &found)? {
                return Ok(end);
            }
            self.rows += batch.num_rows() as u64;
            let good = without(&batch, &found)?;
            if good.num_rows() > 0 {
                self.write(&good, output)?;
            }
        }
        Ok(End::Complete)
    }

    fn write(&self, batch: &RecordBatch, output: &mut Output) -> Result<(), Failure> {
        output.write(batch)?;
        self.job.metrics.records_out.add(batch.num_rows() as u64);
        Ok(())
    }

    fn rejected(&self) -> u64 {
        self.job.metrics.rejected.value()
    }

    /// Puts the bad rows of a batch into quarantine, up to the one that shuts the gate.
    fn set_aside(
        &mut self,
        batch: &RecordBatch,
        found: &[Finding],
    ) -> Result<Option<End>, Failure> {
        let sources = Sources::of(batch, self.rows + 1);
        let own = batch
            .project(&self.own_columns)
            .map_err(|error| Failure::data("cannot select columns").because(error))?;
        let mut by_row = found.chunk_by(|a, b| a.row == b.row);
        let rows: Vec<usize> = by_row.clone().map(|of_row| of_row[0].row).collect();
        let mut end = None;
        let records = RowEncoder::of_rows(&own);
        records.each(rows, |row, record| {
            let Some(found) = by_row.next().filter(|_| end.is_none()) else {
                return Ok::<(), Failure>(());
            };
            end = self.reject(found, &sources.of_row(row), record)?;
            if end.is_some() {
                self.rows += row as u64 + 1;
            }
            Ok(())
        })?;
        Ok(end)
    }

    fn reject(
        &mut self,
        found: &[Finding],
        source: &Source<'_>,
        record: &str,
    ) -> Result<Option<End>, Failure> {
        self.job.metrics.rejected.add(1);
        found
            .iter()
            .for_each(|finding| self.tally.add(finding, source));
        let Some(quarantine) = &mut self.quarantine else {
            return Ok(Some(End::BadRow(bad_row(
                found,
                source,
                &self.checks.descriptions,
            ))));
        };
        let reasons: Vec<Reason> = found
            .iter()
            .map(|finding| reason(finding, &self.checks.descriptions))
            .collect();
        quarantine.write(&Reject {
            source: *source,
            reasons: &reasons,
            content: Content::Record(record),
        })?;
        let shut = self.gate.is_shut(self.rejected(), source.row.unwrap_or(0));
        Ok(shut.then_some(End::Shut))
    }

    /// Makes quarantine and report durable, then gives the verdict. When the run failed
    /// for another reason than bad rows, both are left as failed.
    fn end(mut self, passed: Result<End, Failure>, args: &Args) -> Result<(), Failure> {
        self.job
            .metrics
            .detail("checks", self.checks.descriptions.len());
        self.job
            .metrics
            .detail("spilled_bytes", self.checks.spilled_bytes());
        let quarantine = self.quarantine.take();
        let end = match passed {
            Ok(end) => end,
            Err(failure) => {
                quarantine.into_iter().for_each(Quarantine::fail);
                // The first failure counts, whatever becomes of the report.
                let _ = self.write_report(None, args);
                return Err(failure);
            }
        };
        let rejects = quarantine
            .as_ref()
            .map(|quarantine| quarantine.path().to_owned());
        quarantine.map_or(Ok(()), Quarantine::finish)?;
        self.write_report(Some(&end), args)?;
        if let End::BadRow(failure) = end {
            return Err(failure);
        }
        let rejected = self.rejected();
        if let Some(warning) = self.gate.warning(rejected, self.rows) {
            self.job.warn(warning);
        }
        let rejects = rejects.map_or_else(String::new, |path| quoted(path.to_string_lossy()));
        self.gate
            .judge(rejected, self.rows)
            .map_err(|failure| failure.hint(format!("they are in {rejects}")))?;
        if rejected > 0 {
            self.job
                .say(format!("{}, see {rejects}", share(rejected, self.rows)));
        }
        Ok(())
    }

    /// Without an `end` the run failed.
    fn write_report(&self, end: Option<&End>, args: &Args) -> Result<(), Failure> {
        let Some(path) = &args.report else {
            return Ok(());
        };
        let rejected = self.rejected();
        let accepted = matches!(end, Some(End::Complete | End::Shut))
            && !self.gate.is_exceeded(rejected, self.rows);
        let complete = matches!(end, Some(End::Complete));
        let outcome = Outcome {
            rows: self.rows,
            rejected,
            accepted,
            complete,
        };
        let max = self.gate.max.map(|max| max.to_string());
        Summary::new(self.job, max, &self.tally, outcome).write(path, end.is_none())
    }
}

fn reason(finding: &Finding, descriptions: &[Description]) -> Reason {
    let Description {
        constraint,
        expected,
        ..
    } = &descriptions[finding.check];
    Reason {
        field: finding.field.clone(),
        constraint: constraint.clone(),
        value: finding.value.clone(),
        expected: expected.clone(),
    }
}

/// `row 3: 'amount' is -5, expected at least 0 (minimum)`.
fn bad_row(found: &[Finding], source: &Source<'_>, descriptions: &[Description]) -> Failure {
    let first = &found[0];
    let Description {
        constraint,
        expected,
        ..
    } = &descriptions[first.check];
    let subject = if first.field.is_empty() {
        "the row".to_owned()
    } else {
        quoted(&first.field)
    };
    let more = match found.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let value = clip(&first.value, 80);
    Failure::finding(format!(
        "{}: {subject} is {value}, expected {expected} ({constraint}){more}",
        place(source)
    ))
    .hint("with --rejects FILE bad rows go there and the others pass")
}

/// The rows that nothing was found about.
fn without(batch: &RecordBatch, found: &[Finding]) -> Result<RecordBatch, Failure> {
    let mut good = BooleanBufferBuilder::new(batch.num_rows());
    good.append_n(batch.num_rows(), true);
    found
        .iter()
        .for_each(|finding| good.set_bit(finding.row, false));
    let good: BooleanBuffer = good.finish();
    filter_record_batch(batch, &BooleanArray::new(good, None))
        .map_err(|error| Failure::data("cannot filter a batch").because(error))
}
