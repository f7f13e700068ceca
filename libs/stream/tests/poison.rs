//! A tool that fails says so down the pipe, whenever it fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub
)]

mod samples;

use millrace_fault::{Coded, Context, Exit, Failure};
use millrace_stream::{Error, Kind};
use samples::*;

fn full_disk() -> Failure {
    Failure::environment("cannot read 's3://raw/05.ndjson': 503")
}

#[test]
fn the_first_cause_goes_down_the_pipe() {
    let (schema, batches) = three_batches();
    let streams = [
        failed(None, &[], full_disk()),
        failed(Some(&schema), &[], full_disk()),
        failed(Some(&schema), &batches, full_disk()),
    ];
    for bytes in streams {
        let error = read(&bytes, Kind::Pipe).unwrap_err();
        assert_eq!(error.exit(), Exit::ENVIRONMENT);
        assert_eq!(
            error.to_string(),
            "upstream test failed (4): cannot read 's3://raw/05.ndjson': 503"
        );
        assert!(!foreign_accepts(&bytes));
    }
}

#[test]
fn and_on_from_tool_to_tool() {
    let first = failed(None, &[], full_disk());
    let failure = Err::<(), Error>(read(&first, Kind::Pipe).unwrap_err())
        .context("nothing committed")
        .unwrap_err();
    assert_eq!(
        failure.to_string(),
        "nothing committed: upstream test failed (4): cannot read 's3://raw/05.ndjson': 503"
    );
    let second = read(&failed(None, &[], failure), Kind::File).unwrap_err();
    assert_eq!(
        second.to_string(),
        "upstream test failed (4): cannot read 's3://raw/05.ndjson': 503"
    );
    assert_eq!(second.exit(), Exit::ENVIRONMENT);
}

#[test]
fn every_code_arrives() {
    for code in 1..=255 {
        let bytes = failed(None, &[], Failure::new(Exit(code), "x"));
        assert_eq!(read(&bytes, Kind::Pipe).unwrap_err().exit(), Exit(code));
    }
}

#[test]
fn batches_before_the_poison_are_read_and_then_the_failure() {
    let (schema, batches) = three_batches();
    let bytes = failed(Some(&schema), &batches, full_disk());
    let mut reader =
        millrace_stream::Reader::new(std::io::Cursor::new(bytes), "x", Kind::Pipe).unwrap();
    for expected in batches {
        assert_eq!(reader.next().unwrap(), Some(expected));
    }
    assert!(matches!(reader.next(), Err(Error::Upstream(_))));
    assert!(matches!(reader.next(), Err(Error::Failed { .. })));
}

/// Cut anywhere, a poisoned stream is a failure; once the code is out, with that code.
#[test]
fn a_poison_that_is_cut_is_still_a_failure() {
    let (schema, batches) = three_batches();
    let clean = written(&schema, &batches).len() - 4;
    let bytes = failed(Some(&schema), &batches, Failure::busy("x"));
    for cut in 0..bytes.len() {
        let error = read(&bytes[..cut], Kind::Pipe).unwrap_err();
        let expected = if cut < clean + 4 {
            Exit::ENVIRONMENT
        } else {
            Exit::BUSY
        };
        assert_eq!(error.exit(), expected, "cut at {cut}");
    }
}

#[test]
fn an_output_without_a_schema_is_not_a_success() {
    let memory = Memory::default();
    millrace_stream::Output::to(memory.clone())
        .close("test", Ok(()))
        .unwrap_err();
    assert!(matches!(
        read(&memory.bytes(), Kind::Pipe),
        Err(Error::Upstream(_))
    ));
}

/// A producer that has failed may still be busy rolling back.
#[test]
fn the_poison_is_heard_before_its_producer_ends() {
    let (from, mut to) = std::io::pipe().unwrap();
    let (schema, batches) = three_batches();
    std::io::Write::write_all(&mut to, &failed(Some(&schema), &batches, full_disk())).unwrap();
    let mut reader = millrace_stream::Reader::new(from, "x", Kind::Pipe).unwrap();
    assert!(matches!(reader.drain(), Err(Error::Upstream(_))));
    drop(to);
}
