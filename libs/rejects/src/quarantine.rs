//! The open rejects file.

use crate::arrows::Arrows;
use crate::reject::Reject;
use crate::target::Target;
use crate::{envelope, name};
use millrace_fault::{Failure, quoted};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Envelopes are collected up to so many bytes before they are written.
const BUFFER: usize = 256 << 10;

/// An open rejects file. Ends with [`Quarantine::finish`] or [`Quarantine::fail`].
pub struct Quarantine {
    path: PathBuf,
    count: u64,
    form: Form,
}

enum Form {
    /// Envelopes not yet written, and where they go.
    Lines(Vec<u8>, Target),
    Arrows(Box<Arrows>),
}

impl Quarantine {
    /// Opens the file that `template` names, `{run_id}` and `{unit}` in it filled in
    /// (one without a value is a usage error). A name that ends in `.arrows` gets an
    /// Arrow stream, any other NDJSON. What is no regular file (a pipe, /dev/null) is
    /// written straight.
    pub fn create(template: &str, run_id: Option<&str>, unit: Option<&str>) -> Result<Self, Failure> {
        let path = PathBuf::from(name::expand(template, run_id, unit)?);
        let target = Target::open(&path)?;
        let form = match template.ends_with(".arrows") {
            true => Form::Arrows(Box::new(Arrows::start(target).map_err(|error| failed(&path, error))?)),
            false => Form::Lines(Vec::new(), target),
        };
        Ok(Quarantine { path, count: 0, form })
    }

    /// The file's name, placeholders filled in.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Rejects written so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Adds one reject; they stand in the file in the order in which they come.
    pub fn write(&mut self, reject: &Reject<'_>) -> Result<(), Failure> {
        self.count += 1;
        match &mut self.form {
            Form::Arrows(arrows) => arrows.push(reject),
            Form::Lines(lines, target) => {
                envelope::write(reject, lines).map_err(|error| no_json(&self.path, &error))?;
                if lines.len() < BUFFER { Ok(()) } else { drain(lines, target) }
            }
        }
        .map_err(|error| failed(&self.path, error))
    }

    /// Writes out what is still in memory: whoever reads a pipe sees it now.
    pub fn flush(&mut self) -> Result<(), Failure> {
        match &mut self.form {
            Form::Arrows(arrows) => arrows.flush(),
            Form::Lines(lines, target) => drain(lines, target),
        }
        .map_err(|error| failed(&self.path, error))
    }

    /// Completes the file and puts it under its name, durably. Comes before the end
    /// marker of the stream, so that whoever commits the good rows can rely on it.
    /// A `NAME.failed` of an earlier attempt is left alone.
    pub fn finish(mut self) -> Result<(), Failure> {
        if let Err(failure) = self.flush() {
            self.fail();
            return Err(failure);
        }
        match self.form {
            Form::Lines(_, target) => target.finish(),
            Form::Arrows(arrows) => arrows.finish().map_err(|error| failed(&self.path, error))?.finish(),
        }
    }

    /// Leaves what there is as `NAME.failed`, complete up to here; the file of that
    /// name, if there is one from an earlier run, is not touched. Best effort: the run
    /// has failed already.
    pub fn fail(mut self) {
        let _ = self.flush();
        match self.form {
            Form::Lines(_, target) => target.fail(),
            Form::Arrows(arrows) => {
                if let Ok(target) = arrows.finish() {
                    target.fail();
                }
            }
        }
    }
}

fn drain(lines: &mut Vec<u8>, target: &mut Target) -> io::Result<()> {
    target.write_all(lines)?;
    lines.clear();
    target.flush()
}

fn failed(path: &Path, error: io::Error) -> Failure {
    // A reader of the rejects that left is no reason to end silently.
    Failure::environment(format!("cannot write rejects to {}", quoted(path.to_string_lossy()))).because(error)
}

fn no_json(path: &Path, error: &serde_json::Error) -> Failure {
    Failure::data(format!("cannot write a record to {}", quoted(path.to_string_lossy()))).because(error.to_string())
}
