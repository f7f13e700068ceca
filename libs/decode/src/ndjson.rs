//! NDJSON: a JSON object (RFC 8259) on each line.
//!
//! - A line ends with `\n`; a carriage return before it is white space, and the last
//!   line may lack it. Lines of white space alone are passed over.
//! - A byte order mark is not white space: the caller skips it at the start of a file.
//! - A line that is refused costs this line and no other.

use crate::batch::Batches;
use crate::chunk::Chunk;
use crate::context::{Context, Fault};
use crate::json::{Pause, Records};
use crate::kernel::Text;
use crate::machine::Machine;
use crate::options::{Error, Options};
use crate::problem::Problem;
use crate::reject;
use crate::sink::{Counts, Rejected, Sink, Stop, constraint, told};
use crate::utf8::{BadLine, bad_lines};
use arrow_schema::SchemaRef;
use millrace_schema::TableSchema;

/// Where the last whole line of `bytes` ends: the place to cut a chunk. None if no line
/// ends in it.
pub fn cut(bytes: &[u8]) -> Option<usize> {
    memchr::memrchr(b'\n', bytes).map(|newline| newline + 1)
}

/// Decodes lines of JSON into record batches. Made once per thread and used for any
/// number of chunks; its buffers come back when batches are dropped.
pub struct Decoder {
    batches: Batches,
    cx: Context,
    machine: Machine,
}

impl Decoder {
    /// A decoder for records of this schema.
    ///
    /// # Errors
    /// If the selection names a field that is not there, or a field's Arrow type does not
    /// go with its kind.
    pub fn new(schema: &TableSchema, options: &Options) -> Result<Self, Error> {
        Ok(Decoder {
            batches: Batches::new(schema, options)?,
            cx: Context::new(options, true),
            machine: Machine::best(),
        })
    }

    /// The schema of the batches: the selected columns.
    pub fn schema(&self) -> SchemaRef {
        self.batches.schema()
    }

    /// Keeps to instructions that every machine has. The output is the same.
    #[must_use]
    pub fn portable(mut self) -> Self {
        self.machine = Machine::Portable;
        self
    }

    /// Decodes the lines of `chunk`; the last one may lack its line end. Rows that do not
    /// fill a batch are kept for the next chunk or [`Decoder::finish`].
    ///
    /// # Errors
    /// If the sink says stop. The decoder must not be used any more then.
    pub fn decode(&mut self, chunk: &Chunk, sink: &mut impl Sink) -> Result<Counts, Stop> {
        if chunk.len() > Chunk::LONGEST {
            return Err(Stop::ChunkTooLong);
        }
        let Some(text) = Text::of(chunk) else {
            return Ok(Counts::default());
        };
        let mut bad = bad_lines(chunk.bytes()).into_iter().peekable();
        let mut counts = Counts::default();
        let mut records = Records {
            most_rows: self.batches.most_rows,
            ..Records::default()
        };
        loop {
            records.barrier = bad.peek().map_or(usize::MAX, |line| line.begin);
            let rows = self.batches.record.rows;
            let pause =
                self.machine
                    .records(&mut self.batches.record, text, &mut records, &mut self.cx);
            counts.rows += (self.batches.record.rows - rows) as u64;
            match pause {
                Pause::End => break,
                Pause::Check => {
                    records.check_at = self.batches.make_room(records.at, &mut self.cx, sink)?
                }
                Pause::Refused => {
                    counts.rejected += 1;
                    self.reject(text, &mut records, sink)?;
                }
                Pause::Barrier => {
                    counts.rejected += 1;
                    self.reject_bad_line(text, &mut records, bad.next(), sink)?;
                }
            }
        }
        counts.lines = records.lines;
        self.cx.tell_extras(sink);
        Ok(counts)
    }
}

impl Decoder {
    /// Hands over the rows that are left as a last, smaller batch. Call it at the end of
    /// the input; or after every chunk, where chunks are decoded on several threads and
    /// the batches must not depend on which thread gets which.
    ///
    /// # Errors
    /// If the sink says stop.
    pub fn finish(&mut self, sink: &mut impl Sink) -> Result<(), Stop> {
        self.batches.flush(&mut self.cx, sink)
    }

    /// Tells the sink of the refused record and goes on behind its line.
    #[cold]
    fn reject(
        &mut self,
        text: Text<'_>,
        records: &mut Records,
        sink: &mut impl Sink,
    ) -> Result<(), Stop> {
        self.cx.abandon();
        let fault = self.cx.fault.take().unwrap_or_else(Fault::unknown);
        let line = Line::around(text, records.record);
        let rejected = Rejected {
            line_in_chunk: records.lines,
            offset_in_chunk: records.record as u64,
            raw: reject::without_return(text.slice(records.record, line.end)),
            reason: reject::reason(&fault, text, records.record, line.end),
        };
        records.at = line.next;
        records.lines += u64::from(line.next > line.end);
        told(sink.reject(rejected))
    }

    #[cold]
    fn reject_bad_line(
        &mut self,
        text: Text<'_>,
        records: &mut Records,
        bad: Option<BadLine>,
        sink: &mut impl Sink,
    ) -> Result<(), Stop> {
        let at = bad.map_or(records.at, |line| line.at);
        let problem = Problem::new(constraint::UTF8, "UTF-8");
        self.cx.refuse_value(at, at + 1, problem);
        records.record = records.at;
        self.reject(text, records, sink)
    }
}

/// The rest of a line: where it ends, and where the next one begins.
struct Line {
    end: usize,
    next: usize,
}

impl Line {
    fn around(text: Text<'_>, at: usize) -> Line {
        match memchr::memchr(b'\n', text.slice(at, text.end())) {
            Some(newline) => Line {
                end: at + newline,
                next: at + newline + 1,
            },
            None => Line {
                end: text.end(),
                next: text.end(),
            },
        }
    }
}
