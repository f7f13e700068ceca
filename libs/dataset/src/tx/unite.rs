//! Step 3: when a transaction changes what is recorded of the dataset, the files that stay
//! must still be readable together with the new ones.

use super::plan::Planned;
use super::{Change, Error, footer};
use crate::evolution::Evolution;
use crate::listing::{self, Partition};
use crate::root::Root;
use arrow_schema::{Fields, SchemaRef};
use std::collections::{BTreeMap, BTreeSet};

/// How the files of a change look, where that is not what the dataset records.
#[derive(Clone, Debug)]
pub struct Unite {
    /// The new files' schema.
    pub schema: SchemaRef,
    /// The columns of the path.
    pub path: Fields,
}

/// Refuses (3) a change whose files have no schema in common with those that stay. Under
/// the dataset's lock, so that a file that somebody adds meanwhile counts too.
pub(super) fn check(root: &Root, planned: &[Planned], change: &Change) -> Result<(), Error> {
    let Some(unite) = &change.unite else {
        return Ok(());
    };
    let staying = staying(root, planned)?;
    // Values of the path that are not of their column's type any more are an error here.
    listing::values_batch(&staying, &unite.path)?;
    let mut evolution = Evolution::default();
    evolution
        .add("the stream", &unite.schema)
        .map_err(refused)?;
    for file in staying.iter().flat_map(|partition| &partition.files) {
        let schema = footer::schema(&file.path)?;
        evolution
            .add(&file.path.to_string_lossy(), &schema)
            .map_err(refused)?;
    }
    Ok(())
}

fn refused(conflict: crate::evolution::Conflict) -> Error {
    Error::data(conflict.to_string())
        .hint("replace the partitions with such files in the same run, or write another dataset")
}

/// The live files that the change leaves, by partition.
fn staying(root: &Root, planned: &[Planned]) -> Result<Vec<Partition>, Error> {
    if !root.path().is_dir() {
        return Ok(Vec::new());
    }
    let kept: BTreeMap<&str, BTreeSet<&str>> = planned
        .iter()
        .map(|partition| {
            let names = partition.intent.new.iter().map(|file| file.name.as_str());
            (partition.intent.path.as_str(), names.collect())
        })
        .collect();
    let mut all = listing::list(root.path())?;
    for partition in &mut all {
        if let Some(names) = kept.get(partition.path.as_str()) {
            partition
                .files
                .retain(|file| names.contains(file.name.as_str()));
        }
    }
    all.retain(|partition| !partition.files.is_empty());
    Ok(all)
}
