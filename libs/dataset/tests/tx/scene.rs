//! A dataset of rows that are just numbers, and how outsiders see it.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use millrace_dataset::root::{Access, Root};
use millrace_dataset::state::DatasetDescription;
use millrace_dataset::tx::*;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Thousands of syncs: in memory where possible. A kill leaves the same there.
fn quick_dir() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let writable = tempfile::tempdir_in(&memory).is_ok();
    if writable {
        memory
    } else {
        std::env::temp_dir()
    }
}

/// Partition path → its rows, sorted.
pub type Rows = BTreeMap<String, Vec<i64>>;

pub struct Scene {
    pub folder: tempfile::TempDir,
    pub path: PathBuf,
}

impl Scene {
    pub fn new() -> Scene {
        Self::within(&quick_dir())
    }

    pub fn within(parent: &Path) -> Scene {
        let folder = tempfile::tempdir_in(parent).unwrap();
        let path = folder.path().canonicalize().unwrap().join("out");
        Scene { folder, path }
    }

    /// With rows 1–3 in p=1, 4–6 in p=2, 7–9 in p=3.
    pub fn with_base() -> Scene {
        let scene = Scene::new();
        scene.commit(&base()).unwrap();
        scene
    }

    pub fn root(&self) -> Root {
        Root::resolve(&self.path, Access::Create).unwrap()
    }

    pub fn state(&self) -> PathBuf {
        self.root().state_dir()
    }

    pub fn commit(&self, job: &Job) -> Result<Outcome, Error> {
        job.run(&self.path)
    }

    pub fn recover(&self) -> Result<Vec<LogEntry>, Error> {
        let options = CommitOptions {
            keep: Duration::ZERO,
            ..Default::default()
        };
        recover(&self.root(), &options)
    }

    pub fn rows(&self) -> Rows {
        rows(&self.path)
    }

    pub fn log_lines(&self) -> usize {
        fs::read_to_string(self.state().join("log.jsonl"))
            .unwrap_or_default()
            .lines()
            .count()
    }

    /// What is in `tx/` and `trash/`.
    pub fn leftovers(&self) -> Vec<PathBuf> {
        let entries = |name: &str| fs::read_dir(self.state().join(name)).into_iter().flatten();
        entries("tx")
            .chain(entries("trash"))
            .map(|entry| entry.unwrap().path())
            .collect()
    }

    /// Names of the data files of a partition.
    pub fn files(&self, partition: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path.join(partition)).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.retain(|name| !name.starts_with(['_', '.']));
        names.sort();
        names
    }
}

pub fn base() -> Job {
    Job::new("base", Mode::Create)
        .rows("p=1", 1..4)
        .rows("p=2", 4..7)
        .rows("p=3", 7..10)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Create,
    Overwrite,
    Append,
    ReplaceUnit,
    /// Merges the live files of the partitions named; adds no rows.
    Compact,
    Undo,
    Recover,
}

/// What a writer is told to do; travels to a child process as text.
#[derive(Clone, Debug)]
pub struct Job {
    pub run: Option<String>,
    pub step: Option<String>,
    pub unit: Option<String>,
    pub mode: Mode,
    pub partitions: Rows,
    pub window: bool,
    pub adopt: bool,
    pub allow_empty: bool,
    pub max_shrink: Option<f64>,
    pub keep_seconds: u64,
    pub wait_ms: u64,
    pub spec: String,
}

impl Job {
    pub fn new(run: &str, mode: Mode) -> Job {
        Job {
            run: (!run.is_empty()).then(|| run.to_owned()),
            step: None,
            unit: None,
            mode,
            partitions: Rows::new(),
            window: false,
            adopt: false,
            allow_empty: false,
            max_shrink: None,
            keep_seconds: 3600,
            wait_ms: 60_000,
            spec: "p".to_owned(),
        }
    }

    pub fn rows(mut self, partition: &str, ids: impl IntoIterator<Item = i64>) -> Job {
        self.partitions
            .insert(partition.to_owned(), ids.into_iter().collect());
        self
    }

    pub fn unit(mut self, unit: &str) -> Job {
        self.unit = Some(unit.to_owned());
        self
    }

    pub fn options(&self) -> CommitOptions {
        CommitOptions {
            wait: Duration::from_millis(self.wait_ms),
            keep: Duration::from_secs(self.keep_seconds),
            allow_window: self.window,
            adopt: self.adopt,
            threads: 2,
        }
    }

    pub fn run(&self, path: &Path) -> Result<Outcome, Error> {
        let root = Root::resolve(path, Access::Create)?;
        match self.mode {
            Mode::Undo => undo(
                &root,
                self.run.as_deref().unwrap(),
                "partition",
                &self.options(),
            )
            .map(|mut entries| Outcome::Committed(entries.remove(0))),
            Mode::Recover => {
                recover(&root, &self.options()).map(|_| Outcome::Committed(empty_entry()))
            }
            _ => {
                let stage = self.stage(&root)?;
                let change = self.try_change(&root, &stage)?;
                stage.commit(change, &self.options())
            }
        }
    }

    pub fn stage(&self, root: &Root) -> Result<Stage, Error> {
        let tool = if self.mode == Mode::Compact {
            "compact"
        } else {
            "partition"
        };
        let key = RunKey {
            run_id: self.run.clone(),
            tool,
            step: self.step.clone(),
            unit: self.unit.clone(),
        };
        Stage::open(root, key, Duration::from_millis(self.wait_ms))
    }

    /// Writes the files and says what to do with them.
    pub fn change(&self, root: &Root, stage: &Stage) -> Change {
        self.try_change(root, stage).unwrap()
    }

    fn try_change(&self, root: &Root, stage: &Stage) -> Result<Change, Error> {
        let partitions = self
            .partitions
            .iter()
            .map(|(path, ids)| self.partition(root, stage, path, ids))
            .collect::<Result<_, _>>()?;
        let total: usize = self.partitions.values().map(Vec::len).sum();
        Ok(Change {
            partitions,
            create_only: self.mode == Mode::Create,
            replaced_unit: self.unit.clone().filter(|_| self.mode == Mode::ReplaceUnit),
            guards: Guards {
                max_shrink: self.max_shrink,
                allow_empty: self.allow_empty,
            },
            description: Fingerprint {
                mode: format!("{:?}", self.mode),
                spec: self.spec.clone(),
                scope: None,
                rows: total as u64,
                content: format!("{:?}", self.partitions),
            },
            dataset: DatasetDescription {
                spec: self.spec.clone().into(),
                ..Default::default()
            },
            unite: None,
        })
    }

    fn partition(
        &self,
        root: &Root,
        stage: &Stage,
        path: &str,
        ids: &[i64],
    ) -> Result<PartitionChange, Error> {
        let mut ids = ids.to_vec();
        let keep = match self.mode {
            Mode::Append => Keep::Everything,
            Mode::ReplaceUnit => Keep::OtherUnits(self.unit.clone().unwrap()),
            Mode::Compact => {
                let inputs = data_files(&root.partition(path));
                for input in &inputs {
                    ids.extend(try_read(input).map_err(|error| failed("read", input, error))?);
                }
                let name =
                    |file: &PathBuf| file.file_name().unwrap().to_string_lossy().into_owned();
                Keep::Except(inputs.iter().map(name).collect())
            }
            _ => Keep::Nothing,
        };
        let mut add = Vec::new();
        if !ids.is_empty() {
            let folder = stage.dir().join(path);
            fs::create_dir_all(&folder).map_err(|error| failed("create", &folder, error))?;
            let units: Vec<String> = self.unit.clone().into_iter().collect();
            let file = write(&folder, &stage.file_name(0), &ids, &units);
            add.push(file.map_err(|error| failed("write", &folder, error))?);
        }
        Ok(PartitionChange {
            path: path.to_owned(),
            add,
            keep,
        })
    }
}

fn failed(verb: &'static str, path: &Path, error: std::io::Error) -> Error {
    millrace_storage::Error::io(verb, path, error).into()
}

fn empty_entry() -> LogEntry {
    LogEntry {
        format: 1,
        id: String::new(),
        run_id: None,
        tool: String::new(),
        step: None,
        unit: None,
        at: String::new(),
        partitions: Vec::new(),
        files: 0,
        rows: 0,
        description: Fingerprint::default(),
        undoes: None,
    }
}

/// Writes a Parquet file with a column `id`.
pub fn write(
    folder: &Path,
    name: &str,
    ids: &[i64],
    units: &[String],
) -> std::io::Result<StagedFile> {
    let schema = Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, false)]));
    let pair = KeyValue::new(UNITS_KEY.to_owned(), serde_json::to_string(units).unwrap());
    let metadata = (!units.is_empty()).then(|| vec![pair]);
    let properties = WriterProperties::builder()
        .set_key_value_metadata(metadata)
        .build();
    let mut text = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut text, schema.clone(), Some(properties)).unwrap();
    let column = Arc::new(Int64Array::from(ids.to_vec()));
    writer
        .write(&RecordBatch::try_new(schema, vec![column]).unwrap())
        .unwrap();
    writer.close().unwrap();
    fs::write(folder.join(name), &text)?;
    Ok(StagedFile {
        name: name.to_owned(),
        rows: ids.len() as u64,
        bytes: text.len() as u64,
    })
}

pub fn read(path: &Path) -> Vec<i64> {
    try_read(path).unwrap()
}

pub fn try_read(path: &Path) -> std::io::Result<Vec<i64>> {
    Ok(decode(fs::read(path)?.into()))
}

pub fn decode(text: bytes::Bytes) -> Vec<i64> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(text);
    let reader = builder.unwrap().build().unwrap();
    let column = |batch: RecordBatch| {
        batch
            .column(0)
            .as_primitive::<Int64Type>()
            .values()
            .to_vec()
    };
    reader.flat_map(|batch| column(batch.unwrap())).collect()
}

fn data_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.retain(|path| {
        !path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with(['_', '.'])
    });
    files.sort();
    files
}

/// What any reader sees: every file below the root that is not marked, which must be
/// whole Parquet.
pub fn rows(root: &Path) -> Rows {
    let mut found = Rows::new();
    walk(root, "", &mut found);
    found
}

fn walk(folder: &Path, path: &str, found: &mut Rows) {
    let mut ids: Vec<i64> = data_files(folder)
        .iter()
        .flat_map(|file| read(file))
        .collect();
    ids.sort_unstable();
    if !ids.is_empty() {
        found.insert(path.to_owned(), ids);
    }
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            let below = if path.is_empty() {
                name
            } else {
                format!("{path}/{name}")
            };
            walk(&entry.path(), &below, found);
        }
    }
}

pub fn expect(partitions: &[(&str, std::ops::Range<i64>)]) -> Rows {
    partitions
        .iter()
        .map(|(path, ids)| ((*path).to_owned(), ids.clone().collect()))
        .collect()
}
