//! From a line of a chunk to the line of its file.

use crate::parcel::{Parcel, Part};

/// Where the lines of one parcel stand in their files.
pub(crate) struct Places<'a> {
    parcel: &'a Parcel,
    /// For each part: lines of the chunk before it, lines of its file before it.
    before: Vec<(u64, u64)>,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub(crate) file: &'a str,
    /// From 1.
    pub(crate) line: u64,
    /// From 0.
    pub(crate) offset: u64,
    /// Whether the record's bytes stand there as they are.
    pub(crate) exact: bool,
}

impl<'a> Places<'a> {
    /// `lines` of the first part's file were in parcels before this one.
    pub(crate) fn new(parcel: &'a Parcel, lines: u64) -> Self {
        let mut before = Vec::with_capacity(parcel.parts.len());
        let mut in_chunk = 0;
        for (index, part) in parcel.parts.iter().enumerate() {
            before.push((in_chunk, part.lines_before.unwrap_or(lines)));
            if index + 1 < parcel.parts.len() {
                in_chunk += newlines(parcel.bytes_of(index));
            }
        }
        Places { parcel, before }
    }

    /// Lines of the last part's file up to the end of this parcel; `in_chunk` of all its
    /// parts together, where they were counted already.
    pub(crate) fn lines_after(&self, in_chunk: Option<u64>) -> u64 {
        let last = self.before.len() - 1;
        let (before, in_file) = self.before[last];
        let count = || newlines(self.parcel.bytes_of(last));
        let lines = in_chunk.map_or_else(count, |lines| lines - before);
        debug_assert_eq!(lines, count());
        in_file + lines
    }

    /// The file and line of a line of the chunk.
    pub(crate) fn line(&self, line_in_chunk: u64) -> (&'a Part, u64) {
        let index = self
            .before
            .partition_point(|(in_chunk, _)| *in_chunk <= line_in_chunk)
            - 1;
        let (in_chunk, in_file) = self.before[index];
        (
            &self.parcel.parts[index],
            in_file + (line_in_chunk - in_chunk) + 1,
        )
    }

    /// The place of a byte of the chunk that stands on `line_in_chunk`.
    pub(crate) fn place(&self, line_in_chunk: u64, offset_in_chunk: u64) -> Place<'a> {
        let index = self.parcel.part_at(offset_in_chunk);
        let part = &self.parcel.parts[index];
        let (in_chunk, in_file) = self.before[index];
        let line = line_in_chunk - in_chunk;
        let offset = match &part.offsets {
            Some(offsets) => offsets.get(line as usize).copied().unwrap_or(part.offset),
            None => part.offset + (offset_in_chunk - part.start as u64),
        };
        Place {
            file: &part.file,
            line: in_file + line + 1,
            offset,
            exact: part.offsets.is_none(),
        }
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parcel::Layout;

    fn part(file: &str, start: usize, offset: u64, lines_before: Option<u64>) -> Part {
        Part {
            file: file.into(),
            start,
            offset,
            lines_before,
            offsets: None,
        }
    }

    #[test]
    fn files_that_share_a_chunk_keep_their_lines() {
        let parts = vec![
            part("a", 0, 100, None),
            part("b", 4, 0, Some(0)),
            part("c", 6, 9, Some(1)),
        ];
        let parcel = Parcel {
            number: 0,
            chunk: "1\n2\n3\n4\n5\n".into(),
            parts,
            layout: Layout::Lines,
        };
        let places = Places::new(&parcel, 7);
        let place = |line, offset| {
            let place = places.place(line, offset);
            (place.file, place.line, place.offset)
        };
        assert_eq!(place(0, 0), ("a", 8, 100));
        assert_eq!(place(1, 2), ("a", 9, 102));
        assert_eq!(place(2, 4), ("b", 1, 0));
        assert_eq!(place(4, 8), ("c", 3, 11));
        let line = |line| (&*places.line(line).0.file, places.line(line).1);
        assert_eq!([line(1), line(2), line(3)], [("a", 9), ("b", 1), ("c", 2)]);
        assert_eq!(places.lines_after(None), 3);
        assert_eq!(places.lines_after(Some(5)), 3);
    }
}
