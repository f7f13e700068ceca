//! Which files of a partition to rewrite. Pure: sizes in, a decision out.
//!
//! Files between the least size and twice the target are left alone. The others become
//! one sequence that is cut at the target, so that at most one file smaller than the
//! least is left: a lone small file, which the next run leaves alone too.

use millrace_dataset::listing::{DataFile, Partition};
use millrace_dataset::tx::Stage;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use std::path::PathBuf;

/// What a well-sized file is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Bytes of a new file.
    pub(crate) target: u64,
    /// Bytes from which on a file is left alone.
    pub(crate) least: u64,
}

/// A file to rewrite.
#[derive(Clone, Debug)]
pub(crate) struct InputFile {
    pub(crate) file: DataFile,
    /// Its footer, if it was kept.
    pub(crate) footer: Option<ArrowReaderMetadata>,
}

/// Files of one partition to put together, or to split.
#[derive(Clone, Debug)]
pub(crate) struct PartitionPlan {
    /// The partition's path.
    pub(crate) path: String,
    /// The units that all of the files have, where units are kept apart.
    pub(crate) units: Option<Vec<String>>,
    /// The files to rewrite, in order.
    pub(crate) inputs: Vec<InputFile>,
    /// Files that are left alone: of the partition, or of the units.
    pub(crate) kept: usize,
    /// About how many files the inputs become.
    pub(crate) outputs: u64,
    pub(crate) bounds: Bounds,
    /// Whether the rows are sorted, all files together.
    pub(crate) sorts: bool,
}

impl InputFile {
    fn new(file: &DataFile) -> InputFile {
        InputFile {
            file: file.clone(),
            footer: None,
        }
    }
}

impl PartitionPlan {
    /// For `files` of the partition at `path`. None if there is nothing to do.
    pub(crate) fn of(
        path: &str,
        units: Option<Vec<String>>,
        files: &[&DataFile],
        bounds: Bounds,
    ) -> Option<PartitionPlan> {
        let sizes: Vec<u64> = files.iter().map(|file| file.size).collect();
        let chosen = decide(&sizes, bounds)?;
        let inputs = chosen.inputs.iter().map(|&index| files[index]);
        Some(PartitionPlan {
            path: path.to_owned(),
            units,
            inputs: inputs.map(InputFile::new).collect(),
            kept: sizes.len() - chosen.inputs.len(),
            outputs: chosen.outputs,
            bounds,
            sorts: false,
        })
    }

    /// All files of a partition whose rows are to be sorted. None if they are `sorted`
    /// already and would not become fewer or better sized.
    pub(crate) fn sorted(
        partition: &Partition,
        bounds: Bounds,
        sorted: bool,
    ) -> Option<PartitionPlan> {
        let sizes: Vec<u64> = partition.files.iter().map(|file| file.size).collect();
        let outputs = outputs(sizes.iter().sum(), bounds.target);
        let gains = decide(&sizes, bounds).is_some() && outputs != sizes.len() as u64;
        let rewrites = !sizes.is_empty() && (gains || !sorted);
        rewrites.then_some(PartitionPlan {
            path: partition.path.clone(),
            units: None,
            inputs: partition.files.iter().map(InputFile::new).collect(),
            kept: 0,
            outputs,
            bounds,
            sorts: true,
        })
    }

    /// Where its new files are staged.
    pub(crate) fn folder(&self, stage: &Stage) -> PathBuf {
        match self.path.as_str() {
            "" => stage.dir().to_owned(),
            path => stage.dir().join(path),
        }
    }

    /// The plans of each partition; `plans` are in the order of the partitions.
    pub(crate) fn by_partition(plans: &[PartitionPlan]) -> impl Iterator<Item = &[PartitionPlan]> {
        plans.chunk_by(|one, other| one.path == other.path)
    }

    /// Bytes to rewrite.
    pub(crate) fn bytes(&self) -> u64 {
        self.inputs.iter().map(|input| input.file.size).sum()
    }
}

#[derive(Debug, PartialEq)]
struct Decision {
    inputs: Vec<usize>,
    outputs: u64,
}

fn decide(sizes: &[u64], bounds: Bounds) -> Option<Decision> {
    let is_small = |size: u64| size < bounds.least;
    let is_huge = |size: u64| size > 2 * bounds.target;
    let inputs: Vec<usize> = (0..sizes.len())
        .filter(|&index| is_small(sizes[index]) || is_huge(sizes[index]))
        .collect();
    let outputs = outputs(
        inputs.iter().map(|&index| sizes[index]).sum(),
        bounds.target,
    );
    let splits = inputs.iter().any(|&index| is_huge(sizes[index]));
    // Small ones alone must become fewer.
    (splits || outputs < inputs.len() as u64).then_some(Decision { inputs, outputs })
}

/// How many files of the target `bytes` fill; a rest of less than a quarter goes into
/// the last one.
pub(crate) fn outputs(bytes: u64, target: u64) -> u64 {
    let rest = bytes % target;
    (bytes / target + u64::from(rest > target / 4)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        target: 100,
        least: 75,
    };

    #[test]
    fn tables() {
        for (sizes, expected) in [
            (&[][..], None),
            (&[10], None),
            (&[10, 20], Some((&[0, 1][..], 1))),
            (&[80, 100, 200], None),
            (&[10, 100, 200], None),
            (&[10, 100, 20], Some((&[0, 2], 1))),
            (&[0, 0], Some((&[0, 1], 1))),
            (&[74, 74], None),
            (&[60, 60], Some((&[0, 1], 1))),
            (&[70, 70, 70], Some((&[0, 1, 2], 2))),
            (&[201], Some((&[0], 2))),
            (&[500, 80, 5], Some((&[0, 2], 5))),
            (&[1000], Some((&[0], 10))),
        ] {
            let found = decide(sizes, BOUNDS);
            let expected = expected.map(|(inputs, outputs)| Decision {
                inputs: inputs.to_vec(),
                outputs,
            });
            assert_eq!(found, expected, "{sizes:?}");
        }
    }

    /// What a sequence of `bytes` is cut into: targets, and a rest.
    fn cut(bytes: u64) -> Vec<u64> {
        let count = outputs(bytes, BOUNDS.target);
        let mut files = vec![BOUNDS.target; count as usize - 1];
        files.push(bytes - BOUNDS.target * (count - 1));
        files
    }

    #[test]
    fn a_second_run_does_nothing() {
        let mut seed = 1_u64;
        let mut random = |below: u64| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for _ in 0..20_000 {
            let sizes: Vec<u64> = (0..random(12))
                .map(|_| {
                    if random(5) == 0 {
                        random(900)
                    } else {
                        random(210)
                    }
                })
                .collect();
            let Some(decision) = decide(&sizes, BOUNDS) else {
                continue;
            };
            let mut after: Vec<u64> = (0..sizes.len())
                .filter(|index| !decision.inputs.contains(index))
                .map(|index| sizes[index])
                .collect();
            let rewritten: u64 = decision.inputs.iter().map(|&index| sizes[index]).sum();
            after.extend(cut(rewritten));
            assert_eq!(after.iter().sum::<u64>(), sizes.iter().sum::<u64>());
            assert_eq!(decide(&after, BOUNDS), None, "{sizes:?} became {after:?}");
        }
    }
}
