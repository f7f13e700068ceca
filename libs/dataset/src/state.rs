//! What is kept about a dataset, beside it: `.NAME.millrace/{lock, dataset.json, tx/,
//! trash/, log.jsonl}`. Every file carries a `format` number, checked before anything is
//! touched: a newer one is refused (3), an older one is always understood.

use crate::root::Root;
use crate::tx::Error;
use millrace_fault::quoted;
use millrace_storage::attributes::Identity;
use millrace_storage::{AtomicFile, dir, names, read_whole};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The format of all state files that this build writes, and the newest it reads.
pub const FORMAT: u32 = 1;

/// What a dataset is: recorded by the first transaction, changed only by a later one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DatasetDescription {
    /// The files' schema, as Table Schema JSON.
    pub schema: Value,
    /// The partition spec with the types of its columns.
    pub spec: Value,
    /// How files are written (compression, sizes, …).
    pub parquet: Value,
}

impl DatasetDescription {
    /// What is recorded of the dataset at `root`; `None` if nothing is.
    pub fn recorded(root: &Root) -> Result<Option<Self>, Error> {
        Ok(root.state().recorded()?.map(|recorded| recorded.dataset))
    }

    /// Whether rows written for one fit the other: same schema and spec.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        self.schema == other.schema && self.spec == other.spec
    }
}

/// `dataset.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recorded {
    pub(crate) format: u32,
    pub(crate) identity: Option<RootIdentity>,
    pub(crate) dataset: DatasetDescription,
}

/// The root's identity, as recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RootIdentity {
    device: u64,
    inode: u64,
    born_ns: Option<u64>,
}

impl RootIdentity {
    pub(crate) fn same(self, other: Identity) -> bool {
        let own = Identity {
            device: self.device,
            inode: self.inode,
            born: self.born_ns,
        };
        own.same(&other)
    }
}

impl From<Identity> for RootIdentity {
    fn from(identity: Identity) -> Self {
        RootIdentity {
            device: identity.device,
            inode: identity.inode,
            born_ns: identity.born,
        }
    }
}

/// The state folder and the names in it.
#[derive(Clone, Debug)]
pub(crate) struct State {
    dir: PathBuf,
}

impl State {
    pub(crate) fn new(dir: PathBuf) -> Self {
        State { dir }
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.dir.join("log.jsonl")
    }

    pub(crate) fn tx(&self) -> PathBuf {
        self.dir.join("tx")
    }

    pub(crate) fn trash(&self) -> PathBuf {
        self.dir.join("trash")
    }

    fn dataset(&self) -> PathBuf {
        self.dir.join("dataset.json")
    }

    /// Whether anything was ever committed here.
    pub(crate) fn is_known(&self) -> bool {
        self.dataset().exists() || self.has_pending()
    }

    /// Whether a transaction has passed its commit point and is not complete.
    pub(crate) fn has_pending(&self) -> bool {
        names(self.tx()).is_ok_and(|entries| entries.iter().any(|entry| is_ready(&entry.name)))
    }

    /// Makes the folders that are missing, durably. A planted link is refused.
    pub(crate) fn create(&self) -> Result<(), Error> {
        for folder in [self.dir.clone(), self.tx(), self.trash()] {
            if folder.is_symlink() {
                return Err(Error::data(format!(
                    "{} is a symbolic link",
                    quoted(folder.to_string_lossy())
                )));
            }
            dir::create_dir_all_synced(folder)?;
        }
        // An earlier attempt may have made them without coming to sync their names.
        dir::sync_dir(dir::parent(&self.dir))?;
        Ok(dir::sync_dir(&self.dir)?)
    }

    pub(crate) fn recorded(&self) -> Result<Option<Recorded>, Error> {
        read_json(&self.dataset())
    }

    /// Replaces `dataset.json`, if it differs.
    pub(crate) fn record(&self, recorded: &Recorded) -> Result<(), Error> {
        match self.recorded()? {
            Some(present) if present == *recorded => Ok(()),
            _ => write_json(&self.dataset(), recorded),
        }
    }
}

/// Whether a name in `tx/` is a committed transaction that is still to be completed.
pub(crate) fn is_ready(name: &std::ffi::OsStr) -> bool {
    has_extension(name, "ready")
}

/// Whether a name in `tx/` is a stage that is being removed.
pub(crate) fn is_dead(name: &std::ffi::OsStr) -> bool {
    has_extension(name, "dead")
}

fn has_extension(name: &std::ffi::OsStr, wanted: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|extension| extension == wanted)
}

#[derive(Deserialize)]
struct Versioned {
    format: u32,
}

/// Parses a state file's text, after its format.
pub(crate) fn parse<T: DeserializeOwned>(text: &[u8], path: &Path) -> Result<T, Error> {
    let damaged = |error: serde_json::Error| {
        Error::data(format!(
            "state file {} is damaged: {error}",
            quoted(path.to_string_lossy())
        ))
    };
    let versioned: Versioned = serde_json::from_slice(text).map_err(damaged)?;
    check_format(versioned.format, path)?;
    serde_json::from_slice(text).map_err(damaged)
}

pub(crate) fn check_format(format: u32, path: &Path) -> Result<(), Error> {
    match format <= FORMAT {
        true => Ok(()),
        false => Err(Error::Newer {
            path: path.to_owned(),
            format,
        }),
    }
}

/// A state file; `None` if there is none.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    read_whole(path)?.map(|text| parse(&text, path)).transpose()
}

/// Writes a state file, durably, whole or not at all.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let mut text = serde_json::to_vec(value).map_err(|error| Error::data(error.to_string()))?;
    text.push(b'\n');
    let mut file = AtomicFile::create(path)?;
    file.put(&text)?;
    Ok(file.commit()?)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;
    use millrace_fault::{Coded, Exit};

    #[test]
    fn recorded_once_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::new(folder.path().join(".x.millrace"));
        assert!(!state.is_known());
        state.create().unwrap();
        assert!(!state.is_known(), "an empty state folder says nothing");
        let dataset = DatasetDescription {
            schema: serde_json::json!({"fields": [1.50]}),
            ..Default::default()
        };
        let recorded = Recorded {
            format: FORMAT,
            identity: None,
            dataset,
        };
        state.record(&recorded).unwrap();
        assert_eq!(state.recorded().unwrap(), Some(recorded));
        assert!(state.is_known());
    }

    #[test]
    fn newer_and_damaged_files_are_refused_as_data() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::new(folder.path().to_owned());
        for (text, said) in [
            (r#"{"format":2,"new":1}"#, "newer"),
            ("{", "damaged"),
            (r#"{"format":1}"#, "damaged"),
        ] {
            std::fs::write(state.dataset(), text).unwrap();
            let error = state.recorded().unwrap_err();
            assert_eq!(error.exit(), Exit::DATA);
            assert!(error.to_string().contains(said), "{error}");
        }
    }
}
