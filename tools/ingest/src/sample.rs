//! The schema of inputs for which nobody wrote one: the first records are looked at,
//! and go through the decoder afterwards like all others.

use crate::feed::{Feed, Trouble};
use crate::parcel::{Layout, Parcel};
use crate::plan::{Plan, check_names};
use millrace_fault::Failure;
use millrace_schema::TableSchema;
use millrace_schema::infer::JsonInference;

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
        Some(sampler) => sampler.schema()?,
        None => return Err(nothing().into()),
    };
    plan.select.as_deref().map_or(Ok(()), |names| check_names(names, &schema))?;
    Ok(Sample { schema, records: records as u64 })
}

pub(crate) fn nothing() -> Failure {
    Failure::data("cannot infer a schema: there are no records").hint("--schema FILE says what the rows would look like")
}

enum Sampler {
    Json(JsonInference),
}

impl Sampler {
    fn new(_layout: &Layout, _plan: &Plan) -> Self {
        Sampler::Json(JsonInference::new())
    }

    /// Looks at up to `most` records; how many it were.
    fn look_at(&mut self, parcel: &Parcel, most: usize) -> usize {
        let bytes = parcel.chunk.bytes();
        let Sampler::Json(inference) = self;
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        lines.take(most).map(|line| inference.record(line)).count()
    }

    fn check_layout(&self, _parcel: &Parcel) -> Result<(), Failure> {
        Ok(())
    }

    fn schema(self) -> Result<TableSchema, Failure> {
        let Sampler::Json(inference) = self;
        inference.schema().map_err(|_| nothing())
    }
}
