//! Before anything is decided: every file of a partition that is looked at can be read.
//! A damaged one is an error also where its size alone gives nothing to do.

use crate::plan::{Bounds, InputFile, PartitionPlan};
use crate::sorted;
use millrace_dataset::listing::{DataFile, Partition};
use millrace_dataset::provenance;
use millrace_dataset::read::Source;
use millrace_dataset::write::SortOrder;
use millrace_fault::{Failure, quoted};
use millrace_parallel::side_by_side;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Footers of so many files stay in memory until these are rewritten; those of more are
/// read again.
const KEPT: usize = 1024;

/// What is asked for, and how much is remembered of what was looked at.
pub(crate) struct Survey<'a> {
    bounds: Bounds,
    order: Option<&'a SortOrder>,
    keep_units: bool,
    /// Files whose footers were kept.
    kept: AtomicUsize,
}

impl<'a> Survey<'a> {
    /// By size alone, or, with an `order`, for files that are not sorted by it; with
    /// `keep_units`, the files of different units apart.
    pub(crate) fn new(bounds: Bounds, order: Option<&'a SortOrder>, keep_units: bool) -> Self {
        Survey {
            bounds,
            order,
            keep_units,
            kept: AtomicUsize::new(0),
        }
    }

    /// What to do in `partition`, if anything; footers are read on `threads` threads.
    pub(crate) fn plan(
        &self,
        partition: &Partition,
        threads: usize,
    ) -> Result<Vec<PartitionPlan>, Failure> {
        let footers = side_by_side(&partition.files, threads, footer)?;
        let mut plans: Vec<PartitionPlan> = match self.order {
            Some(order) => {
                let sorted = sorted::is_sorted(&partition.files, &footers, order);
                let plan = PartitionPlan::sorted(partition, self.bounds, sorted);
                plan.into_iter().collect()
            }
            None => self.by_size(partition, &footers)?,
        };
        for plan in &mut plans {
            if !self.keeps(plan.inputs.len()) {
                continue;
            }
            let mut footers = partition.files.iter().zip(&footers);
            for InputFile { file, footer } in &mut plan.inputs {
                // Both are in the order of the partition's list.
                let found = footers.find(|(other, _)| other.name == file.name);
                *footer = found.and_then(|(_, footer)| footer.clone());
            }
        }
        Ok(plans)
    }

    /// A plan for the files, or for those of the same units, in the order of their names.
    fn by_size(
        &self,
        partition: &Partition,
        footers: &[Option<ArrowReaderMetadata>],
    ) -> Result<Vec<PartitionPlan>, Failure> {
        let mut groups: BTreeMap<Option<Vec<String>>, Vec<&DataFile>> = BTreeMap::new();
        for (file, footer) in partition.files.iter().zip(footers) {
            let units = self.keep_units.then(|| units(file, footer)).transpose()?;
            groups.entry(units).or_default().push(file);
        }
        let plan = |(units, files): (Option<Vec<String>>, Vec<&DataFile>)| {
            PartitionPlan::of(&partition.path, units, &files, self.bounds)
        };
        Ok(groups.into_iter().filter_map(plan).collect())
    }

    fn keeps(&self, files: usize) -> bool {
        self.kept.fetch_add(files, Ordering::Relaxed) + files <= KEPT
    }
}

/// The units whose rows a file holds, sorted; none where nothing is known of them.
fn units(file: &DataFile, footer: &Option<ArrowReaderMetadata>) -> Result<Vec<String>, Failure> {
    let Some(footer) = footer else {
        return Ok(Vec::new());
    };
    let mut units = provenance::units(footer.metadata().file_metadata()).map_err(|error| {
        Failure::data(format!("{}: {error}", quoted(file.path.to_string_lossy())))
    })?;
    units.sort();
    Ok(units)
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
