//! Rows into column chunks.
//!
//! Columns that are not nested, of strings, bytes and numbers, which are most of a file
//! and of the work, are encoded here; all others by the parquet crate. Ours copies runs of
//! values instead of single ones, compares numbers instead of strings for the statistics,
//! and has one compression context a thread.

mod bytes;
mod chunk;
mod column;
mod compress;
mod delta;
mod dictionary;
mod extremes;
mod hybrid;
mod keyed;
mod levels;
mod numbers;
mod own;
mod pack;
mod recent;
mod varint;

use self::chunk::OwnChunk;
use self::column::Form;
use self::own::OwnColumn;
use crate::evolution::adapt;
use arrow_array::ArrayRef;
use arrow_schema::{DataType, FieldRef, Schema, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use std::io::{self, Write};
use std::sync::Arc;

/// Who encodes each column of the files of a schema.
pub struct Encoders {
    fields: Vec<Plan>,
    /// Makes the parquet crate's column writers, of its columns alone.
    library: ArrowRowGroupWriterFactory,
}

/// A top-level column.
struct Plan {
    field: FieldRef,
    by: By,
}

enum By {
    Us(Arc<Form>),
    /// The parquet crate, with so many leaves.
    Library(usize),
}

/// The encoder of one top-level column of a row group.
pub struct FieldEncoder {
    field: FieldRef,
    leaves: Leaves,
}

enum Leaves {
    Ours(Box<OwnColumn>),
    Library(Vec<ArrowColumnWriter>),
}

/// A column chunk in memory.
pub struct Chunk(Encoded);

enum Encoded {
    Ours(Box<OwnChunk>),
    Library(Box<ArrowColumnChunk>),
}

impl Encoders {
    /// For files of `schema` that are written as `properties` say.
    pub fn new(
        schema: &Schema,
        properties: &Arc<WriterProperties>,
    ) -> Result<Encoders, ParquetError> {
        let descriptor = ArrowSchemaConverter::new().convert(schema)?;
        let mut leaves = vec![Vec::new(); schema.fields().len()];
        for leaf in 0..descriptor.num_columns() {
            leaves[descriptor.get_column_root_idx(leaf)].push(descriptor.column(leaf));
        }
        let plan = |(field, leaves): (&FieldRef, &Vec<_>)| {
            let ours = match leaves.as_slice() {
                [leaf] => Form::of(field.data_type(), leaf, properties),
                _ => None,
            };
            Plan {
                field: field.clone(),
                by: ours.map_or(By::Library(leaves.len()), |form| By::Us(Arc::new(form))),
            }
        };
        let fields: Vec<Plan> = schema.fields().iter().zip(&leaves).map(plan).collect();
        let theirs = fields
            .iter()
            .filter(|plan| matches!(plan.by, By::Library(_)));
        let theirs = Arc::new(Schema::new(
            theirs.map(|plan| plan.field.clone()).collect::<Vec<_>>(),
        ));
        Ok(Encoders {
            library: library(theirs, properties)?,
            fields,
        })
    }

    /// Encoders of all columns of a row group.
    pub fn row_group(&self) -> Result<Vec<FieldEncoder>, ParquetError> {
        let mut writers = self.library.create_column_writers(0)?.into_iter();
        let encoder = |plan: &Plan| FieldEncoder {
            field: plan.field.clone(),
            leaves: match &plan.by {
                By::Us(form) => Leaves::Ours(Box::new(OwnColumn::new(form.clone()))),
                By::Library(leaves) => Leaves::Library(writers.by_ref().take(*leaves).collect()),
            },
        };
        Ok(self.fields.iter().map(encoder).collect())
    }
}

/// The parquet crate makes column writers for a file: here one that is never written.
fn library(
    schema: SchemaRef,
    properties: &Arc<WriterProperties>,
) -> Result<ArrowRowGroupWriterFactory, ParquetError> {
    let root = ArrowSchemaConverter::new()
        .convert(&schema)?
        .root_schema_ptr();
    let file = SerializedFileWriter::new(io::sink(), root, properties.clone())?;
    Ok(ArrowRowGroupWriterFactory::new(&file, schema))
}

impl FieldEncoder {
    /// The column's name.
    pub fn name(&self) -> &str {
        self.field.name()
    }

    /// Whether many small arrays are better put together first.
    pub fn prefers_large(&self) -> bool {
        matches!(self.leaves, Leaves::Library(_))
    }

    /// `array` as [`FieldEncoder::write`] takes it: of the column's type, or, where the
    /// encoder is ours, with a dictionary.
    pub fn fitted(&self, array: &ArrayRef) -> Result<ArrayRef, ParquetError> {
        match (&self.leaves, array.data_type()) {
            (Leaves::Library(_), DataType::Dictionary(..)) => {
                Ok(adapt(array, self.field.data_type())?)
            }
            _ => Ok(array.clone()),
        }
    }

    /// Adds rows.
    pub fn write(&mut self, array: &ArrayRef) -> Result<(), ParquetError> {
        match &mut self.leaves {
            Leaves::Ours(column) => column.write(array),
            Leaves::Library(writers) => writers
                .iter_mut()
                .zip(&compute_leaves(&self.field, array)?)
                .try_for_each(|(writer, leaf)| writer.write(leaf)),
        }
    }

    /// The finished chunks of the column's leaves.
    pub fn close(self) -> Result<Vec<Chunk>, ParquetError> {
        match self.leaves {
            Leaves::Ours(column) => {
                let chunk = Box::new(column.close()?);
                Ok(vec![Chunk(Encoded::Ours(chunk))])
            }
            Leaves::Library(writers) => writers
                .into_iter()
                .map(|writer| Ok(Chunk(Encoded::Library(Box::new(writer.close()?)))))
                .collect(),
        }
    }
}

impl Chunk {
    /// Writes the chunk as the row group's next one.
    pub fn append_to<W: Write + Send>(
        self,
        group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> Result<(), ParquetError> {
        match self.0 {
            Encoded::Ours(chunk) => {
                let (bytes, close) = chunk.into_parts();
                group.append_column(&bytes, close)
            }
            Encoded::Library(chunk) => chunk.append_to_row_group(group),
        }
    }
}
