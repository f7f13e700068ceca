//! A stream is complete or it is refused: cut at every byte, gone on after its end,
//! empty, or left by a tool that was killed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub
)]

mod samples;

use millrace_fault::{Coded, Exit};
use millrace_stream::{Error, Kind, Output};
use samples::*;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

#[test]
fn of_all_prefixes_only_the_whole_is_accepted() {
    for (schema, batches) in [three_batches(), growing_dictionary()] {
        let whole = written(&schema, &batches);
        for cut in 0..whole.len() {
            for (kind, exit) in [(Kind::Pipe, Exit::ENVIRONMENT), (Kind::File, Exit::DATA)] {
                let error = read(&whole[..cut], kind).expect_err(&format!("cut at {cut}"));
                match &error {
                    Error::Empty { .. } => assert_eq!(cut, 0),
                    Error::Cut { offset, .. } => assert_eq!(*offset, cut as u64),
                    other => panic!("cut at {cut}: {other}"),
                }
                assert_eq!(error.exit(), exit, "cut at {cut}");
            }
        }
        assert_eq!(read(&whole, Kind::Pipe).unwrap().1, batches);
    }
}

#[test]
fn a_complete_stream_is_what_arrow_itself_writes() {
    for (schema, batches) in [three_batches(), growing_dictionary()] {
        assert_eq!(
            written(&schema, &batches),
            foreign(&schema, &batches, Default::default())
        );
    }
}

/// What came out, write by write, as a pipe would take it.
#[derive(Clone, Default)]
struct Writes(Arc<Mutex<Vec<Vec<u8>>>>);

impl Write for Writes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn write_vectored(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
        self.write(&bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A kill leaves everything up to some write, and of a write that a pipe does not
/// take in one piece any part: arrow's own reader must refuse all of it.
#[test]
fn whatever_a_killed_tool_leaves_is_refused_by_arrows_own_reader() {
    for (schema, batches) in [three_batches(), growing_dictionary(), large_batches()] {
        let writes = Writes::default();
        let mut output = Output::to(writes.clone());
        output.start(&schema).unwrap();
        for batch in &batches {
            output.write(batch).unwrap();
        }
        let writes = writes.0.lock().unwrap().clone();
        let mut left = Vec::new();
        for (n, write) in writes.iter().enumerate() {
            if write.len() > 4096 {
                for part in (1..write.len()).step_by(if write.len() < 100_000 { 1 } else { 997 }) {
                    let cut = [left.as_slice(), &write[..part]].concat();
                    assert!(!foreign_accepts(&cut), "write {n} cut at {part}");
                }
            }
            left.extend_from_slice(write);
            assert!(!foreign_accepts(&left), "after write {n}");
            assert!(read(&left, Kind::Pipe).is_err());
        }
    }
}

fn large_batches() -> (arrow_schema::SchemaRef, Vec<arrow_array::RecordBatch>) {
    let ids = arrow_array::Int64Array::from_iter_values(0..5_000);
    let batch =
        arrow_array::RecordBatch::try_from_iter([("id", Arc::new(ids) as arrow_array::ArrayRef)])
            .unwrap();
    (batch.schema(), vec![batch.clone(), batch])
}

/// A kill cannot cut within a marker, which is written in one piece with what stands
/// before it. A disk that lost its last bytes can: there only our reader helps.
#[test]
fn arrows_own_reader_is_fooled_only_by_a_cut_within_a_marker() {
    let (schema, batches) = three_batches();
    let whole = written(&schema, &batches);
    let fooled: Vec<usize> = (0..whole.len())
        .filter(|cut| foreign_accepts(&whole[..*cut]))
        .collect();
    let markers = (0..=3).map(|n| written(&schema, &batches[..n]).len() - 8);
    assert_eq!(
        fooled,
        markers
            .flat_map(|start| start..start + 4)
            .collect::<Vec<_>>()
    );
}

#[test]
fn nothing_may_follow_the_end_marker() {
    let (schema, batches) = three_batches();
    let whole = written(&schema, &batches);
    for tail in [vec![0], vec![b'\n'], whole.clone()] {
        let error = read(&[whole.clone(), tail].concat(), Kind::Pipe).unwrap_err();
        assert!(
            matches!(error, Error::Trailing { offset, .. } if offset == whole.len() as u64),
            "{error}"
        );
        assert_eq!(error.exit(), Exit::DATA);
    }
}

#[test]
fn after_an_error_there_are_only_errors() {
    let (schema, batches) = three_batches();
    let whole = written(&schema, &batches);
    let cut = io::Cursor::new(whole[..whole.len() - 1].to_vec());
    let mut reader = millrace_stream::Reader::new(cut, "x", Kind::Pipe).unwrap();
    assert!(reader.drain().is_err());
    assert!(matches!(reader.next(), Err(Error::Failed { .. })));
}

#[test]
fn an_empty_but_complete_stream_is_fine() {
    let (schema, _) = three_batches();
    let (read_schema, batches) = read(&written(&schema, &[]), Kind::Pipe).unwrap();
    assert_eq!((read_schema, batches.len()), (schema, 0));
}
