//! What the writer gives up when memory is short. All decisions are made of the stream's
//! bytes alone.

use super::PartitionedWriter;
use crate::write::WriteError;

impl PartitionedWriter {
    /// An estimate of what all encoders hold.
    fn encoders_cost(&self) -> usize {
        self.open.iter().map(|id| self.cost(*id)).sum()
    }

    fn cost(&self, id: u32) -> usize {
        let open = self.partitions[id as usize].open.as_ref();
        open.map_or(0, |open| open.cost(self.limits.encoder))
    }

    /// Empties the fullest partitions until half of the waiting rows are gone.
    pub(super) fn relieve(&mut self) -> Result<(), WriteError> {
        let half = self.pending / 2;
        let mut fullest: Vec<(usize, u32)> = (0u32..)
            .zip(&self.partitions)
            .filter(|(_, partition)| partition.pending_bytes > 0)
            .map(|(id, partition)| (partition.pending_bytes, id))
            .collect();
        fullest.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        for (_, id) in fullest {
            if self.pending <= half {
                break;
            }
            if self.partitions[id as usize].open.is_some() {
                self.encode_pending(id)?;
            } else {
                self.spill_pending(id)?;
            }
        }
        Ok(())
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
                .max_by_key(|id| (self.cost(*id), std::cmp::Reverse(*id)));
            match largest {
                Some(id) if total > self.limits.encoders && self.cost(id) > 0 => self.end_group(id),
                _ => return Ok(()),
            }
        }
    }
}
