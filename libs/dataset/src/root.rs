//! Which directory a dataset is, however it was named.
//!
//! The real path is resolved first, so that a symlink, `root/p=1` and `root` lead to one
//! lock. A dataset inside another one is refused.

use crate::state::State;
use crate::tx::Error;
use millrace_fault::quoted;
use millrace_storage::attributes::{Identity, identity};
use millrace_storage::{self as storage, Location};
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

const ENOENT: i32 = 2;

/// What a tool wants of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read it: it must exist; a plain tree inside a dataset is fine.
    Read,
    /// Change what it holds: it must exist.
    Write,
    /// Write it: it may be missing.
    Create,
}

/// A dataset's directory, resolved.
#[derive(Clone, Debug)]
pub struct Root {
    path: PathBuf,
    shown: String,
    prefix: String,
}

impl Root {
    /// Resolves the operand `path`.
    pub fn resolve(path: impl AsRef<OsStr>, access: Access) -> Result<Root, Error> {
        let location = Location::parse(path.as_ref())?;
        let real = real_path(location.path())?;
        if real.exists() && !real.is_dir() {
            return Err(storage::Error::io(
                "open",
                location.path(),
                std::io::ErrorKind::NotADirectory,
            )
            .into());
        }
        let (path, prefix) = split(&real, access, &location.to_string())?;
        if !real.exists() && !may_be_missing(&path, access) {
            return Err(storage::Error::io(
                "read",
                location.path(),
                std::io::Error::from_raw_os_error(ENOENT),
            )
            .into());
        }
        if access != Access::Read && path.file_name().is_none() {
            return Err(Error::usage(format!(
                "{} cannot be a dataset",
                quoted(path.to_string_lossy())
            )));
        }
        if access != Access::Read {
            refuse_another_inside(&path)?;
        }
        let shown = match prefix.is_empty() {
            true => location.to_string(),
            false => path.to_string_lossy().into_owned(),
        };
        Ok(Root {
            path,
            shown,
            prefix,
        })
    }

    /// The real path of the dataset's directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The part of the operand below the root: `order_date=2026-03-17` when that folder of
    /// the dataset was named; else empty.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The dataset as the user named it, for messages.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Where the dataset's state lives: `.NAME.millrace` beside it.
    pub fn state_dir(&self) -> PathBuf {
        state_dir(&self.path)
    }

    pub(crate) fn state(&self) -> State {
        State::new(self.state_dir())
    }

    pub(crate) fn identity(&self) -> Result<Option<Identity>, Error> {
        Ok(identity(&self.path)?)
    }

    /// The folder of the partition at `path` (`""`: the root itself).
    pub fn partition(&self, path: &str) -> PathBuf {
        below(&self.path, path)
    }
}

/// `base/path`, without a trailing slash for the empty path.
pub(crate) fn below(base: &Path, path: &str) -> PathBuf {
    if path.is_empty() {
        base.to_owned()
    } else {
        base.join(path)
    }
}

fn state_dir(root: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(root.file_name().unwrap_or_default());
    name.push(".millrace");
    root.with_file_name(name)
}

/// The real path of what may not exist yet: links resolved as far as it does.
fn real_path(path: &Path) -> Result<PathBuf, Error> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    match path.canonicalize() {
        Ok(real) => Ok(real),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            match path.components().next_back() {
                Some(Component::Normal(name)) if path.read_link().is_err() => {
                    Ok(real_path(storage::dir::parent(path))?.join(name))
                }
                _ => Err(storage::Error::io("open", path, error).into()),
            }
        }
        Err(error) => Err(storage::Error::io("open", path, error).into()),
    }
}

/// The dataset's root and the partition below it that `real` names.
fn split(real: &Path, access: Access, shown: &str) -> Result<(PathBuf, String), Error> {
    let mut datasets = real.ancestors().filter(|path| is_dataset(path));
    let (root, above) = (datasets.next(), datasets.next());
    match root {
        Some(root) => match partition_path(real, root) {
            // It was moved in, with its state.
            Some(_) if above.is_some() && access != Access::Read => {
                Err(inside(shown, above.unwrap_or(root)))
            }
            Some(prefix) => Ok((root.to_owned(), prefix)),
            None if access == Access::Read => Ok((real.to_owned(), String::new())),
            None => Err(inside(shown, root)),
        },
        // Nobody knows it: folders named `key=value` belong to the tree above them.
        None => {
            let is_root =
                |path: &&Path| path.file_name().is_none_or(|name| !is_partition_name(name));
            let root = real.ancestors().find(is_root).unwrap_or(real);
            Ok((
                root.to_owned(),
                partition_path(real, root).unwrap_or_default(),
            ))
        }
    }
}

/// A dataset that was committed, but not yet put in place, is completed by any writer.
fn may_be_missing(root: &Path, access: Access) -> bool {
    match access {
        Access::Read => false,
        Access::Write => State::new(state_dir(root)).has_pending(),
        Access::Create => true,
    }
}

fn is_dataset(path: &Path) -> bool {
    path.file_name().is_some() && State::new(state_dir(path)).is_known()
}

fn partition_path(real: &Path, root: &Path) -> Option<String> {
    let names: Vec<&OsStr> = real.strip_prefix(root).ok()?.iter().collect();
    let all = names.iter().all(|name| is_partition_name(name));
    all.then(|| names.join(OsStr::new("/")).into_string().ok())
        .flatten()
}

fn is_partition_name(name: &OsStr) -> bool {
    name.to_str()
        .is_some_and(|name| name.find('=').is_some_and(|at| at > 0))
}

/// A dataset that somebody moved into the root, with its state: readers of the outer one
/// would count its rows too.
fn refuse_another_inside(root: &Path) -> Result<(), Error> {
    let entries = match storage::names(root) {
        Err(error) if error.is_not_found() => return Ok(()),
        entries => entries?,
    };
    let inner = entries.iter().find_map(|entry| {
        let name = entry.name.to_str()?.strip_prefix('.')?;
        let inner = root.join(name.strip_suffix(".millrace")?);
        is_dataset(&inner).then_some(inner)
    });
    match inner {
        None => Ok(()),
        Some(inner) => Err(Error::usage(format!(
            "{} is a dataset inside the dataset {}",
            quoted(inner.to_string_lossy()),
            quoted(root.to_string_lossy())
        ))
        .hint("move it, and its state beside it, out of there")),
    }
}

fn inside(shown: &str, root: &Path) -> Error {
    Error::usage(format!(
        "{} lies inside the dataset {}",
        quoted(shown),
        quoted(root.to_string_lossy())
    ))
    .hint("a dataset holds nothing but its partitions: choose a folder beside it")
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;
    use millrace_fault::{Coded, Exit};
    use std::fs;

    fn known(root: &Path) {
        fs::create_dir_all(root).unwrap();
        fs::create_dir_all(state_dir(root)).unwrap();
        fs::write(state_dir(root).join("dataset.json"), "{}").unwrap();
    }

    #[test]
    fn links_and_partitions_lead_to_one_root() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        known(&base.join("out"));
        fs::create_dir_all(base.join("out/p=1/q=2")).unwrap();
        std::os::unix::fs::symlink(base.join("out"), base.join("link")).unwrap();
        for (operand, prefix) in [
            ("out", ""),
            ("link", ""),
            ("out/p=1", "p=1"),
            ("link/p=1/q=2", "p=1/q=2"),
        ] {
            let root = Root::resolve(base.join(operand), Access::Write).unwrap();
            assert_eq!(root.path(), base.join("out"), "{operand}");
            assert_eq!(root.prefix(), prefix);
            assert_eq!(root.state_dir(), base.join(".out.millrace"));
        }
    }

    #[test]
    fn a_dataset_inside_another_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        known(&folder.path().join("out"));
        for operand in ["out/sub", "out/p=1/sub"] {
            let error = Root::resolve(folder.path().join(operand), Access::Create).unwrap_err();
            assert_eq!(error.exit(), Exit::USAGE, "{operand}");
        }
    }

    #[test]
    fn a_dataset_moved_into_another_is_refused_and_so_is_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let outer = folder.path().join("out");
        known(&outer);
        known(&outer.join("inner"));
        for (operand, said) in [
            ("out/inner", "lies inside the dataset"),
            ("out", "is a dataset inside the dataset"),
        ] {
            let operand = folder.path().join(operand);
            for access in [Access::Write, Access::Create] {
                let error = Root::resolve(&operand, access).unwrap_err();
                assert_eq!(error.exit(), Exit::USAGE);
                assert!(error.to_string().contains(said), "{error}");
            }
            Root::resolve(&operand, Access::Read).unwrap();
        }
    }

    #[test]
    fn trees_of_others_and_missing_ones() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        fs::create_dir_all(base.join("spark/p=1")).unwrap();
        let root = Root::resolve(base.join("spark/p=1"), Access::Write).unwrap();
        assert_eq!(
            (root.path(), root.prefix()),
            (base.join("spark").as_path(), "p=1")
        );
        let fresh = Root::resolve(base.join("a/b/out"), Access::Create).unwrap();
        assert_eq!(fresh.path(), base.join("a/b/out"));
        let error = Root::resolve(base.join("gone"), Access::Read).unwrap_err();
        assert_eq!(error.exit(), Exit::ENVIRONMENT);
        assert!(error.to_string().contains("gone"));
        assert_eq!(
            Root::resolve("s3://b/k", Access::Create)
                .unwrap_err()
                .exit(),
            Exit::USAGE
        );
        assert!(Root::resolve("/", Access::Create).is_err());
    }
}
