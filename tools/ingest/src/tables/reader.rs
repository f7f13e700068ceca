//! One file of columns, whatever its format.

use super::arrow_file::ArrowFile;
use super::avro_file::AvroFile;
use super::parquet_file::ParquetFile;
use crate::detect::Format;
use crate::inputs::Input;
use crate::opened::Opened;
use crate::plan::Plan;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::Bytes;
use millrace_cli::{Counter, Job};
use millrace_decode::orc;
use millrace_fault::{Failure, guarded, quoted};
use millrace_pages::reason;
use millrace_parallel::{Hand, ahead};
use millrace_storage::{ReadAt, open_read_at};
use millrace_stream::Kind;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

/// An open file.
pub(crate) struct Reader {
    name: String,
    form: Form,
}

enum Form {
    Parquet(ParquetFile),
    File(ArrowFile),
    Avro(AvroFile),
    Orc(orc::Reader),
    Stream {
        reader: millrace_stream::Reader,
        columns: Option<Vec<usize>>,
    },
}

impl Reader {
    pub(crate) fn open(opened: Opened, plan: &Plan, job: &Job) -> Result<Reader, Failure> {
        let name = opened.name.to_string();
        let bytes_in = &job.metrics.bytes_in;
        let form = guarded(&quoted(&name), || match opened.format {
            Format::ArrowStream => {
                let kind = if opened.input == Input::Stdin {
                    Kind::Pipe
                } else {
                    Kind::File
                };
                let source = opened.content.into_reader(opened.head);
                let reader = millrace_stream::Reader::new(source, &name, kind)?;
                Ok(Form::Stream {
                    reader,
                    columns: None,
                })
            }
            Format::Avro => Ok(Form::Avro(AvroFile::open(opened, plan.sizes)?)),
            Format::Orc => Ok(Form::Orc(orc_reader(stored(opened, bytes_in)?, plan)?)),
            Format::ArrowFile => Ok(Form::File(ArrowFile::open(stored(opened, bytes_in)?)?)),
            _ => {
                let stored = stored(opened, bytes_in)?;
                Ok(Form::Parquet(ParquetFile::open(stored, plan.sizes)?))
            }
        })?;
        Ok(Reader { name, form })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// All columns of the file.
    pub(crate) fn schema(&self) -> SchemaRef {
        match &self.form {
            Form::Parquet(file) => file.schema(),
            Form::File(file) => file.schema(),
            Form::Avro(file) => file.schema(),
            Form::Orc(reader) => reader.schema(),
            Form::Stream { reader, .. } => reader.schema(),
        }
    }

    /// Reads only these columns (ascending indices).
    pub(crate) fn project(&mut self, indices: &[usize]) -> Result<(), Failure> {
        match &mut self.form {
            Form::Parquet(file) => {
                file.project(indices);
                Ok(())
            }
            Form::File(file) => guarded(&quoted(&self.name), || file.project(indices)),
            Form::Avro(file) => file.project(indices),
            Form::Orc(reader) => reader.project(indices),
            Form::Stream { columns, .. } => {
                *columns = Some(indices.to_vec());
                Ok(())
            }
        }
    }

    /// Hands over all batches of the columns asked for, in order: the same for any number
    /// of threads.
    pub(crate) fn each(
        self,
        threads: usize,
        mut take: impl FnMut(RecordBatch) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let name = quoted(&self.name);
        match self.form {
            Form::Parquet(file) => guarded(&name, || file.each(threads, &mut take)),
            Form::Avro(file) => guarded(&name, || file.each(threads, &mut take)),
            Form::File(mut file) => one_by_one(&name, threads, || file.next(), take),
            Form::Orc(mut reader) => one_by_one(&name, threads, || reader.next(), take),
            Form::Stream {
                mut reader,
                columns,
            } => {
                let next = || match (reader.next()?, &columns) {
                    (Some(batch), Some(columns)) => {
                        let projected = batch.project(columns);
                        projected
                            .map(Some)
                            .map_err(|error| Failure::data(error.to_string()))
                    }
                    (batch, _) => Ok(batch),
                };
                one_by_one(&name, 1, next, take)
            }
        }
    }
}

/// Batches of a format that is decoded from its beginning to its end: a step ahead of
/// whoever takes them, if there is a thread for it.
fn one_by_one(
    name: &str,
    threads: usize,
    mut next: impl FnMut() -> Result<Option<RecordBatch>, Failure> + Send,
    mut take: impl FnMut(RecordBatch) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut next = || guarded(name, &mut next);
    if threads == 1 {
        while let Some(batch) = next()? {
            take(batch)?;
        }
        return Ok(());
    }
    let work = |hand: &Hand<RecordBatch>| {
        while let Some(batch) = next()? {
            if !hand.over(batch) {
                break;
            }
        }
        Ok(())
    };
    ahead(work, take)
}

fn orc_reader(stored: Stored, plan: &Plan) -> Result<orc::Reader, Failure> {
    let (name, length) = (stored.name.clone(), stored.len());
    let source = orc::Source::new(length, move |offset, count| stored.read_at(offset, count));
    let sizes = orc::Sizes {
        batch_rows: plan.sizes.batch_rows,
        batch_bytes: plan.sizes.batch_bytes,
    };
    orc::Reader::new(&name, source, sizes)
}

/// Bytes at any offset of a file, counted.
#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) name: String,
    file: Arc<dyn ReadAt>,
    bytes_in: Counter,
    /// The system's failure, which decoders report as theirs.
    failure: Arc<Mutex<Option<Failure>>>,
}

fn stored(opened: Opened, bytes_in: &Counter) -> Result<Stored, Failure> {
    let name = opened.name.to_string();
    let whole = "this format is read from its end, which needs a plain file";
    match opened.input {
        Input::Stdin => Err(
            Failure::usage(format!("cannot read standard input: {whole}")).hint("name the file"),
        ),
        Input::File(_) if opened.content.compressed => Err(Failure::usage(format!(
            "cannot read {}: {whole}",
            quoted(&name)
        ))
        .hint("decompress it first")),
        Input::File(location) => {
            let (file, bytes_in) = (open_read_at(&location)?, bytes_in.clone());
            Ok(Stored {
                name,
                file,
                bytes_in,
                failure: Arc::default(),
            })
        }
    }
}

impl Stored {
    pub(crate) fn len(&self) -> u64 {
        self.file.len()
    }

    /// Exactly `length` bytes; a range beyond the end is found before it is allocated.
    pub(crate) fn read_at(&self, offset: u64, length: usize) -> Result<Bytes, Failure> {
        if offset
            .checked_add(length as u64)
            .is_none_or(|end| end > self.len())
        {
            return Err(self.corrupt(format!(
                "it refers to {length} bytes at {offset}, beyond its end"
            )));
        }
        let bytes = self.file.read_at(offset, length)?;
        self.bytes_in.add(length as u64);
        Ok(bytes)
    }

    /// Like [`Stored::read_at`], for decoders that have errors of their own: what the
    /// system failed is kept for [`Stored::corrupt`].
    pub(crate) fn fetch(&self, offset: u64, length: usize) -> Result<Bytes, String> {
        self.read_at(offset, length).map_err(|failure| {
            let text = failure.to_string();
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
            text
        })
    }

    /// The file is not what it claims to be, unless the system failed to read it.
    pub(crate) fn corrupt(&self, error: impl Display) -> Failure {
        if let Some(failure) = self
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            return failure;
        }
        Failure::data(format!("cannot decode {}", quoted(&self.name))).because(reason(error))
    }
}
