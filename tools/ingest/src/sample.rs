//! The schema of inputs for which nobody wrote one: the first records are looked at,
//! and go through the decoder afterwards like all others.

use crate::feed::{Feed, Trouble};
use crate::header::dialect;
use crate::parcel::{Cells, Layout, Parcel};
use crate::plan::{Plan, check_names};
use millrace_decode::{csv, json};
use millrace_fault::Failure;
use millrace_schema::TableSchema;
use millrace_schema::infer::{CellInference, JsonInference};
use std::borrow::Cow;

/// No more of the input than this is buffered.
const LARGEST: usize = 32 << 20;

/// An inferred schema.
pub(crate) struct Sample {
    pub(crate) schema: TableSchema,
    /// How many records it was inferred from.
    pub(crate) records: u64,
}

/// Infers the schema from the first records of `feed`, which then starts anew.
pub(crate) fn infer(feed: &mut Feed<'_>, plan: &Plan) -> Result<Sample, Trouble> {
    let mut parcels: Vec<Parcel> = Vec::new();
    let mut sampler: Option<Sampler> = None;
    let (mut records, mut bytes) = (0, 0);
    while records < plan.infer_rows && bytes < LARGEST {
        let Some(parcel) = feed.next()? else { break };
        let sampler = sampler.get_or_insert_with(|| Sampler::new(&parcel.layout, plan));
        sampler.check_layout(&parcel)?;
        records += sampler.look_at(&parcel, plan.infer_rows - records);
        bytes += parcel.chunk.len();
        parcels.push(parcel);
    }
    feed.replay(parcels);
    let schema = match sampler {
        Some(sampler) => sampler.schema(records)?,
        None => return Err(nothing(0).into()),
    };
    plan.select
        .as_deref()
        .map_or(Ok(()), |names| check_names(names, &schema))?;
    Ok(Sample {
        schema,
        records: records as u64,
    })
}

/// There is nothing to infer a schema from in `records` records.
pub(crate) fn nothing(records: usize) -> Failure {
    let reason = match records {
        0 => "there are no records".to_owned(),
        1 => "the only record is not a JSON object with fields".to_owned(),
        _ => format!("none of the first {records} records is a JSON object with fields"),
    };
    no_schema(&reason)
}

fn no_schema(reason: &str) -> Failure {
    Failure::data(format!("cannot infer a schema: {reason}"))
        .hint("--schema FILE says what the rows look like")
}

enum Sampler {
    /// The inference, and whether the document being read is an array.
    Json(JsonInference, bool),
    Cells {
        layout: Cells,
        dialect: csv::Dialect,
        inference: CellInference,
    },
}

impl Sampler {
    fn new(layout: &Layout, plan: &Plan) -> Self {
        match layout {
            Layout::Lines | Layout::Elements => Sampler::Json(JsonInference::new(), false),
            Layout::Cells(cells) => {
                let missing = match plan.csv.null_values.is_empty() {
                    true => vec![String::new()],
                    false => plan.csv.null_values.clone(),
                };
                Sampler::Cells {
                    layout: Cells::clone(cells),
                    dialect: dialect(plan, cells.tabs),
                    inference: CellInference::new(&cells.columns, &missing),
                }
            }
        }
    }

    /// Looks at up to `most` records; how many it were.
    fn look_at(&mut self, parcel: &Parcel, most: usize) -> usize {
        match self {
            Sampler::Json(inference, array) if parcel.layout == Layout::Elements => {
                let text = as_document(parcel, array);
                json::elements(&text)
                    .take(most)
                    .map(|element| inference.record(element))
                    .count()
            }
            Sampler::Json(inference, _) => {
                let lines = parcel.chunk.bytes().split(|byte| *byte == b'\n');
                let records = lines.filter(|line| !line.trim_ascii().is_empty());
                records
                    .take(most)
                    .map(|record| inference.record(record))
                    .count()
            }
            Sampler::Cells {
                dialect, inference, ..
            } => {
                let records = csv::Records::new(&parcel.chunk, dialect).take(most);
                records
                    .map(|cells| {
                        cells
                            .iter()
                            .enumerate()
                            .for_each(|(column, cell)| inference.cell(column, cell))
                    })
                    .count()
            }
        }
    }

    /// One schema can be inferred only for inputs that look alike.
    fn check_layout(&self, parcel: &Parcel) -> Result<(), Failure> {
        let alike = match (self, &parcel.layout) {
            (Sampler::Json(..), Layout::Lines | Layout::Elements) => true,
            (Sampler::Cells { layout, .. }, Layout::Cells(cells)) => *layout == **cells,
            _ => false,
        };
        match alike {
            true => Ok(()),
            false => Err(Failure::usage(
                "cannot infer one schema for inputs of several formats or with several headers",
            )
            .hint("--schema FILE says it; --print-schema of one of them is a start")),
        }
    }

    fn schema(self, records: usize) -> Result<TableSchema, Failure> {
        match self {
            Sampler::Json(inference, _) if inference.has_too_many_fields() => {
                Err(no_schema(&format!(
                    "the records have more than {} different fields",
                    JsonInference::MOST_FIELDS
                )))
            }
            Sampler::Json(inference, _) => inference.schema().map_err(|_| nothing(records)),
            Sampler::Cells { inference, .. } => Ok(inference.schema()),
        }
    }
}

/// The text of a chunk as if the document began there: an array goes on with the comma
/// behind its last element.
fn as_document<'a>(parcel: &'a Parcel, array: &mut bool) -> Cow<'a, [u8]> {
    let text = parcel.chunk.bytes().trim_ascii_start();
    if parcel.parts[0].lines_before.is_some() {
        *array = text.first() == Some(&b'[');
        return Cow::Borrowed(text);
    }
    match *array {
        true => Cow::Owned([b"[", text.strip_prefix(b",").unwrap_or(text)].concat()),
        false => Cow::Borrowed(text),
    }
}
