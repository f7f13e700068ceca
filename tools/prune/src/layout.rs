//! Which columns go out, where each comes from, and which are needed to decide.

use crate::Args;
use crate::dataset::Dataset;
use crate::select;
use crate::survey::Survey;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use millrace_dataset::listing::{Partition, values_batch};
use millrace_expr::{Bound, Predicate};
use millrace_fault::Failure;
use std::sync::Arc;

/// The column with a file's name, and the one with the row in it.
pub(crate) const SOURCE_FILE: &str = "_source_file";
pub(crate) const SOURCE_LINE: &str = "_source_line";

/// The columns of a query.
pub(crate) struct Layout {
    /// The files' common columns, without those that the path has.
    pub(crate) stored: SchemaRef,
    /// The path's columns.
    pub(crate) path: Fields,
    /// What goes out.
    pub(crate) output: SchemaRef,
    /// The predicate, bound to stored and path columns. None passes everything.
    pub(crate) predicate: Option<Bound>,
    /// The path's values, a row for each partition of the dataset.
    values: RecordBatch,
}

impl Layout {
    pub(crate) fn new(
        args: &Args,
        dataset: &Dataset,
        survey: &Survey,
        predicate: Option<&Predicate>,
    ) -> Result<Layout, Failure> {
        let path = dataset.fields.clone();
        let of_path = |field: &FieldRef| path.find(field.name()).is_some();
        let stored: Fields = survey
            .schema
            .fields()
            .iter()
            .filter(|field| !of_path(field))
            .cloned()
            .collect();
        let all: Vec<FieldRef> = stored.iter().chain(&path).cloned().collect();
        let predicate = predicate
            .map(|predicate| predicate.bind(&Schema::new(all.clone())))
            .transpose()?;
        let mut output = Arc::new(Schema::new(with_source(all, args.source_columns)?));
        if let Some(list) = &args.select {
            let added: &[&str] = match args.source_columns {
                true => &[SOURCE_FILE, SOURCE_LINE],
                false => &[],
            };
            output = select::columns(list, &output, added)?;
        }
        let values = values_batch(&dataset.partitions, &path)?;
        Ok(Layout {
            stored: Arc::new(Schema::new(stored)),
            path,
            output,
            predicate,
            values,
        })
    }

    /// The value of a path column in a partition, one element.
    pub(crate) fn path_value(&self, partition: usize, column: &str) -> Option<ArrayRef> {
        Some(self.values.column_by_name(column)?.slice(partition, 1))
    }

    /// Whether `name` is a column that this tool adds.
    pub(crate) fn is_source(&self, name: &str) -> bool {
        matches!(name, SOURCE_FILE | SOURCE_LINE)
            && self.stored.index_of(name).is_err()
            && self.path.find(name).is_none()
    }
}

fn with_source(mut fields: Vec<FieldRef>, wanted: bool) -> Result<Vec<FieldRef>, Failure> {
    for (name, data_type) in [
        (SOURCE_FILE, DataType::Utf8),
        (SOURCE_LINE, DataType::Int64),
    ] {
        if wanted && fields.iter().any(|field| field.name() == name) {
            return Err(Failure::usage(format!(
                "the dataset has a column '{name}' already: --source-columns cannot add it"
            )));
        }
        if wanted {
            fields.push(Arc::new(Field::new(name, data_type, false)));
        }
    }
    Ok(fields)
}

/// The texts of a partition's path, for messages.
pub(crate) fn path_text(partition: &Partition, column: &str) -> String {
    let found = partition.values.iter().find(|(name, _)| name == column);
    found
        .and_then(|(_, value)| value.clone())
        .unwrap_or_else(|| "null".to_owned())
}
