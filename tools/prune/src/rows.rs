//! Rows of a row group: pages that may matter, the predicate's columns first, the
//! others for rows that pass; then the columns as they go out.

use crate::dataset::Dataset;
use crate::layout::{Layout, SOURCE_FILE, SOURCE_LINE, path_text};
use crate::skip::{Group, pages};
use crate::survey::{File, Survey};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
    new_null_array,
};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use arrow_select::take::take;
use millrace_dataset::evolution::adapt;
use millrace_dataset::listing::typed;
use millrace_dataset::read::{ReadError, Source};
use millrace_expr::Bound;
use millrace_fault::{Context, Failure, quoted};
use millrace_pages::Rows as Pages;
use parquet::arrow::ProjectionMask;
use parquet::arrow::RowNumber;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader};
use std::sync::{Arc, Mutex, PoisonError};

/// A batch goes out at about so many rows or bytes, whichever is less.
pub(crate) const BATCH_ROWS: usize = 8192;
const BATCH_BYTES: u64 = 1 << 20;

/// What all row groups are read with.
pub(crate) struct Query {
    pub(crate) dataset: Dataset,
    pub(crate) survey: Survey,
    pub(crate) layout: Arc<Layout>,
    /// The columns to hand out; none to count.
    pub(crate) output: SchemaRef,
    pub(crate) limit: Option<usize>,
    /// The footer read last, with its page indexes: row groups of a file follow each other.
    pub(crate) footer: Mutex<Option<(usize, ArrowReaderMetadata)>>,
}

/// An open row group.
pub(crate) struct Rows<'a> {
    query: &'a Query,
    file: &'a File,
    pub(crate) source: Source,
    reader: ParquetRecordBatchReader,
    unfit: Unfit,
}

/// Why the predicate could not be computed for some row. The library that calls it hands
/// back no more than a text of its own.
#[derive(Clone, Default)]
struct Unfit(Arc<Mutex<Option<millrace_expr::Error>>>);

impl Unfit {
    fn keep(&self, error: millrace_expr::Error) -> ArrowError {
        let text = error.to_string();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        ArrowError::ComputeError(text)
    }

    /// The predicate's failure if there was one, else what the library said.
    fn or(&self, failure: Failure, file: &File) -> Failure {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match kept {
            None => failure,
            Some(error) => Err::<(), _>(error)
                .context(format!("cannot filter {}", quoted(&file.shown)))
                .err()
                .unwrap_or(failure),
        }
    }
}

impl Query {
    /// Opens a row group.
    pub(crate) fn open(&self, group: &Group) -> Result<Rows<'_>, Failure> {
        let file = &self.survey.files[group.file];
        let source = file.open(self.dataset.root.as_ref())?;
        let metadata = self.footer(group.file, &source)?;
        let unfit = Unfit::default();
        let reader =
            source.guarded(|| self.reader(&source, &metadata, group, file.partition, &unfit));
        Ok(Rows {
            query: self,
            file,
            reader: reader.map_err(|failure| unfit.or(failure, file))?,
            source,
            unfit,
        })
    }

    fn footer(&self, file: usize, source: &Source) -> Result<ArrowReaderMetadata, Failure> {
        let mut last = self.footer.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((known, metadata)) if *known == file => Ok(metadata.clone()),
            _ => {
                let metadata = source.metadata(self.layout.predicate.is_some())?;
                *last = Some((file, metadata.clone()));
                Ok(metadata)
            }
        }
    }

    fn wants(&self, column: &str) -> bool {
        self.output.index_of(column).is_ok() && self.layout.is_source(column)
    }

    fn reader(
        &self,
        source: &Source,
        metadata: &ArrowReaderMetadata,
        group: &Group,
        partition: usize,
        unfit: &Unfit,
    ) -> parquet::errors::Result<ParquetRecordBatchReader> {
        let names: Vec<&str> = self
            .output
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        let mut rows = Pages::new(source.clone(), metadata)
            .groups(&[group.index])
            .columns(mask(metadata, &names))
            .batch_rows(batch_rows(metadata, group.index));
        if self.wants(SOURCE_LINE) {
            let number = Field::new(SOURCE_LINE, DataType::Int64, false);
            rows = rows.numbered(Arc::new(number.with_extension_type(RowNumber)));
        }
        if let Some(limit) = self.limit {
            rows = rows.limited(limit);
        }
        if let Some(predicate) = self.layout.predicate.as_ref().filter(|_| !group.all_pass) {
            if let Some(selection) = pages(&self.layout, partition, metadata, group.index) {
                rows = rows.selected(selection);
            }
            let names: Vec<&str> = predicate.columns().collect();
            let test = |batch| self.passes(predicate, partition, &batch, unfit);
            rows = rows.filtered(&mask(metadata, &names), test)?;
        }
        rows.read()
    }

    fn passes(
        &self,
        predicate: &Bound,
        partition: usize,
        batch: &RecordBatch,
        unfit: &Unfit,
    ) -> Result<BooleanArray, ArrowError> {
        let input = predicate_input(&self.layout, predicate, partition, batch)?;
        predicate
            .evaluate(&input)
            .map_err(|error| unfit.keep(error))
    }
}

/// The predicate's columns in the types of the query.
fn predicate_input(
    layout: &Layout,
    predicate: &Bound,
    partition: usize,
    batch: &RecordBatch,
) -> Result<RecordBatch, ArrowError> {
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    for name in predicate.columns() {
        let column = match layout.path_value(partition, name) {
            Some(value) => repeated(&value, batch.num_rows())?,
            None => stored(
                batch,
                name,
                layout.stored.field_with_name(name)?.data_type(),
            )?,
        };
        fields.push(Field::new(name, column.data_type().clone(), true));
        columns.push(column);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
}

fn stored(batch: &RecordBatch, name: &str, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
    match batch.column_by_name(name) {
        Some(column) => adapt(column, data_type),
        None => Ok(new_null_array(data_type, batch.num_rows())),
    }
}

/// One element for each row.
fn repeated(value: &ArrayRef, rows: usize) -> Result<ArrayRef, ArrowError> {
    if value.is_null(0) {
        return Ok(new_null_array(value.data_type(), rows));
    }
    take(value, &arrow_array::UInt32Array::from(vec![0; rows]), None)
}

/// The file's top-level columns of these names.
fn mask(metadata: &ArrowReaderMetadata, names: &[&str]) -> ProjectionMask {
    let schema = metadata.parquet_schema();
    let fields = schema.root_schema().get_fields();
    let roots = (0..fields.len()).filter(|&root| names.contains(&fields[root].name()));
    ProjectionMask::roots(schema, roots)
}

/// About a megabyte of rows, by the row group's average.
fn batch_rows(metadata: &ArrowReaderMetadata, group: usize) -> usize {
    let group = metadata.metadata().row_group(group);
    let (rows, bytes) = (
        group.num_rows().max(1) as u64,
        group.total_byte_size().max(1) as u64,
    );
    usize::try_from(BATCH_BYTES.saturating_mul(rows) / bytes)
        .unwrap_or(BATCH_ROWS)
        .clamp(64, BATCH_ROWS)
}

impl Rows<'_> {
    /// The next rows that pass, as they go out.
    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>, Failure> {
        let batch = match self.source.guarded(|| Ok(self.reader.next()))? {
            None => return Ok(None),
            Some(Err(error)) => return Err(self.failed(error)),
            Some(Ok(batch)) => batch,
        };
        let columns = self
            .query
            .output
            .fields()
            .iter()
            .map(|field| self.column(field, &batch));
        let columns = columns.collect::<Result<Vec<_>, Failure>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(self.query.output.clone(), columns, &options)
            .map(Some)
            .map_err(|error| self.failed(error))
    }

    fn column(&self, field: &Field, batch: &RecordBatch) -> Result<ArrayRef, Failure> {
        let (layout, rows) = (&self.query.layout, batch.num_rows());
        let made = match field.name().as_str() {
            name if layout.is_source(name) && name == SOURCE_FILE => repeated(
                &(Arc::new(StringArray::from(vec![self.file.shown.as_str()])) as ArrayRef),
                rows,
            ),
            name if layout.is_source(name) => Ok(numbered(batch, name)),
            name => match layout.path_value(self.file.partition, name) {
                Some(value) => {
                    self.agree(name, batch)?;
                    repeated(&value, rows)
                }
                None => stored(batch, name, field.data_type()),
            },
        };
        made.map_err(|error| self.failed(error))
    }

    /// A column that the file has although the path has it too must say the same.
    fn agree(&self, name: &str, batch: &RecordBatch) -> Result<(), Failure> {
        let Some(column) = batch.column_by_name(name) else {
            return Ok(());
        };
        let partition = &self.query.dataset.partitions[self.file.partition];
        let text = path_text(partition, name);
        let value = partition
            .values
            .iter()
            .find(|(column, _)| column == name)
            .and_then(|(_, value)| value.clone());
        let expected = typed(&StringArray::from(vec![value]), column.data_type());
        let alike = expected.ok().and_then(|expected| {
            let same =
                arrow_ord::cmp::not_distinct(column, &arrow_array::Scalar::new(expected)).ok()?;
            (0..same.len())
                .find(|&row| !same.value(row))
                .map_or(Some(None), |row| Some(Some(row)))
        });
        let row = match alike {
            Some(None) => return Ok(()),
            Some(Some(row)) => row,
            None => 0,
        };
        let found = cast(
            &column.slice(row, column.len().saturating_sub(row).min(1)),
            &DataType::Utf8,
        );
        let found = found.ok().and_then(|found| {
            found
                .as_string::<i32>()
                .iter()
                .next()
                .flatten()
                .map(str::to_owned)
        });
        let found = found.unwrap_or_else(|| "null".to_owned());
        Err(Failure::data(format!(
            "column {} of {} is {} where the path says {}",
            quoted(name),
            quoted(&self.file.shown),
            quoted(found),
            quoted(text)
        )))
    }

    /// An error inside the library: a predicate's keeps its code, others are the file's.
    fn failed(&self, error: ArrowError) -> Failure {
        self.unfit.or(
            ReadError::arrow(self.source.path(), error).into(),
            self.file,
        )
    }
}

/// Row numbers of the file, from 1.
fn numbered(batch: &RecordBatch, name: &str) -> ArrayRef {
    let numbers = batch.column_by_name(name).map(|column| {
        column
            .as_primitive::<Int64Type>()
            .unary::<_, Int64Type>(|n| n + 1)
    });
    Arc::new(numbers.unwrap_or_else(|| Int64Array::from(vec![0; batch.num_rows()])))
}
