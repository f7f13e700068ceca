//! Streams to put in, and what came out.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use millrace_testkit::{Outcome, TempDir, run_with, tempdir, tool};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

pub(crate) fn int(values: impl IntoIterator<Item = impl Into<Option<i64>>>) -> ArrayRef {
    Arc::new(values.into_iter().map(Into::into).collect::<Int64Array>())
}

pub(crate) fn text<'a>(values: impl IntoIterator<Item = impl Into<Option<&'a str>>>) -> ArrayRef {
    Arc::new(values.into_iter().map(Into::into).collect::<StringArray>())
}

pub(crate) fn batch(columns: &[(&str, ArrayRef)]) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(
        columns
            .iter()
            .map(|(name, column)| (*name, column.clone(), true)),
    )
    .unwrap()
}

/// A complete stream of these batches.
pub(crate) fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), batches[0].schema_ref()).unwrap();
    batches
        .iter()
        .for_each(|batch| writer.write(batch).unwrap());
    writer.into_inner().unwrap()
}

/// A stream of one batch with these columns.
pub(crate) fn rows(columns: &[(&str, ArrayRef)]) -> Vec<u8> {
    stream(&[batch(columns)])
}

/// The batches of a complete stream.
pub(crate) fn read(bytes: &[u8]) -> Vec<RecordBatch> {
    assert!(is_complete(bytes), "no end marker");
    StreamReader::try_new(bytes, None)
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

/// Whether a stream ends with the end marker.
pub(crate) fn is_complete(bytes: &[u8]) -> bool {
    bytes.ends_with(&[0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0])
}

/// The poison at the end of a stream: exit code, tool, error.
pub(crate) fn poison(bytes: &[u8]) -> (i64, String, String) {
    let start = bytes
        .windows(2)
        .rposition(|pair| pair == b"{\"")
        .expect("poison");
    let cause: Value = serde_json::from_slice(&bytes[start..]).unwrap();
    let text = |name: &str| cause[name].as_str().unwrap().to_owned();
    (cause["exit"].as_i64().unwrap(), text("tool"), text("error"))
}

/// A column of a whole stream.
pub(crate) fn ints(bytes: &[u8], column: &str) -> Vec<Option<i64>> {
    let batches = read(bytes);
    let columns = batches
        .iter()
        .map(|batch| batch[column].as_primitive::<Int64Type>().clone());
    columns
        .flat_map(|column| column.iter().collect::<Vec<_>>())
        .collect()
}

/// A folder to run in.
pub(crate) struct Place(pub(crate) TempDir);

impl Place {
    pub(crate) fn new() -> Place {
        Place(tempdir().unwrap())
    }

    /// A folder with `s.json`, a schema of these fields.
    pub(crate) fn with_fields(fields: Value) -> Place {
        Place::with_schema(json!({ "fields": fields }))
    }

    pub(crate) fn with_schema(schema: Value) -> Place {
        let place = Place::new();
        place.write("s.json", schema.to_string());
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.text(name)).unwrap()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The envelopes of `bad.ndjson`.
    pub(crate) fn rejects(&self) -> Vec<Value> {
        let text = self.text("bad.ndjson");
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = tool("validate");
        command.args(args).current_dir(self.0.path());
        command
    }

    pub(crate) fn run(&self, args: &[&str], input: &[u8]) -> Outcome {
        run_with(&mut self.command(args), input)
    }

    /// What is found of each row with `s.json`: `(row, field, constraint, value)`.
    pub(crate) fn reasons(&self, input: &[u8]) -> Vec<(u64, String, String, Value)> {
        self.run(&["--schema", "s.json", "--rejects", "bad.ndjson"], input)
            .code(0);
        let mut all = Vec::new();
        for envelope in self.rejects() {
            for reason in envelope["reasons"].as_array().unwrap() {
                let text = |name: &str| reason[name].as_str().unwrap().to_owned();
                all.push((
                    envelope["source"]["row"].as_u64().unwrap(),
                    text("field"),
                    text("constraint"),
                    reason["value"].clone(),
                ));
            }
        }
        all
    }
}

/// The rows that break `constraint`, with one column `x` of this type and these values.
pub(crate) fn broken(kind: Value, constraints: Value, column: ArrayRef) -> Vec<u64> {
    let mut field = json!({ "name": "x", "constraints": constraints });
    let extra = kind.as_object().unwrap().clone();
    field.as_object_mut().unwrap().extend(extra);
    let place = Place::with_fields(json!([field]));
    let reasons = place.reasons(&rows(&[("x", column)]));
    let expected: Vec<&String> = constraints.as_object().unwrap().keys().collect();
    assert!(
        reasons
            .iter()
            .all(|(_, field, name, _)| field == "x" && expected.contains(&name)),
        "{reasons:?}"
    );
    reasons.into_iter().map(|(row, ..)| row).collect()
}
