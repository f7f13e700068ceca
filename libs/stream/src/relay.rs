//! Passing messages on without decoding them.

use crate::frame::{Frames, Head, MARKER};
use crate::pipe::Fd;
use crate::sink::Sink;
use crate::{Error, Kind, check, decode, pipe};
use arrow_buffer::Buffer;
use arrow_ipc::MessageHeader;
use millrace_fault::Failure;
use std::fmt;
use std::fs::File;
use std::os::fd::OwnedFd;

/// Passes one stream on to our standard output, message by message: framing and
/// metadata are checked, columns are not looked into. Its end is withheld until
/// [`Relay::close`] says how it ended.
pub struct Relay {
    frames: Option<Frames>,
    sink: Sink,
}

/// What a message held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Rows of a record batch, 0 for anything else.
    pub rows: u64,
    /// Its bytes.
    pub bytes: u64,
}

impl Relay {
    /// A relay to our standard output, its source still to come. A terminal is refused.
    pub fn stdout() -> Result<Relay, Error> {
        Ok(Relay {
            frames: None,
            sink: Sink::stdout()?,
        })
    }

    /// The stream to pass on; `subject` is what messages call it.
    pub fn attach(&mut self, source: OwnedFd, subject: &str, kind: Kind) {
        pipe::enlarge(&source);
        let source = Box::new(Fd(File::from(source)));
        self.frames = Some(Frames::over(source, subject.to_owned(), kind));
    }

    /// Passes one message on; `None` only after the end marker and the end of file
    /// behind it were seen. The end marker is not passed on.
    pub fn pass(&mut self) -> Result<Option<Passed>, Error> {
        let Some(frames) = &mut self.frames else {
            return Err(Error::Failed {
                subject: "the relay".into(),
            });
        };
        let before = frames.bytes_read();
        let Some(head) = frames.head()? else {
            return Ok(None);
        };
        let rows = rows(&head).map_err(|reason| frames.corrupt(&head, reason))?;
        let body = frames.body(&head)?;
        let bytes = frames.bytes_read() - before;
        write(&mut self.sink, &head, &body)?;
        Ok(Some(Passed { rows, bytes }))
    }

    /// Ends the stream as [`crate::Output::close`] does.
    pub fn close(mut self, tool: &str, result: Result<(), Failure>) -> Result<u64, Failure> {
        self.sink.close(tool, result)
    }

    /// Hangs up on the source: whoever writes to it learns that nobody reads on.
    pub fn hang_up(&mut self) {
        self.frames = None;
    }

    /// Bytes written so far.
    pub fn bytes_written(&self) -> u64 {
        self.sink.written()
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay")
            .field("bytes_written", &self.bytes_written())
            .finish_non_exhaustive()
    }
}

fn write(sink: &mut Sink, head: &Head, body: &Buffer) -> Result<(), Error> {
    // Metadata of the old format ends where a body would not be aligned.
    let padding = &[0; 8][..head.metadata.len().wrapping_neg() % 8];
    let length = (head.metadata.len() + padding.len()) as u32;
    sink.message(&[
        &MARKER,
        &length.to_le_bytes(),
        &head.metadata,
        padding,
        body,
    ])
}

/// The rows of a message that is in its place: a schema first, then dictionaries and
/// batches whose claims fit their body.
pub(crate) fn rows(head: &Head) -> Result<u64, String> {
    if head.number == 1 {
        return decode::schema(head).map(|_| 0);
    }
    let message = head.message()?;
    let (batch, counts) = match message.header_type() {
        MessageHeader::RecordBatch => (message.header_as_record_batch(), true),
        MessageHeader::DictionaryBatch => (
            message.header_as_dictionary_batch().and_then(|d| d.data()),
            false,
        ),
        kind => return Err(decode::unexpected(kind, "a record batch")),
    };
    let batch = batch.ok_or("its header is missing")?;
    check::layout(batch, head.body)?;
    Ok(if counts { batch.length() as u64 } else { 0 })
}
