//! Rows outside of the scope: refused, counted, or kept in an Arrow stream that is
//! complete and durable before the commit.

use crate::args::Outside;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use millrace_fault::{Context, Failure, quoted};
use millrace_storage::AtomicFile;
use millrace_stream::Output;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Where rows outside of the scope go.
pub(crate) enum OutsideRows {
    /// The first one fails the run.
    Refused,
    /// They are counted.
    Ignored,
    /// They are kept.
    Kept(Box<Kept>),
}

/// The file of kept rows.
pub(crate) struct Kept {
    output: Output,
    file: Shared,
    tool: &'static str,
}

/// The file below the output, which hides it: handed back for the commit.
#[derive(Clone)]
struct Shared(Arc<Mutex<AtomicFile>>);

impl Shared {
    fn subject(&self) -> String {
        let file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        format!("cannot write {}", quoted(file.path().to_string_lossy()))
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .flush()
    }
}

impl OutsideRows {
    /// Opens what `asked` says for rows of `schema`.
    pub(crate) fn open(
        asked: Outside,
        schema: &SchemaRef,
        tool: &'static str,
    ) -> Result<OutsideRows, Failure> {
        Ok(match asked {
            Outside::Refuse => OutsideRows::Refused,
            Outside::Ignore => OutsideRows::Ignored,
            Outside::File(path) => OutsideRows::Kept(Box::new(Kept::create(&path, schema, tool)?)),
        })
    }

    /// Takes rows of a batch.
    pub(crate) fn take(&mut self, rows: &RecordBatch) -> Result<(), Failure> {
        match self {
            OutsideRows::Kept(kept) => kept.output.write(rows).context(kept.file.subject()),
            _ => Ok(()),
        }
    }

    /// Makes the file durable, end marker included.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self {
            OutsideRows::Kept(kept) => kept.finish(),
            _ => Ok(()),
        }
    }
}

impl Kept {
    fn create(path: &Path, schema: &SchemaRef, tool: &'static str) -> Result<Kept, Failure> {
        let file = Shared(Arc::new(Mutex::new(AtomicFile::create(path)?)));
        let mut output = Output::to(file.clone());
        output.start(schema).context(file.subject())?;
        Ok(Kept { output, file, tool })
    }

    fn finish(self) -> Result<(), Failure> {
        self.output
            .close(self.tool, Ok(()))
            .context(self.file.subject())?;
        match Arc::try_unwrap(self.file.0) {
            Ok(file) => Ok(file
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner)
                .commit()?),
            Err(file) => {
                Err(Failure::environment(Shared(file).subject()).because("it is still in use"))
            }
        }
    }
}
