//! The strict reader.

use crate::decode::Decoder;
use crate::frame::Frames;
use crate::{Error, Kind};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use std::fmt;
use std::io::Read;

/// Reads one Arrow IPC stream, which must be complete.
///
/// Batches may point into buffers of the reader; the memory of a batch that was
/// dropped is used again.
pub struct Reader {
    frames: Frames,
    decoder: Decoder,
}

impl Reader {
    /// The stream on standard input, its schema read. A terminal is refused.
    pub fn stdin() -> Result<Reader, Error> {
        Self::over(Frames::stdin()?)
    }

    /// The stream that `source` holds, its schema read; `name` is what messages call it.
    pub fn new(
        source: impl Read + Send + 'static,
        name: &str,
        kind: Kind,
    ) -> Result<Reader, Error> {
        Self::over(Frames::named(Box::new(source), name, kind))
    }

    fn over(mut frames: Frames) -> Result<Reader, Error> {
        let Some(head) = frames.head()? else {
            return Err(Error::Failed {
                subject: frames.subject().to_owned(),
            });
        };
        frames.body(&head)?;
        let decoder = Decoder::new(&head).map_err(|reason| frames.corrupt(&head, reason))?;
        Ok(Reader { frames, decoder })
    }

    /// The schema of all batches.
    pub fn schema(&self) -> SchemaRef {
        SchemaRef::clone(self.decoder.schema())
    }

    /// The next batch; `None` only after the end marker and the end of file behind it
    /// were seen. After an error every further call is an error.
    #[allow(clippy::should_implement_trait)] // an iterator's None would not say "complete"
    pub fn next(&mut self) -> Result<Option<RecordBatch>, Error> {
        while let Some(head) = self.frames.head()? {
            let body = self.frames.body(&head)?;
            let decoded = self.decoder.decode(&head, &body);
            if let Some(batch) = decoded.map_err(|reason| self.frames.corrupt(&head, reason))? {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// Reads to the end marker; the number of rows on the way.
    pub fn drain(&mut self) -> Result<u64, Error> {
        let mut rows: u64 = 0;
        while let Some(batch) = self.next()? {
            rows = rows.saturating_add(batch.num_rows() as u64);
        }
        Ok(rows)
    }

    /// Bytes read so far.
    pub fn bytes_read(&self) -> u64 {
        self.frames.bytes_read()
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("subject", &self.frames.subject())
            .field("bytes_read", &self.bytes_read())
            .field("schema", self.decoder.schema())
            .finish()
    }
}
