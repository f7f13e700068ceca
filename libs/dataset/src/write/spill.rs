//! Rows that wait outside of memory: one unnamed temporary file, one segment (an Arrow
//! stream, LZ4) a flush. The file vanishes with the process.

use super::WriteError;
use arrow_array::RecordBatch;
use arrow_ipc::CompressionType;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// Where a flush of rows lies in the spill file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    start: u64,
    length: u64,
    /// Bytes of the rows in memory.
    pub(super) raw: usize,
}

/// The spill file; made when first used.
#[derive(Debug)]
pub(super) struct Spill {
    dir: PathBuf,
    file: Option<File>,
    end: u64,
    buffer: Vec<u8>,
}

impl Spill {
    pub(super) fn new(dir: PathBuf) -> Self {
        Spill {
            dir,
            file: None,
            end: 0,
            buffer: Vec::new(),
        }
    }

    /// Bytes written so far.
    pub(super) fn bytes(&self) -> u64 {
        self.end
    }

    /// Puts `batches`, which take `raw` bytes of memory, away.
    pub(super) fn put(
        &mut self,
        batches: &[RecordBatch],
        raw: usize,
    ) -> Result<Segment, WriteError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let encoded = encode(batches, &mut buffer).map_err(io::Error::other);
        let written = encoded.and_then(|()| self.append(&buffer));
        let length = buffer.len() as u64;
        self.buffer = buffer;
        written.map_err(|source| self.failed(source))?;
        self.end += length;
        Ok(Segment {
            start: self.end - length,
            length,
            raw,
        })
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile_in(&self.dir)?),
        };
        file.seek(SeekFrom::Start(self.end))?;
        file.write_all(bytes)
    }

    /// The rows of a segment, batch by batch.
    pub(super) fn read(&mut self, segment: Segment) -> Result<Vec<RecordBatch>, WriteError> {
        self.decode(segment).map_err(|source| self.failed(source))
    }

    fn decode(&mut self, segment: Segment) -> io::Result<Vec<RecordBatch>> {
        let file = self
            .file
            .as_mut()
            .ok_or_else(|| io::Error::other("nothing was spilled"))?;
        file.seek(SeekFrom::Start(segment.start))?;
        let bytes = BufReader::with_capacity(256 << 10, file.take(segment.length));
        let reader = StreamReader::try_new(bytes, None).map_err(io::Error::other)?;
        reader.collect::<Result<_, _>>().map_err(io::Error::other)
    }

    fn failed(&self, source: io::Error) -> WriteError {
        WriteError::Spill {
            dir: self.dir.clone(),
            source,
        }
    }
}

fn encode(batches: &[RecordBatch], buffer: &mut Vec<u8>) -> Result<(), arrow_schema::ArrowError> {
    let Some(first) = batches.first() else {
        return Ok(());
    };
    let options =
        IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME))?;
    let mut writer = StreamWriter::try_new_with_options(buffer, &first.schema(), options)?;
    batches.iter().try_for_each(|batch| writer.write(batch))?;
    writer.finish()
}
