//! Row groups: which may hold rows that pass, and of which all rows do.

use super::known::{OfGroup, View};
use crate::bloom;
use crate::dataset::Dataset;
use crate::layout::Layout;
use crate::survey::{File, Survey};
use millrace_expr::Outcome;
use millrace_fault::Failure;
use millrace_parallel::side_by_side;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;

/// A row group to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    /// Index of its file in the survey.
    pub(crate) file: usize,
    /// Its number in the file.
    pub(crate) index: usize,
    pub(crate) rows: u64,
    /// Whether every row is known to pass.
    pub(crate) all_pass: bool,
}

/// What is to be read.
pub(crate) struct Plan {
    pub(crate) groups: Vec<Group>,
    pub(crate) figures: Figures,
}

/// What was looked at, and what of it was skipped.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    /// Files with a row group to read.
    pub(crate) files: u64,
    /// Row groups of the files looked at.
    pub(crate) groups: u64,
    /// Skipped by least and greatest values and null counts.
    pub(crate) by_statistics: u64,
    /// Skipped by bloom filters.
    pub(crate) by_bloom: u64,
    /// Rows of the files looked at.
    pub(crate) rows: u64,
}

/// Judges every row group of the survey's files, several files at once.
pub(crate) fn plan(
    dataset: &Dataset,
    survey: &Survey,
    layout: &Layout,
    threads: usize,
) -> Result<Plan, Failure> {
    let numbered: Vec<(usize, &File)> = survey.files.iter().enumerate().collect();
    let judged = side_by_side(&numbered, threads, |(number, file)| {
        judge(dataset, file, *number, layout)
    })?;
    let mut plan = Plan {
        groups: Vec::new(),
        figures: Figures::default(),
    };
    for (groups, figures) in judged {
        plan.figures.files += u64::from(!groups.is_empty());
        plan.figures.groups += figures.groups;
        plan.figures.by_statistics += figures.by_statistics;
        plan.figures.by_bloom += figures.by_bloom;
        plan.figures.rows += figures.rows;
        plan.groups.extend(groups);
    }
    Ok(plan)
}

fn judge(
    dataset: &Dataset,
    file: &File,
    number: usize,
    layout: &Layout,
) -> Result<(Vec<Group>, Figures), Failure> {
    let root = dataset.root.as_ref();
    let metadata = file.footer(root)?;
    let mut figures = Figures::default();
    let mut groups = Vec::new();
    let mut filters = None;
    for (index, group) in metadata.metadata().row_groups().iter().enumerate() {
        let rows = u64::try_from(group.num_rows()).unwrap_or(0);
        figures.groups += 1;
        figures.rows += rows;
        match outcome(layout, file, &metadata, index) {
            _ if rows == 0 => {}
            Outcome::Never => figures.by_statistics += 1,
            Outcome::Always => groups.push(Group {
                file: number,
                index,
                rows,
                all_pass: true,
            }),
            Outcome::Maybe => {
                let filters = match &mut filters {
                    Some(filters) => filters,
                    none => none.insert(bloom::Filters::of(layout, &metadata, || file.open(root))?),
                };
                match filters.rule_out(index)? {
                    true => figures.by_bloom += 1,
                    false => groups.push(Group {
                        file: number,
                        index,
                        rows,
                        all_pass: false,
                    }),
                }
            }
        }
    }
    Ok((groups, figures))
}

fn outcome(layout: &Layout, file: &File, metadata: &ArrowReaderMetadata, group: usize) -> Outcome {
    match &layout.predicate {
        None => Outcome::Always,
        Some(predicate) => {
            let view = View {
                layout,
                partition: file.partition,
                metadata,
            };
            predicate.outcome(&OfGroup { view, group })
        }
    }
}
