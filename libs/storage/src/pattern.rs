//! Patterns as a shell reads them, component by component, so that only the
//! directories that can match are listed: `*`, `?`, `[…]`, `{a,b}`, and `**` for any
//! number of directories. A leading dot must be written out.

use crate::Error;
use crate::expand::children;
use globset::{GlobBuilder, GlobMatcher};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// Whether `path` holds a pattern character.
pub(crate) fn is_pattern(path: &Path) -> bool {
    path.as_os_str()
        .as_bytes()
        .iter()
        .any(|byte| b"*?[{".contains(byte))
}

/// The existing paths that match, sorted.
pub(crate) fn matches(pattern: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        found = match component {
            Component::Normal(part) if part == "**" => descend(found)?,
            Component::Normal(part) if is_pattern(Path::new(part)) => {
                matching(found, part, pattern)?
            }
            fixed => found.into_iter().map(|path| path.join(fixed)).collect(),
        };
    }
    found.retain(|path| path.symlink_metadata().is_ok());
    found.sort();
    found.dedup();
    Ok(found)
}

/// Each directory and all directories below it (links not followed, as `**` does).
fn descend(directories: Vec<PathBuf>) -> Result<Vec<PathBuf>, Error> {
    let mut all = Vec::new();
    let mut todo = directories;
    while let Some(directory) = todo.pop() {
        let real = |path: &PathBuf| path.symlink_metadata().is_ok_and(|m| m.is_dir());
        todo.extend(
            children(here(&directory))?
                .into_iter()
                .map(relative)
                .filter(real),
        );
        all.push(directory);
    }
    Ok(all)
}

fn matching(
    directories: Vec<PathBuf>,
    part: &OsStr,
    pattern: &Path,
) -> Result<Vec<PathBuf>, Error> {
    let matcher = compile(part, pattern)?;
    let dotted = part.as_bytes().starts_with(b".");
    let mut found = Vec::new();
    for directory in directories {
        if !here(&directory).is_dir() {
            continue;
        }
        for entry in crate::names(here(&directory))? {
            let hidden = entry.name.as_bytes().starts_with(b".");
            if hidden == dotted && matcher.is_match(&entry.name) {
                found.push(directory.join(entry.name));
            }
        }
    }
    Ok(found)
}

fn compile(part: &OsStr, pattern: &Path) -> Result<GlobMatcher, Error> {
    let malformed = |reason: String| Error::Pattern {
        pattern: pattern.to_string_lossy().into_owned(),
        reason,
    };
    let text = part
        .to_str()
        .ok_or_else(|| malformed("not UTF-8".to_owned()))?;
    let glob = GlobBuilder::new(text)
        .literal_separator(true)
        .backslash_escape(true)
        .build();
    glob.map(|glob| glob.compile_matcher())
        .map_err(|error| malformed(error.kind().to_string()))
}

fn here(directory: &Path) -> &Path {
    if directory.as_os_str().is_empty() {
        Path::new(".")
    } else {
        directory
    }
}

fn relative(path: PathBuf) -> PathBuf {
    path.strip_prefix(".").map(Path::to_owned).unwrap_or(path)
}
