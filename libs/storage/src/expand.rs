//! From an operand to the files it means: a file, a directory (recursive, sorted,
//! hidden and `_` names skipped) or a pattern. An existing path is never taken for a
//! pattern. Nothing found is an error, never an empty list.

use crate::{Error, Location, pattern};
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The files that `operand` means, in a fixed order: by name, level by level.
pub fn expand(operand: impl AsRef<OsStr>) -> Result<Vec<Location>, Error> {
    let operand = operand.as_ref();
    let location = Location::parse(operand)?;
    let path = location.path();
    match fs::metadata(path) {
        Ok(metadata) => expand_path(path, &metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound && pattern::is_pattern(path) => {
            expand_pattern(path)
        }
        Err(error) => Err(Error::io("read", path, error)),
    }
}

fn expand_path(path: &Path, metadata: &Metadata) -> Result<Vec<Location>, Error> {
    if !metadata.is_dir() {
        return Ok(vec![path.into()]);
    }
    let mut found = Vec::new();
    walk(path, &mut Vec::new(), &mut found)?;
    some(
        found,
        path,
        "no data files in this directory (hidden and _ names are skipped)",
    )
}

fn expand_pattern(path: &Path) -> Result<Vec<Location>, Error> {
    let mut found = Vec::new();
    for matched in pattern::matches(path)? {
        let metadata =
            fs::metadata(&matched).map_err(|error| Error::io("read", &matched, error))?;
        match metadata.is_dir() {
            true => walk(&matched, &mut Vec::new(), &mut found)?,
            false => found.push(matched.into()),
        }
    }
    // A directory and a file below it may both match.
    let mut seen = std::collections::HashSet::new();
    found.retain(|location| seen.insert(location.clone()));
    some(found, path, "no file matches this pattern")
}

fn some(
    found: Vec<Location>,
    operand: &Path,
    reason: &'static str,
) -> Result<Vec<Location>, Error> {
    match found.is_empty() {
        true => Err(Error::Nothing {
            operand: operand.to_string_lossy().into_owned(),
            reason,
        }),
        false => Ok(found),
    }
}

/// All data files below `directory`. Links are followed (skipping one would lose its
/// rows silently), unless they lead back to a directory that we are in.
fn walk(
    directory: &Path,
    above: &mut Vec<(u64, u64)>,
    found: &mut Vec<Location>,
) -> Result<(), Error> {
    let metadata = fs::metadata(directory).map_err(|error| Error::io("read", directory, error))?;
    let identity = (metadata.dev(), metadata.ino());
    if above.contains(&identity) {
        let reason = io::Error::other("a symbolic link leads back to a directory above it");
        return Err(Error::io("read", directory, reason));
    }
    above.push(identity);
    for path in children(directory)? {
        let metadata = fs::metadata(&path).map_err(|error| Error::io("read", &path, error))?;
        if metadata.is_dir() {
            walk(&path, above, found)?;
        } else if metadata.is_file() {
            found.push(path.into());
        }
    }
    above.pop();
    Ok(())
}

/// Entries that hold data, by name.
pub(crate) fn children(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = crate::names(directory)?;
    let data = entries.into_iter().filter(|entry| !is_marked(&entry.name));
    Ok(data.map(|entry| directory.join(entry.name)).collect())
}

/// Hidden and `_` names are bookkeeping (`_SUCCESS`, `.crc`), as Hadoop has it.
fn is_marked(name: &OsStr) -> bool {
    matches!(name.as_bytes().first(), Some(b'.' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace_fault::{Coded, Exit};

    fn tree(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            #[allow(clippy::disallowed_methods)]
            fs::write(path, "x").unwrap();
        }
        folder
    }

    fn names(folder: &tempfile::TempDir, operand: &str) -> Vec<String> {
        let found = expand(folder.path().join(operand)).unwrap();
        let relative = |l: &Location| {
            l.path()
                .strip_prefix(folder.path())
                .unwrap()
                .to_string_lossy()
                .into_owned()
        };
        found.iter().map(relative).collect()
    }

    #[test]
    fn directories_are_recursive_sorted_and_skip_bookkeeping() {
        let folder = tree(&[
            "d/b",
            "d/a/z",
            "d/a/y",
            "d/_SUCCESS",
            "d/.x.crc",
            "d/_tmp/q",
            "d/c",
        ]);
        assert_eq!(names(&folder, "d"), ["d/a/y", "d/a/z", "d/b", "d/c"]);
    }

    #[test]
    fn patterns_match_by_component() {
        let folder = tree(&[
            "d/h1.json",
            "d/h10.json",
            "d/h2.json",
            "d/.h.json",
            "d/s/h3.json",
            "d/x.csv",
            "e/h1.json",
        ]);
        assert_eq!(
            names(&folder, "d/*.json"),
            ["d/h1.json", "d/h10.json", "d/h2.json"]
        );
        assert_eq!(names(&folder, "d/h?.json"), ["d/h1.json", "d/h2.json"]);
        assert_eq!(names(&folder, "{d,e}/h1.*"), ["d/h1.json", "e/h1.json"]);
        assert_eq!(
            names(&folder, "**/h[13].json"),
            ["d/h1.json", "d/s/h3.json", "e/h1.json"]
        );
        assert_eq!(
            names(&folder, "d/*").len(),
            5,
            "a matched directory is walked, hidden names are not"
        );
        assert_eq!(names(&folder, "d/.h*"), ["d/.h.json"]);
    }

    #[test]
    fn an_existing_name_is_not_a_pattern() {
        let folder = tree(&["a[1].json", "a1.json"]);
        assert_eq!(names(&folder, "a[1].json"), ["a[1].json"]);
    }

    #[test]
    fn nothing_found_is_an_error_with_the_path() {
        let folder = tree(&["d/_SUCCESS"]);
        for operand in ["d", "gone", "d/*.json", "gone/*"] {
            let error = expand(folder.path().join(operand)).unwrap_err();
            assert_eq!(error.exit(), Exit::ENVIRONMENT, "{operand}");
            assert!(error.to_string().contains(operand), "{error}");
        }
        assert_eq!(
            expand(folder.path().join("x[")).unwrap_err().exit(),
            Exit::USAGE
        );
    }

    #[test]
    fn links_are_followed_and_loops_refused() {
        let folder = tree(&["d/a", "e/b"]);
        std::os::unix::fs::symlink(folder.path().join("e"), folder.path().join("d/e")).unwrap();
        assert_eq!(names(&folder, "d"), ["d/a", "d/e/b"]);
        std::os::unix::fs::symlink(folder.path().join("d"), folder.path().join("d/loop")).unwrap();
        let failure = millrace_fault::Failure::from(expand(folder.path().join("d")).unwrap_err());
        assert!(failure.to_string().contains("leads back"), "{failure}");
    }
}
