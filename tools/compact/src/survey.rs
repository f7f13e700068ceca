//! Before anything is decided: every file of a partition that is looked at can be read.
//! A damaged one is an error also where its size alone gives nothing to do.

use crate::plan::{Bounds, PartitionPlan};
use crate::sorted;
use millrace_dataset::listing::{DataFile, Partition};
use millrace_dataset::read::Source;
use millrace_dataset::write::SortOrder;
use millrace_fault::Failure;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;

/// What to do in `partition`, if anything.
pub(crate) fn plan(
    partition: &Partition,
    bounds: Bounds,
    order: Option<&SortOrder>,
) -> Result<Option<PartitionPlan>, Failure> {
    let footers = partition
        .files
        .iter()
        .map(footer)
        .collect::<Result<Vec<_>, Failure>>()?;
    let Some(order) = order else {
        return Ok(PartitionPlan::of(partition.clone(), bounds));
    };
    let sorted = sorted::is_sorted(&partition.files, &footers, order);
    Ok(PartitionPlan::sorted(partition.clone(), bounds, sorted))
}

/// A file's footer. None for a file that somebody replaced meanwhile: if it is needed, that
/// is found out when it is read.
fn footer(file: &DataFile) -> Result<Option<ArrowReaderMetadata>, Failure> {
    match Source::open(&file.path) {
        Err(error) if error.is_not_found() => Ok(None),
        Ok(source) if source.size() != file.size => Ok(None),
        source => source?.metadata(false).map(Some),
    }
}
