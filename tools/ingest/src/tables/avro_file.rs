//! Avro, block by block, from a file, a pipe or an archive; by several threads a few blocks
//! each.

use crate::opened::Opened;
use crate::plan::Sizes;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use millrace_decode::avro::{self, Parcel};
use millrace_fault::{Failure, guarded, quoted};
use millrace_parallel::{Backlog, RESULTS, in_order};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Largest block, unless records may be larger: writers make them of 16 KiB to a few MiB.
const LARGEST_BLOCK: usize = 256 << 20;
/// Parcels that wait to be decoded are no larger together; as stored.
const LARGE_PARCELS: u64 = 8 << 20;

/// An open Avro file.
pub(crate) struct AvroFile {
    name: Arc<str>,
    reader: avro::Reader,
}

impl AvroFile {
    pub(crate) fn open(opened: Opened, sizes: Sizes) -> Result<AvroFile, Failure> {
        let Opened {
            name,
            mut content,
            head,
            ..
        } = opened;
        content.unread(&head);
        let source = Box::new(move |space: &mut [u8]| content.read(space));
        let sizes = avro::Sizes {
            batch_rows: sizes.batch_rows,
            batch_bytes: sizes.batch_bytes,
            block: sizes.record.max(LARGEST_BLOCK),
        };
        let reader = avro::Reader::new(&name, source, sizes)?;
        Ok(AvroFile { name, reader })
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        self.reader.schema()
    }

    pub(crate) fn project(&mut self, columns: &[usize]) -> Result<(), Failure> {
        self.reader.project(columns)
    }

    /// Hands over all batches in order. Neither their rows nor the first failure depend on
    /// the number of threads.
    pub(crate) fn each(
        mut self,
        threads: usize,
        mut take: impl FnMut(RecordBatch) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if threads == 1 {
            while let Some(parcel) = self.reader.next()? {
                decode_here(parcel, &mut take)?;
            }
            return Ok(());
        }
        let mut failed = false;
        let parcels = std::iter::from_fn(|| {
            // After a failure there is nothing more to be read.
            let parcel = (!failed).then(|| self.reader.next().transpose())?;
            failed = matches!(parcel, Some(Err(_)));
            parcel
        });
        let weighed = parcels.map(|parcel| {
            let weight = parcel.as_ref().map_or(0, Parcel::weight);
            (parcel, weight)
        });
        let backlog = Backlog {
            threads,
            small: 0,
            large: LARGE_PARCELS,
            results: RESULTS,
        };
        let name = quoted(&self.name);
        in_order(
            weighed,
            backlog,
            |parcel, hand| {
                let decode = |parcel: Parcel| parcel.decode(|batch| more(hand.over(batch)));
                guarded(&name, || parcel.and_then(decode))
            },
            |batch| take(batch).map(|()| true),
        )
    }
}

fn decode_here(
    parcel: Parcel,
    mut take: impl FnMut(RecordBatch) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut taken = Ok(());
    parcel.decode(|batch| {
        taken = take(batch);
        more(taken.is_ok())
    })?;
    taken
}

fn more(wanted: bool) -> ControlFlow<()> {
    match wanted {
        true => ControlFlow::Continue(()),
        false => ControlFlow::Break(()),
    }
}
