//! What a decoder carries along while it reads records.

use crate::chunk::Chunk;
use crate::options::{ExtraFields, Options};
use crate::problem::Problem;
use crate::sink::{Sink, constraint};
use std::collections::HashSet;

/// The record, or a value in it, is refused; the reason is in [`Context::fault`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused;

/// Where the text goes on.
pub(crate) type At = Result<usize, Refused>;

/// State that outlives a record only as memory to reuse.
#[derive(Debug)]
pub(crate) struct Context {
    /// Why the current record is refused.
    pub(crate) fault: Option<Fault>,
    /// The keys of open objects that no column stands for.
    pub(crate) strangers: crate::json::Strangers,
    /// Room to read records whose keys come in any order.
    pub(crate) scattered: crate::json::Scattered,
    /// Objects and arrays open in a value that is skipped.
    pub(crate) open: Vec<crate::json::Open>,
    /// Room for text without its escapes.
    pub(crate) scratch: Chunk,
    pub(crate) max_depth: usize,
    pub(crate) extra_fields: ExtraFields,
    /// Whether a line end is white space (a JSON document) or ends the record (NDJSON).
    pub(crate) lines: bool,
    /// Names of extra fields that the sink has not been told yet, and all that were found.
    untold: Vec<String>,
    told: HashSet<String>,
    /// The line of each row of the batch at hand, if anybody wants to know.
    row_lines: Option<Vec<u64>>,
}

/// Why a record is refused.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) problem: Problem,
    /// Where in the chunk.
    pub(crate) at: usize,
    /// End of the value, if there is a whole one.
    pub(crate) end: Option<usize>,
    /// Names and indexes from the value outwards.
    pub(crate) path: Vec<String>,
}

/// Most names of extra fields that are remembered.
const MOST_TOLD: usize = 1000;

impl Context {
    pub(crate) fn new(options: &Options, lines: bool) -> Self {
        Context {
            fault: None,
            strangers: Default::default(),
            scattered: Default::default(),
            open: Vec::new(),
            scratch: Chunk::default(),
            max_depth: options.max_depth.max(1),
            extra_fields: options.extra_fields,
            lines,
            untold: Vec::new(),
            told: HashSet::new(),
            row_lines: options.lines.then(Vec::new),
        }
    }

    /// Refuses the record for what stands at `at`.
    #[cold]
    #[inline(never)]
    pub(crate) fn refuse(&mut self, at: usize, problem: Problem) -> Refused {
        self.fault = Some(Fault {
            problem,
            at,
            end: None,
            path: Vec::new(),
        });
        Refused
    }

    /// Refuses the record for its syntax at `at`.
    #[cold]
    #[inline(never)]
    pub(crate) fn malformed(&mut self, at: usize, expected: &str) -> Refused {
        self.refuse(at, Problem::new(constraint::SYNTAX, expected))
    }

    /// Refuses the record for the value `at..end`.
    #[cold]
    #[inline(never)]
    pub(crate) fn refuse_value(&mut self, at: usize, end: usize, problem: Problem) -> Refused {
        self.fault = Some(Fault {
            problem,
            at,
            end: Some(end),
            path: Vec::new(),
        });
        Refused
    }

    /// The refused value is inside the member or item `step`.
    #[cold]
    #[inline(never)]
    pub(crate) fn inside(&mut self, step: &str, refused: Refused) -> Refused {
        if let Some(fault) = &mut self.fault {
            fault.path.push(step.replace('~', "~0").replace('/', "~1"));
        }
        refused
    }

    /// Forgets what a refused record left open.
    pub(crate) fn abandon(&mut self) {
        self.open.clear();
        self.strangers.truncate(0);
    }

    /// Notes a field that the schema does not have.
    #[cold]
    #[inline(never)]
    pub(crate) fn note_extra(&mut self, pointer: &str) {
        if self.told.len() < MOST_TOLD && self.told.insert(pointer.to_owned()) {
            self.untold.push(pointer.to_owned());
        }
    }

    /// Tells the sink of the extra fields that it does not know yet.
    pub(crate) fn tell_extras(&mut self, sink: &mut impl Sink) {
        for pointer in self.untold.drain(..) {
            sink.extra_field(&pointer);
        }
    }

    /// The row that is about to end began on this line.
    #[inline(always)]
    pub(crate) fn note_line(&mut self, line: u64) {
        if let Some(lines) = &mut self.row_lines {
            lines.push(line);
        }
    }

    pub(crate) fn lines_of_rows(&self) -> &[u64] {
        self.row_lines.as_deref().unwrap_or_default()
    }

    pub(crate) fn forget_lines(&mut self) {
        if let Some(lines) = &mut self.row_lines {
            lines.clear();
        }
    }
}

impl Fault {
    /// Stands in where no reason was given, which no reader does.
    pub(crate) fn unknown() -> Fault {
        Fault {
            problem: Problem::of_type("a record"),
            at: 0,
            end: None,
            path: Vec::new(),
        }
    }

    /// RFC 6901.
    pub(crate) fn pointer(&self) -> String {
        self.path
            .iter()
            .rev()
            .flat_map(|step| ["/", step])
            .collect()
    }
}
