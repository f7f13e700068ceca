//! Every Arrow type passes through by value: ours to ours, arrow's to ours, ours to
//! arrow's; sliced, empty, compressed, in the old format.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub
)]

mod samples;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_ipc::writer::{DictionaryHandling, IpcWriteOptions};
use arrow_ipc::{CompressionType, MetadataVersion};
use arrow_schema::Schema;
use millrace_stream::Kind;
use samples::*;
use std::collections::HashMap;
use std::sync::Arc;

fn slices(batch: &RecordBatch) -> Vec<RecordBatch> {
    vec![
        batch.clone(),
        batch.slice(0, 0),
        batch.slice(1, 3),
        batch.slice(4, 1),
        batch.slice(2, 2),
    ]
}

#[test]
fn every_type_round_trips() {
    for (name, batch) in every_type() {
        let batches = slices(&batch);
        let bytes = written(&batch.schema(), &batches);
        let (schema, back) = read(&bytes, Kind::Pipe).expect(&name);
        assert_eq!(schema, batch.schema(), "{name}");
        assert_eq!(back, batches, "{name}");
        // What was read is written again as the same bytes.
        assert_eq!(
            read(&written(&schema, &back), Kind::Pipe).unwrap().1,
            batches,
            "{name}"
        );
    }
}

#[test]
fn arrows_own_reader_agrees() {
    for (name, batch) in every_type() {
        let batches = slices(&batch);
        let bytes = written(&batch.schema(), &batches);
        let reader = arrow_ipc::reader::StreamReader::try_new(bytes.as_slice(), None).expect(&name);
        let back: Vec<RecordBatch> = reader.map(|batch| batch.expect(&name)).collect();
        assert_eq!(back, batches, "{name}");
    }
}

#[test]
fn whatever_options_a_foreign_writer_uses() {
    let version = MetadataVersion::V5;
    let mut forms = vec![IpcWriteOptions::try_new(8, false, version).unwrap()];
    for codec in [CompressionType::LZ4_FRAME, CompressionType::ZSTD] {
        forms.push(
            IpcWriteOptions::default()
                .try_with_compression(Some(codec))
                .unwrap(),
        );
    }
    for options in forms {
        for (name, batch) in every_type() {
            // Arrow's own writer is wrong about empty slices of runs.
            let batches: Vec<_> = slices(&batch)
                .into_iter()
                .filter(|batch| batch.num_rows() > 0)
                .collect();
            let bytes = foreign(&batch.schema(), &batches, options.clone());
            assert_eq!(read(&bytes, Kind::File).expect(&name).1, batches, "{name}");
        }
    }
}

#[test]
fn the_format_before_arrow_0_15_is_understood() {
    let (schema, batches) = three_batches();
    let options = IpcWriteOptions::try_new(8, true, MetadataVersion::V4).unwrap();
    let bytes = foreign(&schema, &batches, options);
    assert_ne!(&bytes[..4], &[0xff; 4]);
    assert_eq!(read(&bytes, Kind::Pipe).unwrap().1, batches);
    for cut in 0..bytes.len() {
        read(&bytes[..cut], Kind::Pipe).expect_err(&format!("cut at {cut}"));
    }
}

#[test]
fn dictionaries_are_replaced_and_extended() {
    let (schema, batches) = growing_dictionary();
    for handling in [DictionaryHandling::Resend, DictionaryHandling::Delta] {
        let options = IpcWriteOptions::default().with_dictionary_handling(handling);
        let bytes = foreign(&schema, &batches, options);
        let back = read(&bytes, Kind::Pipe).unwrap().1;
        assert_eq!(back, batches);
        assert_eq!(
            read(&written(&schema, &back), Kind::Pipe).unwrap().1,
            batches
        );
    }
}

#[test]
fn metadata_of_schema_and_fields_is_kept() {
    let (schema, batches) = three_batches();
    let notes = HashMap::from([
        ("b".to_owned(), "2".to_owned()),
        ("a".to_owned(), "1".to_owned()),
    ]);
    let fields: Vec<_> = schema
        .fields()
        .iter()
        .map(|f| f.as_ref().clone().with_metadata(notes.clone()))
        .collect();
    let noted = Arc::new(Schema::new_with_metadata(fields, notes));
    let bytes = written(&noted, &batches);
    assert_eq!(read(&bytes, Kind::Pipe).unwrap().0, noted);
    assert_eq!(bytes, written(&noted, &batches));
}

#[test]
fn rows_without_columns_are_counted() {
    let options = RecordBatchOptions::new().with_row_count(Some(7));
    let schema = Arc::new(Schema::empty());
    let batch = RecordBatch::try_new_with_options(schema.clone(), vec![], &options).unwrap();
    let (_, back) = read(&written(&schema, &[batch]), Kind::Pipe).unwrap();
    assert_eq!(back[0].num_rows(), 7);
}

#[test]
fn a_batch_of_another_schema_is_refused() {
    let (schema, _) = three_batches();
    let mut output = millrace_stream::Output::to(Memory::default());
    output.start(&schema).unwrap();
    assert!(output.write(&growing_dictionary().1[0]).is_err());
}
