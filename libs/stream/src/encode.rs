//! Batches into messages, without copying their buffers.

use crate::Error;
use arrow_array::{ArrayRef, RecordBatch, new_empty_array};
use arrow_buffer::Buffer;
use arrow_ipc::root_as_message;
use arrow_ipc::writer::StreamEncoder;
use arrow_schema::{ArrowError, DataType, FieldRef, Schema, SchemaRef};
use millrace_fault::guarded;
use std::borrow::Cow;

/// Encodes the batches of one stream.
pub(crate) struct Encoder {
    inner: StreamEncoder,
    schema: SchemaRef,
    /// Bytes of the schema message, until the inner encoder has repeated it.
    repeated: usize,
    dictionaries: bool,
}

impl Encoder {
    /// The encoder, and the schema message. The inner encoder repeats that message in
    /// front of the first batch, which may be long in coming; readers want it now.
    pub(crate) fn new(schema: &SchemaRef) -> Result<(Encoder, Vec<Buffer>), Error> {
        let message = schema_message(schema)?;
        let encoder = Encoder {
            inner: StreamEncoder::try_new(schema).map_err(encode)?,
            schema: SchemaRef::clone(schema),
            repeated: message.iter().map(Buffer::len).sum(),
            dictionaries: schema
                .fields()
                .iter()
                .any(|field| nested(field.data_type(), &is_dictionary)),
        };
        Ok((encoder, message))
    }

    /// The messages of a batch: dictionaries that are new, then the rows.
    pub(crate) fn encode(&mut self, batch: &RecordBatch) -> Result<Encoded, Error> {
        fits(batch, &self.schema)?;
        let batch = without_empty_runs(batch)?;
        let buffers = guarded("the batch", || Ok(self.inner.encode(&batch)))
            .map_err(|failure| Error::Encode(failure.to_string()))?
            .map_err(encode)?;
        let repeated = std::mem::take(&mut self.repeated);
        Ok(Encoded {
            buffers,
            repeated,
            dictionaries: self.dictionaries,
        })
    }
}

/// An encoded batch.
pub(crate) struct Encoded {
    buffers: Vec<Buffer>,
    repeated: usize,
    dictionaries: bool,
}

impl Encoded {
    /// Its messages, each in parts from its `FFFFFFFF` on.
    pub(crate) fn messages(&self) -> Result<Vec<Vec<&[u8]>>, Error> {
        let parts: Vec<&[u8]> = self.buffers.iter().map(Buffer::as_slice).collect();
        let parts = behind(&parts, self.repeated);
        if self.dictionaries {
            messages(&parts)
        } else {
            Ok(vec![parts])
        }
    }
}

/// The schema message alone: an empty stream without its end marker.
fn schema_message(schema: &Schema) -> Result<Vec<Buffer>, Error> {
    let mut buffers = StreamEncoder::try_new(schema)
        .and_then(StreamEncoder::finish)
        .map_err(encode)?;
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
    if left == 0 {
        Ok(messages)
    } else {
        Err(misframed())
    }
}

fn message_length(prefix: &[u8], metadata: &[u8]) -> Result<usize, Error> {
    let length = prefix
        .get(4..8)
        .and_then(|word| word.try_into().ok())
        .map(u32::from_le_bytes);
    let body = root_as_message(metadata).map(|message| message.bodyLength());
    match (prefix.len(), length, body) {
        (8, Some(length), Ok(body)) => {
            Ok(8 + length as usize + usize::try_from(body).map_err(|_| misframed())?)
        }
        _ => Err(misframed()),
    }
}

fn misframed() -> Error {
    Error::Encode("the encoder's messages are not framed as expected".into())
}

fn fits(batch: &RecordBatch, schema: &Schema) -> Result<(), Error> {
    let columns = batch.columns();
    let same = columns.len() == schema.fields().len()
        && columns
            .iter()
            .zip(schema.fields())
            .all(|(column, field)| column.data_type() == field.data_type());
    if same {
        Ok(())
    } else {
        Err(Error::Encode(
            "its columns are not those of the stream's schema".into(),
        ))
    }
}

/// Whether a type, or one nested in it, satisfies `test`.
fn nested(data_type: &DataType, test: &dyn Fn(&DataType) -> bool) -> bool {
    use DataType::*;
    let any = |field: &FieldRef| nested(field.data_type(), test);
    test(data_type)
        || match data_type {
            List(f)
            | LargeList(f)
            | ListView(f)
            | LargeListView(f)
            | FixedSizeList(f, _)
            | Map(f, _) => any(f),
            RunEndEncoded(_, f) => any(f),
            Struct(fields) => fields.iter().any(any),
            Union(fields, _) => fields.iter().any(|(_, f)| any(f)),
            _ => false,
        }
}

fn is_dictionary(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Dictionary(_, _))
}

fn is_run(data_type: &DataType) -> bool {
    matches!(data_type, DataType::RunEndEncoded(_, _))
}

/// An empty slice of a run-end encoded column would be written with a run of length
/// zero, which no reader takes; an empty array is written well.
fn without_empty_runs(batch: &RecordBatch) -> Result<Cow<'_, RecordBatch>, Error> {
    let runs = |column: &ArrayRef| nested(column.data_type(), &is_run);
    if batch.num_rows() > 0 || !batch.columns().iter().any(runs) {
        return Ok(Cow::Borrowed(batch));
    }
    let emptied = |column: &ArrayRef| match runs(column) {
        true => new_empty_array(column.data_type()),
        false => ArrayRef::clone(column),
    };
    let columns = batch.columns().iter().map(emptied).collect();
    RecordBatch::try_new(batch.schema(), columns)
        .map(Cow::Owned)
        .map_err(encode)
}

fn encode(error: ArrowError) -> Error {
    match error {
        ArrowError::InvalidArgumentError(text) | ArrowError::IpcError(text) => Error::Encode(text),
        other => Error::Encode(other.to_string()),
    }
}
