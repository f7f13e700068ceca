//! Which partitions there are, which are asked for, and what types their columns have.

use crate::Args;
use crate::survey::common;
use arrow_array::RecordBatch;
use arrow_schema::{Field, FieldRef, Fields, Schema, SchemaRef};
use millrace_cli::Job;
use millrace_dataset::listing::{DataFile, Partition, list, partition_fields, values_batch};
use millrace_dataset::root::{Access, Root};
use millrace_dataset::state::DatasetDescription;
use millrace_dataset::{select, spec};
use millrace_expr::{ColumnStatistics, Outcome, Predicate, Statistics};
use millrace_fault::{Failure, quoted};
use millrace_schema::TableSchema;
use millrace_storage::failpoint;
use std::path::Path;

/// A dataset, listed.
pub(crate) struct Dataset {
    /// None for a single file.
    pub(crate) root: Option<Root>,
    /// How the user named it.
    pub(crate) shown: String,
    /// The partitions to read, in order.
    pub(crate) partitions: Vec<Partition>,
    /// The columns of the path.
    pub(crate) fields: Fields,
    /// The first and the last file of all, for their columns.
    pub(crate) samples: Vec<(String, DataFile)>,
    /// The files' schema as recorded, should there be no file.
    pub(crate) described: Option<SchemaRef>,
    /// What was there before anything was chosen.
    pub(crate) total: Totals,
}

/// How much a listing holds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) partitions: usize,
    pub(crate) files: usize,
    pub(crate) bytes: u64,
}

impl Totals {
    pub(crate) fn of(partitions: &[Partition]) -> Self {
        let files = partitions.iter().flat_map(|partition| &partition.files);
        Totals {
            partitions: partitions.len(),
            files: files.clone().count(),
            bytes: files.map(|file| file.size).sum(),
        }
    }
}

impl Dataset {
    /// Lists the dataset and keeps the partitions that the operands name and the
    /// predicate's parts about path columns allow.
    pub(crate) fn open(
        args: &Args,
        job: &Job,
        predicate: Option<&Predicate>,
    ) -> Result<Dataset, Failure> {
        let path = Path::new(&args.dataset);
        let mut dataset = match path.is_file() {
            true => single(path)?,
            false => tree(args, job)?,
        };
        for part in predicate.map(Predicate::conjuncts).unwrap_or_default() {
            dataset.restrict(&part)?;
        }
        if let Some(predicate) = predicate {
            dataset.rule_out(predicate)?;
        }
        failpoint::reach("prune.listed")?;
        Ok(dataset)
    }

    /// Drops partitions for which a part of the predicate is not true. A part that
    /// needs columns of the files has its say later.
    fn restrict(&mut self, part: &Predicate) -> Result<(), Failure> {
        if part.bind(&Schema::new(self.fields.clone())).is_err() {
            return Ok(());
        }
        let keep = select::matching(&self.partitions, &self.fields, part)?;
        let mut keep = keep.into_iter();
        self.partitions.retain(|_| keep.next().unwrap_or(true));
        Ok(())
    }

    /// Drops partitions whose values alone rule out parts of the predicate that mix columns
    /// of the path and of the files: `d = 1 AND x > 5 OR d = 2` wants no third one.
    fn rule_out(&mut self, predicate: &Predicate) -> Result<(), Failure> {
        let of_path = |column: &String| {
            self.fields
                .iter()
                .any(|field| field.name().eq_ignore_ascii_case(column))
        };
        let parts = predicate.conjuncts().into_iter();
        let mixed = parts.filter(|part| {
            part.columns().iter().any(of_path) && !part.columns().iter().all(of_path)
        });
        let Some(mixed) = Predicate::all(mixed) else {
            return Ok(());
        };
        // What cannot be bound to a few files' columns has its say later.
        let Ok(schema) = common(self, &[]) else {
            return Ok(());
        };
        let stored = schema
            .fields()
            .iter()
            .filter(|field| self.fields.find(field.name()).is_none());
        let all: Vec<FieldRef> = stored.chain(&self.fields).cloned().collect();
        let Ok(bound) = mixed.bind(&Schema::new(all)) else {
            return Ok(());
        };
        let values = values_batch(&self.partitions, &self.fields)?;
        let mut row = 0;
        self.partitions.retain(|_| {
            let path = OfPath {
                values: &values,
                row,
            };
            row += 1;
            bound.outcome(&path) != Outcome::Never
        });
        Ok(())
    }

    /// A file's path as the user would write it.
    pub(crate) fn display(&self, partition: &str, file: &DataFile) -> String {
        let below = |base: &str, name: &str| match (base.is_empty(), base.ends_with('/')) {
            (true, _) => name.to_owned(),
            (_, true) => format!("{base}{name}"),
            _ => format!("{base}/{name}"),
        };
        match self.root {
            None => self.shown.clone(),
            Some(_) => below(&below(&self.shown, partition), &file.name),
        }
    }
}

/// What is known of a partition's rows by its path.
struct OfPath<'a> {
    values: &'a RecordBatch,
    row: usize,
}

impl Statistics for OfPath<'_> {
    fn column(&self, name: &str) -> Option<ColumnStatistics> {
        let value = self.values.column_by_name(name)?.slice(self.row, 1);
        Some(ColumnStatistics::constant(value, 1))
    }
}

/// One Parquet file, without path columns.
fn single(path: &Path) -> Result<Dataset, Failure> {
    let failed = |error| Failure::io("read", path, error);
    let metadata = path.metadata().map_err(failed)?;
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let modified = metadata.modified().map_err(failed)?;
    let file = DataFile {
        path: path.to_owned(),
        name,
        size: metadata.len(),
        modified,
    };
    let partitions = vec![Partition {
        path: String::new(),
        values: Vec::new(),
        files: vec![file.clone()],
    }];
    Ok(Dataset {
        root: None,
        shown: path.to_string_lossy().into_owned(),
        total: Totals::of(&partitions),
        partitions,
        fields: Fields::empty(),
        samples: vec![(String::new(), file)],
        described: None,
    })
}

fn tree(args: &Args, job: &Job) -> Result<Dataset, Failure> {
    let root = Root::resolve(&args.dataset, Access::Read)?;
    let all = list(root.path())?;
    let description = DatasetDescription::recorded(&root)?;
    let recorded = description
        .as_ref()
        .and_then(|description| spec::recorded(&description.spec));
    let recorded = recorded.map(|(_, fields)| fields).unwrap_or_default();
    let fields = optional(&partition_fields(&all, &recorded)?);
    let described = description.and_then(|description| files_schema(&description));
    if all.is_empty() && described.is_none() {
        return Err(
            Failure::environment(format!("cannot read {}", quoted(root.shown())))
                .because("it holds no Parquet files"),
        );
    }
    let total = Totals::of(&all);
    let first = all
        .first()
        .and_then(|first| Some((first.path.clone(), first.files.first()?.clone())));
    let last = all
        .last()
        .and_then(|last| Some((last.path.clone(), last.files.last()?.clone())));
    let samples = first.into_iter().chain(last).collect();
    let partitions = wanted(all, &root, args, &fields, job)?;
    Ok(Dataset {
        shown: root.shown().to_owned(),
        root: Some(root),
        partitions,
        fields,
        samples,
        described,
        total,
    })
}

/// A value of the path may always be null.
fn optional(fields: &Fields) -> Fields {
    fields
        .iter()
        .map(|field| Field::new(field.name(), field.data_type().clone(), true))
        .collect()
}

/// The files' columns as recorded: those of the stream that are not in the path alone.
fn files_schema(description: &DatasetDescription) -> Option<SchemaRef> {
    Some(
        TableSchema::parse(&description.schema.to_string())
            .ok()?
            .to_arrow(),
    )
}

fn wanted(
    all: Vec<Partition>,
    root: &Root,
    args: &Args,
    fields: &Fields,
    job: &Job,
) -> Result<Vec<Partition>, Failure> {
    let columns: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
    let mut partitions = all;
    if !root.prefix().is_empty() {
        let prefix = [root.prefix().to_owned()];
        partitions = select::choose(partitions, &prefix, "", &columns)?.partitions;
    }
    let Some(paths) = operands(args)? else {
        return Ok(partitions);
    };
    let chosen = select::choose(partitions, &paths, root.shown(), &columns)?;
    for path in &chosen.missing {
        job.warn(format!(
            "there is no partition {} in {}",
            quoted(path),
            quoted(root.shown())
        ));
    }
    Ok(chosen.partitions)
}

/// The paths asked for; None when all are.
fn operands(args: &Args) -> Result<Option<Vec<String>>, Failure> {
    match (&args.partitions_from, args.partitions.as_slice()) {
        (Some(file), _) => select::read_list(file, args.null).map(Some),
        (None, []) => Ok(None),
        (None, [dash]) if dash == "-" => select::read_list("-", args.null).map(Some),
        (None, paths) => Ok(Some(paths.to_vec())),
    }
}
