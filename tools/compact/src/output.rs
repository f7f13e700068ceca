//! The new files of a partition: row groups copied or encoded, files cut at the target.

use crate::group::Group;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use millrace_dataset::encode::{Chunk, Encoders};
use millrace_dataset::parquet::{Codec, Encodings, WriterSettings};
use millrace_dataset::read::Source;
use millrace_dataset::tx::StagedFile;
use millrace_dataset::write::{Naming, SortOrder};
use millrace_fault::{Failure, quoted};
use millrace_pages::Extent;
use millrace_storage::{GrowingFile, WriteBehind};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use parquet::basic::Compression;
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::ChunkReader;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{SchemaDescriptor, TypePtr};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How the new files are written.
pub(crate) struct Form {
    pub(crate) codec: Codec,
    pub(crate) bloom: Vec<String>,
    pub(crate) metadata: Vec<(String, String)>,
    /// How the rows that come are sorted.
    pub(crate) sorting: SortOrder,
    /// Bytes of a file.
    pub(crate) target: u64,
    /// Bytes of a row group in memory.
    pub(crate) row_group: u64,
    /// Threads that encode.
    pub(crate) threads: usize,
}

/// The files in work.
pub(crate) struct Output {
    folder: PathBuf,
    naming: Naming,
    descriptor: SchemaDescriptor,
    encoders: Encoders,
    properties: Arc<WriterProperties>,
    form: Form,
    behind: WriteBehind,
    writer: Option<Open>,
    staged: Vec<StagedFile>,
    /// The row group in work.
    group: Option<Group>,
    /// Bytes of the inputs that have not been written yet.
    left: u64,
    /// Bytes in memory and in the file, of what was encoded so far.
    encoded: (u64, u64),
    /// Bytes in memory and in the inputs, of the rows that came in.
    decoded: (u64, u64),
}

struct Open {
    name: String,
    path: PathBuf,
    file: SerializedFileWriter<GrowingFile>,
}

impl Output {
    /// New files in `folder`, of inputs that are `left` bytes long; `sample` decides the encodings.
    pub(crate) fn new(
        folder: PathBuf,
        naming: Naming,
        schema: SchemaRef,
        form: Form,
        sample: &[RecordBatch],
        left: u64,
    ) -> Result<Output, Failure> {
        let settings = WriterSettings {
            codec: form.codec,
            bloom: form.bloom.clone(),
            metadata: form.metadata.clone(),
            sorting: form.sorting.clone(),
            ..WriterSettings::default()
        };
        let unfit = |error: ParquetError| failed(&folder, error);
        let encodings = Encodings::decide(&schema, sample).map_err(unfit)?;
        let mut properties = (*settings.properties(&encodings)).clone();
        add_encoded_arrow_schema_to_metadata(&schema, &mut properties);
        let descriptor = ArrowSchemaConverter::new()
            .convert(&schema)
            .map_err(unfit)?;
        let properties = Arc::new(properties);
        let encoders = Encoders::new(&schema, &properties).map_err(unfit)?;
        Ok(Output {
            folder,
            naming,
            descriptor,
            encoders,
            properties,
            form,
            behind: WriteBehind::default(),
            writer: None,
            staged: Vec::new(),
            group: None,
            left,
            encoded: (0, 0),
            decoded: (0, 0),
        })
    }

    /// The columns of the new files, as Parquet has them.
    pub(crate) fn parquet_fields(&self) -> Vec<TypePtr> {
        self.descriptor.root_schema().get_fields().to_vec()
    }

    /// The compression of the new files.
    pub(crate) fn compression(&self) -> Compression {
        self.form.codec.into()
    }

    /// Adds rows, which were `bytes` long in the inputs.
    pub(crate) fn push(&mut self, batch: RecordBatch, bytes: u64) -> Result<(), Failure> {
        let memory = batch.get_array_memory_size() as u64;
        self.left = self.left.saturating_sub(bytes);
        self.decoded = (self.decoded.0 + memory, self.decoded.1 + bytes);
        let limit = self.group_limit();
        let group = self.group()?;
        let pushed = group.push(batch, memory).map(|()| group.bytes());
        match pushed.map_err(|error| self.failed(error))? >= limit {
            true => self.end_group(),
            false => Ok(()),
        }
    }

    /// Adds a row group of an input as it is.
    pub(crate) fn copy(
        &mut self,
        source: &Source,
        metadata: &ArrowReaderMetadata,
        group: usize,
    ) -> Result<(), Failure> {
        self.end_group()?;
        let size =
            u64::try_from(metadata.metadata().row_group(group).compressed_size()).unwrap_or(0);
        let written = self.written();
        if written >= self.form.target / 4 * 3 && written + size > self.form.target / 4 * 5 {
            self.close()?;
        }
        let open = self.open()?;
        copy_group(open, source, metadata, group)?;
        self.left = self.left.saturating_sub(size);
        self.close_if_full()
    }

    /// Completes the last file.
    pub(crate) fn finish(mut self) -> Result<Vec<StagedFile>, Failure> {
        self.end_group()?;
        if self.staged.is_empty() {
            // Inputs without rows become one file without rows: the schema stays.
            self.open()?;
        }
        self.close()?;
        self.behind.finish()?;
        Ok(self.staged)
    }

    /// An error of the Parquet library while writing the file in work.
    fn failed(&self, error: ParquetError) -> Failure {
        let path = self.writer.as_ref().map_or(&self.folder, |open| &open.path);
        failed(path, error)
    }

    fn written(&self) -> u64 {
        self.writer
            .as_ref()
            .map_or(0, |open| open.file.bytes_written() as u64)
    }

    /// Bytes in memory at which the next row group ends: a whole one, or what is likely
    /// to fill the file.
    fn group_limit(&self) -> u64 {
        let room = self.form.target.saturating_sub(self.written());
        // Before anything is encoded, the inputs tell how far rows shrink.
        let (memory, file) = if self.encoded.1 > 0 {
            self.encoded
        } else {
            self.decoded
        };
        let likely = if file == 0 {
            u64::MAX
        } else {
            (room as f64 * memory as f64 / file as f64) as u64
        };
        likely.clamp(self.form.row_group / 16, self.form.row_group)
    }

    /// The row group in work; begins one in a file that is open, so that what fails has a name.
    fn group(&mut self) -> Result<&mut Group, Failure> {
        if self.group.is_none() {
            self.open()?;
            let group = Group::new(&self.encoders, self.form.threads);
            self.group = Some(group.map_err(|error| self.failed(error))?);
        }
        self.group
            .as_mut()
            .ok_or_else(|| Failure::environment("no row group is in work"))
    }

    /// Puts the row group in work, if there is one, into the file.
    fn end_group(&mut self) -> Result<(), Failure> {
        let Some(group) = self.group.take() else {
            return Ok(());
        };
        let (bytes, before) = (group.bytes(), self.written());
        let chunks = group.close();
        let open = self.open()?;
        chunks
            .and_then(|chunks| append(open, chunks))
            .map_err(|error| failed(&open.path, error))?;
        self.encoded.0 += bytes;
        self.encoded.1 += self.written() - before;
        self.close_if_full()
    }

    /// Ends the file at its target, unless so little is left that it fits as well.
    fn close_if_full(&mut self) -> Result<(), Failure> {
        let full = self.written() >= self.form.target / 100 * 97;
        if full && self.left > self.form.target / 4 {
            self.close()
        } else {
            Ok(())
        }
    }

    fn open(&mut self) -> Result<&mut Open, Failure> {
        if self.writer.is_none() {
            let name = (self.naming)(u32::try_from(self.staged.len()).unwrap_or(u32::MAX));
            let path = self.folder.join(&name);
            let file = self.behind.file(path.clone());
            let root = self.descriptor.root_schema_ptr();
            let file = SerializedFileWriter::new(file, root, self.properties.clone())
                .map_err(|error| failed(&path, error))?;
            self.writer = Some(Open { name, path, file });
        }
        self.writer
            .as_mut()
            .ok_or_else(|| Failure::environment("no file is open"))
    }

    fn close(&mut self) -> Result<(), Failure> {
        let Some(mut open) = self.writer.take() else {
            return Ok(());
        };
        let metadata = open
            .file
            .finish()
            .map_err(|error| failed(&open.path, error))?;
        let rows = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(0);
        self.staged.push(StagedFile {
            name: open.name,
            rows,
            bytes: open.file.bytes_written() as u64,
        });
        Ok(())
    }
}

/// An error of the Parquet library while writing `path`: an I/O error keeps its reason.
fn failed(path: &Path, error: ParquetError) -> Failure {
    match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(cause) => Failure::io("write", path, *cause),
            Err(cause) => Failure::data(format!("cannot write {}", quoted(path.to_string_lossy())))
                .because(cause),
        },
        other => {
            Failure::data(format!("cannot write {}", quoted(path.to_string_lossy()))).because(other)
        }
    }
}

fn append(open: &mut Open, chunks: Vec<Chunk>) -> Result<(), ParquetError> {
    let mut group = open.file.next_row_group()?;
    for chunk in chunks {
        chunk.append_to(&mut group)?;
    }
    group.close()?;
    paused(open)
}

/// Between row groups: the disk works while the next one is made.
fn paused(open: &mut Open) -> Result<(), ParquetError> {
    Ok(open.file.flush()?)
}

/// Copies a row group's bytes with its statistics, page indexes and bloom filters.
fn copy_group(
    open: &mut Open,
    source: &Source,
    metadata: &ArrowReaderMetadata,
    group: usize,
) -> Result<(), Failure> {
    let columns = metadata.metadata().row_group(group).num_columns();
    let mut copied = open
        .file
        .next_row_group()
        .map_err(|error| failed(&open.path, error))?;
    for leaf in 0..columns {
        let (chunk, close) = source.guarded(|| encoded(source, metadata, group, leaf))?;
        copied
            .append_column(&chunk, close)
            .map_err(|error| failed(&open.path, error))?;
    }
    let closed = copied.close().map(drop);
    closed
        .and_then(|()| paused(open))
        .map_err(|error| failed(&open.path, error))
}

fn encoded(
    source: &Source,
    metadata: &ArrowReaderMetadata,
    group: usize,
    leaf: usize,
) -> Result<(Extent, ColumnCloseResult), ParquetError> {
    let file = metadata.metadata();
    let column: &ColumnChunkMetaData = file.row_group(group).column(leaf);
    let (start, length) = column.byte_range();
    let bytes = source.get_bytes(start, usize::try_from(length).unwrap_or(usize::MAX))?;
    let pages = file
        .column_index()
        .and_then(|index| index.get(group)?.get(leaf))
        .cloned();
    let close = ColumnCloseResult {
        bytes_written: length,
        rows_written: u64::try_from(file.row_group(group).num_rows()).unwrap_or(0),
        metadata: column.clone(),
        bloom_filter: Sbbf::read_from_column_chunk(column, source)?,
        column_index: pages.filter(|pages| !matches!(pages, ColumnIndexMetaData::NONE)),
        offset_index: file
            .offset_index()
            .and_then(|index| index.get(group)?.get(leaf))
            .cloned(),
    };
    Ok((Extent::new(start, bytes), close))
}
