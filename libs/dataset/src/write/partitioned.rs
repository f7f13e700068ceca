//! The partitioned writer.

use super::{StagedFile, WriteError};
use crate::parquet::{Encodings, WriterSettings};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

/// The name of a partition's n-th file.
pub type Naming = Box<dyn Fn(u32) -> String + Send + Sync>;

/// Writes rows into one folder a partition under a stage directory.
pub struct PartitionedWriter {
    dir: PathBuf,
    naming: Naming,
    schema: SchemaRef,
    settings: WriterSettings,
    open: BTreeMap<String, (String, ArrowWriter<File>)>,
}

impl PartitionedWriter {
    /// A writer of rows of `schema` (the files' columns) under `dir`.
    pub fn new(dir: &Path, naming: Naming, schema: SchemaRef, settings: WriterSettings) -> Self {
        PartitionedWriter { dir: dir.to_owned(), naming, schema, settings, open: BTreeMap::new() }
    }

    /// Adds rows to the partition at the relative `path`, after those it has.
    pub fn push(&mut self, path: &str, batch: &RecordBatch) -> Result<(), WriteError> {
        if !self.open.contains_key(path) {
            let folder = self.dir.join(path);
            let io = |source| WriteError::Io { path: folder.clone(), source };
            fs::create_dir_all(&folder).map_err(io)?;
            let name = (self.naming)(0);
            let file = OpenOptions::new().write(true).create_new(true).open(folder.join(&name)).map_err(io)?;
            let encodings = Encodings::decide(&self.schema, std::slice::from_ref(batch)).map_err(|e| WriteError::parquet(path, e))?;
            let properties = self.settings.properties(&encodings);
            let writer = ArrowWriter::try_new(file, self.schema.clone(), Some((*properties).clone()))
                .map_err(|e| WriteError::parquet(path, e))?;
            self.open.insert(path.to_owned(), (name, writer));
        }
        match self.open.get_mut(path) {
            Some((_, writer)) => writer.write(batch).map_err(|e| WriteError::parquet(path, e)),
            None => Ok(()),
        }
    }

    /// Completes every file: relative paths with their files, sorted.
    pub fn finish(self) -> Result<Vec<(String, Vec<StagedFile>)>, WriteError> {
        let mut done = Vec::new();
        for (path, (name, mut writer)) in self.open {
            let failed = |e| WriteError::parquet(path.clone(), e);
            let metadata = writer.finish().map_err(failed)?;
            let rows = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(0);
            let bytes = writer.bytes_written() as u64;
            done.push((path.clone(), vec![StagedFile { name, rows, bytes }]));
        }
        Ok(done)
    }
}
