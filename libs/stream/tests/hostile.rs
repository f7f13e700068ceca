//! Bytes from outside may be anything: every one of them changed, lengths that lie,
//! files that are no stream. One error, no panic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub
)]

mod samples;

use arrow_ipc::CompressionType;
use arrow_ipc::writer::IpcWriteOptions;
use millrace_fault::{Coded, Exit, record_panics};
use millrace_stream::{Error, Kind};
use proptest::prelude::*;
use samples::*;
use std::sync::LazyLock;

#[test]
fn files_that_are_no_stream_are_named_by_their_start() {
    let starts: [(&[u8], &str); 5] = [
        (b"{\"order_id\": 17, \"x\": 1}\n", "'{\"order_id\": 17,…'"),
        (b"PAR1\x15\x04\x15", "50 41 52 31 15 04 15"),
        (b"\x1f\x8b\x08\x00", "1f 8b 08 00"),
        (
            b"ARROW1\0\0\xff\xff\xff\xff",
            "41 52 52 4f 57 31 00 00 ff ff ff ff",
        ),
        (b"id,name\n", "'id,name\\n'"),
    ];
    for (bytes, shown) in starts {
        let error = read(bytes, Kind::File).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("'x.arrows' is not an Arrow stream: it starts with {shown}")
        );
        assert_eq!(error.exit(), Exit::DATA);
        assert!(error.hint().is_some());
    }
}

#[test]
fn damage_is_located() {
    let (schema, batches) = three_batches();
    let mut bytes = written(&schema, &batches);
    let second = written(&schema, &batches[..1]).len() - 8;
    bytes[second..second + 4].fill(7);
    let error = read(&bytes, Kind::File).unwrap_err();
    assert!(
        matches!(error, Error::Corrupt { message: 3, .. }),
        "{error}"
    );
    assert_eq!(error.exit(), Exit::DATA);
}

/// The check of texts is ours: arrow sees bytes.
#[test]
fn texts_that_are_not_utf8_are_refused_by_column_and_row() {
    let (schema, batches) = three_batches();
    let mut bytes = written(&schema, &batches);
    let text = b"customer 4";
    let at = bytes.windows(text.len()).position(|window| window == text);
    bytes[at.unwrap() + 3] = 0xff;
    let error = read(&bytes, Kind::File).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("column 'name': value 1 is not UTF-8"),
        "{error}"
    );
    assert_eq!(error.exit(), Exit::DATA);
}

#[test]
fn a_negative_or_huge_length_is_refused() {
    let (schema, batches) = three_batches();
    let bytes = written(&schema, &batches);
    let second = written(&schema, &batches[..1]).len() - 8 + 4;
    for (length, exit) in [
        (-300, Exit::DATA),
        (i32::MIN, Exit::DATA),
        (i32::MAX, Exit::ENVIRONMENT),
    ] {
        let mut bytes = bytes.clone();
        bytes[second..second + 4].copy_from_slice(&i32::to_le_bytes(length));
        assert_eq!(
            read(&bytes, Kind::Pipe).unwrap_err().exit(),
            exit,
            "{length}"
        );
    }
}

#[test]
fn a_batch_before_the_schema_is_refused() {
    let (schema, batches) = three_batches();
    let bytes = written(&schema, &batches);
    let start = written(&schema, &[]).len() - 8;
    let error = read(&bytes[start..], Kind::Pipe).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("it is RecordBatch, expected the schema"),
        "{error}"
    );
    let twice = [&bytes[..start], &bytes].concat();
    let error = read(&twice, Kind::Pipe).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("it is Schema, expected a record batch"),
        "{error}"
    );
    let nothing = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    assert_eq!(read(&nothing, Kind::Pipe).unwrap_err().exit(), Exit::DATA);
}

/// The streams whose bytes are changed below.
static STREAMS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let (schema, batches) = three_batches();
    let (grown_schema, grown) = growing_dictionary();
    let every = every_type().pop().unwrap().1;
    let some = [every.clone(), every.slice(1, 3)];
    let mut streams = vec![
        written(&schema, &batches),
        written(&grown_schema, &grown),
        written(&every.schema(), &some),
    ];
    for codec in [CompressionType::LZ4_FRAME, CompressionType::ZSTD] {
        let options = IpcWriteOptions::default()
            .try_with_compression(Some(codec))
            .unwrap();
        streams.push(foreign(&every.schema(), &some, options));
    }
    streams
});

fn survives(bytes: &[u8]) {
    record_panics();
    if let Ok((schema, batches)) = read(bytes, Kind::Pipe) {
        // What was accepted can be looked at and written.
        for batch in &batches {
            assert_eq!(batch.columns().len(), schema.fields().len());
            for column in batch.columns() {
                column.to_data().validate_full().unwrap();
            }
        }
        written(&schema, &batches);
    }
}

#[test]
fn every_single_byte_may_be_wrong() {
    for bytes in STREAMS.iter().take(2) {
        for place in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[place] = value;
                survives(&bytes);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn several_bytes_may_be_wrong(
        stream in 0..5usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = STREAMS[stream].clone();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        survives(&bytes);
    }

    #[test]
    fn parts_may_be_missing_or_doubled(stream in 0..5usize, a: prop::sample::Index, b: prop::sample::Index) {
        let bytes = &STREAMS[stream];
        let (a, b) = (a.index(bytes.len()), b.index(bytes.len()));
        survives(&[&bytes[..a], &bytes[b..]].concat());
    }

    #[test]
    fn words_may_be_extreme(stream in 0..5usize, place: prop::sample::Index, word in prop::sample::select(vec![
        i64::MIN, i64::MAX, -1, 1 << 40, -(1 << 40), 1 << 31, 0,
    ])) {
        let mut bytes = STREAMS[stream].clone();
        let place = place.index(bytes.len() / 8 - 1) * 8;
        bytes[place..place + 8].copy_from_slice(&word.to_le_bytes());
        survives(&bytes);
    }
}
