//! Footers: every file that is left is opened once for its schema; files that differ are
//! merged by name.

use crate::dataset::Dataset;
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use millrace_dataset::evolution::{Evolution, widened};
use millrace_dataset::listing::DataFile;
use millrace_dataset::read::{ReadError, Source};
use millrace_dataset::root::Root;
use millrace_dataset::tx;
use millrace_fault::{Failure, quoted};
use millrace_parallel::side_by_side;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use std::sync::Arc;

/// Footers of up to so many files stay in memory; those of more are read again.
const KEPT: usize = 256;

/// A file to read, and where it belongs.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// Index of its partition in the dataset's list.
    pub(crate) partition: usize,
    /// The partition's path.
    pub(crate) folder: String,
    pub(crate) data: DataFile,
    /// Its path as the user would write it.
    pub(crate) shown: String,
    footer: Option<ArrowReaderMetadata>,
}

impl File {
    /// The footer without page indexes.
    pub(crate) fn footer(&self, root: Option<&Root>) -> Result<ArrowReaderMetadata, Failure> {
        match &self.footer {
            Some(footer) => Ok(footer.clone()),
            None => self.open(root)?.metadata(false),
        }
    }

    /// Opens the file, wherever a transaction has put it meanwhile.
    pub(crate) fn open(&self, root: Option<&Root>) -> Result<Source, Failure> {
        let source = match (Source::open(&self.data.path), root) {
            (Err(error), Some(root)) if error.is_not_found() => self.locate(root, error)?,
            (source, _) => source?,
        };
        match source.size() == self.data.size {
            true => Ok(source),
            false => Err(changed(&self.shown)),
        }
    }

    fn locate(&self, root: &Root, error: ReadError) -> Result<Source, Failure> {
        match tx::reopen(root, &self.folder, &self.data.name, self.data.size)? {
            Some(bytes) => Ok(Source::opened(bytes)),
            None => {
                Err(Failure::from(error)
                    .hint("it was replaced while the dataset was read: run again"))
            }
        }
    }
}

fn changed(shown: &str) -> Failure {
    Failure::environment(format!("cannot read {}", quoted(shown)))
        .because("it changed since it was listed")
        .hint("run again")
}

/// The files to read, and the schema that they have in common.
pub(crate) struct Survey {
    pub(crate) files: Vec<File>,
    pub(crate) schema: SchemaRef,
}

/// Reads the footers of all files of the dataset's chosen partitions.
pub(crate) fn survey(dataset: &Dataset, threads: usize) -> Result<Survey, Failure> {
    let mut files = files(dataset);
    let keep = files.len() <= KEPT;
    let root = dataset.root.as_ref();
    let footers = side_by_side(&files, threads, |file| {
        file.footer(root)
            .map(|footer| (footer.schema().clone(), keep.then_some(footer)))
    })?;
    let mut schemas = Vec::with_capacity(files.len());
    for (file, (schema, footer)) in files.iter_mut().zip(footers) {
        file.footer = footer;
        schemas.push((file.shown.clone(), schema));
    }
    let schema = common(dataset, &schemas)?;
    Ok(Survey { files, schema })
}

/// The schema that the files to read have in common. So that it depends on the query as
/// little as can be, the first and the last file of the whole listing take part, and
/// what is recorded of the dataset, as far as they fit.
pub(crate) fn common(
    dataset: &Dataset,
    files: &[(String, SchemaRef)],
) -> Result<SchemaRef, Failure> {
    let mut others = Vec::new();
    for (folder, data) in &dataset.samples {
        let shown = dataset.display(folder, data);
        let file = File {
            partition: 0,
            folder: folder.clone(),
            data: data.clone(),
            shown,
            footer: None,
        };
        if files.iter().any(|(known, _)| *known == file.shown) {
            continue;
        }
        match file.footer(dataset.root.as_ref()) {
            Ok(footer) => others.push((file.shown, footer.schema().clone())),
            Err(failure) if files.is_empty() => return Err(failure),
            Err(_) => {}
        }
    }
    let mut evolution = Evolution::default();
    let first_is_other = files
        .first()
        .is_none_or(|(first, _)| others.first().is_some_and(|(other, _)| other < first));
    let head = if first_is_other { others.first() } else { None };
    let merged = head
        .into_iter()
        .chain(files)
        .try_for_each(|(file, schema)| evolution.add(file, schema));
    if merged.is_err() {
        // The one that was not asked for may be in the way.
        evolution = Evolution::default();
        files
            .iter()
            .try_for_each(|(file, schema)| evolution.add(file, schema))?;
    }
    for (file, schema) in others.iter().skip(usize::from(first_is_other)) {
        // A column that conflicts is what the files read say.
        let _ = evolution.add(file, schema);
    }
    Ok(recorded_first(
        &evolution.schema(),
        dataset.described.as_ref(),
    ))
}

/// The columns in the order that is recorded, those that no file has (any more, or yet)
/// as null.
fn recorded_first(schema: &SchemaRef, recorded: Option<&SchemaRef>) -> SchemaRef {
    let Some(recorded) = recorded else {
        return schema.clone();
    };
    let known = recorded
        .fields()
        .iter()
        .map(|field| match schema.fields().find(field.name()) {
            Some((_, found)) => as_recorded(found, field),
            None => Arc::new(field.as_ref().clone().with_nullable(true)),
        });
    let others = schema
        .fields()
        .iter()
        .filter(|field| recorded.index_of(field.name()).is_err())
        .cloned();
    Arc::new(Schema::new(known.chain(others).collect::<Vec<_>>()))
}

/// A column of a narrower type than is recorded has the recorded one, so that the type is
/// that of all files, whichever are read. A Table Schema says no more of texts, of bytes
/// and of dictionaries than that.
fn as_recorded(found: &FieldRef, recorded: &Field) -> FieldRef {
    let exact = |data_type: &DataType| {
        data_type.is_numeric() || data_type.is_temporal() || data_type.is_nested()
    };
    let (from, to) = (found.data_type(), recorded.data_type());
    match exact(from) && from != to && widened(from, to).as_ref() == Some(to) {
        true => Arc::new(found.as_ref().clone().with_data_type(to.clone())),
        false => found.clone(),
    }
}

fn files(dataset: &Dataset) -> Vec<File> {
    let of_partition = |(partition, found): (usize, &millrace_dataset::listing::Partition)| {
        let folder = found.path.clone();
        let file = move |data: &DataFile| File {
            partition,
            folder: folder.clone(),
            data: data.clone(),
            shown: dataset.display(&folder, data),
            footer: None,
        };
        found.files.iter().map(file).collect::<Vec<_>>()
    };
    dataset
        .partitions
        .iter()
        .enumerate()
        .flat_map(of_partition)
        .collect()
}
