//! ingest as a process in a scratch folder, and its stream as lines of JSON.
#![allow(dead_code, unreachable_pub)]

use millrace_rejects::{RowEncoder, RowsError};
use millrace_stream::{Kind, Reader};
use millrace_testkit::{Outcome, TempDir, run, run_with, tempdir, tool};
use std::path::PathBuf;

/// A folder to run in.
pub struct Scratch(TempDir);

impl Scratch {
    pub fn new() -> Scratch {
        Scratch(tempdir().unwrap())
    }

    /// A scratch folder with one file.
    pub fn with(name: &str, content: impl AsRef<[u8]>) -> Scratch {
        let scratch = Scratch::new();
        scratch.write(name, content);
        scratch
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs ingest here; arguments are separated by spaces.
    pub fn ingest(&self, arguments: &str) -> Outcome {
        run(&mut self.command(arguments))
    }

    /// Runs ingest here with `input` on standard input.
    pub fn ingest_from(&self, input: impl AsRef<[u8]>, arguments: &str) -> Outcome {
        run_with(&mut self.command(arguments), input.as_ref())
    }

    pub fn command(&self, arguments: &str) -> std::process::Command {
        let mut command = tool("ingest");
        command
            .current_dir(self.0.path())
            .args(arguments.split_whitespace());
        command
    }

    /// A schema must fit the table in `name`, which has an integer `a` and a text `b`: a
    /// wrong type and a missing column are refused; a superset's column is null.
    pub fn judges_schemas_of(&self, name: &str) {
        self.write("t.json", schema("b:integer"));
        let wrong = self.ingest(&format!("{name} --schema t.json")).code(3);
        let expected = format!("column 'b' of '{name}' is Utf8, that of the schema is Int64");
        assert!(wrong.stderr.contains(&expected), "{}", wrong.stderr);
        let lacks = schema("a:integer z:integer");
        self.write("u.json", &lacks);
        self.ingest(&format!("{name} --schema u.json")).code(3);
        self.write(
            "v.json",
            lacks.replace("]}", r#"],"fieldsMatch":"superset"}"#),
        );
        let rows = self.rows(&format!("{name} --schema v.json"));
        assert_eq!(rows[0], r#"{"a":1,"z":null}"#);
    }

    /// The rows of a run that must succeed.
    pub fn rows(&self, arguments: &str) -> Vec<String> {
        rows(&self.ingest(arguments).code(0))
    }
}

/// The rows of a complete stream as JSON.
pub fn rows(outcome: &Outcome) -> Vec<String> {
    batches(&outcome.stdout).iter().flat_map(encode).collect()
}

/// The batches of a complete stream.
pub fn batches(stream: &[u8]) -> Vec<arrow_array::RecordBatch> {
    let mut reader = Reader::new(
        std::io::Cursor::new(stream.to_vec()),
        "the output",
        Kind::File,
    )
    .unwrap();
    std::iter::from_fn(|| reader.next().unwrap()).collect()
}

fn encode(batch: &arrow_array::RecordBatch) -> Vec<String> {
    let mut rows = Vec::new();
    let each = |_, text: &str| -> Result<(), RowsError> {
        rows.push(text.to_owned());
        Ok(())
    };
    RowEncoder::of_rows(batch)
        .each(0..batch.num_rows(), each)
        .unwrap();
    rows
}

/// Column names and types of a complete stream: `id Int64, s Utf8`.
pub fn columns(outcome: &Outcome) -> String {
    let reader = Reader::new(
        std::io::Cursor::new(outcome.stdout.clone()),
        "the output",
        Kind::File,
    )
    .unwrap();
    let columns: Vec<String> = reader
        .schema()
        .fields()
        .iter()
        .map(|field| format!("{} {}", field.name(), field.data_type()))
        .collect();
    columns.join(", ")
}

/// A Table Schema of `name:type` pairs, as the argument of --schema.
pub fn schema(fields: &str) -> String {
    let fields: Vec<String> = fields
        .split_whitespace()
        .map(|field| field.split_once(':').unwrap())
        .map(|(name, kind)| format!(r#"{{"name":"{name}","type":"{kind}"}}"#))
        .collect();
    format!(r#"{{"fields":[{}]}}"#, fields.join(","))
}
