//! The open rejects file.

use crate::arrows::Arrows;
use crate::reject::Reject;
use crate::{envelope, name};
use millrace_fault::{Failure, quoted};
use millrace_storage::AtomicFile;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Envelopes are collected up to so many bytes before they are written.
const BUFFER: usize = 64 << 10;

/// An open rejects file. Ends with [`Quarantine::finish`] or [`Quarantine::fail`].
pub struct Quarantine {
    path: PathBuf,
    count: u64,
    form: Form,
}

enum Form {
    /// Envelopes not yet written, and where they go.
    Lines(Vec<u8>, AtomicFile),
    Arrows(Box<Arrows>),
}

impl Quarantine {
    /// Opens the file that `template` names, `{run_id}` and `{unit}` in it filled in
    /// (one without a value is a usage error). A name that ends in `.arrows` gets an
    /// Arrow stream, any other NDJSON. What is no regular file (a pipe, /dev/null) is
    /// written straight.
    pub fn create(
        template: &str,
        run_id: Option<&str>,
        unit: Option<&str>,
    ) -> Result<Self, Failure> {
        let path = PathBuf::from(name::expand(template, run_id, unit)?);
        let file = AtomicFile::create(&path)?;
        let form = match template.ends_with(".arrows") {
            true => Form::Arrows(Box::new(
                Arrows::start(file).map_err(|error| failed(&path, error))?,
            )),
            false => Form::Lines(Vec::new(), file),
        };
        Ok(Quarantine {
            path,
            count: 0,
            form,
        })
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
        match &mut self.form {
            Form::Arrows(arrows) => arrows.push(reject),
            Form::Lines(lines, file) => {
                envelope::write(reject, lines).map_err(|error| no_json(&self.path, &error))?;
                if lines.len() < BUFFER {
                    Ok(())
                } else {
                    drain(lines, file)
                }
            }
        }
        .map_err(|error| failed(&self.path, error))?;
        self.count += 1;
        Ok(())
    }

    /// Writes out what is still in memory: whoever reads a pipe sees it now.
    pub fn flush(&mut self) -> Result<(), Failure> {
        match &mut self.form {
            Form::Arrows(arrows) => arrows.flush(),
            Form::Lines(lines, file) => drain(lines, file).and_then(|()| file.flush()),
        }
        .map_err(|error| failed(&self.path, error))
    }

    /// Completes the file and puts it under its name, durably. Comes before the end
    /// marker of the stream, so that whoever commits the good rows can rely on it.
    /// The `NAME.failed` of an earlier attempt goes: the complete file takes its place.
    pub fn finish(mut self) -> Result<(), Failure> {
        if let Err(failure) = self.flush() {
            self.fail();
            return Err(failure);
        }
        let mut file = match self.form {
            Form::Lines(_, file) => file,
            Form::Arrows(arrows) => arrows.finish().map_err(|error| failed(&self.path, error))?,
        };
        file.flush().map_err(|error| failed(&self.path, error))?;
        file.commit()?;
        remove_failed(&self.path);
        Ok(())
    }

    /// Leaves what there is as `NAME.failed`, complete up to here; the file of that
    /// name, if there is one from an earlier run, is not touched. Best effort: the run
    /// has failed already.
    pub fn fail(mut self) {
        let _ = self.flush();
        let file = match self.form {
            Form::Lines(_, file) => Some(file),
            Form::Arrows(arrows) => arrows.finish().ok(),
        };
        if let Some(file) = file {
            let _ = file.fail(FAILED);
        }
    }
}

const FAILED: &str = ".failed";

/// Beside the file itself, where links in its name lead.
fn remove_failed(path: &Path) {
    if let Ok(real) = std::fs::canonicalize(path) {
        let mut name = real.into_os_string();
        name.push(FAILED);
        let _ = std::fs::remove_file(name);
    }
}

fn drain(lines: &mut Vec<u8>, file: &mut AtomicFile) -> io::Result<()> {
    file.write_all(lines)?;
    lines.clear();
    Ok(())
}

fn failed(path: &Path, error: io::Error) -> Failure {
    // A reader of the rejects that left is no reason to end silently.
    Failure::environment(format!(
        "cannot write rejects to {}",
        quoted(path.to_string_lossy())
    ))
    .because(error)
}

fn no_json(path: &Path, error: &serde_json::Error) -> Failure {
    Failure::data(format!(
        "cannot write a record to {}",
        quoted(path.to_string_lossy())
    ))
    .because(error.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]
    use super::*;
    use crate::{Content, Reason, Source};
    use arrow_array::cast::AsArray;
    use arrow_array::types::UInt64Type;
    use millrace_fault::Exit;
    use std::fs;

    fn write(quarantine: &mut Quarantine, row: u64) {
        let reasons = [Reason {
            field: "a".into(),
            constraint: "minimum".into(),
            value: row.to_string(),
            expected: "at least 100".into(),
        }];
        let record = format!("{{\"a\":{row}}}");
        let content = if row.is_multiple_of(2) {
            Content::Record(&record)
        } else {
            Content::Raw(b"\xff")
        };
        quarantine
            .write(&Reject {
                source: Source::row(row),
                reasons: &reasons,
                content,
            })
            .unwrap();
    }

    fn quarantine(path: &Path) -> Quarantine {
        Quarantine::create(path.to_str().unwrap(), None, None).unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_under_the_name_before_finish_and_all_of_it_after() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bad.ndjson");
        let mut open = quarantine(&path);
        for row in 1..=5000 {
            write(&mut open, row);
        }
        assert!(!path.exists());
        assert_eq!(open.count(), 5000);
        open.finish().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let rows = text
            .lines()
            .map(|line| crate::parse_envelope(line.as_bytes()).unwrap().row.unwrap());
        assert!(rows.eq(1..=5000));
        assert_eq!(names(folder.path()), ["bad.ndjson"]);
    }

    #[test]
    fn a_failed_run_leaves_the_old_file_and_a_failed_one_until_the_next_success() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bad.ndjson");
        fs::write(&path, "old\n").unwrap();
        let mut open = quarantine(&path);
        write(&mut open, 2);
        open.fail();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old\n");
        let failed = fs::read_to_string(folder.path().join("bad.ndjson.failed")).unwrap();
        assert_eq!((failed.lines().count(), failed.ends_with('\n')), (1, true));
        quarantine(&path).finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "");
        assert_eq!(names(folder.path()), ["bad.ndjson"]);
    }

    #[test]
    fn the_arrow_form_holds_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bad.arrows");
        for complete in [true, false] {
            let mut open = quarantine(&path);
            for row in 1..=9000 {
                write(&mut open, row);
            }
            if complete {
                open.finish().unwrap()
            } else {
                open.fail()
            }
        }
        for name in ["bad.arrows", "bad.arrows.failed"] {
            let file = fs::File::open(folder.path().join(name)).unwrap();
            let reader = arrow_ipc::reader::StreamReader::try_new(file, None).unwrap();
            let batches: Vec<_> = reader.map(Result::unwrap).collect();
            assert_eq!(
                batches.iter().map(|b| b.num_rows()).collect::<Vec<_>>(),
                [8192, 808]
            );
            let batch = &batches[1];
            assert_eq!(
                batch["source_row"].as_primitive::<UInt64Type>().value(0),
                8193
            );
            assert_eq!(batch["raw"].as_binary::<i32>().value(0), b"\xff");
            assert_eq!(batch["record"].as_string::<i32>().value(1), "{\"a\":8194}");
            let reasons = batch["reasons"].as_list::<i32>().value(1);
            assert_eq!(
                reasons.as_struct().column(2).as_string::<i32>().value(0),
                "8194"
            );
        }
    }

    #[test]
    fn a_full_device_is_an_environment_failure_with_the_name() {
        for _ in 0..2 {
            let mut open = Quarantine::create("/dev/full", None, None).unwrap();
            write(&mut open, 2);
            let failure = open.finish().unwrap_err();
            assert_eq!(failure.exit(), Exit::ENVIRONMENT);
            assert_eq!(
                failure.to_string(),
                "cannot write rejects to '/dev/full': no space left on device"
            );
        }
    }

    #[test]
    fn a_pipe_is_written_straight_and_a_reader_that_left_is_no_silence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        let reader = std::thread::spawn({
            let path = path.clone();
            move || fs::read_to_string(path).unwrap()
        });
        let mut open = quarantine(&path);
        write(&mut open, 2);
        open.finish().unwrap();
        assert_eq!(reader.join().unwrap().lines().count(), 1);

        let reader = std::thread::spawn({
            let path = path.clone();
            move || drop(fs::File::open(path).unwrap())
        });
        let mut open = quarantine(&path);
        reader.join().unwrap();
        write(&mut open, 2);
        let failure = open.finish().unwrap_err();
        assert_eq!(failure.exit(), Exit::ENVIRONMENT);
        assert!(!failure.is_silent());
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let failure = Quarantine::create("/nowhere/bad", None, None)
            .err()
            .unwrap();
        assert_eq!(failure.exit(), Exit::ENVIRONMENT);
        assert!(failure.to_string().contains("'/nowhere"), "{failure}");
    }
}
