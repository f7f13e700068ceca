//! The writer.

use crate::Error;
use crate::sink::Sink;
use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::root_as_message;
use arrow_ipc::writer::StreamEncoder;
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef};
use millrace_fault::{Exit, Failure, FirstCause, guarded};
use std::fmt;
use std::io::Write;

/// Writes one Arrow IPC stream, and says how it ended: [`Output::close`] must be
/// called; a stream that is merely dropped is a cut one.
pub struct Output {
    sink: Sink,
    stream: Option<Stream>,
}

struct Stream {
    encoder: StreamEncoder,
    schema: SchemaRef,
    /// Bytes of the schema message, until the encoder has repeated it.
    repeated: usize,
    dictionaries: bool,
}

impl Output {
    /// Our standard output. A terminal is refused; a pipe is enlarged.
    pub fn stdout() -> Result<Output, Error> {
        Ok(Output { sink: Sink::stdout()?, stream: None })
    }

    /// A file, or a test's memory. Nothing is buffered in between.
    pub fn to(sink: impl Write + Send + 'static) -> Output {
        Output { sink: Sink::over(Box::new(sink)), stream: None }
    }

    /// Writes the schema; once, before any batch.
    pub fn start(&mut self, schema: &SchemaRef) -> Result<(), Error> {
        if self.stream.is_some() {
            return Err(Error::Encode("the schema was already written".into()));
        }
        // The encoder repeats the schema with the first batch, which may be long in
        // coming; readers want it now.
        let message = schema_message(schema)?;
        let parts: Vec<&[u8]> = message.iter().map(Buffer::as_slice).collect();
        let stream = Stream {
            encoder: StreamEncoder::try_new(schema).map_err(encode)?,
            schema: SchemaRef::clone(schema),
            repeated: parts.iter().map(|part| part.len()).sum(),
            dictionaries: has_dictionaries(schema),
        };
        self.stream = Some(stream);
        self.sink.message(&parts)
    }

    /// Writes a batch as it is; slices are cut to what they show.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let Some(stream) = &mut self.stream else {
            return Err(Error::Encode("the schema is not yet written".into()));
        };
        fits(batch, &stream.schema)?;
        let buffers = guarded("the batch", || Ok(stream.encoder.encode(batch)))
            .map_err(|failure| Error::Encode(failure.to_string()))?
            .map_err(encode)?;
        let parts: Vec<&[u8]> = buffers.iter().map(Buffer::as_slice).collect();
        let parts = behind(&parts, std::mem::take(&mut stream.repeated));
        if !stream.dictionaries {
            return self.sink.message(&parts);
        }
        for message in messages(&parts)? {
            self.sink.message(&message)?;
        }
        Ok(())
    }

    /// Ends the stream: after success with the end marker, else with the first cause
    /// of the failure (whatever was or was not written before), which is handed back.
    /// Everything that could still fail must be done and durable by now.
    pub fn close(mut self, tool: &str, result: Result<(), Failure>) -> Result<u64, Failure> {
        match result {
            Ok(()) => self.end(tool),
            Err(failure) => {
                self.fail(&failure.to_first_cause(tool));
                Err(failure)
            }
        }
    }

    fn end(&mut self, tool: &str) -> Result<u64, Failure> {
        if self.stream.is_none() {
            let failure = Failure::new(Exit::ENVIRONMENT, "internal error: the output has no schema");
            self.fail(&failure.to_first_cause(tool));
            return Err(failure);
        }
        self.sink.end()?;
        Ok(self.sink.written())
    }

    /// The failure is what counts: that nobody hears of it any more does not.
    fn fail(&mut self, cause: &FirstCause) {
        let _ = self.sink.poison(cause);
    }

    /// Bytes written so far.
    pub fn bytes_written(&self) -> u64 {
        self.sink.written()
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("bytes_written", &self.bytes_written()).finish_non_exhaustive()
    }
}

/// The schema message alone: an empty stream without its end marker.
fn schema_message(schema: &Schema) -> Result<Vec<Buffer>, Error> {
    let mut buffers = StreamEncoder::try_new(schema).and_then(StreamEncoder::finish).map_err(encode)?;
    buffers.pop();
    Ok(buffers)
}

/// What follows the first `skip` bytes.
fn behind<'a>(parts: &[&'a [u8]], mut skip: usize) -> Vec<&'a [u8]> {
    let mut rest = Vec::with_capacity(parts.len());
    for part in parts {
        let cut = skip.min(part.len());
        skip -= cut;
        if cut < part.len() {
            rest.push(&part[cut..]);
        }
    }
    rest
}

/// The messages that a dictionary-encoded batch consists of: dictionaries, then rows.
fn messages<'a>(parts: &[&'a [u8]]) -> Result<Vec<Vec<&'a [u8]>>, Error> {
    let mut messages: Vec<Vec<&[u8]>> = Vec::new();
    let mut left = 0;
    for (index, part) in parts.iter().enumerate() {
        if left == 0 {
            // Prefix and metadata are parts of their own.
            let metadata = parts.get(index + 1).copied().unwrap_or_default();
            left = message_length(part, metadata)?;
            messages.push(Vec::new());
        }
        left = left.checked_sub(part.len()).ok_or_else(misframed)?;
        if let Some(message) = messages.last_mut() {
            message.push(part);
        }
    }
    if left == 0 { Ok(messages) } else { Err(misframed()) }
}

fn message_length(prefix: &[u8], metadata: &[u8]) -> Result<usize, Error> {
    let length = prefix.get(4..8).and_then(|word| word.try_into().ok()).map(u32::from_le_bytes);
    let body = root_as_message(metadata).map(|message| message.bodyLength());
    match (prefix.len(), length, body) {
        (8, Some(length), Ok(body)) => Ok(8 + length as usize + usize::try_from(body).map_err(|_| misframed())?),
        _ => Err(misframed()),
    }
}

fn misframed() -> Error {
    Error::Encode("the encoder's messages are not framed as expected".into())
}

fn fits(batch: &RecordBatch, schema: &Schema) -> Result<(), Error> {
    let columns = batch.columns();
    let same = columns.len() == schema.fields().len()
        && columns.iter().zip(schema.fields()).all(|(column, field)| column.data_type() == field.data_type());
    if same { Ok(()) } else { Err(Error::Encode("its columns are not those of the stream's schema".into())) }
}

fn has_dictionaries(schema: &Schema) -> bool {
    fn nested(data_type: &DataType) -> bool {
        use DataType::*;
        match data_type {
            Dictionary(_, _) => true,
            List(f) | LargeList(f) | ListView(f) | LargeListView(f) | FixedSizeList(f, _) | Map(f, _) => {
                nested(f.data_type())
            }
            RunEndEncoded(_, f) => nested(f.data_type()),
            Struct(fields) => fields.iter().any(|f| nested(f.data_type())),
            Union(fields, _) => fields.iter().any(|(_, f)| nested(f.data_type())),
            _ => false,
        }
    }
    schema.fields().iter().any(|field| nested(field.data_type()))
}

fn encode(error: ArrowError) -> Error {
    match error {
        ArrowError::InvalidArgumentError(text) | ArrowError::IpcError(text) => Error::Encode(text),
        other => Error::Encode(other.to_string()),
    }
}
