//! The bytes of text, compressed where that pays.

use super::read::{Cursor, corrupt};
use arrow_buffer::MutableBuffer;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

/// Fewer bytes than this are not worth a try.
const WORTH: usize = 512;
/// After a try that did not pay, so many parts of the column go without one.
const REST: u32 = 31;

/// Room that is made for text before it comes.
const MOST_ROOM: usize = 1 << 20;

const RAW: u8 = 0;
const LZ4: u8 = 1;

/// For each column of text, how many parts go without a try.
#[derive(Debug, Default)]
pub(in crate::write::spill) struct Trials(Vec<AtomicU32>);

impl Trials {
    /// For batches with so many arrays of text.
    pub(in crate::write::spill) fn new(texts: usize) -> Self {
        Trials((0..texts).map(|_| AtomicU32::new(0)).collect())
    }

    /// Whether the text of that number is to be tried.
    fn is_due(&self, text: usize) -> bool {
        let rest = |left: u32| left.checked_sub(1);
        let Some(left) = self.0.get(text) else {
            return false;
        };
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, rest)
            .is_err()
    }

    fn rest(&self, text: usize) {
        if let Some(left) = self.0.get(text) {
            left.store(REST, Ordering::Relaxed);
        }
    }
}

/// Appends the length of `bytes`, then these.
pub(super) fn append(bytes: &[u8], text: usize, trials: &Trials, out: &mut Vec<u8>) {
    out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    if bytes.len() >= WORTH && trials.is_due(text) {
        let start = out.len();
        let room = lz4_flex::block::get_maximum_output_size(bytes.len());
        out.push(LZ4);
        out.resize(start + 9 + room, 0);
        let packed = lz4_flex::block::compress_into(bytes, &mut out[start + 9..]);
        if let Some(packed) = packed.ok().filter(|packed| *packed < bytes.len() / 4 * 3) {
            out[start + 1..start + 9].copy_from_slice(&(packed as u64).to_le_bytes());
            out.truncate(start + 9 + packed);
            return;
        }
        out.truncate(start);
        trials.rest(text);
    }
    out.push(RAW);
    out.extend_from_slice(bytes);
}

/// Reads what [`append`] wrote onto the end of `bytes`; makes room for so many `parts` of its
/// length, within reason.
pub(super) fn read(from: &mut Cursor, bytes: &mut MutableBuffer, parts: usize) -> io::Result<()> {
    let length = from.length()?;
    if parts > 1 {
        bytes.reserve(length.saturating_mul(parts).min(MOST_ROOM));
    }
    match from.byte()? {
        RAW => bytes.extend_from_slice(from.take(length)?),
        LZ4 => {
            let packed = from.length()?;
            let packed = from.take(packed)?;
            let start = bytes.len();
            bytes.resize(start + length, 0);
            let read = lz4_flex::block::decompress_into(packed, &mut bytes.as_slice_mut()[start..]);
            if read.ok() != Some(length) {
                return Err(corrupt());
            }
        }
        _ => return Err(corrupt()),
    }
    Ok(())
}
