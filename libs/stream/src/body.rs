//! Message bodies: read into one aligned buffer each, and buffers used again.

use arrow_buffer::Buffer;
use std::io::{self, Read};

/// What a claimed length may allocate before its bytes have arrived.
const BOUND: usize = 16 << 20;

/// Arrow's own alignment; what is read is then decoded where it lies.
const ALIGNMENT: usize = 64;

/// Buffers kept for reuse: fresh pages cost as much as the copy into them.
const KEPT: usize = 4;
const LARGEST_KEPT: usize = 4 << 20;

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

    fn keep(&mut self, bytes: Vec<u8>) -> Buffer {
        let buffer = Buffer::from_vec(bytes);
        if buffer.len() <= LARGEST_KEPT {
            if self.kept.len() == KEPT {
                self.kept.remove(0);
            }
            self.kept.push(buffer.clone());
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
