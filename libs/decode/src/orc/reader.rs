//! Batches of a file's rows.

use super::bytes::Booleans;
use super::columns::{Column, Progress, STEP};
use super::stream::Source;
use super::stripe::Streams;
use super::tail::{Tail, is_orc};
use super::trouble::{Result, malformed};
use super::types::arrow_fields;
use crate::project::project;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use millrace_fault::{Failure, quoted};
use std::sync::Arc;

/// So many rows of columns that take no bytes may be read: no bytes bound their number.
const MOST_EMPTY: u64 = 1 << 16;

/// How much at a time.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Most rows of a batch.
    pub batch_rows: usize,
    /// A batch ends once it holds about so many bytes.
    pub batch_bytes: usize,
}

/// Reads an ORC file.
pub struct Reader {
    file: String,
    tail: Tail,
    sizes: Sizes,
    /// For each column of the file: its values, if it was asked for.
    columns: Vec<Option<Column>>,
    schema: SchemaRef,
    /// Which rows of the stripe are there: all of them, even where a writer says it of each.
    present: Option<Booleans>,
    /// Stripes begun.
    stripe: usize,
    /// Rows of the stripe that are still to be read.
    left: u64,
    /// Rows read so far.
    rows: u64,
    /// Rows of the longest step so far, and about the bytes of each of the last.
    step: usize,
    width: usize,
}

impl Reader {
    /// Reads the end of `file`.
    ///
    /// # Errors
    /// If it is no ORC file, it is damaged, or has columns that we cannot read (3); if it
    /// cannot be read (4).
    pub fn new(file: &str, source: Source, sizes: Sizes) -> std::result::Result<Reader, Failure> {
        let head = source.read(0, source.length().min(3) as usize);
        if !is_orc(&head.map_err(|trouble| trouble.told(file))?) {
            return Err(Failure::data(format!(
                "{} is not an ORC file",
                quoted(file)
            )));
        }
        let tail = Tail::read(&source).map_err(|trouble| trouble.told(file))?;
        let columns = tail
            .fields
            .iter()
            .map(|(_, field)| Some(Column::new(field)));
        Ok(Reader {
            file: file.to_owned(),
            sizes,
            columns: columns.collect(),
            schema: Arc::new(Schema::new(arrow_fields(&tail.fields))),
            present: None,
            stripe: 0,
            left: 0,
            rows: 0,
            step: 1,
            width: 0,
            tail,
        })
    }

    /// The columns asked for, at first all of them.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Reads only these columns (ascending indices); nothing is read of the others.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn project(&mut self, indices: &[usize]) -> std::result::Result<(), Failure> {
        self.schema = project(arrow_fields(&self.tail.fields), indices)?;
        for (index, column) in self.columns.iter_mut().enumerate() {
            if !indices.contains(&index) {
                *column = None;
            }
        }
        Ok(())
    }

    /// The next batch; None at the end of the file.
    ///
    /// # Errors
    /// If a value or the file is malformed or cut short (3), or cannot be read (4).
    #[expect(
        clippy::should_implement_trait,
        reason = "it fails, and then it is over"
    )]
    pub fn next(&mut self) -> std::result::Result<Option<RecordBatch>, Failure> {
        let (mut rows, mut bytes) = (0, 0);
        while rows < self.sizes.batch_rows && bytes < self.sizes.batch_bytes {
            if self.left == 0 && !self.next_stripe()? {
                break;
            }
            let step = self.next_step(self.sizes.batch_rows - rows, self.sizes.batch_bytes - bytes);
            bytes = bytes.saturating_add(self.read(step)?);
            rows += step;
        }
        match rows {
            0 => Ok(None),
            _ => self.batch(rows).map(Some).map_err(|error| {
                Failure::data(format!("cannot decode {}", quoted(&self.file))).because(error)
            }),
        }
    }

    /// Goes on to the next stripe that holds rows; false behind the last one.
    fn next_stripe(&mut self) -> std::result::Result<bool, Failure> {
        while let Some(stripe) = self.tail.stripes.get(self.stripe) {
            self.stripe += 1;
            if stripe.rows == 0 {
                continue;
            }
            self.left = stripe.rows;
            self.open().map_err(|trouble| {
                trouble
                    .at(&format!("stripe {}", self.stripe))
                    .told(&self.file)
            })?;
            return Ok(true);
        }
        Ok(false)
    }

    fn open(&mut self) -> Result<()> {
        self.bounded()?;
        let tail = &self.tail;
        let stripe = &tail.stripes[self.stripe - 1];
        let streams = Streams::read(&tail.storage, stripe, tail.types, tail.julian)?;
        self.present = streams.present(0);
        for (column, (name, _)) in self.columns.iter_mut().zip(&tail.fields) {
            if let Some(column) = column {
                column
                    .open(&streams)
                    .map_err(|trouble| trouble.inside(name))?;
            }
        }
        Ok(())
    }

    /// Whether bytes of the file bound the number of rows.
    fn bounded(&self) -> Result<()> {
        let mut read = self.columns.iter().zip(&self.tail.fields);
        let empty = read.all(|(column, (_, field))| column.is_none() || field.is_empty());
        match empty && self.tail.rows > MOST_EMPTY {
            true => Err(malformed(format!("{} rows in no bytes", self.tail.rows))),
            false => Ok(()),
        }
    }

    /// Rows to read of each column, of at most `rows`: as many as `bytes` have room for if
    /// they are as wide as the last ones.
    fn next_step(&self, rows: usize, bytes: usize) -> usize {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let fit = bytes / self.width.max(1);
        // Nothing is known of the first ones.
        let most = STEP.min(2 * self.step).min(fit.max(1));
        most.min(rows).min(left)
    }

    /// Reads so many rows of the stripe; about how many bytes they take in a batch.
    fn read(&mut self, step: usize) -> std::result::Result<usize, Failure> {
        let mut progress = Progress::default();
        let bytes = self.values(step, &mut progress).map_err(|trouble| {
            let row = self.rows + progress.rows as u64 + 1;
            let place = format!("stripe {}: row {row}", self.stripe);
            trouble.at(&place).told(&self.file)
        })?;
        (self.step, self.width) = (self.step.max(step), bytes / step.max(1));
        self.rows += step as u64;
        self.left -= step as u64;
        Ok(bytes)
    }

    /// `progress` is that of the column with trouble.
    fn values(&mut self, step: usize, progress: &mut Progress) -> Result<usize> {
        if let Some(present) = &mut self.present {
            while progress.rows < step {
                let (is_there, run) = present.run(step - progress.rows)?;
                if !is_there {
                    return Err(malformed("the row is null as a whole"));
                }
                progress.rows += run;
            }
        }
        let mut bytes = 0usize;
        for (column, (name, _)) in self.columns.iter_mut().zip(&self.tail.fields) {
            let Some(column) = column else { continue };
            *progress = Progress::default();
            column
                .read(step, progress)
                .map_err(|trouble| trouble.inside(name))?;
            bytes = bytes.saturating_add(progress.bytes);
        }
        Ok(bytes)
    }

    fn batch(&mut self, rows: usize) -> std::result::Result<RecordBatch, ArrowError> {
        let columns = self.columns.iter_mut().flatten().map(Column::finish);
        let columns: Vec<ArrayRef> = columns.collect::<std::result::Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
    }
}
