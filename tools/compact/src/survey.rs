//! Before anything is decided: every file of a partition that is looked at can be read.
//! A damaged one is an error also where its size alone gives nothing to do.

use crate::plan::{Bounds, InputFile, PartitionPlan};
use crate::sorted;
use millrace_dataset::listing::{DataFile, Partition};
use millrace_dataset::read::Source;
use millrace_dataset::write::SortOrder;
use millrace_fault::Failure;
use millrace_parallel::side_by_side;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Footers of so many files stay in memory until these are rewritten; those of more are
/// read again.
const KEPT: usize = 1024;

/// What is asked for, and how much is remembered of what was looked at.
pub(crate) struct Survey<'a> {
    bounds: Bounds,
    order: Option<&'a SortOrder>,
    /// Files whose footers were kept.
    kept: AtomicUsize,
}

impl<'a> Survey<'a> {
    /// By size alone, or, with an `order`, for files that are not sorted by it.
    pub(crate) fn new(bounds: Bounds, order: Option<&'a SortOrder>) -> Self {
        Survey {
            bounds,
            order,
            kept: AtomicUsize::new(0),
        }
    }

    /// What to do in `partition`, if anything; footers are read on `threads` threads.
    pub(crate) fn plan(
        &self,
        partition: &Partition,
        threads: usize,
    ) -> Result<Option<PartitionPlan>, Failure> {
        let footers = side_by_side(&partition.files, threads, footer)?;
        let plan = match self.order {
            None => PartitionPlan::of(partition, self.bounds),
            Some(order) => {
                let sorted = sorted::is_sorted(&partition.files, &footers, order);
                PartitionPlan::sorted(partition, self.bounds, sorted)
            }
        };
        let Some(mut plan) = plan else {
            return Ok(None);
        };
        if self.keeps(plan.inputs.len()) {
            let mut footers = partition.files.iter().zip(footers);
            for InputFile { file, footer } in &mut plan.inputs {
                // Both are in the order of the partition's list.
                let found = footers.find(|(other, _)| other.name == file.name);
                *footer = found.and_then(|(_, footer)| footer);
            }
        }
        Ok(Some(plan))
    }

    fn keeps(&self, files: usize) -> bool {
        self.kept.fetch_add(files, Ordering::Relaxed) + files <= KEPT
    }
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
