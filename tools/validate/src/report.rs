//! `--report`: what was found, as one JSON object.

use crate::check::{Description, Finding};
use millrace_cli::Job;
use millrace_fault::Failure;
use millrace_rejects::Source;
use millrace_storage::AtomicFile;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::path::Path;

/// Examples kept of each constraint.
const EXAMPLES: usize = 3;

/// What a run found, constraint by constraint.
pub(crate) struct Tally {
    constraints: Vec<Constraint>,
}

#[derive(Serialize)]
struct Constraint {
    field: String,
    constraint: String,
    expected: String,
    /// Values that broke it; a list may hold several in a row.
    count: u64,
    examples: Vec<Example>,
}

#[derive(Serialize)]
struct Example {
    row: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    field: String,
    #[serde(serialize_with = "verbatim")]
    value: String,
}

fn verbatim<S: Serializer>(json: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match serde_json::from_str::<&RawValue>(json) {
        Ok(value) => value.serialize(serializer),
        Err(_) => json.serialize(serializer),
    }
}

impl Tally {
    pub(crate) fn new(descriptions: &[Description]) -> Tally {
        let constraint = |description: &Description| Constraint {
            field: description.field.clone(),
            constraint: description.constraint.clone(),
            expected: description.expected.clone(),
            count: 0,
            examples: Vec::new(),
        };
        Tally {
            constraints: descriptions.iter().map(constraint).collect(),
        }
    }

    pub(crate) fn add(&mut self, finding: &Finding, source: &Source<'_>) {
        let constraint = &mut self.constraints[finding.check];
        constraint.count += 1;
        if constraint.examples.len() < EXAMPLES {
            constraint.examples.push(Example {
                row: source.row.unwrap_or(0),
                file: source.file.map(str::to_owned),
                line: source.line,
                field: finding.field.clone(),
                value: finding.value.clone(),
            });
        }
    }
}

/// The whole report.
#[derive(Serialize)]
pub(crate) struct Summary<'a> {
    tool: &'static str,
    pipeline: Option<&'a str>,
    run_id: Option<&'a str>,
    unit: Option<&'a str>,
    step: Option<&'a str>,
    /// Rows judged.
    rows: u64,
    passed: u64,
    rejected: u64,
    reject_rate: f64,
    max_rejects: Option<String>,
    /// Whether the gate let the rows pass.
    accepted: bool,
    /// Whether all rows of the stream were judged.
    complete: bool,
    constraints: &'a [Constraint],
}

/// How a run ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) rows: u64,
    pub(crate) rejected: u64,
    pub(crate) accepted: bool,
    pub(crate) complete: bool,
}

impl<'a> Summary<'a> {
    pub(crate) fn new(
        job: &'a Job,
        max_rejects: Option<String>,
        tally: &'a Tally,
        outcome: Outcome,
    ) -> Summary<'a> {
        let Outcome {
            rows,
            rejected,
            accepted,
            complete,
        } = outcome;
        let identity = &job.identity;
        Summary {
            tool: job.tool,
            pipeline: identity.pipeline.as_deref(),
            run_id: identity.run_id.as_deref(),
            unit: identity.unit.as_deref(),
            step: identity.step.as_deref(),
            rows,
            // A failure may come in the middle of a batch.
            passed: rows.saturating_sub(rejected),
            rejected,
            reject_rate: if rows == 0 {
                0.0
            } else {
                rejected as f64 / rows as f64
            },
            max_rejects,
            accepted,
            complete,
            constraints: &tally.constraints,
        }
    }

    /// Puts the report under its name, whole and durable; or, of a run that failed, beside
    /// it, so that an incomplete one is never taken for the report.
    pub(crate) fn write(&self, path: &Path, failed: bool) -> Result<(), Failure> {
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|error| Failure::data("cannot write the report").because(error))?;
        text.push(b'\n');
        let mut file = AtomicFile::create(path)?;
        file.put(&text)?;
        match failed {
            true => Ok(file.fail(".failed")?),
            false => Ok(file.commit()?),
        }
    }
}
