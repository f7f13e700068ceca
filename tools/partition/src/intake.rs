//! The stream's rows on their way: checked, counted, split by scope and partition.

use crate::outside::OutsideRows;
use crate::scope::{self, Scope};
use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::{ArrowError, SchemaRef};
use arrow_select::filter::filter_record_batch;
use millrace_cli::Job;
use millrace_dataset::content::Content;
use millrace_dataset::evolution::adapt_batch;
use millrace_dataset::parquet::WriterSettings;
use millrace_dataset::spec::Keys;
use millrace_dataset::write::{PartitionedWriter, Scatter, Sorter, Window};
use millrace_fault::{Context, Failure, guarded};
use millrace_parallel::{Hand, ahead};
use millrace_stream::Reader;
use std::sync::Arc;

/// Rows that are split together, and the paths of their partitions.
struct Rows {
    window: Window,
    paths: Vec<Arc<str>>,
}

/// Everything that a row passes.
pub(crate) struct Intake {
    keys: Keys,
    scope: Option<Scope>,
    /// Whether each partition lies inside of the scope, by number.
    inside: Vec<bool>,
    outside: OutsideRows,
    content: Option<Content>,
    /// Columns that go into the files.
    columns: Vec<usize>,
    /// The files' schema.
    files: SchemaRef,
    scatter: Scatter,
    threads: usize,
    /// Where rows go instead, if they are to be sorted.
    sorter: Option<Sorter>,
    /// Rows kept, by partition number.
    rows: Vec<u64>,
    rows_in: u64,
}

/// What came in.
pub(crate) struct Taken {
    /// Rows of the stream.
    pub(crate) rows: u64,
    /// Their hash, where a repetition is to be recognised.
    pub(crate) content: String,
    /// Rows of each partition, by path.
    pub(crate) partitions: Vec<(String, u64)>,
    /// The scope, handed back.
    pub(crate) scope: Option<Scope>,
    pub(crate) outside: OutsideRows,
}

impl Intake {
    /// Rows get their partition by `keys`; `columns` of them go into files of `files`, by a
    /// writer of `settings`. With more than one of its threads, they are read ahead of what
    /// is written.
    pub(crate) fn new(
        keys: Keys,
        scope: Option<Scope>,
        outside: OutsideRows,
        content: Option<Content>,
        columns: Vec<usize>,
        files: SchemaRef,
        settings: &WriterSettings,
    ) -> Self {
        Intake {
            keys,
            scope,
            inside: Vec::new(),
            outside,
            content,
            columns,
            scatter: Scatter::new(files.clone(), settings),
            threads: settings.threads,
            files,
            sorter: None,
            rows: Vec::new(),
            rows_in: 0,
        }
    }

    /// Rows are sorted before they are written.
    pub(crate) fn sorted(mut self, sorter: Option<Sorter>) -> Self {
        self.sorter = sorter;
        self
    }

    /// Reads the stream to its end marker, into `writer` if there is one: with several
    /// threads, rows are read and given partitions while those before them are split and
    /// written.
    pub(crate) fn consume(
        mut self,
        reader: &mut Reader,
        writer: Option<&mut PartitionedWriter>,
        job: &Job,
    ) -> Result<Taken, Failure> {
        let Some(writer) = writer else {
            self.read(reader, false, job, |_| Ok(true))?;
            return Ok(self.taken());
        };
        let mut intake = if self.threads > 1 {
            let read = |hand: &Hand<Rows>| {
                self.read(reader, true, job, |rows| Ok(hand.over(rows)))?;
                Ok(self)
            };
            ahead(read, |rows| write(rows, writer))?
        } else {
            self.read(reader, true, job, |rows| write(rows, writer).map(|()| true))?;
            self
        };
        intake.write_sorted(writer)?;
        Ok(intake.taken())
    }

    /// Gives the rows of the stream, if `wanted`, until `give` returns false.
    fn read(
        &mut self,
        reader: &mut Reader,
        wanted: bool,
        job: &Job,
        mut give: impl FnMut(Rows) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        while let Some(batch) = reader.next().context("nothing committed")? {
            job.metrics.records_in.add(batch.num_rows() as u64);
            job.metrics.bytes_in.set(reader.bytes_read());
            let window = guarded("a batch", || self.take(batch, wanted, job))?;
            if let Some(window) = window
                && !give(self.named(window))?
            {
                return Ok(());
            }
        }
        let rest = self.scatter.finish().map(|window| self.named(window));
        rest.map_or(Ok(true), give).map(drop)
    }

    fn named(&self, window: Window) -> Rows {
        let paths = window.partitions().iter();
        let paths = paths.map(|id| self.keys.path(*id).clone()).collect();
        Rows { window, paths }
    }

    fn taken(self) -> Taken {
        let partitions = (0u32..).zip(&self.rows).filter(|(_, rows)| **rows > 0);
        Taken {
            rows: self.rows_in,
            content: self
                .content
                .as_ref()
                .map(Content::digest)
                .unwrap_or_default(),
            partitions: partitions
                .map(|(id, rows)| (self.keys.path(id).to_string(), *rows))
                .collect(),
            scope: self.scope,
            outside: self.outside,
        }
    }

    fn take(
        &mut self,
        batch: RecordBatch,
        wanted: bool,
        job: &Job,
    ) -> Result<Option<Window>, Failure> {
        if let Some(content) = &mut self.content {
            content.update(&batch).map_err(kernel)?;
        }
        let first_row = self.rows_in;
        self.rows_in += batch.num_rows() as u64;
        let ids = self.keys.assign(&batch)?.to_vec();
        self.judge_partitions()?;
        let (batch, ids) = self.split_by_scope(batch, ids, first_row, job)?;
        for id in &ids {
            self.rows[*id as usize] += 1;
        }
        if !wanted || ids.is_empty() {
            return Ok(None);
        }
        let unfit = |error| Failure::data("a batch cannot be stored").because(error);
        let batch = self.to_files(&batch).map_err(unfit)?;
        match &mut self.sorter {
            None => Ok(self.scatter.push(batch, &ids)),
            Some(sorter) => {
                sorter.push(batch, &ids)?;
                Ok(None)
            }
        }
    }

    /// The columns of the files, in their types.
    fn to_files(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let columns = batch.project(&self.columns)?;
        match columns.schema().fields() == self.files.fields() {
            true => Ok(columns),
            false => adapt_batch(&columns, &self.files),
        }
    }

    /// Decides for partitions that are new whether they are inside of the scope.
    fn judge_partitions(&mut self) -> Result<(), Failure> {
        self.rows.resize(self.keys.len(), 0);
        for id in self.inside.len() as u32..self.keys.len() as u32 {
            let inside = match &self.scope {
                None => true,
                Some(scope) => scope.holds(&self.keys.values(id))?,
            };
            self.inside.push(inside);
        }
        Ok(())
    }

    /// Rows inside of the scope and their partitions; the others go where they are to go.
    fn split_by_scope(
        &mut self,
        batch: RecordBatch,
        mut ids: Vec<u32>,
        first_row: u64,
        job: &Job,
    ) -> Result<(RecordBatch, Vec<u32>), Failure> {
        let is_inside = |id: &u32| self.inside[*id as usize];
        let (Some(scope), Some(first)) = (&self.scope, ids.iter().position(|id| !is_inside(id)))
        else {
            return Ok((batch, ids));
        };
        if matches!(self.outside, OutsideRows::Refused) {
            job.metrics.outside.add(1);
            return Err(scope::refuse(
                scope,
                first_row + first as u64 + 1,
                self.keys.path(ids[first]),
            ));
        }
        let inside: BooleanArray = ids.iter().map(|id| Some(is_inside(id))).collect();
        let outside: BooleanArray = ids.iter().map(|id| Some(!is_inside(id))).collect();
        ids.retain(|id| self.inside[*id as usize]);
        job.metrics.outside.add(outside.true_count() as u64);
        self.outside
            .take(&filter_record_batch(&batch, &outside).map_err(kernel)?)?;
        Ok((filter_record_batch(&batch, &inside).map_err(kernel)?, ids))
    }

    /// The sorter has all rows: they come back partition by partition.
    fn write_sorted(&mut self, writer: &mut PartitionedWriter) -> Result<(), Failure> {
        let Some(sorter) = self.sorter.take() else {
            return Ok(());
        };
        sorter.finish(|id, rows| writer.push(self.keys.path(id), rows).map_err(Failure::from))
    }
}

fn write(rows: Rows, writer: &mut PartitionedWriter) -> Result<(), Failure> {
    let Rows { window, paths } = rows;
    guarded("a batch", || Ok(writer.push_window(window, &paths)?))
}

fn kernel(error: ArrowError) -> Failure {
    Failure::data("cannot split the rows of a batch").because(error)
}
