//! The new files of a partition: row groups copied or encoded, files cut at the target.

use crate::alike;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use millrace_dataset::parquet::{Codec, Encodings, WriterSettings};
use millrace_dataset::read::Source;
use millrace_dataset::tx::StagedFile;
use millrace_dataset::write::{FileSeries, Naming, SortOrder};
use millrace_fault::{Failure, quoted};
use millrace_pages::{Extent, offset_index};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::reader::ChunkReader;
use parquet::schema::types::ColumnDescPtr;
use std::path::PathBuf;
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
    files: FileSeries,
    /// The files' columns.
    columns: Vec<ColumnDescPtr>,
    /// Bytes of a file, and of a row group in memory.
    target: u64,
    row_group: u64,
    /// Bytes in memory of the row group in work.
    group: u64,
    /// Row groups of the file in work whose bytes in it are known, and these bytes.
    known: (usize, u64),
    /// Bytes in memory of the row group after those, which may still be on its way.
    unknown: Option<u64>,
    /// Bytes of the inputs that have not been written yet.
    left: u64,
    /// Bytes in memory and in the file, of what was encoded so far.
    encoded: (u64, u64),
    /// Bytes in memory and in the inputs, of the rows that came in.
    decoded: (u64, u64),
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
            bloom: form.bloom,
            metadata: form.metadata,
            sorting: form.sorting,
            ..WriterSettings::default()
        };
        let unfit = |error: ParquetError| {
            let folder = quoted(folder.to_string_lossy());
            Failure::data(format!("cannot write {folder}")).because(error)
        };
        let descriptor = ArrowSchemaConverter::new()
            .convert(&schema)
            .map_err(unfit)?;
        let encodings = Encodings::decide(&schema, sample).map_err(unfit)?;
        let mut properties = (*settings.properties(&encodings)).clone();
        add_encoded_arrow_schema_to_metadata(&schema, &mut properties);
        let properties = Arc::new(properties);
        Ok(Output {
            files: FileSeries::new(folder, naming, &schema, properties, form.threads)?,
            columns: descriptor.columns().to_vec(),
            target: form.target,
            row_group: form.row_group,
            group: 0,
            known: (0, 0),
            unknown: None,
            left,
            encoded: (0, 0),
            decoded: (0, 0),
        })
    }

    /// Adds rows, which were `bytes` long in the inputs.
    pub(crate) fn push(&mut self, batch: RecordBatch, bytes: u64) -> Result<(), Failure> {
        let memory = memory(&batch);
        self.left = self.left.saturating_sub(bytes);
        self.decoded.0 += memory as u64;
        self.decoded.1 += bytes;
        if self.group >= self.row_group / 2 {
            // No more than this beside what still waits to be written.
            self.learn()?;
        }
        self.group += memory as u64;
        self.files.push(batch, memory)?;
        match self.group >= self.group_limit() {
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
        self.learn()?;
        let row_group = metadata.metadata().row_group(group);
        let size = u64::try_from(row_group.compressed_size()).unwrap_or(0);
        let written = self.known.1;
        if written >= self.target / 4 * 3 && written + size > self.target / 4 * 5 {
            self.end_file()?;
        }
        let columns = (0..).zip(&self.columns).map(|(leaf, column)| {
            let column = || encoded(source, metadata, group, leaf, column.clone());
            source.guarded(column)
        });
        self.files.copy(columns)?;
        self.known.0 += 1;
        self.known.1 = self.files.bytes(self.known.0)?;
        self.left = self.left.saturating_sub(size);
        self.end_file_if_full()
    }

    /// Completes the last file, and has `check` look at all of them while the disk takes what
    /// it was given. Inputs without rows become one file without rows: the schema stays.
    pub(crate) fn finish(
        self,
        check: impl FnOnce(&[StagedFile]) -> Result<(), Failure>,
    ) -> Result<Vec<StagedFile>, Failure> {
        let (staged, behind) = self.files.finish()?;
        check(&staged)?;
        behind.finish()?;
        Ok(staged)
    }

    /// Bytes in memory at which the next row group ends: a whole one, or what is likely
    /// to fill the file.
    fn group_limit(&self) -> u64 {
        if self.fits() {
            return self.row_group;
        }
        let ahead = self.unknown.and_then(|memory| self.shrunk(memory));
        let written = self.known.1 + ahead.unwrap_or(0);
        let room = self.target.saturating_sub(written);
        let (memory, file) = self.ratio();
        let likely = if file == 0 {
            u64::MAX
        } else {
            (room as f64 * memory as f64 / file as f64) as u64
        };
        likely.clamp(self.row_group / 16, self.row_group)
    }

    /// Bytes in memory, and what becomes of them in a file. Before anything is encoded, the
    /// inputs tell how far rows shrink.
    fn ratio(&self) -> (u64, u64) {
        match self.encoded.1 > 0 {
            true => self.encoded,
            false => self.decoded,
        }
    }

    /// What becomes of so many bytes in memory, if anything is known.
    fn shrunk(&self, bytes: u64) -> Option<u64> {
        let (memory, file) = self.ratio();
        (memory > 0).then(|| (bytes as f64 * file as f64 / memory as f64) as u64)
    }

    /// Ends the row group in work, if there is one. Far from the end of the file the next
    /// one begins while this one is on its way; else its size decides what comes next.
    fn end_group(&mut self) -> Result<(), Failure> {
        if self.group == 0 {
            return Ok(());
        }
        self.files.end_group()?;
        self.learn()?;
        self.unknown = Some(std::mem::take(&mut self.group));
        if self.fits() || self.is_far_from_full() {
            return Ok(());
        }
        self.learn()?;
        self.end_file_if_full()
    }

    /// Whether what is left goes into the file in work, however full that is.
    fn fits(&self) -> bool {
        self.left <= self.target / 4
    }

    /// Whether the file would not be full with twice as much as its last row group and a
    /// whole one are likely to take.
    fn is_far_from_full(&self) -> bool {
        let ahead = self.unknown.unwrap_or(0) + self.row_group;
        let ahead = self.shrunk(2 * ahead);
        ahead.is_some_and(|ahead| self.known.1 + ahead < self.target)
    }

    /// Waits for the size of the row group that is on its way.
    fn learn(&mut self) -> Result<(), Failure> {
        let Some(memory) = self.unknown.take() else {
            return Ok(());
        };
        let (groups, before) = self.known;
        let written = self.files.bytes(groups + 1)?;
        self.known = (groups + 1, written);
        self.encoded.0 += memory;
        self.encoded.1 += written - before;
        Ok(())
    }

    /// Ends the file at its target, unless so little is left that it fits as well.
    fn end_file_if_full(&mut self) -> Result<(), Failure> {
        let full = self.known.1 >= self.target / 100 * 97;
        match full && !self.fits() {
            true => self.end_file(),
            false => Ok(()),
        }
    }

    fn end_file(&mut self) -> Result<(), Failure> {
        self.known = (0, 0);
        Ok(self.files.end_file()?)
    }
}

/// Bytes of rows in memory, as if none came with a dictionary: row groups do not depend on
/// how their rows were read.
fn memory(batch: &RecordBatch) -> usize {
    let memory = |array: &ArrayRef| match array.as_any_dictionary_opt() {
        None => array.get_array_memory_size(),
        Some(keyed) => {
            let values = keyed.values();
            let bytes = values.to_data().get_slice_memory_size().unwrap_or(0);
            keyed.keys().get_array_memory_size() + array.len() * bytes / values.len().max(1)
        }
    };
    batch.columns().iter().map(memory).sum()
}

/// A column chunk's bytes with its statistics, page indexes and bloom filter, as a chunk of
/// the column `under`.
fn encoded(
    source: &Source,
    metadata: &ArrowReaderMetadata,
    group: usize,
    leaf: usize,
    under: ColumnDescPtr,
) -> Result<(Extent, ColumnCloseResult), ParquetError> {
    let file = metadata.metadata();
    let column: &ColumnChunkMetaData = file.row_group(group).column(leaf);
    let (start, length) = column.byte_range();
    let bytes = source.get_bytes(start, usize::try_from(length).unwrap_or(usize::MAX))?;
    let chunk = Extent::new(start, bytes);
    let rows = usize::try_from(file.row_group(group).num_rows())?;
    let places = file
        .offset_index()
        .and_then(|index| index.get(group)?.get(leaf));
    let places = match places {
        Some(places) => Some(places.clone()),
        // In one file, all row groups have this index or none.
        None => offset_index(chunk.clone(), column, rows)?,
    };
    let unplaced = || ParquetError::General("the places of its pages are unknown".to_owned());
    let pages = file
        .column_index()
        .and_then(|index| index.get(group)?.get(leaf))
        .cloned();
    let close = ColumnCloseResult {
        bytes_written: length,
        rows_written: rows as u64,
        metadata: alike::under(column, under)?,
        bloom_filter: Sbbf::read_from_column_chunk(column, source)?,
        column_index: pages.filter(|pages| !matches!(pages, ColumnIndexMetaData::NONE)),
        offset_index: Some(places.ok_or_else(unplaced)?),
    };
    Ok((chunk, close))
}
