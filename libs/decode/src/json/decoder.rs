//! The decoder of JSON documents.

use super::cut::element_end;
use crate::batch::Batches;
use crate::chunk::Chunk;
use crate::context::{Context, Fault};
use crate::kernel::Text;
use crate::machine::Machine;
use crate::options::{Error, Options};
use crate::problem::Problem;
use crate::reject;
use crate::sink::{Counts, Rejected, Sink, Stop, constraint, told};
use crate::utf8::bad_lines;
use arrow_schema::SchemaRef;
use millrace_schema::TableSchema;

/// Decodes the elements of a JSON array, or documents after each other, each an object,
/// into record batches. Like [`crate::ndjson::Decoder`], but records may span lines.
///
/// A chunk is a text as [`super::Cutter`] cuts it: whole elements and what stands between
/// them. The cutter has checked the separators; here they are passed over.
pub struct Decoder {
    batches: Batches,
    cx: Context,
    machine: Machine,
}

/// How far decoding has got in a chunk.
struct Progress {
    at: usize,
    lines: u64,
    check_at: usize,
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
            cx: Context::new(options, false),
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

    /// Decodes the elements of `chunk`. Rows that do not fill a batch are kept for the
    /// next chunk or [`Decoder::finish`].
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
        let bad = bad_lines(chunk.bytes());
        let mut bad = bad.iter().map(|line| line.at).peekable();
        let mut counts = Counts::default();
        let mut progress = Progress {
            at: 0,
            lines: 0,
            check_at: 0,
        };
        progress.skip_opening(text);
        loop {
            progress.skip_separators(text);
            let begin = progress.at;
            if begin >= text.end() {
                break;
            }
            if begin >= progress.check_at || self.batches.is_full() {
                progress.check_at = self.batches.make_room(begin, &mut self.cx, sink)?;
            }
            while bad.next_if(|at| *at < begin).is_some() {}
            match self.element(text, begin, bad.peek().copied()) {
                Some(end) => {
                    self.cx.note_line(progress.lines);
                    counts.rows += 1;
                    progress.pass(text, end);
                }
                None => {
                    counts.rejected += 1;
                    let end = begin + element_end(text.slice(begin, text.end()));
                    self.reject(text, (begin, end), progress.lines, sink)?;
                    progress.pass(text, end);
                }
            }
        }
        counts.lines = progress.lines;
        self.cx.tell_extras(sink);
        Ok(counts)
    }

    /// Hands over the rows that are left as a last, smaller batch: at the end of the
    /// input, or after every chunk (see [`crate::ndjson::Decoder::finish`]).
    ///
    /// # Errors
    /// If the sink says stop.
    pub fn finish(&mut self, sink: &mut impl Sink) -> Result<(), Stop> {
        self.batches.flush(&mut self.cx, sink)
    }

    /// Reads the element at `at`, behind which the next byte `bad` that is no UTF-8 comes.
    /// None if it is refused.
    fn element(&mut self, text: Text<'_>, at: usize, bad: Option<usize>) -> Option<usize> {
        let record = &mut self.batches.record;
        let rows = record.rows;
        let read = self.machine.object(record, text, at, &mut self.cx);
        let end = read
            .ok()
            .filter(|end| *end >= text.end() || is_separator(text.byte(*end)));
        let read_bad = bad.filter(|bad| {
            *bad < end.unwrap_or_else(|| at + element_end(text.slice(at, text.end())))
        });
        if let Some(bad) = read_bad {
            self.cx
                .refuse_value(bad, bad + 1, Problem::new(constraint::UTF8, "UTF-8"));
        } else if let (Ok(junk), None) = (read, end) {
            self.cx.malformed(junk, "',' or the end of the array");
        } else if end.is_some() {
            return end;
        }
        self.batches.record.truncate(rows);
        None
    }

    #[cold]
    fn reject(
        &mut self,
        text: Text<'_>,
        (begin, end): (usize, usize),
        line: u64,
        sink: &mut impl Sink,
    ) -> Result<(), Stop> {
        self.cx.abandon();
        let fault = self.cx.fault.take().unwrap_or_else(Fault::unknown);
        told(sink.reject(Rejected {
            line_in_chunk: line,
            offset_in_chunk: begin as u64,
            raw: text.slice(begin, end),
            reason: reject::reason(&fault, text, begin, end),
        }))
    }
}

impl Progress {
    fn skip_separators(&mut self, text: Text<'_>) {
        while self.at < text.end() && is_separator(text.byte(self.at)) {
            self.lines += u64::from(text.byte(self.at) == b'\n');
            self.at += 1;
        }
    }

    /// At the start of the first chunk of an array stands its bracket. Where an array is
    /// an element, a comma comes before it.
    fn skip_opening(&mut self, text: Text<'_>) {
        let rest = text.slice(0, text.end());
        let first = rest
            .iter()
            .position(|byte| !byte.is_ascii_whitespace())
            .unwrap_or(rest.len());
        if rest.get(first) == Some(&b'[') {
            self.pass(text, first + 1);
        }
    }

    fn pass(&mut self, text: Text<'_>, end: usize) {
        self.lines += memchr::memchr_iter(b'\n', text.slice(self.at, end)).count() as u64;
        self.at = end;
    }
}

/// What may stand between elements.
fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b']')
}
