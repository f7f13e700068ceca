//! The rows as one stream.

use crate::Args;
use crate::dataset::Dataset;
use crate::layout::Layout;
use crate::rows::{BATCH_ROWS, Query};
use crate::skip::{Plan, plan};
use crate::survey::survey;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;
use millrace_cli::Job;
use millrace_expr::Predicate;
use millrace_fault::Failure;
use millrace_parallel::{Backlog, Hand, RESULTS, in_order};
use millrace_stream::Output;
use std::sync::{Arc, Mutex};

/// Everything decided, nothing decoded.
pub(crate) struct Prepared {
    pub(crate) query: Query,
    pub(crate) plan: Plan,
}

/// Lists, reads footers, judges row groups.
pub(crate) fn prepare(args: &Args, job: &Job) -> Result<Prepared, Failure> {
    let predicate = args.filter.as_deref().map(Predicate::parse).transpose()?;
    let threads = args.threads.count();
    let dataset = Dataset::open(args, job, predicate.as_ref())?;
    let survey = survey(&dataset, threads)?;
    let layout = Layout::new(args, &dataset, &survey, predicate.as_ref())?;
    let plan = plan(&dataset, &survey, &layout, threads)?;
    let metrics = &job.metrics;
    metrics.detail("partitions_total", dataset.total.partitions);
    metrics.detail("partitions_read", dataset.partitions.len());
    metrics.detail("files_total", dataset.total.files);
    metrics.detail("files_read", plan.figures.files);
    metrics.detail("row_groups_total", plan.figures.groups);
    metrics.detail("row_groups_read", plan.groups.len());
    let limit = args
        .limit
        .map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let output = layout.output.clone();
    Ok(Prepared {
        query: Query {
            dataset,
            survey,
            layout: Arc::new(layout),
            output,
            limit,
            footer: Mutex::default(),
        },
        plan,
    })
}

/// Writes the stream.
pub(crate) fn stream(args: &Args, job: &Job) -> Result<(), Failure> {
    let mut output = Output::stdout()?;
    let result = write(args, job, &mut output);
    let bytes = output.close(job.tool, result)?;
    job.metrics.bytes_out.set(bytes);
    Ok(())
}

fn write(args: &Args, job: &Job, output: &mut Output) -> Result<(), Failure> {
    let prepared = prepare(args, job)?;
    output.start(&prepared.query.output)?;
    let mut gathered = Gathered::new(prepared.query.output.clone());
    let mut left = prepared.query.limit.unwrap_or(usize::MAX);
    each_batch(&prepared, args.threads.count(), job, |batch| {
        let batch = batch.slice(0, batch.num_rows().min(left));
        left -= batch.num_rows();
        if let Some(batch) = gathered.add(batch)? {
            send(job, output, &batch)?;
        }
        Ok(left > 0)
    })?;
    match gathered.rest()? {
        Some(batch) => send(job, output, &batch),
        None => Ok(()),
    }
}

fn send(job: &Job, output: &mut Output, batch: &RecordBatch) -> Result<(), Failure> {
    output.write(batch)?;
    job.metrics.records_out.add(batch.num_rows() as u64);
    Ok(())
}

/// Decodes the plan's row groups ahead and hands their batches over in order, until
/// `take` says that it is enough.
pub(crate) fn each_batch(
    prepared: &Prepared,
    threads: usize,
    job: &Job,
    take: impl FnMut(RecordBatch) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    if prepared.query.limit == Some(0) {
        return Ok(());
    }
    let work = |group: &crate::skip::Group, hand: &Hand<RecordBatch>| {
        let mut rows = prepared.query.open(group)?;
        job.metrics.records_in.add(group.rows);
        let mut counted = 0;
        loop {
            let batch = rows.next()?;
            let read = rows.source.bytes_read();
            job.metrics.bytes_in.add(read - counted);
            counted = read;
            let wanted = batch.is_some_and(|batch| hand.over(batch));
            if !wanted {
                return Ok(());
            }
        }
    };
    let groups = prepared.plan.groups.iter();
    let groups = groups.map(|group| (group, 1));
    let backlog = Backlog {
        threads,
        small: 0,
        large: u64::MAX,
        results: RESULTS,
    };
    in_order(groups, backlog, work, take)
}

/// Small batches, of small files or few rows that pass, are put together.
struct Gathered {
    schema: SchemaRef,
    waiting: Vec<RecordBatch>,
    rows: usize,
}

/// A batch of so many rows goes out as it is.
const ENOUGH: usize = BATCH_ROWS / 8;

impl Gathered {
    fn new(schema: SchemaRef) -> Self {
        Gathered {
            schema,
            waiting: Vec::new(),
            rows: 0,
        }
    }

    /// What is ready to go out, in order.
    fn add(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>, Failure> {
        if batch.num_rows() == 0 {
            return Ok(None);
        }
        self.rows += batch.num_rows();
        self.waiting.push(batch);
        if self.rows >= ENOUGH {
            self.rest()
        } else {
            Ok(None)
        }
    }

    fn rest(&mut self) -> Result<Option<RecordBatch>, Failure> {
        self.rows = 0;
        let waiting = std::mem::take(&mut self.waiting);
        match waiting.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one.clone())),
            many => concat_batches(&self.schema, many)
                .map(Some)
                .map_err(|error| Failure::data("cannot put batches together").because(error)),
        }
    }
}
