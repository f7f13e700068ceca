//! What a dataset holds, by listing: any Hive tree of Parquet files, whoever wrote it.
//!
//! Names that start with `_` or `.` are skipped, as every reader does. A symbolic link is
//! refused: readers disagree about following it, and it can point out of the dataset.
//! Sorted by path, then name. Takes no lock and changes nothing; a file that vanishes
//! while its folder is being listed is left out. About 200 bytes of memory a file.

use crate::hive;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema};
use millrace_fault::{Coded, Exit, quoted};
use std::collections::BTreeMap;
use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use thiserror::Error;

/// The suffixes that make a Parquet file.
const SUFFIXES: [&str; 3] = [".parquet", ".parq", ".pq"];

/// One folder with files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Relative path as it is spelt on disk; empty for the root.
    pub path: String,
    /// The path's columns and values, unescaped; None is null.
    pub values: Vec<(String, Option<String>)>,
    /// The Parquet files, by name.
    pub files: Vec<DataFile>,
}

/// One Parquet file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// Full path.
    pub path: PathBuf,
    /// File name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// When it was last written.
    pub modified: SystemTime,
}

/// A tree that cannot be listed.
#[derive(Debug, Error)]
pub enum ListError {
    /// The system said no.
    #[error("cannot list {}", quoted(.path.to_string_lossy()))]
    Io {
        /// Folder or file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A link among the data.
    #[error("{} is a symbolic link; a dataset holds none", quoted(.0.to_string_lossy()))]
    Link(PathBuf),
    /// A name that is no text.
    #[error("the name of {} is not UTF-8", quoted(.0.to_string_lossy()))]
    NotText(PathBuf),
    /// Paths with different columns.
    #[error("partitions disagree: {} and {} have different columns", quoted(.0), quoted(.1))]
    Mixed(String, String),
    /// Values of one column that cannot be typed.
    #[error("cannot read partition values as {expected}")]
    Untyped {
        /// The type tried.
        expected: String,
        /// The kernel's words.
        source: ArrowError,
    },
}

impl Coded for ListError {
    fn exit(&self) -> Exit {
        match self {
            ListError::Io { .. } => Exit::ENVIRONMENT,
            _ => Exit::DATA,
        }
    }
}

/// Lists the dataset at `root`.
pub fn list(root: &Path) -> Result<Vec<Partition>, ListError> {
    list_under(root, "")
}

/// Lists what lies under the relative path `path` of the dataset at `root`.
pub fn list_under(root: &Path, path: &str) -> Result<Vec<Partition>, ListError> {
    let mut found = Vec::new();
    let folder = if path.is_empty() {
        root.to_owned()
    } else {
        root.join(path)
    };
    walk(&folder, path, &mut found)?;
    found.sort_by(|a, b| a.path.split('/').cmp(b.path.split('/')));
    Ok(found)
}

fn walk(folder: &Path, relative: &str, found: &mut Vec<Partition>) -> Result<(), ListError> {
    let failed = |source| ListError::Io {
        path: folder.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry
            .file_name()
            .into_string()
            .map_err(|_| ListError::NotText(entry.path()))?;
        if name.starts_with(['_', '.']) {
            continue;
        }
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_symlink() {
            return Err(ListError::Link(entry.path()));
        }
        if kind.is_dir() {
            let below = if relative.is_empty() {
                name
            } else {
                format!("{relative}/{name}")
            };
            walk(&entry.path(), &below, found)?;
        } else if is_parquet(&name) {
            files.extend(data_file(&entry, name)?);
        }
    }
    if !files.is_empty() {
        files.sort_by(|a, b| a.name.cmp(&b.name));
        found.push(Partition {
            path: relative.to_owned(),
            values: hive::parse_path(relative),
            files,
        });
    }
    Ok(())
}

pub(crate) fn is_parquet(name: &str) -> bool {
    SUFFIXES
        .iter()
        .any(|suffix| name.len() > suffix.len() && name.ends_with(suffix))
}

/// None when it vanished meanwhile.
fn data_file(entry: &DirEntry, name: String) -> Result<Option<DataFile>, ListError> {
    let path = entry.path();
    let stat = entry
        .metadata()
        .and_then(|meta: Metadata| Ok((meta.len(), meta.modified()?)));
    match stat {
        Ok((size, modified)) => Ok(Some(DataFile {
            path,
            name,
            size,
            modified,
        })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ListError::Io { path, source }),
    }
}

/// The partition columns of a listing: names from the paths, types from `recorded` where
/// it has the name, else inferred as DuckDB does: integers, dates, else strings.
pub fn partition_fields(partitions: &[Partition], recorded: &Fields) -> Result<Fields, ListError> {
    let Some(first) = partitions.first() else {
        return Ok(recorded.clone());
    };
    let mut inferred: Vec<Inferred> = vec![Inferred::default(); first.values.len()];
    for partition in partitions {
        let names = |p: &Partition| {
            p.values
                .iter()
                .map(|(name, _)| name.clone())
                .collect::<Vec<_>>()
        };
        if names(partition) != names(first) {
            return Err(ListError::Mixed(first.path.clone(), partition.path.clone()));
        }
        for (guess, (_, value)) in inferred.iter_mut().zip(&partition.values) {
            guess.see(value.as_deref());
        }
    }
    let typed = first.values.iter().zip(inferred).map(|((name, _), guess)| {
        match recorded.iter().find(|field| field.name() == name) {
            Some(field) => field.clone(),
            None => Arc::new(Field::new(name, guess.data_type(), true)),
        }
    });
    Ok(typed.collect())
}

/// The partitions' values as one row a partition, typed by `fields` (from
/// [`partition_fields`]): what a predicate on partition columns is evaluated on.
pub fn values_batch(partitions: &[Partition], fields: &Fields) -> Result<RecordBatch, ListError> {
    let columns: Result<Vec<ArrayRef>, ListError> = fields
        .iter()
        .map(|field| column(partitions, field))
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(partitions.len()));
    let schema = Arc::new(Schema::new(fields.clone()));
    RecordBatch::try_new_with_options(schema, columns?, &options).map_err(|source| {
        ListError::Untyped {
            expected: "a table".to_owned(),
            source,
        }
    })
}

fn column(partitions: &[Partition], field: &Field) -> Result<ArrayRef, ListError> {
    let value = |partition: &Partition| {
        let found = partition
            .values
            .iter()
            .find(|(name, _)| name == field.name());
        found.and_then(|(_, value)| value.clone())
    };
    let texts: StringArray = partitions.iter().map(value).collect();
    typed(&texts, field.data_type())
}

/// Folder texts as values of `data_type`; a text that is none is an error.
pub fn typed(texts: &StringArray, data_type: &DataType) -> Result<ArrayRef, ListError> {
    let options = arrow_cast::CastOptions {
        safe: false,
        ..Default::default()
    };
    let texts: ArrayRef = Arc::new(texts.clone());
    arrow_cast::cast_with_options(&texts, data_type, &options).map_err(|source| {
        ListError::Untyped {
            expected: data_type.to_string(),
            source,
        }
    })
}

/// What all values of a column have been so far.
#[derive(Clone, Debug)]
struct Inferred {
    integer: bool,
    date: bool,
    seen: bool,
}

impl Default for Inferred {
    fn default() -> Self {
        Inferred {
            integer: true,
            date: true,
            seen: false,
        }
    }
}

impl Inferred {
    fn see(&mut self, value: Option<&str>) {
        let Some(text) = value else { return };
        self.seen = true;
        self.integer &= text.parse::<i64>().is_ok() && !text.starts_with('+');
        self.date &= is_date(text);
    }

    fn data_type(&self) -> DataType {
        match self {
            Inferred { seen: false, .. } => DataType::Utf8,
            Inferred { integer: true, .. } => DataType::Int64,
            Inferred { date: true, .. } => DataType::Date32,
            _ => DataType::Utf8,
        }
    }
}

fn is_date(text: &str) -> bool {
    let array: ArrayRef = Arc::new(StringArray::from(vec![text]));
    text.len() == 10 && cast(&array, &DataType::Date32).is_ok_and(|days| days.null_count() == 0)
}

/// Two folders of one parent that mean the same value, if there are any: `hour=5` and
/// `hour=05`, `New York` and `New%20York`. Readers count both, so no tree may hold them.
pub fn double_spelling(paths: impl IntoIterator<Item = String>) -> Option<(String, String)> {
    let mut seen: BTreeMap<Vec<(String, Option<String>)>, String> = BTreeMap::new();
    for path in paths {
        let meaning: Vec<_> = hive::parse_path(&path).into_iter().map(normal).collect();
        let other = seen.insert(meaning, path.clone());
        match other {
            Some(other) if other != path => return Some((other, path)),
            _ => {}
        }
    }
    None
}

/// A value with leading zeros of a number left out.
fn normal((name, value): (String, Option<String>)) -> (String, Option<String>) {
    let value = value.map(|text| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let short = text.trim_start_matches('0');
        match digits {
            true if short.is_empty() => "0".to_owned(),
            true => short.to_owned(),
            false => text,
        }
    });
    (name, value)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Date32Type, Int64Type};
    use millrace_testkit::tempdir;

    fn tree(paths: &[&str]) -> millrace_testkit::TempDir {
        let root = tempdir().unwrap();
        for path in paths {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        root
    }

    #[test]
    fn what_readers_skip_is_skipped_and_the_rest_is_sorted() {
        let root = tree(&[
            "b=2/b.parquet",
            "b=2/a.parquet",
            "b=2/.a.parquet.crc",
            "b=10/x.parquet",
            "_SUCCESS",
            "_tmp/b=3/x.parquet",
            ".stage/x.parquet",
            "b=2/readme.txt",
            "b=10/_x.parquet",
        ]);
        let found = list(root.path()).unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|p| (p.path.as_str(), p.files.len()))
            .collect();
        assert_eq!(names, [("b=10", 1), ("b=2", 2)]);
        assert_eq!(found[1].files[0].name, "a.parquet");
        assert_eq!(found[1].files[0].size, 1);
    }

    #[test]
    fn values_are_typed_as_recorded_or_inferred() {
        let root = tree(&[
            "d=2026-03-17/h=05/s=1/x.parquet",
            "d=2026-03-18/h=__HIVE_DEFAULT_PARTITION__/s=x%2Fy/x.parquet",
        ]);
        let found = list(root.path()).unwrap();
        let fields = partition_fields(&found, &Fields::empty()).unwrap();
        let batch = values_batch(&found, &fields).unwrap();
        assert_eq!(batch.column(0).as_primitive::<Date32Type>().value(1), 20530);
        assert_eq!(batch.column(1).as_primitive::<Int64Type>().value(0), 5);
        assert!(batch.column(1).is_null(1));
        assert_eq!(batch.column(2).as_string::<i32>().value(1), "x/y");
        let recorded: Fields = vec![Field::new("h", DataType::Utf8, true)].into();
        let fields = partition_fields(&found, &recorded).unwrap();
        assert_eq!(fields[1].data_type(), &DataType::Utf8);
        let wrong: Fields = vec![Field::new("s", DataType::Int32, true)].into();
        let fields = partition_fields(&found, &wrong).unwrap();
        assert_eq!(
            values_batch(&found, &fields).unwrap_err().exit(),
            Exit::DATA
        );
    }

    #[test]
    fn links_and_mixed_depths_are_refused() {
        let root = tree(&["a=1/x.parquet", "a=1/b=2/x.parquet"]);
        let found = list(root.path()).unwrap();
        assert!(matches!(
            partition_fields(&found, &Fields::empty()),
            Err(ListError::Mixed(..))
        ));
        std::os::unix::fs::symlink("/tmp", root.path().join("a=2")).unwrap();
        assert!(matches!(list(root.path()), Err(ListError::Link(_))));
    }

    #[test]
    fn a_missing_root_names_its_path() {
        let error = list(Path::new("/no/such/root")).unwrap_err();
        assert_eq!(error.exit(), Exit::ENVIRONMENT);
        assert!(error.to_string().contains("/no/such/root"));
    }

    #[test]
    fn spellings_of_one_value_are_found() {
        let double = |paths: &[&str]| double_spelling(paths.iter().map(|p| (*p).to_owned()));
        assert_eq!(
            double(&["h=5", "h=05"]),
            Some(("h=5".into(), "h=05".into()))
        );
        assert!(double(&["s=New York", "s=New%20York"]).is_some());
        assert!(double(&["h=5", "h=50", "h=0", "x=05", "h=5"]).is_none());
        assert!(double(&["h=0", "h=00"]).is_some());
    }
}
