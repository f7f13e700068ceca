//! Files one after the other, which end where whoever calls says: row groups of rows, that
//! several threads encode, and row groups that are copied.

use super::file::{OpenFile, RowGroup, Rows, Template};
use super::pool::Pool;
use super::unit::{UNIT_BYTES, Unit};
use super::{Naming, StagedFile, WriteError};
use arrow_array::RecordBatch;
use arrow_schema::Schema;
use millrace_storage::WriteBehind;
use parquet::column::writer::ColumnCloseResult;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::ChunkReader;
use std::path::PathBuf;
use std::sync::Arc;

/// Units in the hands of the threads beside those that they work on.
const WAITING: usize = 2;

/// The files of one folder. Which rows and row groups stand in which does not depend on the
/// number of threads.
pub struct FileSeries {
    dir: PathBuf,
    naming: Naming,
    template: Template,
    behind: WriteBehind,
    pool: Pool,
    files: Vec<Arc<OpenFile>>,
    open: Option<InWork>,
}

/// The file in work.
struct InWork {
    file: Arc<OpenFile>,
    /// The row group that takes rows, and those that wait for it.
    group: Option<RowGroup>,
    unit: Unit,
    /// Row groups before it.
    ended: usize,
}

impl FileSeries {
    /// Files of `schema` in `dir`, encoded on `threads` threads.
    ///
    /// # Errors
    /// Columns that Parquet cannot hold.
    pub fn new(
        dir: PathBuf,
        naming: Naming,
        schema: &Schema,
        properties: Arc<WriterProperties>,
        threads: usize,
    ) -> Result<FileSeries, WriteError> {
        let behind = WriteBehind::default();
        let template = Template::new(schema, properties, behind.clone())
            .map_err(|error| WriteError::parquet(dir.clone(), error))?;
        Ok(FileSeries {
            dir,
            naming,
            template,
            behind,
            pool: Pool::new(threads, WAITING * UNIT_BYTES),
            files: Vec::new(),
            open: None,
        })
    }

    /// Adds rows that take `bytes` in memory to the row group in work.
    ///
    /// # Errors
    /// Of any work that was begun before: what cannot be encoded or written.
    pub fn push(&mut self, batch: RecordBatch, bytes: usize) -> Result<(), WriteError> {
        let unit = &mut self.open()?.unit;
        unit.add(batch, bytes);
        match unit.bytes >= UNIT_BYTES {
            true => self.hand_over(),
            false => Ok(()),
        }
    }

    /// Ends the row group in work, if there is one. It is written behind the scenes.
    ///
    /// # Errors
    /// Of any work that was begun before.
    pub fn end_group(&mut self) -> Result<(), WriteError> {
        self.hand_over()?;
        if let Some(open) = &mut self.open
            && let Some(group) = open.group.take()
        {
            open.ended += 1;
            group.close(self.pool.shared());
        }
        Ok(())
    }

    /// Adds a row group of these column chunks, with what the footer says of each.
    ///
    /// # Errors
    /// The first failure of `columns`, or of any work before.
    pub fn copy<R: ChunkReader, E: From<WriteError>>(
        &mut self,
        columns: impl IntoIterator<Item = Result<(R, ColumnCloseResult), E>>,
    ) -> Result<(), E> {
        self.end_group()?;
        let (file, index) = {
            let open = self.open()?;
            open.ended += 1;
            (open.file.clone(), open.ended - 1)
        };
        self.bytes(index)?;
        file.copy(columns)
    }

    /// Bytes of the first `groups` row groups of the file in work, once they are in it.
    ///
    /// # Errors
    /// Of any work that was begun before.
    pub fn bytes(&self, groups: usize) -> Result<u64, WriteError> {
        let (Some(open), Some(last)) = (&self.open, groups.checked_sub(1)) else {
            return Ok(0);
        };
        self.pool.help_until(|| open.file.size(last).is_some())?;
        let sizes = (0..groups).filter_map(|index| open.file.size(index));
        Ok(sizes.sum())
    }

    /// Ends the file in work, if there is one.
    ///
    /// # Errors
    /// Of any work that was begun before.
    pub fn end_file(&mut self) -> Result<(), WriteError> {
        self.end_group()?;
        match self.open.take() {
            Some(open) => open.file.end_at(open.ended),
            None => Ok(()),
        }
    }

    /// Completes every file: at least one, which has no rows if there are none. What is
    /// written behind the scenes is to be waited for.
    ///
    /// # Errors
    /// Of any work that was begun before.
    pub fn finish(mut self) -> Result<(Vec<StagedFile>, WriteBehind), WriteError> {
        if self.files.is_empty() {
            self.open()?;
        }
        self.end_file()?;
        for file in &self.files {
            self.pool.help_until(|| file.finished().is_some())?;
        }
        let finished = self.files.iter().filter_map(|file| file.finished());
        Ok((finished.collect(), self.behind.clone()))
    }

    /// The file in work; begins one.
    fn open(&mut self) -> Result<&mut InWork, WriteError> {
        let open = match self.open.take() {
            Some(open) => open,
            None => self.begin()?,
        };
        Ok(self.open.insert(open))
    }

    fn begin(&mut self) -> Result<InWork, WriteError> {
        let name = (self.naming)(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        let path = self.dir.join(&name);
        let file = Arc::new(OpenFile::new(&self.template, path, name)?);
        self.files.push(file.clone());
        Ok(InWork {
            file,
            group: None,
            unit: Unit::default(),
            ended: 0,
        })
    }

    /// Hands the rows that wait to the row group in work; begins one.
    fn hand_over(&mut self) -> Result<(), WriteError> {
        let Some(open) = self.open.as_mut().filter(|open| open.unit.rows > 0) else {
            return Ok(());
        };
        let unit = std::mem::take(&mut open.unit);
        let rows = Rows {
            batches: unit.batches,
            _permit: self.pool.admit(unit.bytes)?,
        };
        let group = match open.group.take() {
            Some(group) => group,
            None => RowGroup::new(&self.template, &open.file, open.ended)?,
        };
        open.group.insert(group).write(rows, self.pool.shared());
        Ok(())
    }
}
