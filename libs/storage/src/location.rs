//! A place to read from or write to: today a local path, `file://` included.

use crate::Error;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// A place where bytes live. Parsed once at the edge, passed on from there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    path: PathBuf,
}

impl Location {
    /// A location from what a user typed: a path, or `file:///path`. Other schemes are
    /// refused (2); a local name that looks like one can be written `./s3://…`.
    pub fn parse(operand: impl AsRef<OsStr>) -> Result<Self, Error> {
        let operand = operand.as_ref();
        match scheme(operand) {
            None => Ok(Location {
                path: PathBuf::from(operand),
            }),
            Some("file") => file_url(operand),
            Some(other) => Err(refused(operand, other)),
        }
    }

    /// The local path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Self {
        Location { path }
    }
}

impl From<&Path> for Location {
    fn from(path: &Path) -> Self {
        Location {
            path: path.to_owned(),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path.to_string_lossy())
    }
}

/// The scheme of `scheme://…` (RFC 3986: a letter, then letters, digits, `+-.`).
fn scheme(operand: &OsStr) -> Option<&str> {
    let text = std::str::from_utf8(operand.as_bytes()).ok()?;
    let (scheme, _) = text.split_once("://")?;
    let letters = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    (scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(letters))
        .then_some(scheme)
}

/// `file:///a%20b` or `file://localhost/a%20b` → `/a b` (RFC 8089).
fn file_url(operand: &OsStr) -> Result<Location, Error> {
    let rest = &operand.as_bytes()["file://".len()..];
    let path = rest.strip_prefix(b"localhost").unwrap_or(rest);
    let decoded = path
        .starts_with(b"/")
        .then(|| percent_decode(path))
        .flatten();
    let Some(bytes) = decoded else {
        return Err(Error::Scheme {
            operand: operand.to_string_lossy().into_owned(),
            reason: "expected file:///ABSOLUTE/PATH with well-formed %XX".to_owned(),
            hint: None,
        });
    };
    Ok(Location {
        path: PathBuf::from(OsString::from_vec(bytes)),
    })
}

fn percent_decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        if *first != b'%' {
            out.push(*first);
            rest = tail;
            continue;
        }
        let hex = std::str::from_utf8(tail.get(..2)?).ok()?;
        out.push(u8::from_str_radix(hex, 16).ok().filter(|byte| *byte != 0)?);
        rest = &tail[2..];
    }
    Some(out)
}

fn refused(operand: &OsStr, scheme: &str) -> Error {
    let (reason, hint) = match scheme.to_ascii_lowercase().as_str() {
        "s3" | "s3a" | "s3n" | "gs" | "gcs" | "az" | "azure" | "abfs" | "abfss" | "adl"
        | "wasb" | "wasbs" | "r2" | "hdfs" => (
            "object stores are not supported yet".to_owned(),
            "copy it to a local path first",
        ),
        "http" | "https" | "ftp" => (
            "URLs are not supported yet".to_owned(),
            "pipe it in: curl -fsS URL | ...",
        ),
        other => (
            format!("unknown scheme {other}://"),
            "write ./ in front of a local name that contains ://",
        ),
    };
    Error::Scheme {
        operand: operand.to_string_lossy().into_owned(),
        reason,
        hint: Some(hint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace_fault::{Coded, Exit};

    #[test]
    fn paths_and_file_urls_are_local() {
        assert_eq!(Location::parse("a b/c").unwrap().path(), Path::new("a b/c"));
        assert_eq!(
            Location::parse("file:///a%20b").unwrap().path(),
            Path::new("/a b")
        );
        assert_eq!(
            Location::parse("./s3://x").unwrap().path(),
            Path::new("./s3://x")
        );
        assert_eq!(
            Location::parse("day=1:x//y").unwrap().path(),
            Path::new("day=1:x//y")
        );
    }

    #[test]
    fn other_schemes_are_refused_as_usage() {
        for operand in [
            "s3://bucket/key",
            "https://x/y",
            "weird+x://y",
            "file://host/x",
            "file:///a%2",
        ] {
            let error = Location::parse(operand).unwrap_err();
            assert_eq!(error.exit(), Exit::USAGE, "{operand}");
            assert!(error.to_string().contains(operand), "{error}");
        }
        let error = Location::parse("s3://bucket/key").unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot open 's3://bucket/key': object stores are not supported yet"
        );
    }
}
