//! What the writer gives up when memory is short. All decisions are made of the stream's
//! bytes alone.

use super::PartitionedWriter;
use super::waiting::parcels;
use crate::write::WriteError;
use std::cmp::Reverse;

impl PartitionedWriter {
    /// An estimate of what all encoders hold.
    fn encoders_cost(&self) -> usize {
        self.open.iter().map(|id| self.cost(*id)).sum()
    }

    fn cost(&self, id: u32) -> usize {
        let open = self.partitions[id as usize].open.as_ref();
        open.map_or(0, |open| open.cost(self.limits.encoder))
    }

    /// Bytes that the rows that wait keep in memory.
    pub(super) fn waiting(&self) -> usize {
        self.pending + self.pinned.unwrap_or_default()
    }

    /// Makes room for a slab of `bytes`.
    pub(super) fn make_room(&mut self, bytes: usize) -> Result<(), WriteError> {
        match self.waiting() + bytes > self.limits.slabs(self.partitions.len()) {
            true => self.relieve(),
            false => Ok(()),
        }
    }

    /// Empties the fullest partitions until half of the waiting rows are gone; all of them,
    /// if there are slabs: a slab is free once the last of its rows is gone.
    pub(super) fn relieve(&mut self) -> Result<(), WriteError> {
        let rest = match self.pinned {
            Some(_) => 0,
            None => self.pending / 2,
        };
        let fullest = self.fullest(self.pending - rest).into_iter();
        let (open, others): (Vec<u32>, Vec<u32>) =
            fullest.partition(|id| self.partitions[*id as usize].open.is_some());
        for id in open {
            self.encode_pending(id)?;
        }
        let waits = |id: &u32| self.partitions[*id as usize].pending_bytes;
        for ids in parcels(others, waits, self.limits.together) {
            self.spill_pending(&ids)?;
        }
        self.pinned = None;
        Ok(())
    }

    /// The fullest partitions, in whose hands `bytes` wait, in the order in which they are
    /// finished: what is spilled in that order is read from front to back.
    fn fullest(&self, bytes: usize) -> Vec<u32> {
        let waits = |id: u32| self.partitions[id as usize].pending_bytes;
        let mut ids: Vec<u32> = (0..self.partitions.len() as u32).collect();
        ids.retain(|id| waits(*id) > 0);
        ids.sort_unstable_by_key(|id| (Reverse(waits(*id)), *id));
        let mut left = bytes;
        let is_wanted = |id: &u32| {
            let wanted = left > 0;
            left = left.saturating_sub(waits(*id));
            wanted
        };
        let mut ids: Vec<u32> = ids.into_iter().take_while(is_wanted).collect();
        self.sort_by_path(&mut ids);
        ids
    }

    /// Closes partitions that the stream has left behind.
    pub(super) fn close_idle(&mut self) -> Result<(), WriteError> {
        let (position, idle) = (self.position, self.limits.idle);
        let is_idle = |id: &&u32| self.partitions[**id as usize].touched + idle < position;
        let left: Vec<u32> = self.open.iter().filter(is_idle).copied().collect();
        left.into_iter().try_for_each(|id| self.close_with_rest(id))
    }

    /// Ends the largest row groups in work while the encoders hold more than their share.
    pub(super) fn hold_encoders(&mut self) -> Result<(), WriteError> {
        loop {
            let total = self.encoders_cost();
            let largest = self
                .open
                .iter()
                .copied()
                .max_by_key(|id| (self.cost(*id), Reverse(*id)));
            match largest {
                Some(id) if total > self.limits.encoders && self.cost(id) > 0 => self.end_group(id),
                _ => return Ok(()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::parquet::WriterSettings;
    use crate::write::{PartitionedWriter, Scatter};
    use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
    use std::sync::Arc;

    fn batch(start: i64) -> RecordBatch {
        let ids = start..start + 5000;
        let texts = ids.clone().map(|id| format!("{:032}", id * 7919));
        RecordBatch::try_from_iter([
            (
                "id",
                Arc::new(Int64Array::from_iter_values(ids)) as ArrayRef,
            ),
            ("text", Arc::new(StringArray::from_iter_values(texts))),
        ])
        .unwrap()
    }

    /// A fifth of the rows goes to one partition, whose encoder takes them at once: they count
    /// until the others in their slab are gone.
    #[test]
    fn slabs_count_until_the_last_of_their_rows_is_gone() {
        let (dir, temp) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let settings = WriterSettings {
            memory: 16 << 20,
            temp_dir: temp.path().to_owned(),
            ..WriterSettings::default()
        };
        let schema = batch(0).schema();
        let mut scatter = Scatter::new(schema.clone(), &settings);
        let naming = Box::new(|n: u32| format!("part-{n}.parquet"));
        let mut writer = PartitionedWriter::new(dir.path(), naming, schema, settings);
        let (mut most, mut pinned) = (0, 0);
        for start in (0..1_000_000).step_by(5000) {
            let key = |id: i64| {
                if id % 5 == 0 {
                    0
                } else {
                    (id * 7919 % 1201) as u32
                }
            };
            let ids: Vec<u32> = (start..start + 5000).map(key).collect();
            let Some(window) = scatter.push(batch(start), &ids) else {
                continue;
            };
            assert!(window.is_slab());
            let paths: Vec<String> = window
                .partitions()
                .iter()
                .map(|id| format!("p={id}"))
                .collect();
            writer.push_window(window, &paths).unwrap();
            most = most.max(writer.waiting());
            pinned = pinned.max(writer.pinned.unwrap_or_default());
            let waits: usize = writer
                .partitions
                .iter()
                .map(|partition| partition.pending_bytes)
                .sum();
            assert_eq!(writer.pending, waits);
        }
        let limit = writer.limits.slabs(writer.partitions.len());
        assert!(most <= limit, "{most}");
        assert!(most > limit / 2, "{most}");
        assert!(pinned > most / 10, "{pinned} of {most}");
        assert!(writer.spilled_bytes() > 0);
    }
}
