//! Which inputs, in which order: operands, then the names of `--files-from`.

use crate::args::Args;
use millrace_fault::Failure;
use millrace_storage::{Location, expand, open_read};
use std::ffi::{OsStr, OsString};
use std::io::{IsTerminal, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// Sets `--null` for every tool of a pipeline, also for those that read no list.
pub(crate) const NULL_VARIABLE: &str = "MILLRACE_NULL";

/// Something to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// Our standard input.
    Stdin,
    /// A file.
    File(Location),
}

impl Input {
    /// What messages, rejects and `_source_file` call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Input::Stdin => "-".to_owned(),
            Input::File(location) => location.to_string(),
        }
    }

    /// Its bytes as they are stored.
    pub(crate) fn open(&self) -> Result<Box<dyn Read + Send>, Failure> {
        match self {
            Input::Stdin => Ok(Box::new(std::io::stdin())),
            Input::File(location) => Ok(open_read(location)?),
        }
    }

    /// Whether it is a plain file, which can be opened at any time.
    pub(crate) fn is_regular(&self) -> bool {
        match self {
            Input::Stdin => false,
            Input::File(location) => location.path().is_file(),
        }
    }

    /// Bytes as stored, where that is known: for progress.
    pub(crate) fn size(&self) -> Option<u64> {
        match self {
            Input::Stdin => None,
            Input::File(location) => std::fs::metadata(location.path())
                .ok()
                .map(|found| found.len()),
        }
    }
}

/// Bytes of all inputs as stored; 0 if that is not known.
pub(crate) fn total_size(inputs: &[Input]) -> u64 {
    inputs
        .iter()
        .map(Input::size)
        .sum::<Option<u64>>()
        .unwrap_or(0)
}

/// The inputs that the command line means. Standard input may be meant once.
pub(crate) fn resolve(args: &Args) -> Result<Vec<Input>, Failure> {
    let mut inputs = Vec::new();
    for operand in &args.inputs {
        add(operand, &mut inputs)?;
    }
    match &args.files_from {
        Some(file) => {
            for name in listed(file, args.null)? {
                add(&name, &mut inputs)?;
            }
            if inputs.is_empty() {
                let list = file.display();
                return Err(Failure::environment(format!(
                    "cannot read any input: the list '{list}' is empty"
                )));
            }
        }
        None if args.inputs.is_empty() => inputs.push(Input::Stdin),
        None => {}
    }
    check_null(args)?;
    check_stdin(&inputs, args.files_from.as_deref())?;
    Ok(inputs)
}

fn add(operand: &OsStr, inputs: &mut Vec<Input>) -> Result<(), Failure> {
    match operand.as_bytes() {
        b"-" => inputs.push(Input::Stdin),
        _ => inputs.extend(expand(operand)?.into_iter().map(Input::File)),
    }
    Ok(())
}

/// The names in a list; empty lines are passed over.
fn listed(file: &Path, null: bool) -> Result<Vec<OsString>, Failure> {
    let input = match file.as_os_str().as_bytes() {
        b"-" => Input::Stdin,
        _ => Input::File(Location::parse(file)?),
    };
    let mut bytes = Vec::new();
    input
        .open()?
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::io("read", input.name(), error))?;
    let separator = if null { 0 } else { b'\n' };
    let names = bytes
        .split(|byte| *byte == separator)
        .filter(|name| !name.is_empty());
    Ok(names
        .map(|name| OsString::from_vec(name.to_vec()))
        .collect())
}

/// `-0` on the command line says something about a list, which must be there then.
fn check_null(args: &Args) -> Result<(), Failure> {
    let from_environment = std::env::var_os(NULL_VARIABLE).is_some_and(|value| !value.is_empty());
    match args.null && args.files_from.is_none() && !from_environment {
        true => Err(Failure::usage(
            "--null says how --files-from separates names, which is not given",
        )),
        false => Ok(()),
    }
}

fn check_stdin(inputs: &[Input], files_from: Option<&Path>) -> Result<(), Failure> {
    let list = files_from.is_some_and(|file| file.as_os_str() == "-");
    match inputs
        .iter()
        .filter(|input| **input == Input::Stdin)
        .count()
        + usize::from(list)
    {
        0 => Ok(()),
        1 if !list && std::io::stdin().is_terminal() => Err(Failure::usage(
            "standard input is a terminal, expected data",
        )
        .hint("name files, directories or patterns, or pipe data in; try 'ingest --help'")),
        1 => Ok(()),
        _ => Err(Failure::usage("standard input can be read only once")),
    }
}
