//! The decoder of CSV.

use super::{Dialect, Layout, Rows};
use crate::batch::Batches;
use crate::chunk::Chunk;
use crate::context::{Context, Fault};
use crate::json::Pause;
use crate::kernel::Text;
use crate::machine::Machine;
use crate::options::{Error, ExtraFields, Options};
use crate::problem::Problem;
use crate::reject;
use crate::sink::{Counts, Rejected, Sink, Stop, constraint, told};
use crate::utf8::{BadLine, bad_lines};
use arrow_schema::SchemaRef;
use millrace_schema::TableSchema;
use std::collections::{HashMap, HashSet};

/// Decodes CSV records into record batches. Made once per thread and used for any number
/// of chunks; its buffers come back when batches are dropped.
pub struct Decoder {
    batches: Batches,
    cx: Context,
    machine: Machine,
    layout: Layout,
}

impl Decoder {
    /// A decoder for records of this schema, their cells in the schema's order until
    /// [`Decoder::set_columns`] says otherwise.
    ///
    /// # Errors
    /// If the dialect contradicts itself, the selection names a field that is not there,
    /// or a field's Arrow type does not go with its kind.
    pub fn new(schema: &TableSchema, dialect: &Dialect, options: &Options) -> Result<Self, Error> {
        dialect.check()?;
        let known = schema.fields.len();
        Ok(Decoder {
            batches: Batches::new(schema, options)?,
            cx: Context::new(options, false),
            machine: Machine::best(),
            layout: Layout {
                dialect: *dialect,
                columns: (0..known).map(Some).collect(),
                known,
            },
        })
    }

    /// From the next chunk on, cells are those of these columns: a file's header. Columns
    /// that the header lacks are null.
    ///
    /// # Errors
    /// If a name stands twice, or the schema lacks one and extra fields are refused.
    pub fn set_columns<S: AsRef<str>>(&mut self, header: &[S]) -> Result<(), Error> {
        let mut columns = Vec::with_capacity(header.len());
        // By hash: a header may be very wide.
        let known = self.batches.record.columns.iter().enumerate();
        let known: HashMap<String, usize> = known
            .map(|(index, column)| (column.name.to_string(), index))
            .collect();
        let mut seen = HashSet::with_capacity(header.len());
        for name in header.iter().map(AsRef::as_ref) {
            if !seen.insert(name) {
                return Err(Error::ColumnTwice(name.to_owned()));
            }
            let column = known.get(name).copied();
            match (column, self.cx.extra_fields) {
                (None, ExtraFields::Refuse) => return Err(Error::ExtraColumn(name.to_owned())),
                (None, ExtraFields::Warn) => self
                    .cx
                    .note_extra(&format!("/{}", name.replace('~', "~0").replace('/', "~1"))),
                _ => {}
            }
            columns.push(column);
        }
        self.layout.known = columns.iter().flatten().count();
        self.layout.columns = columns;
        Ok(())
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

    /// Decodes the records of `chunk`; the last one may lack its line end. Rows that do not
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
        let bad = bad_lines(chunk.bytes());
        let mut bad = bad.iter().peekable();
        let mut counts = Counts::default();
        let mut rows = Rows {
            most_rows: self.batches.most_rows,
            ..Rows::default()
        };
        loop {
            rows.barrier = bad.peek().map_or(usize::MAX, |line| line.at);
            let before = self.batches.record.rows;
            let pause = self.machine.rows(
                &mut self.batches.record,
                &self.layout,
                text,
                &mut rows,
                &mut self.cx,
            );
            counts.rows += (self.batches.record.rows - before) as u64;
            match pause {
                Pause::End => break,
                Pause::Check => {
                    // What is wrong in a comment harms nobody.
                    while bad.next_if(|line| line.at < rows.at).is_some() {}
                    rows.check_at = self.batches.make_room(rows.at, &mut self.cx, sink)?;
                }
                Pause::Refused => {
                    counts.rejected += 1;
                    self.reject(text, &rows, sink)?;
                }
                Pause::Barrier => {
                    counts.rejected += 1;
                    self.refuse_bytes(bad.next());
                    // All that is wrong in this record is one reason.
                    while bad.next_if(|line| line.at < rows.at).is_some() {}
                    self.reject(text, &rows, sink)?;
                }
            }
        }
        counts.lines = rows.lines;
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

    #[cold]
    fn reject(&mut self, text: Text<'_>, rows: &Rows, sink: &mut impl Sink) -> Result<(), Stop> {
        self.cx.abandon();
        let fault = self.cx.fault.take().unwrap_or_else(Fault::unknown);
        told(sink.reject(Rejected {
            line_in_chunk: rows.record_line,
            offset_in_chunk: rows.record as u64,
            raw: reject::without_return(text.slice(rows.record, rows.record_end)),
            reason: reject::reason(&fault, text, rows.record, rows.record_end),
        }))
    }

    fn refuse_bytes(&mut self, bad: Option<&BadLine>) {
        let at = bad.map_or(0, |line| line.at);
        self.cx
            .refuse_value(at, at + 1, Problem::new(constraint::UTF8, "UTF-8"));
    }
}
