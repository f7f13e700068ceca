//! Message bodies: read into one aligned buffer each, and buffers used again.

use arrow_buffer::Buffer;
use std::io::{self, Read};

/// What a claimed length may allocate before its bytes have arrived.
const BOUND: usize = 16 << 20;

/// Arrow's own alignment; what is read is then decoded where it lies.
const ALIGNMENT: usize = 64;

/// Buffers kept for reuse, and their bytes: fresh pages cost as much as the copy into
/// them. No more are kept than were read at once, and as many as a writer may gather.
const KEPT: usize = 128;
const BYTES_KEPT: usize = 128 << 20;

/// Hands out buffers that nobody reads any more.
#[derive(Debug, Default)]
pub(crate) struct Bodies {
    kept: Vec<Buffer>,
}

/// How a read of a claimed number of bytes ended.
#[derive(Debug)]
pub(crate) enum Body {
    /// All of them.
    Whole(Buffer),
    /// End of file after so many.
    Cut(usize),
}

impl Bodies {
    /// Reads `length` bytes. Beyond a bound the buffer grows only as bytes arrive.
    pub(crate) fn read(&mut self, source: &mut dyn Read, length: usize) -> io::Result<Body> {
        let mut bytes = self.take(length);
        let start = align(&mut bytes, length.min(BOUND));
        let mut read = 0;
        while read < length {
            let end = bytes.len().min(start + length);
            match read_some(source, &mut bytes[start + read..end])? {
                0 => return Ok(Body::Cut(read)),
                n => read += n,
            }
            if start + read == bytes.len() && read < length {
                let grown = length.min(read * 2);
                bytes.resize(start + grown, 0);
            }
        }
        Ok(Body::Whole(
            self.keep(bytes).slice_with_length(start, length),
        ))
    }

    /// A buffer that all batches have let go of, else an empty one.
    fn take(&mut self, length: usize) -> Vec<u8> {
        let free = |kept: &Buffer| kept.strong_count() == 1 && kept.len() >= length + ALIGNMENT;
        let Some(index) = self.kept.iter().position(free) else {
            return Vec::new();
        };
        self.kept.swap_remove(index).into_vec().unwrap_or_default()
    }

    fn bytes_kept(&self) -> usize {
        self.kept.iter().map(Buffer::len).sum()
    }

    fn keep(&mut self, bytes: Vec<u8>) -> Buffer {
        let buffer = Buffer::from_vec(bytes);
        self.kept.push(buffer.clone());
        while self.kept.len() > KEPT || self.bytes_kept() > BYTES_KEPT {
            self.kept.remove(0);
        }
        buffer
    }
}

/// Makes room for `length` bytes behind an aligned start, which it returns.
fn align(bytes: &mut Vec<u8>, length: usize) -> usize {
    if bytes.len() < length + ALIGNMENT {
        // Zeroed by the allocator: fresh pages are so anyway.
        *bytes = vec![0; length + ALIGNMENT];
    }
    match bytes.as_ptr().align_offset(ALIGNMENT) {
        start if start < ALIGNMENT => start,
        _ => 0,
    }
}

/// One read that an interrupting signal does not end.
pub(crate) fn read_some(source: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Reads until `buffer` is full or the file ends; says how many bytes came.
pub(crate) fn read_full(source: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match read_some(source, &mut buffer[read..])? {
            0 => break,
            n => read += n,
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(bodies: &mut Bodies, bytes: &[u8]) -> Buffer {
        let mut source = bytes;
        match bodies.read(&mut source, bytes.len()).unwrap() {
            Body::Whole(buffer) => buffer,
            Body::Cut(at) => panic!("cut at {at}"),
        }
    }

    #[test]
    fn bodies_are_aligned_and_larger_ones_than_the_bound_grow() {
        let mut bodies = Bodies::default();
        let bytes: Vec<u8> = (0..BOUND * 2 + 12_345).map(|n| (n % 251) as u8).collect();
        for length in [
            0,
            1,
            63,
            64,
            65,
            1000,
            BOUND - 1,
            BOUND,
            BOUND + 1,
            bytes.len(),
        ] {
            let body = whole(&mut bodies, &bytes[..length]);
            assert!(body.as_slice() == &bytes[..length], "{length}");
            if length <= BOUND {
                assert_eq!(body.as_ptr().align_offset(ALIGNMENT), 0, "{length}");
            }
        }
    }

    #[test]
    fn memory_is_used_again_once_nobody_reads_it() {
        let mut bodies = Bodies::default();
        let first = whole(&mut bodies, &[1; 10_000]);
        let place = first.as_ptr();
        let second = whole(&mut bodies, &[2; 10_000]);
        assert_ne!(second.as_ptr(), place, "the first is still read");
        assert_eq!(first.as_slice(), [1; 10_000]);
        drop(first);
        assert_eq!(whole(&mut bodies, &[3; 9_000]).as_ptr(), place);
        assert_eq!(second.as_slice(), [2; 10_000]);
    }

    #[test]
    fn what_is_kept_is_bounded_by_count_and_by_bytes() {
        let mut bodies = Bodies::default();
        for _ in 0..2 * KEPT {
            // Each is still read when the next one comes.
            std::mem::forget(whole(&mut bodies, &[1; 100]));
        }
        assert_eq!(bodies.kept.len(), KEPT);
        drop(whole(&mut bodies, &vec![1; BYTES_KEPT / 2]));
        drop(whole(&mut bodies, &vec![1; BYTES_KEPT / 2 + 1]));
        assert_eq!(bodies.kept.len(), 1);
        drop(whole(&mut bodies, &vec![1; BYTES_KEPT + 1]));
        assert_eq!(bodies.kept.len(), 0);
    }

    #[test]
    fn a_short_source_is_cut() {
        let mut source = &[0; 10][..];
        let read = Bodies::default().read(&mut source, usize::MAX / 4).unwrap();
        assert!(matches!(read, Body::Cut(10)));
    }
}
