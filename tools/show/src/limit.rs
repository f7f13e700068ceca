//! The first rows of a source, and what is known of the others.

use crate::plain;
use crate::source::Source;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use millrace_cli::Job;
use millrace_fault::Failure;

/// Hands out batches until enough rows were seen.
pub(crate) struct Limited<'a> {
    source: Source,
    left: Option<u64>,
    /// Rows read and not handed out.
    over: u64,
    ended: bool,
    job: &'a Job,
}

/// The rows that were not handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// So many, 0 when all were.
    Exactly(u64),
    /// So many were read; nobody knows what follows.
    AtLeast(u64),
}

impl<'a> Limited<'a> {
    pub(crate) fn new(source: Source, most: Option<u64>, job: &'a Job) -> Self {
        Limited {
            source,
            left: most,
            over: 0,
            ended: false,
            job,
        }
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        self.source.schema()
    }

    /// The next rows, columns made plain; `None` when all, or enough, were handed out.
    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>, Failure> {
        if self.left == Some(0) {
            return Ok(None);
        }
        let Some(batch) = self.read()? else {
            return Ok(None);
        };
        let rows = batch.num_rows() as u64;
        let taken = self.left.unwrap_or(rows).min(rows);
        self.left = self.left.map(|left| left - taken);
        self.over = rows - taken;
        self.job.metrics.records_out.add(taken);
        plain::batch(&batch.slice(0, taken as usize)).map(Some)
    }

    /// What was left out. Reads one batch more where only that can tell.
    pub(crate) fn rest(&mut self) -> Result<Rest, Failure> {
        if let Some(total) = self.source.total() {
            return Ok(Rest::Exactly(
                total.saturating_sub(self.job.metrics.records_out.value()),
            ));
        }
        if self.over == 0 {
            while !self.ended && self.over == 0 {
                self.over = self.read()?.map_or(0, |batch| batch.num_rows() as u64);
            }
        }
        Ok(if self.ended {
            Rest::Exactly(self.over)
        } else {
            Rest::AtLeast(self.over)
        })
    }

    fn read(&mut self) -> Result<Option<RecordBatch>, Failure> {
        let batch = self.source.next()?;
        self.job.metrics.bytes_in.set(self.source.bytes_read());
        match &batch {
            Some(batch) => self.job.metrics.records_in.add(batch.num_rows() as u64),
            None => self.ended = true,
        }
        Ok(batch)
    }
}
