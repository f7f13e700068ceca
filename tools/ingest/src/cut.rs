//! Where records end.

use millrace_decode::csv;
use millrace_decode::json::{self, Malformed};

/// Finds record ends.
pub(crate) enum Cutter {
    /// Every newline ends a record.
    Lines,
    /// A newline outside of quotes does.
    Cells(csv::Cutter),
    /// An element of an array does, or a document.
    Elements(json::Cutter),
}

impl Cutter {
    /// The end of the last whole record in `piece`, which follows the piece before it.
    pub(crate) fn last_end(&mut self, piece: &[u8]) -> Result<Option<usize>, Malformed> {
        match self {
            Cutter::Lines => Ok(memchr::memrchr(b'\n', piece).map(|newline| newline + 1)),
            Cutter::Cells(cutter) => Ok(cutter.cut(piece)),
            Cutter::Elements(cutter) => cutter.cut(piece),
        }
    }

    /// Ends the file: what was seen must be whole where the format itself says so.
    pub(crate) fn finish(&self) -> Result<(), Malformed> {
        match self {
            Cutter::Elements(cutter) => cutter.finish(),
            _ => Ok(()),
        }
    }

    /// Whether the last record of a file may lack a newline that others have.
    pub(crate) fn wants_newline(&self) -> bool {
        !matches!(self, Cutter::Elements(_))
    }

    /// Whether a record of another file may follow what was seen so far.
    pub(crate) fn is_between(&self) -> bool {
        match self {
            Cutter::Lines => true,
            Cutter::Cells(cutter) => !cutter.is_open(),
            Cutter::Elements(_) => false,
        }
    }
}
