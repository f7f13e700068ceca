//! A length that lies allocates no more than has arrived plus a bound. Alone in its
//! process: it looks at the process's peak.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub
)]

mod samples;

use arrow_ipc::writer::IpcWriteOptions;
use arrow_ipc::{CompressionType, root_as_message};
use millrace_stream::{Error, Kind};
use samples::*;

/// The most address space that this process ever had, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmPeak:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        >> 10
}

/// The eight bytes of a message's metadata that hold its body's length, set to `length`.
fn with_body_length(bytes: &[u8], message: usize, length: i64) -> Vec<u8> {
    let size = u32::from_le_bytes(bytes[message + 4..message + 8].try_into().unwrap()) as usize;
    let metadata = message + 8..message + 8 + size;
    let body = root_as_message(&bytes[metadata.clone()])
        .unwrap()
        .bodyLength();
    for place in metadata
        .step_by(4)
        .take_while(|place| place + 8 <= bytes.len())
    {
        let mut changed = bytes.to_vec();
        changed[place..place + 8].copy_from_slice(&length.to_le_bytes());
        let read =
            root_as_message(&changed[message + 8..message + 8 + size]).map(|m| m.bodyLength());
        if bytes[place..place + 8] == body.to_le_bytes() && read.is_ok_and(|read| read == length) {
            return changed;
        }
    }
    panic!("no body length found");
}

#[test]
fn lengths_that_lie_allocate_nothing_to_speak_of() {
    let (schema, batches) = three_batches();
    let bytes = written(&schema, &batches);
    let first = written(&schema, &[]).len() - 8;
    let before = peak();
    for length in [1 << 30, 1 << 40, i64::MAX - 7] {
        let error = read(&with_body_length(&bytes, first, length), Kind::Pipe).unwrap_err();
        assert!(matches!(error, Error::Cut { .. }), "{error}");
    }
    let mut metadata = bytes.clone();
    metadata[first + 4..first + 8].copy_from_slice(&i32::MAX.to_le_bytes());
    assert!(matches!(
        read(&metadata, Kind::Pipe),
        Err(Error::Cut { .. })
    ));
    let grown = peak() - before;
    assert!(grown < 128, "{grown} MiB");

    compressed_lies();
}

/// The first compressed buffer claims to become 2⁴⁰ bytes.
fn compressed_lies() {
    let before = peak();
    for codec in [CompressionType::LZ4_FRAME, CompressionType::ZSTD] {
        let numbers = arrow_array::Int64Array::from_iter_values((0..5000).map(|n| n % 7));
        let batch = arrow_array::RecordBatch::try_from_iter([(
            "n",
            std::sync::Arc::new(numbers) as arrow_array::ArrayRef,
        )]);
        let batch = batch.unwrap();
        let options = IpcWriteOptions::default()
            .try_with_compression(Some(codec))
            .unwrap();
        let mut bytes = foreign(&batch.schema(), &[batch], options);
        let claim = 40_000u64.to_le_bytes();
        let place = bytes
            .windows(8)
            .rposition(|window| window == claim)
            .unwrap();
        bytes[place..place + 8].copy_from_slice(&(1u64 << 40).to_le_bytes());
        let error = read(&bytes, Kind::Pipe).unwrap_err();
        assert!(
            error.to_string().contains("claim to be 1099511627776"),
            "{error}"
        );
    }
    let grown = peak() - before;
    assert!(grown < 128, "{grown} MiB");
}
