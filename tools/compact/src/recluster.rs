//! `--sort-by`: a partition's rows decoded, sorted, and written anew.

use crate::apply::{Place, Share};
use crate::merge::{Inputs, adapted, form, next, open, reader};
use crate::output::Output;
use crate::plan::PartitionPlan;
use crate::{print, verify};
use arrow_array::RecordBatch;
use millrace_cli::Job;
use millrace_dataset::tx::StagedFile;
use millrace_dataset::write::{SortOrder, SortSettings, Sorter};
use millrace_fault::{Context, Failure, quoted};

/// Rows from which encodings are decided.
const SAMPLE_ROWS: usize = 32 << 10;

/// Writes the inputs' rows, sorted, into new files of the stage, and checks them.
pub(crate) fn recluster(
    plan: &PartitionPlan,
    inputs: &Inputs,
    order: &SortOrder,
    place: &Place,
    share: Share,
    job: &Job,
) -> Result<Vec<StagedFile>, Failure> {
    let settings = SortSettings {
        memory: share.sorter,
        threads: share.threads,
        // Unnamed: it is not part of what is staged, and is gone with the process.
        temp_dir: place.stage.dir().to_owned(),
    };
    let mut sorter = Sorter::new(&inputs.schema, order, settings).context(format!(
        "cannot sort partition {}",
        quoted(print::shown(&plan.path))
    ))?;
    let rows = gather(inputs, &mut sorter, job)?;
    let mut written = Written {
        plan,
        inputs,
        order,
        place,
        share,
        per_row: plan.bytes() as f64 / rows.max(1) as f64,
        first: Vec::new(),
        first_rows: 0,
        output: None,
    };
    sorter.finish(|_, rows| written.take(rows))?;
    written.finish(|staged| verify::check(inputs, &plan.path, &place.folder, staged, share.threads))
}

/// Every row of the inputs, in their order; how many there are.
fn gather(inputs: &Inputs, sorter: &mut Sorter, job: &Job) -> Result<u64, Failure> {
    let mut total = 0;
    let mut zeros: Vec<u32> = Vec::new();
    for input in &inputs.files {
        let source = open(&input.file)?;
        let groups: Vec<usize> = (0..input.footer.metadata().num_row_groups()).collect();
        let mut rows = reader(&source, &input.footer, &groups)?;
        while let Some(batch) = next(&source, &mut rows)? {
            let count = batch.num_rows();
            total += count as u64;
            job.metrics.records_in.add(count as u64);
            zeros.resize(count, 0);
            sorter.push(adapted(&source, &batch, &inputs.schema)?, &zeros)?;
        }
        job.metrics.bytes_in.add(source.bytes_read());
    }
    Ok(total)
}

/// Where sorted rows go. The first ones decide the encodings.
struct Written<'a> {
    plan: &'a PartitionPlan,
    inputs: &'a Inputs,
    order: &'a SortOrder,
    place: &'a Place<'a>,
    share: Share,
    /// Bytes of a row in the inputs.
    per_row: f64,
    first: Vec<RecordBatch>,
    first_rows: usize,
    output: Option<Output>,
}

impl Written<'_> {
    fn take(&mut self, rows: RecordBatch) -> Result<(), Failure> {
        if self.output.is_some() {
            return self.push(rows);
        }
        self.first_rows += rows.num_rows();
        self.first.push(rows);
        match self.first_rows >= SAMPLE_ROWS {
            true => self.begin(),
            false => Ok(()),
        }
    }

    fn begin(&mut self) -> Result<(), Failure> {
        let mut form = form(self.plan, self.inputs, self.place, self.share);
        form.sorting = self.order.clone();
        let first = std::mem::take(&mut self.first);
        self.output = Some(Output::new(
            self.place.folder.clone(),
            self.place.naming(),
            self.inputs.schema.clone(),
            form,
            &first,
            self.plan.bytes(),
        )?);
        first.into_iter().try_for_each(|rows| self.push(rows))
    }

    fn push(&mut self, rows: RecordBatch) -> Result<(), Failure> {
        let bytes = (self.per_row * rows.num_rows() as f64) as u64;
        match &mut self.output {
            Some(output) => output.push(rows, bytes),
            None => Ok(()),
        }
    }

    fn finish(
        mut self,
        check: impl FnOnce(&[StagedFile]) -> Result<(), Failure>,
    ) -> Result<Vec<StagedFile>, Failure> {
        if self.output.is_none() {
            self.begin()?;
        }
        self.output
            .map_or(Ok(Vec::new()), |output| output.finish(check))
    }
}
