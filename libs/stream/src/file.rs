//! Arrow IPC files: the same messages, found by the footer at the end of the file.
//!
//! `ARROW1`, messages, footer, the footer's length, `ARROW1`:
//! <https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format>

use crate::body::{Bodies, Body};
use crate::decode::{Decoder, caught, schema_from};
use crate::frame::{Head, MARKER};
use crate::{Error, relay};
use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::read_footer_length;
use arrow_ipc::{Block, root_as_footer};
use arrow_schema::SchemaRef;
use millrace_fault::quoted;
use std::fmt;
use std::io::{Read, Seek, SeekFrom};

/// Length of the footer's length and the magic behind it.
const TAIL: u64 = 10;

/// Reads an Arrow IPC file, batch by batch.
pub struct FileReader {
    source: Source,
    decoder: Decoder,
    batches: Vec<Block>,
    next: usize,
}

impl FileReader {
    /// The bytes every such file starts with.
    pub const MAGIC: [u8; 6] = *b"ARROW1";

    /// Reads the footer and the dictionaries; `name` is what messages call the file.
    pub fn new(source: impl Read + Seek + Send + 'static, name: &str) -> Result<FileReader, Error> {
        let mut source = Source::new(Box::new(source), name)?;
        let footer = source.footer()?;
        let (schema, dictionaries, batches) = caught(|| {
            let footer = root_as_footer(&footer)
                .map_err(|error| format!("its footer is damaged: {error}"))?;
            let schema = schema_from(footer.schema().ok_or("its footer has no schema")?)?;
            let blocks = |blocks: Option<_>| {
                blocks
                    .into_iter()
                    .flatten()
                    .copied()
                    .collect::<Vec<Block>>()
            };
            Ok((
                schema,
                blocks(footer.dictionaries()),
                blocks(footer.recordBatches()),
            ))
        })
        .map_err(|reason| source.damaged(reason))?;
        let mut reader = FileReader {
            source,
            decoder: Decoder::with_schema(schema),
            batches,
            next: 0,
        };
        for block in dictionaries {
            reader.decode(block, 0)?;
        }
        Ok(reader)
    }

    /// The schema of all batches.
    pub fn schema(&self) -> SchemaRef {
        SchemaRef::clone(self.decoder.schema())
    }

    /// The next batch.
    #[allow(clippy::should_implement_trait)] // as `Reader::next`
    pub fn next(&mut self) -> Result<Option<RecordBatch>, Error> {
        let Some(block) = self.batches.get(self.next).copied() else {
            return Ok(None);
        };
        self.next += 1;
        let number = self.next as u64;
        let batch = self.decode(block, number)?;
        batch
            .ok_or_else(|| {
                self.source
                    .corrupt(number, block.offset(), "it is no record batch")
            })
            .map(Some)
    }

    /// Rows in all, from the metadata of the batches.
    pub fn rows(&mut self) -> Result<u64, Error> {
        let mut rows: u64 = 0;
        for (index, block) in self.batches.clone().into_iter().enumerate() {
            // The first message of a file is its first batch; a stream's is the schema.
            let mut head = self.source.head(block, index as u64 + 1)?;
            head.number += 1;
            let counted = relay::rows(&head);
            rows = rows.saturating_add(counted.map_err(|reason| {
                self.source
                    .corrupt(index as u64 + 1, block.offset(), reason)
            })?);
        }
        Ok(rows)
    }

    fn decode(&mut self, block: Block, number: u64) -> Result<Option<RecordBatch>, Error> {
        let head = self.source.head(block, number)?;
        let body = self.source.body(&head)?;
        self.decoder
            .decode(&head, &body)
            .map_err(|reason| self.source.corrupt(number, block.offset(), reason))
    }
}

impl fmt::Debug for FileReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileReader")
            .field("file", &self.source.subject)
            .field("batches", &self.batches.len())
            .finish_non_exhaustive()
    }
}

trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// The file's bytes, every range checked against its length.
struct Source {
    bytes: Box<dyn ReadSeek>,
    subject: String,
    length: u64,
    bodies: Bodies,
}

impl Source {
    fn new(mut bytes: Box<dyn ReadSeek>, name: &str) -> Result<Source, Error> {
        let subject = quoted(name);
        match bytes.seek(SeekFrom::End(0)) {
            Ok(length) => Ok(Source {
                bytes,
                subject,
                length,
                bodies: Bodies::default(),
            }),
            Err(source) => Err(Error::Read { subject, source }),
        }
    }

    fn footer(&mut self) -> Result<Buffer, Error> {
        let short = "it is cut: the footer is missing";
        let end = self
            .length
            .checked_sub(TAIL)
            .ok_or_else(|| self.damaged(short))?;
        let tail = self.read(end, TAIL)?;
        let tail = tail
            .as_slice()
            .try_into()
            .map_err(|_| self.damaged(short))?;
        let length = read_footer_length(tail).map_err(|_| self.damaged(short))? as u64;
        let start = end
            .checked_sub(length)
            .ok_or_else(|| self.damaged("its footer claims to be longer than the file"))?;
        self.read(start, length)
    }

    fn head(&mut self, block: Block, number: u64) -> Result<Head, Error> {
        let start = u64::try_from(block.offset());
        let length = u64::try_from(block.metaDataLength());
        let (Ok(start), Ok(length)) = (start, length) else {
            return Err(self.corrupt(
                number,
                block.offset(),
                "its place in the footer is negative",
            ));
        };
        let bytes = self.read(start, length)?;
        let prefix = if bytes.starts_with(&MARKER) { 8 } else { 4 };
        if bytes.len() < prefix {
            return Err(self.corrupt(number, block.offset(), "its metadata is too short"));
        }
        let mut head = Head {
            metadata: bytes.slice(prefix),
            body: 0,
            number,
            offset: start + length,
        };
        let body = head
            .message()
            .and_then(|message| usize::try_from(message.bodyLength()).map_err(|e| e.to_string()));
        head.body = body.map_err(|reason| self.corrupt(number, block.offset(), reason))?;
        Ok(head)
    }

    /// `head.offset` is where the metadata ends.
    fn body(&mut self, head: &Head) -> Result<Buffer, Error> {
        self.read(head.offset, head.body as u64)
    }

    fn read(&mut self, start: u64, length: u64) -> Result<Buffer, Error> {
        if start
            .checked_add(length)
            .is_none_or(|end| end > self.length)
        {
            return Err(self.damaged(format!("{length} bytes at {start} lie outside the file")));
        }
        let read = self.bytes.seek(SeekFrom::Start(start));
        match read.and_then(|_| self.bodies.read(&mut self.bytes, length as usize)) {
            Ok(Body::Whole(buffer)) => Ok(buffer),
            Ok(Body::Cut(_)) => Err(self.damaged("it became shorter while it was read")),
            Err(source) => Err(Error::Read {
                subject: self.subject.clone(),
                source,
            }),
        }
    }

    fn damaged(&self, reason: impl Into<String>) -> Error {
        Error::DamagedFile {
            subject: self.subject.clone(),
            reason: reason.into(),
        }
    }

    /// Batches count from 1; 0 is a dictionary.
    fn corrupt(&self, number: u64, offset: i64, reason: impl Into<String>) -> Error {
        let what = match number {
            0 => "a dictionary".to_owned(),
            number => format!("batch {number}"),
        };
        self.damaged(format!("{what} at byte {offset}: {}", reason.into()))
    }
}
