//! `log.jsonl`: one line for each transaction, in the order of commits, each with its
//! own checksum. A line that a crash tore is cut off under the lock: its transaction
//! is still in `tx/` and appends it again.

use super::{Error, Fingerprint, StagedFile};
use crate::state;
use millrace_fault::quoted;
use millrace_storage::{AppendFile, failpoint, read_whole};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// One transaction in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// The format of this line.
    pub format: u32,
    /// The transaction's id, also part of its files' names.
    pub id: String,
    /// The run, if it had a name.
    pub run_id: Option<String>,
    /// The tool.
    pub tool: String,
    /// The step within the run.
    pub step: Option<String>,
    /// The unit of work.
    pub unit: Option<String>,
    /// When the transaction was prepared (RFC 3339).
    pub at: String,
    /// What it did in each partition, by path.
    pub partitions: Vec<LogPartition>,
    /// Files added.
    pub files: u64,
    /// Rows added.
    pub rows: u64,
    /// What was asked, to recognise a repetition.
    pub description: Fingerprint,
    /// The id of the transaction that this one took back.
    pub undoes: Option<String>,
}

/// What a transaction did in one partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPartition {
    /// The partition's path.
    pub path: String,
    /// Files added.
    pub add: Vec<StagedFile>,
    /// How many files it removed.
    pub removed: u64,
    /// Somebody else had changed it meanwhile, and his change was kept (`--adopt`).
    pub left: bool,
}

impl LogEntry {
    /// The run id, else the transaction's id.
    pub fn run(&self) -> &str {
        self.run_id.as_deref().unwrap_or(&self.id)
    }
}

/// The log, read whole.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    entries: Vec<LogEntry>,
    /// Length of the valid part in bytes, and of the file.
    valid: u64,
    length: u64,
}

impl Log {
    /// Reads the log at `path`; a torn end is left out.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let text = read_whole(path)?.unwrap_or_default();
        let (entries, valid) = parse(&text, path)?;
        Ok(Log {
            path: path.to_owned(),
            entries,
            valid: valid as u64,
            length: text.len() as u64,
        })
    }

    /// Cuts a torn end off. Only under the dataset's lock.
    pub(crate) fn mend(&mut self) -> Result<(), Error> {
        if self.valid < self.length {
            failpoint::reach("tx.log.cut")?;
            AppendFile::open(&self.path)?.truncate(self.valid)?;
            self.length = self.valid;
        }
        Ok(())
    }

    /// Appends `entry` unless it is there, durably either way: an earlier attempt may
    /// have written it without the sync.
    pub(crate) fn append(&mut self, entry: &LogEntry) -> Result<(), Error> {
        let mut file = AppendFile::open(&self.path)?;
        if self.committed(&entry.id).is_none() {
            let line = line(entry)?;
            let (front, back) = line.split_at(line.len() / 2);
            file.append(front)?;
            failpoint::reach("tx.log.torn")?;
            file.append(back)?;
            self.entries.push(entry.clone());
            self.valid += line.len() as u64;
            self.length = self.valid;
        }
        failpoint::reach("tx.log.appended")?;
        Ok(file.sync()?)
    }

    /// The transaction `id`, if it was committed and not taken back since.
    pub(crate) fn committed(&self, id: &str) -> Option<&LogEntry> {
        let last = self
            .entries
            .iter()
            .rev()
            .find(|entry| entry.id == id || entry.undoes.as_deref() == Some(id))?;
        (last.id == id).then_some(last)
    }

    /// Whether another transaction that still stands was committed after `id`.
    pub(crate) fn is_followed(&self, id: &str) -> bool {
        let newer = self.entries.iter().rev().take_while(|entry| entry.id != id);
        newer
            .filter(|entry| entry.undoes.is_none())
            .any(|entry| self.committed(&entry.id).is_some())
    }

    /// The committed transactions of `run` (a run id or a transaction's id), newest first.
    pub(crate) fn of_run(&self, run: &str) -> Vec<&LogEntry> {
        let named = |entry: &&LogEntry| {
            entry.undoes.is_none() && (entry.run_id.as_deref() == Some(run) || entry.id == run)
        };
        let mut found: Vec<&LogEntry> = Vec::new();
        for entry in self.entries.iter().rev().filter(named) {
            if self.committed(&entry.id).is_some()
                && !found.iter().any(|other| other.id == entry.id)
            {
                found.push(entry);
            }
        }
        found
    }

    /// Whether a transaction after the one called `id` touched `partition`.
    pub(crate) fn touched_after(&self, id: &str, partition: &str) -> bool {
        let newer = self.entries.iter().rev().take_while(|entry| entry.id != id);
        newer
            .flat_map(|entry| &entry.partitions)
            .any(|touched| touched.path == partition)
    }

    /// The partitions that `unit` wrote into.
    pub(crate) fn partitions_of_unit(&self, unit: &str) -> impl Iterator<Item = &str> {
        let own = self
            .entries
            .iter()
            .filter(move |entry| entry.unit.as_deref() == Some(unit));
        own.flat_map(|entry| &entry.partitions)
            .filter(|touched| !touched.add.is_empty())
            .map(|touched| touched.path.as_str())
    }
}

const CRC: &str = ",\"crc\":\"";

/// `{…,"crc":"…"}\n`, the checksum over the object without it.
fn line(entry: &LogEntry) -> Result<Vec<u8>, Error> {
    let mut text = serde_json::to_string(entry).map_err(|error| Error::data(error.to_string()))?;
    let crc = xxh3_64(text.as_bytes());
    text.pop();
    text.push_str(&format!("{CRC}{crc:016x}\"}}\n"));
    Ok(text.into_bytes())
}

/// The valid entries and where they end. What follows the last of them is torn; an
/// invalid line *before* a valid one was not torn by a crash: refused.
fn parse(text: &[u8], path: &Path) -> Result<(Vec<LogEntry>, usize), Error> {
    let (mut entries, mut end, mut bad) = (Vec::new(), 0, None);
    let mut at = 0;
    for (number, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        at += line.len();
        match parse_line(line, path)? {
            None => bad = bad.or(Some(number + 1)),
            Some(entry) => {
                if let Some(number) = bad {
                    return Err(damaged(path, number));
                }
                entries.push(entry);
                end = at;
            }
        }
    }
    Ok((entries, end))
}

/// `Ok(None)`: torn. A whole line with a wrong checksum was not torn: refused.
fn parse_line(line: &[u8], path: &Path) -> Result<Option<LogEntry>, Error> {
    let whole = line
        .strip_suffix(b"\n")
        .and_then(|line| std::str::from_utf8(line).ok());
    let Some(text) =
        whole.filter(|text| serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok())
    else {
        return Ok(None);
    };
    // The format first: a newer one may be checked in another way.
    state::parse::<IgnoredAny>(line, path)?;
    let Some((object, crc)) = text.rfind(CRC).map(|at| text.split_at(at)) else {
        return Err(damaged_text(path, "a line has no checksum"));
    };
    let object = format!("{object}}}");
    if crc.get(CRC.len()..CRC.len() + 16) != Some(&format!("{:016x}", xxh3_64(object.as_bytes()))) {
        return Err(damaged_text(path, "the checksum of a line does not match"));
    }
    state::parse(object.as_bytes(), path).map(Some)
}

fn damaged(path: &Path, line: usize) -> Error {
    damaged_text(
        path,
        &format!("line {line} is no entry, but valid ones follow"),
    )
}

fn damaged_text(path: &Path, what: &str) -> Error {
    Error::data(format!(
        "state file {} is damaged: {what}",
        quoted(path.to_string_lossy())
    ))
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;
    use millrace_fault::{Coded, Exit};
    use std::fs;

    fn entry(id: &str) -> LogEntry {
        let add = vec![StagedFile {
            name: "part-0.parquet".into(),
            rows: 3,
            bytes: 9,
        }];
        LogEntry {
            format: state::FORMAT,
            id: id.into(),
            run_id: Some(format!("run \"crc\":\" {id}")),
            tool: "partition".into(),
            step: None,
            unit: Some("u".into()),
            at: "2026-03-17T00:00:00Z".into(),
            partitions: vec![LogPartition {
                path: "p=1".into(),
                add,
                removed: 0,
                left: false,
            }],
            files: 1,
            rows: 3,
            description: Fingerprint::default(),
            undoes: None,
        }
    }

    fn three() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        let mut log = Log::read(&path).unwrap();
        for id in ["a", "b", "c"] {
            log.append(&entry(id)).unwrap();
            log.append(&entry(id)).unwrap();
        }
        (folder, path)
    }

    #[test]
    fn entries_read_back_once_each() {
        let (_folder, path) = three();
        let log = Log::read(&path).unwrap();
        assert_eq!(log.entries, [entry("a"), entry("b"), entry("c")]);
        assert!(log.touched_after("b", "p=1") && !log.touched_after("c", "p=1"));
        assert_eq!(log.partitions_of_unit("u").count(), 3);
    }

    #[test]
    fn cut_anywhere_only_the_torn_line_is_lost() {
        let (_folder, path) = three();
        let whole = fs::read(&path).unwrap();
        let second = whole
            .iter()
            .enumerate()
            .filter(|(_, b)| **b == b'\n')
            .nth(1)
            .unwrap()
            .0
            + 1;
        for cut in second..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let mut log = Log::read(&path).unwrap();
            assert_eq!(log.entries.len(), 2, "cut at {cut}");
            log.mend().unwrap();
            log.append(&entry("c")).unwrap();
            assert_eq!(fs::read(&path).unwrap(), whole, "cut at {cut}");
        }
    }

    #[test]
    fn a_tail_of_zeros_is_torn_too() {
        let (_folder, path) = three();
        let whole = fs::read(&path).unwrap();
        fs::write(
            &path,
            [whole.clone(), vec![0; 100], b"\n\0\0".to_vec()].concat(),
        )
        .unwrap();
        let mut log = Log::read(&path).unwrap();
        log.mend().unwrap();
        assert_eq!(fs::read(&path).unwrap(), whole);
    }

    #[test]
    fn what_no_crash_does_is_refused() {
        let (_folder, path) = three();
        let whole = String::from_utf8(fs::read(&path).unwrap()).unwrap();
        for bad in [
            whole.replacen("\"rows\":3", "\"rows\":4", 1),
            whole
                .replacen("{\"format\"", "{\"for", 1)
                .replacen('}', "", 1),
            whole.replace("\"format\":1", "\"format\":2"),
        ] {
            fs::write(&path, &bad).unwrap();
            assert_eq!(Log::read(&path).unwrap_err().exit(), Exit::DATA, "{bad}");
            assert_eq!(fs::read_to_string(&path).unwrap(), bad, "untouched");
        }
    }

    #[test]
    fn an_undone_transaction_is_not_committed_until_done_again() {
        let (_folder, path) = three();
        let mut log = Log::read(&path).unwrap();
        let undo = LogEntry {
            undoes: Some("b".into()),
            run_id: None,
            ..entry("u")
        };
        log.append(&undo).unwrap();
        assert!(log.committed("b").is_none() && log.committed("a").is_some());
        assert!(log.of_run("b").is_empty());
        log.append(&entry("b")).unwrap();
        assert!(log.committed("b").is_some());
        assert_eq!(log.of_run("b").len(), 1);
    }
}
