//! The writer.

use crate::Error;
use crate::encode::Encoder;
use crate::sink::Sink;
use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_schema::SchemaRef;
use millrace_fault::{Exit, Failure};
use std::fmt;
use std::io::Write;

/// Writes one Arrow IPC stream, and says how it ended: [`Output::close`] must be
/// called; a stream that is merely dropped is a cut one.
pub struct Output {
    sink: Sink,
    encoder: Option<Encoder>,
}

impl Output {
    /// Our standard output. A terminal is refused; a pipe is enlarged.
    pub fn stdout() -> Result<Output, Error> {
        Ok(Output {
            sink: Sink::stdout()?,
            encoder: None,
        })
    }

    /// A file, or a test's memory. Nothing is buffered in between.
    pub fn to(sink: impl Write + Send + 'static) -> Output {
        Output {
            sink: Sink::over(Box::new(sink)),
            encoder: None,
        }
    }

    /// Writes the schema; once, before any batch.
    pub fn start(&mut self, schema: &SchemaRef) -> Result<(), Error> {
        if self.encoder.is_some() {
            return Err(Error::Encode("the schema was already written".into()));
        }
        let (encoder, message) = Encoder::new(schema)?;
        self.encoder = Some(encoder);
        let parts: Vec<&[u8]> = message.iter().map(Buffer::as_slice).collect();
        self.sink.message(&parts)
    }

    /// Writes a batch as it is; slices are cut to what they show.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let Some(encoder) = &mut self.encoder else {
            return Err(Error::Encode("the schema is not yet written".into()));
        };
        for message in encoder.encode(batch)?.messages()? {
            self.sink.message(&message)?;
        }
        Ok(())
    }

    /// Ends the stream: after success with the end marker, else with the first cause
    /// of the failure (whatever was or was not written before), which is handed back.
    /// Everything that could still fail must be done and durable by now.
    /// Returns the bytes written in all.
    pub fn close(mut self, tool: &str, result: Result<(), Failure>) -> Result<u64, Failure> {
        let result = match self.encoder {
            None if result.is_ok() => Err(Failure::new(
                Exit::ENVIRONMENT,
                "internal error: the output has no schema",
            )),
            _ => result,
        };
        self.sink.close(tool, result)
    }

    /// Bytes written so far.
    pub fn bytes_written(&self) -> u64 {
        self.sink.written()
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("bytes_written", &self.bytes_written())
            .finish_non_exhaustive()
    }
}
