//! Messages into schema, dictionaries and record batches, with everything validated.

use crate::check;
use crate::frame::Head;
use crate::texts;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::reader::{RecordBatchDecoder, read_dictionary};
use arrow_ipc::{Endianness, Message, MessageHeader};
use arrow_schema::{ArrowError, SchemaRef};
use millrace_fault::{Failure, guarded};
use std::collections::HashMap;
use std::sync::Arc;

/// The schema of a stream and the dictionaries that stand at this point of it.
#[derive(Debug)]
pub(crate) struct Decoder {
    schema: SchemaRef,
    /// The same, with bytes where it has texts: as such they are decoded.
    raw: SchemaRef,
    dictionaries: HashMap<i64, ArrayRef>,
}

impl Decoder {
    /// Starts with the first message, which must be the schema.
    pub(crate) fn new(head: &Head) -> Result<Decoder, String> {
        Ok(Self::with_schema(schema(head)?))
    }

    pub(crate) fn with_schema(schema: SchemaRef) -> Decoder {
        Decoder {
            raw: texts::as_bytes(&schema),
            schema,
            dictionaries: HashMap::new(),
        }
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// A batch, or nothing when the message was a dictionary.
    pub(crate) fn decode(
        &mut self,
        head: &Head,
        body: &Buffer,
    ) -> Result<Option<RecordBatch>, String> {
        caught(|| {
            let message = head.message()?;
            match message.header_type() {
                MessageHeader::RecordBatch => self.batch(message, body).map(Some),
                MessageHeader::DictionaryBatch => self.dictionary(message, body).map(|()| None),
                kind => Err(unexpected(kind, "a record batch")),
            }
        })
    }

    fn batch(&self, message: Message<'_>, body: &Buffer) -> Result<RecordBatch, String> {
        let batch = message
            .header_as_record_batch()
            .ok_or("its header is missing")?;
        check::layout(batch, body.len())?;
        check::expansion(batch, body)?;
        let raw = Arc::clone(&self.raw);
        RecordBatchDecoder::try_new(body, batch, raw, &self.dictionaries, &message.version())
            .and_then(RecordBatchDecoder::read_record_batch)
            .map_err(reason)
            .and_then(|batch| texts::from_bytes(batch, &self.schema))
    }

    fn dictionary(&mut self, message: Message<'_>, body: &Buffer) -> Result<(), String> {
        let dictionary = message
            .header_as_dictionary_batch()
            .ok_or("its header is missing")?;
        let data = dictionary.data().ok_or("its dictionary is missing")?;
        check::layout(data, body.len())?;
        check::expansion(data, body)?;
        read_dictionary(
            body,
            dictionary,
            &self.schema,
            &mut self.dictionaries,
            &message.version(),
        )
        .map_err(reason)
    }
}

pub(crate) fn schema(head: &Head) -> Result<SchemaRef, String> {
    caught(|| schema_of(head))
}

fn schema_of(head: &Head) -> Result<SchemaRef, String> {
    let message = head.message()?;
    let kind = message.header_type();
    schema_from(
        message
            .header_as_schema()
            .ok_or_else(|| unexpected(kind, "the schema"))?,
    )
}

/// May panic on a schema that no writer made: to be called from within [`caught`].
pub(crate) fn schema_from(schema: arrow_ipc::Schema<'_>) -> Result<SchemaRef, String> {
    if schema.endianness() != Endianness::Little {
        return Err("it comes from a big-endian machine".into());
    }
    Ok(Arc::new(fb_to_schema(schema)))
}

pub(crate) fn unexpected(kind: MessageHeader, expected: &str) -> String {
    let name = kind.variant_name().unwrap_or("something unknown");
    format!("it is {name}, expected {expected}")
}

fn reason(error: ArrowError) -> String {
    match error {
        ArrowError::IpcError(text)
        | ArrowError::InvalidArgumentError(text)
        | ArrowError::SchemaError(text)
        | ArrowError::ParseError(text) => text,
        other => other.to_string(),
    }
}

/// A panic of the decoder is a refusal of the bytes that caused it.
pub(crate) fn caught<T>(decode: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    guarded("it", || Ok(decode())).unwrap_or_else(|failure: Failure| Err(failure.to_string()))
}
