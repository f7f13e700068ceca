//! Before the commit: the new files hold what the old ones held, by their footers' word.

use crate::merge::{Input, Inputs};
use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_ord::sort::{SortOptions, sort_limit};
use arrow_schema::{DataType, Field, FieldRef, Schema};
use arrow_select::concat::concat;
use millrace_dataset::evolution::adapt;
use millrace_dataset::read::Source;
use millrace_dataset::tx::StagedFile;
use millrace_fault::{Failure, quoted};
use millrace_parallel::side_by_side;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::file::metadata::RowGroupMetaData;
use std::path::Path;

/// Compares rows, null counts, least and greatest values of inputs and staged files, the
/// columns side by side: a thousand files have thousands of bounds.
pub(crate) fn check(
    inputs: &Inputs,
    partition: &str,
    folder: &Path,
    staged: &[StagedFile],
    threads: usize,
) -> Result<(), Failure> {
    let old = inputs.files.iter().map(|Input { footer, .. }| footer);
    let new = staged
        .iter()
        .map(|file| Source::open(&folder.join(&file.name))?.metadata(false))
        .collect::<Result<Vec<_>, Failure>>()?;
    let (old, new) = (alike(old), alike(new.iter()));
    compare(partition, "rows", Some(rows(&old)), Some(rows(&new)))?;
    let column = |field: &FieldRef| check_column(partition, field, &old, &new);
    side_by_side(inputs.schema.fields(), threads, column)?;
    Ok(())
}

/// Footers of files with the same columns, one behind the other.
type Alike<'a> = Vec<&'a ArrowReaderMetadata>;

fn alike<'a>(footers: impl Iterator<Item = &'a ArrowReaderMetadata>) -> Vec<Alike<'a>> {
    let footers: Alike = footers.collect();
    let same = |one: &&ArrowReaderMetadata, other: &&ArrowReaderMetadata| {
        one.schema().fields() == other.schema().fields()
            && one.parquet_schema() == other.parquet_schema()
    };
    footers.chunk_by(same).map(<[_]>::to_vec).collect()
}

fn check_column(
    partition: &str,
    field: &Field,
    old: &[Alike],
    new: &[Alike],
) -> Result<(), Failure> {
    let (old, new) = (Known::of(old, field), Known::of(new, field));
    let name = quoted(field.name());
    let nulls = format!("nulls in column {name}");
    compare(partition, &nulls, old.nulls, new.nulls)?;
    for (what, old, new) in [
        ("least value", &old.min, &new.min),
        ("greatest value", &old.max, &new.max),
    ] {
        let differ = old
            .as_ref()
            .zip(new.as_ref())
            .is_some_and(|(old, new)| old.to_data() != new.to_data());
        if differ {
            return Err(wrong(partition, &format!("the {what} of column {name}")));
        }
    }
    Ok(())
}

fn compare(partition: &str, what: &str, old: Option<u64>, new: Option<u64>) -> Result<(), Failure> {
    match (old, new) {
        (Some(old), Some(new)) if old != new => {
            Err(wrong(partition, &format!("{what} ({old}, now {new})")))
        }
        _ => Ok(()),
    }
}

fn wrong(partition: &str, what: &str) -> Failure {
    let partition = quoted(if partition.is_empty() { "." } else { partition });
    Failure::data(format!("the rewritten files of partition {partition} differ from the old ones in {what}: nothing committed"))
        .hint("one of the old files is damaged: its footer and its rows do not agree")
}

fn rows(footers: &[Alike]) -> u64 {
    let footers = footers.iter().flatten();
    footers
        .map(|footer| u64::try_from(footer.metadata().file_metadata().num_rows()).unwrap_or(0))
        .sum()
}

/// What the footers know of a column together; None as soon as one does not.
#[derive(Default)]
struct Known {
    nulls: Option<u64>,
    min: Option<ArrayRef>,
    max: Option<ArrayRef>,
}

impl Known {
    fn of(footers: &[Alike], field: &Field) -> Known {
        let parts: Option<Vec<Part>> = footers
            .iter()
            .map(|footer| Part::of(footer, field))
            .collect();
        let Some(parts) = parts else {
            return Known::default();
        };
        let nulls = parts.iter().map(|part| part.nulls).sum();
        let bound = |pick: fn(&Part) -> &Option<ArrayRef>, descending| {
            let arrays: Option<Vec<&dyn Array>> =
                parts.iter().map(|part| pick(part).as_deref()).collect();
            extreme(&arrays?, descending)
        };
        Known {
            nulls,
            min: bound(|part| &part.min, false),
            max: bound(|part| &part.max, true),
        }
    }
}

fn extreme(arrays: &[&dyn Array], descending: bool) -> Option<ArrayRef> {
    let all = concat(arrays).ok()?;
    let options = SortOptions {
        descending,
        nulls_first: false,
    };
    let first = sort_limit(&all, Some(options), Some(1)).ok()?;
    (first.len() == 1 && first.is_valid(0)).then_some(first)
}

/// The account that files with the same columns give of one, an element for each row group.
struct Part {
    nulls: Option<u64>,
    min: Option<ArrayRef>,
    max: Option<ArrayRef>,
}

impl Part {
    fn of(footers: &Alike, field: &Field) -> Option<Part> {
        let first = footers.first()?;
        let schema: &Schema = first.schema();
        if schema.field_with_name(field.name()).is_err() {
            // All null, which says nothing of bounds.
            let none = arrow_array::new_empty_array(field.data_type());
            return Some(Part {
                nulls: Some(rows(std::slice::from_ref(footers))),
                min: Some(none.clone()),
                max: Some(none),
            });
        }
        let groups = footers
            .iter()
            .flat_map(|footer| footer.metadata().row_groups());
        let groups: Vec<&RowGroupMetaData> = groups.collect();
        let all = || groups.iter().copied();
        let converter =
            StatisticsConverter::try_new(field.name(), schema, first.parquet_schema()).ok()?;
        converter.parquet_column_index()?;
        let converter = converter.with_missing_null_counts_as_zero(false);
        let counts = converter.row_group_null_counts(all()).ok()?;
        let nulls = (counts.null_count() == 0).then(|| counts.values().iter().sum());
        let ordered = is_comparable(field.data_type());
        let all_null = |index: usize| {
            counts.is_valid(index) && counts.value(index) == groups[index].num_rows() as u64
        };
        let exact = |array: ArrayRef, exact: BooleanArray| {
            let known = (0..array.len()).all(|index| {
                all_null(index)
                    || (array.is_valid(index) && exact.is_valid(index) && exact.value(index))
            });
            (ordered && known)
                .then(|| adapt(&array, field.data_type()).ok())
                .flatten()
        };
        let min = converter
            .row_group_mins(all())
            .ok()
            .zip(converter.row_group_is_min_value_exact(all()).ok());
        let max = converter
            .row_group_maxes(all())
            .ok()
            .zip(converter.row_group_is_max_value_exact(all()).ok());
        Some(Part {
            nulls,
            min: min.and_then(|(array, is)| exact(array, is)),
            max: max.and_then(|(array, is)| exact(array, is)),
        })
    }
}

/// Floats have two zeros and NaN, which writers treat in several ways.
fn is_comparable(data_type: &DataType) -> bool {
    !data_type.is_nested()
        && !data_type.is_floating()
        && !matches!(data_type, DataType::Dictionary(..) | DataType::Null)
}
