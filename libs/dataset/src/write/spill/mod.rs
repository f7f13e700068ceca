//! Rows that wait outside of memory: one unnamed temporary file, one segment a flush. The
//! file vanishes with the process. Segments are encoded by the pool: whoever hands rows
//! over goes on meanwhile.

mod packed;

use self::packed::Trials;
use super::WriteError;
use super::file::Rows;
use super::pool::{Pool, Task};
use super::size::raw_bytes;
use arrow_array::RecordBatch;
use arrow_ipc::CompressionType;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use arrow_select::concat::concat_batches;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Rows that were given away; where they lie is known once they are written.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    place: Arc<OnceLock<Place>>,
    /// Bytes of the rows in memory.
    pub(super) raw: usize,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    start: u64,
    length: usize,
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
        let raw = raw_bytes(&batch);
        let place = self
            .write(&[batch], raw)
            .map_err(|source| self.failed(source))?;
        Ok(Segment {
            place: Arc::new(OnceLock::from(place)),
            raw,
        })
    }

    fn write(&self, batches: &[RecordBatch], raw: usize) -> io::Result<Place> {
        self.append(&self.form.encode(batches, raw)?)
    }

    /// Has the pool put `rows`, which take `raw` bytes of memory, away.
    pub(super) fn submit(self: &Arc<Self>, rows: Rows, raw: usize, pool: &Pool) -> Segment {
        let place = Arc::new(OnceLock::new());
        self.waiting.fetch_add(1, Ordering::AcqRel);
        pool.shared().submit(Arc::new(Put {
            spill: self.clone(),
            rows: Mutex::new(Some(rows)),
            raw,
            place: place.clone(),
        }));
        Segment { place, raw }
    }

    /// Waits until every segment has its place.
    pub(super) fn settle(&self, pool: &Pool) -> Result<(), WriteError> {
        pool.help_until(|| self.waiting.load(Ordering::Acquire) == 0)
    }

    /// The rows of a segment that has its place, batch by batch.
    pub(super) fn read(&self, segment: &Segment) -> Result<Vec<RecordBatch>, WriteError> {
        self.decode(segment).map_err(|source| self.failed(source))
    }

    fn decode(&self, segment: &Segment) -> io::Result<Vec<RecordBatch>> {
        let nowhere = || io::Error::other("a segment has no place");
        let place = segment.place.get().ok_or_else(nowhere)?;
        let file = self.lock().file.clone().ok_or_else(nowhere)?;
        let mut bytes = vec![0; place.length];
        file.read_exact_at(&mut bytes, place.start)?;
        self.form.decode(&self.schema, &bytes)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<Place> {
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
        Ok(Place {
            start,
            length: bytes.len(),
        })
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
    rows: Mutex<Option<Rows>>,
    raw: usize,
    place: Arc<OnceLock<Place>>,
}

impl Task for Put {
    fn run(&self) -> Result<(), WriteError> {
        let rows = self
            .rows
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let written = rows.map(|rows| self.spill.write(&rows.batches, self.raw));
        let placed = written
            .transpose()
            .map(|place| place.map(|place| self.place.set(place)));
        self.spill.waiting.fetch_sub(1, Ordering::AcqRel);
        placed.map(drop).map_err(|source| self.spill.failed(source))
    }
}

/// How the rows of a segment are written.
#[derive(Debug)]
enum Form {
    /// Packed; most schemas are.
    Packed(Trials),
    /// As an Arrow stream, LZ4: what lies in memory in another way, as views and
    /// dictionaries do.
    Stream,
}

impl Form {
    fn of(schema: &Schema) -> Form {
        match packed::holds(schema) {
            true => Form::Packed(Trials::new(schema.flattened_fields().len())),
            false => Form::Stream,
        }
    }

    fn encode(&self, batches: &[RecordBatch], raw: usize) -> io::Result<Vec<u8>> {
        match self {
            Form::Packed(trials) => {
                let mut writer = packed::Writer::new(trials, raw);
                batches.iter().try_for_each(|batch| writer.add(batch))?;
                Ok(writer.finish())
            }
            Form::Stream => stream(batches).map_err(io::Error::other),
        }
    }

    fn decode(&self, schema: &SchemaRef, bytes: &[u8]) -> io::Result<Vec<RecordBatch>> {
        match self {
            Form::Packed(_) => Ok(vec![packed::read(schema, bytes)?]),
            Form::Stream => {
                let reader = StreamReader::try_new(bytes, None).map_err(io::Error::other)?;
                reader.collect::<Result<_, _>>().map_err(io::Error::other)
            }
        }
    }
}

fn stream(batches: &[RecordBatch]) -> Result<Vec<u8>, ArrowError> {
    let mut buffer = Vec::new();
    let Some(first) = batches.first() else {
        return Ok(buffer);
    };
    let whole = concat_batches(&first.schema(), batches)?;
    let options =
        IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME))?;
    let mut writer = StreamWriter::try_new_with_options(&mut buffer, &whole.schema(), options)?;
    writer.write(&whole)?;
    writer.finish()?;
    drop(writer);
    Ok(buffer)
}
