//! Rows that wait outside of memory: one unnamed temporary file, one segment a flush. The
//! file vanishes with the process. Segments are encoded by the pool: whoever hands rows
//! over goes on meanwhile. What was read again is given back to the disk.

mod form;
mod freed;
mod packed;
mod segment;

use self::form::{Form, from_stream};
use self::freed::Freed;
pub(super) use self::segment::Segment;
use self::segment::{Place, Places};
use super::WriteError;
use super::piece::Piece;
use super::pool::{Permit, Pool, Task};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use rustix::fs::{FallocateFlags, fallocate};
use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A buffer that much was read into is not kept.
const MOST_KEPT: usize = 1 << 20;

thread_local! {
    /// Where segments are read: memory that is not fresh, for one small file after the other.
    static READ: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The spill file; made when first used.
#[derive(Debug)]
pub(super) struct Spill {
    dir: PathBuf,
    schema: SchemaRef,
    form: Form,
    state: Mutex<State>,
    /// Segments on their way.
    waiting: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    file: Option<Arc<File>>,
    end: u64,
    freed: Freed,
}

impl Spill {
    /// For rows of `schema`; the file lies in `dir`.
    pub(super) fn new(dir: PathBuf, schema: SchemaRef) -> Self {
        Spill {
            dir,
            form: Form::of(&schema),
            schema,
            state: Mutex::default(),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Bytes written so far.
    pub(super) fn bytes(&self) -> u64 {
        self.lock().end
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts `batch` away at once.
    pub(super) fn put(&self, batch: RecordBatch) -> Result<Segment, WriteError> {
        let rows = [vec![Piece::whole(batch)]];
        let places = self.write(&rows).map_err(|source| self.failed(source))?;
        Ok(Segment::of(&rows[0], 0, &Arc::new(Places::from(places))))
    }

    /// Has the pool put `rows` away, each a segment, with one write; `permit` is theirs.
    pub(super) fn submit(
        self: &Arc<Self>,
        rows: Vec<Vec<Piece>>,
        permit: Permit,
        pool: &Pool,
    ) -> Vec<Segment> {
        let places = Arc::default();
        let numbered = rows.iter().enumerate();
        let segments = numbered.map(|(index, pieces)| Segment::of(pieces, index, &places));
        let segments = segments.collect();
        self.waiting.fetch_add(1, Ordering::AcqRel);
        pool.shared().submit(Arc::new(Put {
            spill: self.clone(),
            rows: Mutex::new(Some((rows, permit))),
            places,
        }));
        segments
    }

    /// Writes one segment behind the other.
    fn write(&self, rows: &[Vec<Piece>]) -> io::Result<Vec<Place>> {
        let raw = rows.iter().flatten().map(Piece::bytes).sum();
        let (mut bytes, mut ends) = (Vec::with_capacity(raw), Vec::with_capacity(rows.len()));
        for pieces in rows {
            self.form.encode(pieces, &mut bytes)?;
            ends.push(bytes.len());
        }
        let start = self.append(&bytes)?;
        let starts = std::iter::once(&0).chain(&ends);
        let place = |(from, to): (&usize, &usize)| Place {
            start: start + *from as u64,
            length: to - from,
        };
        Ok(starts.zip(&ends).map(place).collect())
    }

    /// Waits until every segment has its place.
    pub(super) fn settle(&self, pool: &Pool) -> Result<(), WriteError> {
        pool.help_until(|| self.waiting.load(Ordering::Acquire) == 0)
    }

    /// The rows of segments that have their place, in order; they can be read once.
    pub(super) fn read(&self, segments: Vec<Segment>) -> Result<Vec<RecordBatch>, WriteError> {
        self.decode(&segments).map_err(|source| self.failed(source))
    }

    fn decode(&self, segments: &[Segment]) -> io::Result<Vec<RecordBatch>> {
        match self.form {
            Form::Packed(_) if segments.is_empty() => Ok(Vec::new()),
            // One behind the other they are one.
            Form::Packed(_) => {
                let rows = segments.iter().map(|segment| segment.rows).sum();
                let read = |bytes: &[u8]| packed::read(&self.schema, bytes, rows);
                Ok(vec![self.with_bytes(segments, read)?])
            }
            Form::Stream => {
                let streams = segments.iter().map(std::slice::from_ref);
                let streams = streams.map(|one| self.with_bytes(one, from_stream));
                let batches: io::Result<Vec<_>> = streams.collect();
                Ok(batches?.into_iter().flatten().collect())
            }
        }
    }

    /// Hands what was written for `segments`, one behind the other, to `decode`.
    fn with_bytes<T>(
        &self,
        segments: &[Segment],
        decode: impl FnOnce(&[u8]) -> io::Result<T>,
    ) -> io::Result<T> {
        let file = self.lock().file.clone();
        let file = file.ok_or_else(|| io::Error::other("nothing was spilled"))?;
        let places: Vec<Place> = segments
            .iter()
            .map(Segment::place)
            .collect::<io::Result<_>>()?;
        let length: usize = places.iter().map(|place| place.length).sum();
        READ.with_borrow_mut(|bytes| {
            bytes.resize(length.max(bytes.len()), 0);
            let mut rest = &mut bytes[..length];
            for place in &places {
                let (part, behind) = rest.split_at_mut(place.length);
                file.read_exact_at(part, place.start)?;
                self.give_back(&file, place);
                rest = behind;
            }
            let decoded = decode(&bytes[..length]);
            if length > MOST_KEPT {
                *bytes = Vec::new();
            }
            decoded
        })
    }

    /// What cannot be given back stays until the end.
    fn give_back(&self, file: &File, place: &Place) {
        let part = place.start..place.start + place.length as u64;
        let pages = self.lock().freed.add(part);
        if let Some(pages) = pages {
            let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            let _ = fallocate(file, flags, pages.start, pages.end - pages.start);
        }
    }

    /// Answers where it begins.
    fn append(&self, bytes: &[u8]) -> io::Result<u64> {
        let (file, start) = {
            let mut state = self.lock();
            let start = state.end;
            state.end += bytes.len() as u64;
            let file = match &mut state.file {
                Some(file) => file,
                none => none.insert(Arc::new(tempfile::tempfile_in(&self.dir)?)),
            };
            (file.clone(), start)
        };
        file.write_all_at(bytes, start)?;
        Ok(start)
    }

    fn failed(&self, source: io::Error) -> WriteError {
        WriteError::Spill {
            dir: self.dir.clone(),
            source,
        }
    }
}

impl Drop for Spill {
    /// Letting go of a large file takes the filesystem its time, and nobody waits for it.
    fn drop(&mut self) {
        let file = self.lock().file.take();
        if let Some(file) = file {
            // Without a thread it is dropped here.
            let _ = std::thread::Builder::new().spawn(move || drop(file));
        }
    }
}

/// Rows on their way into the file.
struct Put {
    spill: Arc<Spill>,
    /// Those of each segment.
    rows: Mutex<Option<(Vec<Vec<Piece>>, Permit)>>,
    places: Arc<Places>,
}

impl Task for Put {
    fn run(&self) -> Result<(), WriteError> {
        let rows = self
            .rows
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let written = rows.map(|(rows, _permit)| self.spill.write(&rows));
        let placed = written
            .transpose()
            .map(|places| places.map(|places| self.places.set(places)));
        self.spill.waiting.fetch_sub(1, Ordering::AcqRel);
        placed.map(drop).map_err(|source| self.spill.failed(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, Float64Array, StringViewArray};
    use arrow_select::concat::concat_batches;
    use std::ops::Range;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn the_space_of_rows_that_were_read_is_given_back() {
        let dir = tempfile::tempdir().unwrap();
        let batch = |n: u64| {
            let values = (0..2000).map(|row| (n * 2000 + row) as f64);
            let values = Arc::new(Float64Array::from_iter_values(values)) as ArrayRef;
            RecordBatch::try_from_iter([("x", values)]).unwrap()
        };
        let spill = Spill::new(dir.path().to_owned(), batch(0).schema());
        let put = |n| (n, spill.put(batch(n)).unwrap());
        let segments: Vec<(u64, Segment)> = (0..500).map(put).collect();
        let blocks = || {
            spill
                .lock()
                .file
                .as_ref()
                .unwrap()
                .metadata()
                .unwrap()
                .blocks()
        };
        let all = blocks() * 512;
        assert!(all > 7 << 20, "{all}");
        for (n, segment) in segments {
            assert_eq!(spill.read(vec![segment]).unwrap(), [batch(n)]);
        }
        let rest = blocks() * 512;
        assert!(rest < 2 << 20, "{rest} of {all} bytes are kept");
    }

    /// Rows that are written with one write are segments of their own; those of a view are
    /// written as streams.
    #[test]
    fn segments_of_one_write_are_read_one_by_one() {
        let numbers = Arc::new(Float64Array::from_iter_values((0..900).map(f64::from)));
        let texts = (0..900).map(|row| Some(format!("text {row}")));
        let texts = Arc::new(StringViewArray::from_iter(texts));
        for column in [numbers as ArrayRef, texts] {
            let dir = tempfile::tempdir().unwrap();
            let whole = RecordBatch::try_from_iter([("x", column)]).unwrap();
            let spill = Arc::new(Spill::new(dir.path().to_owned(), whole.schema()));
            let pool = Pool::new(2, 1 << 20);
            let parts = [0..100, 100..101, 101..600, 600..900].map(|rows: Range<usize>| {
                let part = whole.slice(rows.start, rows.len());
                let halves = [0..rows.len() / 2, rows.len() / 2..rows.len()];
                (
                    part.clone(),
                    halves.map(|half| part.slice(half.start, half.len())),
                )
            });
            let rows = parts.iter().map(|(_, halves)| halves.to_vec());
            let pieces = rows.map(|halves| halves.into_iter().map(Piece::whole).collect());
            let permit = pool.admit(1).unwrap();
            let segments = spill.submit(pieces.collect(), permit, &pool);
            spill.settle(&pool).unwrap();
            assert_eq!(segments.len(), parts.len());
            for (segment, (part, _)) in segments.into_iter().zip(&parts).rev() {
                let read = spill.read(vec![segment]).unwrap();
                assert_eq!(concat_batches(&whole.schema(), &read).unwrap(), *part);
            }
        }
    }
}
