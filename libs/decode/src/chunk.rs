//! Bytes to decode, followed by zeros that a kernel may read but never believes.

/// Zero bytes that follow the content, so that a wide load near the end stays inside.
pub(crate) const PADDING: usize = 64;

/// A growable buffer that the caller fills and a decoder reads.
///
/// ```
/// let mut chunk = millrace_decode::Chunk::default();
/// let space = chunk.space(16);
/// space[..3].copy_from_slice(b"{}\n");
/// chunk.filled(3);
/// assert_eq!(chunk.bytes(), b"{}\n");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Chunk {
    /// Content, then unfilled space, then the padding.
    buffer: Vec<u8>,
    len: usize,
}

impl Chunk {
    /// Most bytes that a decoder takes at once.
    pub const LONGEST: usize = 1 << 30;

    /// An empty chunk with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        let mut chunk = Chunk::default();
        chunk.reserve(capacity);
        chunk
    }

    /// The content.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[..self.len]
    }

    /// Length of the content in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no content.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes that fit without growing.
    pub fn capacity(&self) -> usize {
        self.buffer.len().saturating_sub(PADDING)
    }

    /// Unfilled space of at least `least` bytes (all there is), to read into. What is
    /// written there becomes content by [`Chunk::filled`].
    pub fn space(&mut self, least: usize) -> &mut [u8] {
        if self.buffer.is_empty() || self.len + least > self.capacity() {
            self.reserve(least.max(self.len));
        }
        let end = self.buffer.len() - PADDING;
        &mut self.buffer[self.len..end]
    }

    /// The first `count` bytes of the space are content now.
    ///
    /// # Panics
    /// If the space is smaller than `count`.
    pub fn filled(&mut self, count: usize) {
        assert!(
            self.len + count <= self.capacity(),
            "more filled than there was space"
        );
        self.len += count;
        self.pad();
    }

    /// Appends a copy of `bytes`.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.space(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.filled(bytes.len());
    }

    /// Empties the chunk and keeps its memory.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Forgets everything from `len` on.
    pub fn truncate(&mut self, len: usize) {
        if len < self.len {
            self.len = len;
            self.pad();
        }
    }

    /// Moves everything from `at` on to the end of `next`: the begun record behind the
    /// last whole one.
    pub fn move_tail(&mut self, at: usize, next: &mut Chunk) {
        next.extend_from_slice(&self.buffer[at..self.len]);
        self.truncate(at);
    }

    /// The content with its padding: at least [`PADDING`] zeros behind [`Chunk::len`].
    /// (An empty chunk that never had memory has none; it has nothing to decode.)
    pub(crate) fn padded(&self) -> &[u8] {
        &self.buffer
    }

    fn reserve(&mut self, more: usize) {
        self.buffer.resize(self.len + more + PADDING, 0);
    }

    fn pad(&mut self) {
        self.buffer[self.len..self.len + PADDING].fill(0);
    }
}

impl From<&[u8]> for Chunk {
    fn from(bytes: &[u8]) -> Self {
        let mut chunk = Chunk::with_capacity(bytes.len());
        chunk.extend_from_slice(bytes);
        chunk
    }
}

impl From<&str> for Chunk {
    fn from(text: &str) -> Self {
        Chunk::from(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_padding_is_zero_whatever_a_reader_left_in_the_space() {
        let mut chunk = Chunk::with_capacity(100);
        chunk.space(100).fill(b'x');
        chunk.filled(10);
        assert_eq!(chunk.padded()[10..10 + PADDING], [0; PADDING]);
        chunk.truncate(3);
        assert_eq!(chunk.padded()[3..3 + PADDING], [0; PADDING]);
    }

    #[test]
    fn a_tail_moves_to_the_next_chunk() {
        let mut chunk = Chunk::from("{}\n{\"a");
        let mut next = Chunk::default();
        chunk.move_tail(3, &mut next);
        assert_eq!((chunk.bytes(), next.bytes()), (&b"{}\n"[..], &b"{\"a"[..]));
    }
}
