//! Batches of a container's records.

use super::block::{Block, Container, malformed};
use super::column::Column;
use super::cursor::{Cursor, Malformed};
use super::parse;
use super::types::{MOST_EMPTY, Type, arrow_fields};
use crate::project::project;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use millrace_fault::{Failure, quoted};
use std::sync::Arc;

pub use super::block::Source;

/// How much at a time.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Most rows of a batch.
    pub batch_rows: usize,
    /// A batch ends once it holds about so many bytes.
    pub batch_bytes: usize,
    /// Largest block, as stored and decompressed.
    pub block: usize,
}

/// Reads an Avro object container file.
pub struct Reader {
    file: String,
    container: Container,
    sizes: Sizes,
    fields: Vec<(String, Type)>,
    /// The smallest size of a row in a batch.
    width: usize,
    /// For each field: its column, if it was asked for.
    columns: Vec<Option<Column>>,
    schema: SchemaRef,
    block: Block,
    /// What of the block was read.
    at: usize,
    /// Rows read so far.
    rows: u64,
}

impl Reader {
    /// Reads the header of `file`.
    ///
    /// # Errors
    /// If it is no Avro file, or its schema is none that columns can hold (3).
    pub fn new(file: &str, source: Source, sizes: Sizes) -> Result<Reader, Failure> {
        let (container, schema) = Container::open(file, source, sizes.block)?;
        let fields = parse::fields(&schema).map_err(|problem| container.corrupt(problem))?;
        let columns = fields.iter().map(|(_, field)| Some(Column::new(field)));
        Ok(Reader {
            file: file.to_owned(),
            container,
            sizes,
            width: fields.iter().map(|(_, field)| field.width()).sum(),
            columns: columns.collect(),
            schema: Arc::new(Schema::new(arrow_fields(&fields))),
            fields,
            block: Block {
                number: 0,
                offset: 0,
                records: 0,
                content: Vec::new(),
            },
            at: 0,
            rows: 0,
        })
    }

    /// The columns asked for, at first all of them.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Reads only these columns (ascending indices); the others are still checked.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn project(&mut self, indices: &[usize]) -> Result<(), Failure> {
        self.schema = project(arrow_fields(&self.fields), &mut self.columns, indices)?;
        Ok(())
    }

    /// The next batch; None at the end of the file.
    ///
    /// # Errors
    /// If a record or the file is malformed or cut short (3), or cannot be read (4).
    #[expect(
        clippy::should_implement_trait,
        reason = "it fails, and then it is over"
    )]
    pub fn next(&mut self) -> Result<Option<RecordBatch>, Failure> {
        let (mut rows, mut bytes) = (0, 0);
        while rows < self.sizes.batch_rows && bytes < self.sizes.batch_bytes {
            if self.block.records == 0 && !self.next_block()? {
                break;
            }
            bytes += self.record()?.max(self.width);
            rows += 1;
        }
        match rows {
            0 => Ok(None),
            _ => self.batch(rows).map(Some).map_err(|error| {
                Failure::data(format!("cannot decode {}", quoted(&self.file))).because(error)
            }),
        }
    }

    /// Goes on to the next block that holds records; false behind the last one.
    fn next_block(&mut self) -> Result<bool, Failure> {
        loop {
            let left = self.block.content.len() - self.at;
            if left > 0 {
                return Err(self.refuse(&format!("{left} bytes behind its last record")));
            }
            let Some(block) = self.container.next()? else {
                return Ok(false);
            };
            (self.block, self.at) = (block, 0);
            let records = self.block.records;
            if self.block.content.is_empty() && records > MOST_EMPTY {
                return Err(self.refuse(&format!("{records} records in no bytes")));
            }
            if records > 0 {
                return Ok(true);
            }
        }
    }

    /// Reads a record; how many bytes it took.
    fn record(&mut self) -> Result<usize, Failure> {
        let content = &self.block.content[self.at..];
        let mut cursor = Cursor::new(content);
        let each = self.columns.iter_mut().zip(&self.fields);
        let read = { each }.try_for_each(|(column, (name, field))| {
            let read = match column {
                Some(column) => column.read(&mut cursor),
                None => field.skip(&mut cursor),
            };
            read.map_err(|problem| problem.inside(name))
        });
        let took = content.len() - cursor.left();
        self.rows += 1;
        read.map_err(|problem| self.refuse(&told(self.rows, problem)))?;
        self.at += took;
        self.block.records -= 1;
        Ok(took)
    }

    fn batch(&mut self, rows: usize) -> Result<RecordBatch, ArrowError> {
        let columns = self.columns.iter_mut().flatten().map(Column::finish);
        let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
    }

    fn refuse(&self, reason: &str) -> Failure {
        malformed(&self.file, self.block.number, self.block.offset, reason)
    }
}

/// `record 7: /a/b: the text is not UTF-8`
fn told(row: u64, problem: Malformed) -> String {
    let path: String = problem
        .path
        .iter()
        .rev()
        .map(|name| format!("/{name}"))
        .collect();
    format!("record {row}: {path}: {}", problem.reason)
}
