//! Rows that wait: in memory, then in the temporary file, until they are encoded.

use super::PartitionedWriter;
use crate::write::WriteError;
use crate::write::piece::Piece;
use crate::write::spill::Segment;
use arrow_array::RecordBatch;

impl PartitionedWriter {
    pub(super) fn accept(&mut self, id: u32, piece: Piece) -> Result<(), WriteError> {
        let (bytes, in_slab) = (piece.bytes(), piece.is_in_slab());
        self.position += bytes as u64;
        let partition = &mut self.partitions[id as usize];
        partition.touched = self.position;
        partition.add(piece);
        self.pending += bytes;
        if in_slab {
            self.pinned.get_or_insert(0);
        }
        if partition.pending_rows >= self.limits.unit_rows
            || partition.pending_bytes >= self.limits.unit_bytes
        {
            self.unload(id)?;
        }
        // For a slab, room was made before.
        if !in_slab && self.waiting() > self.limits.pending {
            self.relieve()?;
        }
        if self.position - self.swept > self.limits.idle / 4 {
            self.swept = self.position;
            self.close_idle()?;
        }
        Ok(())
    }

    /// Encodes a partition's waiting rows if it has or may have an encoder, else spills them.
    fn unload(&mut self, id: u32) -> Result<(), WriteError> {
        if self.partitions[id as usize].open.is_some() || self.may_open(id)? {
            self.encode_pending(id)
        } else {
            self.spill_pending(&[id])
        }
    }

    /// Whether a partition gets an encoder. One that was closed before, to be reopened,
    /// must have gathered something worth a further file.
    fn may_open(&mut self, id: u32) -> Result<bool, WriteError> {
        let partition = &self.partitions[id as usize];
        if !partition.files.is_empty() && partition.held() < self.limits.reopen {
            return Ok(false);
        }
        if self.open.len() >= self.limits.open {
            self.close_idle()?;
        }
        Ok(self.open.len() < self.limits.open)
    }

    pub(super) fn encode_pending(&mut self, id: u32) -> Result<(), WriteError> {
        self.restore(id)?;
        let batches = batches(self.take_pending(id));
        self.encode(id, batches)?;
        self.hold_encoders()
    }

    /// Encodes what was spilled: it comes before what waits in memory.
    pub(super) fn restore(&mut self, id: u32) -> Result<(), WriteError> {
        let segments = self.take_spilled(id)?;
        for together in parcels(segments, |segment| segment.raw, self.limits.unit_bytes) {
            let batches = self.spill.read(together)?;
            self.encode(id, batches)?;
        }
        Ok(())
    }

    /// The partition's segments, each of which can be read.
    pub(super) fn take_spilled(&mut self, id: u32) -> Result<Vec<Segment>, WriteError> {
        let spilled = std::mem::take(&mut self.partitions[id as usize].spilled);
        if !spilled.is_empty() {
            self.spill.settle(&self.pool)?;
        }
        Ok(spilled)
    }

    /// Spills what waits in these partitions, together.
    pub(super) fn spill_pending(&mut self, ids: &[u32]) -> Result<(), WriteError> {
        let waits = |id: &u32| self.partitions[*id as usize].pending_bytes;
        let raw: usize = ids.iter().map(waits).sum();
        if raw == 0 {
            return Ok(());
        }
        let permit = self.pool.admit(raw)?;
        let rows = ids.iter().map(|id| self.take_pending(*id)).collect();
        let segments = self.spill.submit(rows, permit, &self.pool);
        for (id, segment) in ids.iter().zip(segments) {
            self.partitions[*id as usize].spilled.push(segment);
        }
        Ok(())
    }

    /// The partition's waiting rows.
    pub(super) fn take_pending(&mut self, id: u32) -> Vec<Piece> {
        let partition = &mut self.partitions[id as usize];
        self.pending -= partition.pending_bytes;
        if let Some(pinned) = &mut self.pinned {
            *pinned += partition.pending_in_slabs;
        }
        partition.take_pending()
    }
}

/// `items` in their order, put together until they have so many bytes or there are no more.
pub(super) fn parcels<T>(
    items: Vec<T>,
    bytes_of: impl Fn(&T) -> usize,
    bytes: usize,
) -> Vec<Vec<T>> {
    let (mut parcels, mut parcel, mut weight) = (Vec::new(), Vec::new(), 0);
    for item in items {
        weight += bytes_of(&item);
        parcel.push(item);
        if weight >= bytes {
            parcels.push(std::mem::take(&mut parcel));
            weight = 0;
        }
    }
    if !parcel.is_empty() {
        parcels.push(parcel);
    }
    parcels
}

/// The rows as batches.
pub(super) fn batches(pieces: Vec<Piece>) -> Vec<RecordBatch> {
    pieces.iter().map(Piece::batch).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parcels_have_so_many_bytes_but_the_last() {
        let of = |items: &[usize]| parcels(items.to_vec(), |item| *item, 10);
        assert!(of(&[]).is_empty());
        assert_eq!(of(&[3]), [[3]]);
        assert_eq!(of(&[10, 40, 5, 0]), [vec![10], vec![40], vec![5, 0]]);
        assert_eq!(of(&[4, 4, 4, 9, 1]), [vec![4, 4, 4], vec![9, 1]]);
    }
}
