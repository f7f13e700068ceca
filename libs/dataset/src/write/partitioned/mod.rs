//! The partitioned writer: what is encoded when, what is spilled, which file ends where.

mod budget;
mod waiting;

use self::waiting::batches;
use super::file::{OpenFile, RowGroup, Rows, Template};
use super::limits::Limits;
use super::partition::{Open, Partition};
use super::piece::Piece;
use super::pool::Pool;
use super::scatter::Window;
use super::size::raw_bytes;
use super::spill::Spill;
use super::unit::{Unit, cut};
use super::whole::WholeFile;
use super::{StagedFile, WriteError};
use crate::parquet::{Encodings, WriterSettings};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use foldhash::fast::RandomState;
use millrace_storage::WriteBehind;
use parquet::arrow::add_encoded_arrow_schema_to_metadata;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The name of a partition's n-th file.
pub type Naming = Box<dyn Fn(u32) -> String + Send + Sync>;

/// Rows that are looked at before encodings are decided, or their bytes.
const SAMPLE_ROWS: usize = 32 << 10;
const SAMPLE_BYTES: usize = 16 << 20;

/// Partitions, each the finished files of one relative path.
pub type Staged = Vec<(String, Vec<StagedFile>)>;

/// Writes rows into one folder a partition under a stage directory.
///
/// Files are rolled at the target size; a partition's rows keep their order. Memory
/// stays within the settings' budget for any number of partitions: rows of partitions
/// that cannot have an encoder wait, and are spilled to the temporary folder. The same
/// pushes make the same files for any number of threads. Not finished means discarded.
pub struct PartitionedWriter {
    dir: PathBuf,
    naming: Naming,
    schema: SchemaRef,
    settings: WriterSettings,
    limits: Limits,
    pool: Pool,
    spill: Arc<Spill>,
    behind: WriteBehind,
    template: Option<Arc<Template>>,
    sample: Vec<(u32, Piece)>,
    sample_rows: usize,
    sample_bytes: usize,
    partitions: Vec<Partition>,
    by_path: HashMap<String, u32, RandomState>,
    /// Partitions with an encoder, least recently opened first.
    open: Vec<u32>,
    /// Bytes of the rows that wait.
    pending: usize,
    /// Bytes of rows that no longer wait, but whose slabs may still hold others that do;
    /// `None`: there are no slabs.
    pinned: Option<usize>,
    position: u64,
    swept: u64,
}

impl PartitionedWriter {
    /// A writer of rows of `schema` (the files' columns) under `dir`.
    pub fn new(dir: &Path, naming: Naming, schema: SchemaRef, settings: WriterSettings) -> Self {
        let limits = Limits::new(&settings, schema.flattened_fields().len());
        PartitionedWriter {
            dir: dir.to_owned(),
            naming,
            limits,
            pool: Pool::new(settings.threads, limits.backlog),
            spill: Arc::new(Spill::new(settings.temp_dir.clone(), schema.clone())),
            schema,
            behind: WriteBehind::default(),
            settings,
            template: None,
            sample: Vec::new(),
            sample_rows: 0,
            sample_bytes: 0,
            partitions: Vec::new(),
            by_path: HashMap::default(),
            open: Vec::new(),
            pending: 0,
            pinned: None,
            position: 0,
            swept: 0,
        }
    }

    /// Bytes that went through the temporary folder.
    pub fn spilled_bytes(&self) -> u64 {
        self.spill.bytes()
    }

    /// The number of the partition at the relative `path`.
    pub fn partition(&mut self, path: &str) -> u32 {
        if let Some(id) = self.by_path.get(path) {
            return *id;
        }
        let id = self.partitions.len() as u32;
        self.partitions.push(Partition::new(path));
        self.by_path.insert(path.to_owned(), id);
        id
    }

    /// Adds rows to the partition at the relative `path`, after those it has.
    pub fn push(&mut self, path: &str, batch: RecordBatch) -> Result<(), WriteError> {
        let id = self.partition(path);
        self.push_to(id, batch)
    }

    /// Adds rows to a partition by its number.
    pub fn push_to(&mut self, id: u32, batch: RecordBatch) -> Result<(), WriteError> {
        self.push_piece(id, Piece::whole(batch))
    }

    /// Adds a window's rows. `paths` are those of its [`partitions`](Window::partitions).
    pub fn push_window<P: AsRef<str>>(
        &mut self,
        window: Window,
        paths: &[P],
    ) -> Result<(), WriteError> {
        if window.is_slab() {
            self.make_room(window.bytes())?;
        }
        let dealt = window
            .deal()
            .map_err(|error| WriteError::Split { source: error })?;
        for (place, piece) in dealt {
            let id = self.partition(paths[place].as_ref());
            self.push_piece(id, piece)?;
        }
        Ok(())
    }

    fn push_piece(&mut self, id: u32, piece: Piece) -> Result<(), WriteError> {
        if piece.num_rows() == 0 {
            return Ok(());
        }
        if self.template.is_some() {
            return self.accept(id, piece);
        }
        self.sample_rows += piece.num_rows();
        self.sample_bytes += piece.bytes();
        self.sample.push((id, piece));
        let enough = SAMPLE_BYTES.min(self.limits.pending);
        if self.sample_rows >= SAMPLE_ROWS || self.sample_bytes >= enough {
            self.begin()?;
        }
        Ok(())
    }

    /// Decides the encodings from the sample, then takes its rows in.
    fn begin(&mut self) -> Result<(), WriteError> {
        let sample: Vec<RecordBatch> = self.sample.iter().map(|(_, piece)| piece.batch()).collect();
        self.template = Some(Arc::new(self.decide(&sample)?));
        drop(sample);
        for (id, piece) in std::mem::take(&mut self.sample) {
            self.accept(id, piece)?;
        }
        Ok(())
    }

    fn decide(&self, sample: &[RecordBatch]) -> Result<Template, WriteError> {
        let failed = |error| WriteError::parquet(self.dir.clone(), error);
        let encodings = Encodings::decide(&self.schema, sample).map_err(failed)?;
        let mut properties = (*self.settings.properties(&encodings)).clone();
        add_encoded_arrow_schema_to_metadata(&self.schema, &mut properties);
        Template::new(&self.schema, Arc::new(properties), self.behind.clone()).map_err(failed)
    }

    /// Hands rows to the partition's file in units, rolling row groups and files.
    fn encode(&mut self, id: u32, batches: Vec<RecordBatch>) -> Result<(), WriteError> {
        let mut unit = Unit::default();
        for mut batch in batches {
            let mut left = raw_bytes(&batch);
            while batch.num_rows() > 0 {
                let room = self.room(id)?.saturating_sub(unit.bytes);
                let limit = room.min(self.limits.unit_bytes);
                let (head, bytes) = cut(&mut batch, &mut left, limit);
                unit.add(head, bytes);
                let full = unit.bytes >= room
                    || unit.bytes >= self.limits.unit_bytes
                    || unit.rows >= self.limits.unit_rows;
                if full {
                    self.hand_over(id, std::mem::take(&mut unit))?;
                }
            }
        }
        self.hand_over(id, unit)
    }

    /// Bytes that the row group in work still takes; begins a file or a row group.
    fn room(&mut self, id: u32) -> Result<usize, WriteError> {
        loop {
            let partition = &mut self.partitions[id as usize];
            match &partition.open {
                Some(open) if open.group.is_some() => {
                    return Ok(open.group_limit.saturating_sub(open.group_raw).max(1));
                }
                Some(_) => self.begin_group(id)?,
                None => self.begin_file(id)?,
            }
        }
    }

    fn begin_file(&mut self, id: u32) -> Result<(), WriteError> {
        let Some(template) = self.template.clone() else {
            return Ok(());
        };
        let file = self.next_file(id, &template)?;
        self.partitions[id as usize].open = Some(Open::new(file));
        self.open.push(id);
        Ok(())
    }

    /// The partition's next file, of which nothing is on disk yet.
    fn next_file(&mut self, id: u32, template: &Template) -> Result<Arc<OpenFile>, WriteError> {
        let partition = &mut self.partitions[id as usize];
        let name = (self.naming)(partition.files.len() as u32);
        let path = self.dir.join(&partition.path).join(&name);
        let file = Arc::new(OpenFile::new(template, path, name)?);
        partition.files.push(file.clone());
        Ok(file)
    }

    /// Whether all that a partition holds makes one small file. Decided by bytes alone.
    fn is_whole(&self, id: u32) -> bool {
        let partition = &self.partitions[id as usize];
        let limit = (self.limits.whole as u64)
            .min(self.settings.row_group_size)
            .min(self.settings.target_size);
        partition.open.is_none() && (1..=limit).contains(&(partition.held() as u64))
    }

    /// Hands all that a partition holds to one thread, as a file of its own.
    fn write_whole(&mut self, id: u32) -> Result<(), WriteError> {
        let Some(template) = self.template.clone() else {
            return Ok(());
        };
        let _permit = self.pool.admit(self.partitions[id as usize].held())?;
        let batches = batches(self.take_pending(id));
        let rows = Rows { batches, _permit };
        let spilled = self.take_spilled(id)?;
        let file = self.next_file(id, &template)?;
        let whole = WholeFile::new(template, file, self.spill.clone(), spilled, rows);
        self.pool.shared().submit(Arc::new(whole));
        Ok(())
    }

    /// Begins the next row group, or ends a file that is full.
    fn begin_group(&mut self, id: u32) -> Result<(), WriteError> {
        let known = self.measure(id)?;
        let partition = &mut self.partitions[id as usize];
        let (Some(open), Some(template)) = (&mut partition.open, &self.template) else {
            return Ok(());
        };
        let (target, row_group) = (self.settings.target_size, self.settings.row_group_size);
        match open.next_limit(&known, partition.measured, target, row_group) {
            None => self.close(id),
            Some(limit) => {
                open.group = Some(RowGroup::new(template, &open.file, open.closed.len())?);
                open.group_raw = 0;
                open.group_limit = limit;
                Ok(())
            }
        }
    }

    /// The sizes of the file's row groups but the last one, which may still be in work:
    /// waiting for it would idle the threads. The first of all is waited for.
    fn measure(&mut self, id: u32) -> Result<Vec<u64>, WriteError> {
        let partition = &mut self.partitions[id as usize];
        let Some(open) = &partition.open else {
            return Ok(Vec::new());
        };
        let count = open.closed.len();
        let wanted = if partition.measured.is_known() {
            count.saturating_sub(1)
        } else {
            count
        };
        let file = open.file.clone();
        self.pool
            .help_until(|| wanted == 0 || file.size(wanted - 1).is_some())?;
        let known: Vec<u64> = (0..wanted).filter_map(|index| file.size(index)).collect();
        if let (Some(size), Some(raw)) = (known.last(), open.closed.get(wanted.wrapping_sub(1))) {
            partition.measured.add(*raw, *size);
        }
        Ok(known)
    }

    fn hand_over(&mut self, id: u32, unit: Unit) -> Result<(), WriteError> {
        if unit.rows == 0 {
            return Ok(());
        }
        let _permit = self.pool.admit(unit.bytes)?;
        let partition = &mut self.partitions[id as usize];
        let Some(open) = &mut partition.open else {
            return Ok(());
        };
        open.group_raw += unit.bytes;
        if let Some(group) = &open.group {
            group.write(
                Rows {
                    batches: unit.batches,
                    _permit,
                },
                self.pool.shared(),
            );
        }
        if open.group_raw >= open.group_limit {
            self.end_group(id);
        }
        Ok(())
    }

    fn end_group(&mut self, id: u32) {
        let Some(open) = &mut self.partitions[id as usize].open else {
            return;
        };
        if let Some(group) = open.group.take() {
            open.closed.push(open.group_raw);
            open.group_raw = 0;
            group.close(self.pool.shared());
        }
    }

    /// Ends the file in work; its last bytes are written behind the scenes.
    fn close(&mut self, id: u32) -> Result<(), WriteError> {
        self.end_group(id);
        self.open.retain(|open| *open != id);
        match self.partitions[id as usize].open.take() {
            Some(open) => open.file.end_at(open.closed.len()),
            None => Ok(()),
        }
    }

    fn close_with_rest(&mut self, id: u32) -> Result<(), WriteError> {
        let batches = batches(self.take_pending(id));
        self.encode(id, batches)?;
        self.close(id)
    }

    /// Completes every file: relative paths with their files, sorted by path.
    pub fn finish(mut self) -> Result<Staged, WriteError> {
        if self.template.is_none() {
            self.begin()?;
        }
        let mut order: Vec<u32> = (0..self.partitions.len() as u32).collect();
        self.sort_by_path(&mut order);
        // Those with an encoder first: each one closed frees memory for the rest.
        let (open, held): (Vec<u32>, Vec<u32>) = order
            .iter()
            .partition(|id| self.partitions[**id as usize].open.is_some());
        for id in open.into_iter().chain(held) {
            if self.is_whole(id) {
                self.write_whole(id)?;
            } else {
                self.restore(id)?;
                self.close_with_rest(id)?;
            }
        }
        self.wait_for_files()?;
        self.behind.finish()?;
        let staged = order.into_iter().map(|id| {
            let partition = &self.partitions[id as usize];
            (partition.path.clone(), partition.staged())
        });
        Ok(staged.filter(|(_, files)| !files.is_empty()).collect())
    }

    fn sort_by_path(&self, ids: &mut [u32]) {
        let path = |id: u32| &self.partitions[id as usize].path;
        ids.sort_unstable_by(|a, b| path(*a).cmp(path(*b)));
    }

    fn wait_for_files(&self) -> Result<(), WriteError> {
        for file in self
            .partitions
            .iter()
            .flat_map(|partition| &partition.files)
        {
            self.pool.help_until(|| file.finished().is_some())?;
        }
        Ok(())
    }
}
