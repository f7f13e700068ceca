//! Arrow files: whole ones are read, damaged ones refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub
)]

mod samples;

use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;
use arrow_schema::SchemaRef;
use millrace_fault::{Coded, Exit, record_panics};
use millrace_stream::{Error, FileReader};
use proptest::prelude::*;
use samples::*;
use std::io::Cursor;

fn file(schema: &SchemaRef, batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = FileWriter::try_new(Vec::new(), schema).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.into_inner().unwrap()
}

fn read_file(bytes: &[u8]) -> Result<Vec<RecordBatch>, Error> {
    let mut reader = FileReader::new(Cursor::new(bytes.to_vec()), "x.arrow")?;
    let counted = reader.rows();
    let mut batches = Vec::new();
    while let Some(batch) = reader.next()? {
        batches.push(batch);
    }
    assert_eq!(
        counted.unwrap(),
        batches
            .iter()
            .map(|batch| batch.num_rows() as u64)
            .sum::<u64>()
    );
    Ok(batches)
}

#[test]
fn every_type_is_read() {
    for (name, batch) in every_type() {
        let batches = [batch.clone(), batch.slice(1, 3)];
        let bytes = file(&batch.schema(), &batches);
        assert!(bytes.starts_with(&FileReader::MAGIC));
        assert_eq!(read_file(&bytes).expect(&name), batches, "{name}");
    }
}

#[test]
fn a_cut_file_is_damaged_data() {
    let (schema, batches) = three_batches();
    let bytes = file(&schema, &batches);
    for cut in 0..bytes.len() {
        let error = read_file(&bytes[..cut]).unwrap_err();
        assert_eq!(error.exit(), Exit::DATA);
        assert!(
            error.to_string().starts_with("cannot decode 'x.arrow': "),
            "{error}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn bytes_may_be_wrong(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        record_panics();
        let (schema, batches) = three_batches();
        let mut bytes = file(&schema, &batches);
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Ok(mut reader) = FileReader::new(Cursor::new(bytes), "x.arrow") {
            while let Ok(Some(_)) = reader.next() {}
        }
    }

    #[test]
    fn words_may_be_extreme(place: prop::sample::Index, word in prop::sample::select(vec![i64::MIN, i64::MAX, -1, 1 << 40, 1 << 31])) {
        record_panics();
        let (schema, batches) = three_batches();
        let mut bytes = file(&schema, &batches);
        let place = place.index(bytes.len() / 8 - 1) * 8;
        bytes[place..place + 8].copy_from_slice(&word.to_le_bytes());
        if let Ok(mut reader) = FileReader::new(Cursor::new(bytes), "x.arrow") {
            while let Ok(Some(_)) = reader.next() {}
        }
    }
}
