//! The contract of the wire: whole streams pass unchanged, others do not, and why is
//! said down the pipe.

use crate::streams::*;
use arrow_array::types::{Int8Type, Int32Type};
use arrow_array::*;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use millrace_testkit::sh;
use serde_json::json;
use std::io::{Read, Write};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

fn positive() -> Place {
    Place::with_fields(json!([{ "name": "x", "type": "integer", "constraints": { "minimum": 0 } }]))
}

/// Columns of types that foreign producers like.
fn foreign() -> RecordBatch {
    let dictionary: DictionaryArray<Int8Type> = [Some("a"), None, Some("b")].into_iter().collect();
    let runs = RunArray::<Int32Type>::try_new(
        &Int32Array::from(vec![1, 3]),
        &Int64Array::from(vec![7, 8]),
    )
    .unwrap();
    let decimals = Decimal256Array::from_iter_values([1, 2, 3].map(arrow_buffer::i256::from_i128));
    let decimals = decimals.with_precision_and_scale(76, 0).unwrap();
    batch(&[
        ("x", int([Some(1), Some(2), None])),
        ("dictionary", Arc::new(dictionary)),
        ("runs", Arc::new(runs)),
        (
            "views",
            Arc::new(StringViewArray::from(vec![
                Some("a"),
                None,
                Some("longer than twelve bytes"),
            ])),
        ),
        (
            "lists",
            Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([
                Some(vec![Some(1)]),
                None,
                Some(vec![]),
            ])),
        ),
        ("decimals", Arc::new(decimals)),
        ("nothing", Arc::new(NullArray::new(3))),
    ])
}

#[test]
fn whole_streams_pass_unchanged() {
    let place = positive();
    let options = |compression| {
        IpcWriteOptions::default()
            .try_with_compression(compression)
            .unwrap()
    };
    for compression in [
        None,
        Some(CompressionType::LZ4_FRAME),
        Some(CompressionType::ZSTD),
    ] {
        let mut writer = StreamWriter::try_new_with_options(
            Vec::new(),
            foreign().schema_ref(),
            options(compression),
        )
        .unwrap();
        for part in [
            foreign(),
            foreign().slice(1, 2),
            RecordBatch::new_empty(foreign().schema()),
        ] {
            writer.write(&part).unwrap();
        }
        let input = writer.into_inner().unwrap();
        for args in [&[][..], &["--schema", "s.json"], &["--rule", "x > 0"]] {
            let outcome = place.run(args, &input).code(0);
            assert_eq!(read(&outcome.stdout), read(&input));
        }
    }
}

#[test]
fn bad_rows_leave_foreign_columns_intact() {
    let place = Place::new();
    let outcome = place
        .run(
            &["--rule", "x <> 2", "--rejects", "bad.ndjson"],
            &stream(&[foreign()]),
        )
        .code(0);
    let expected = arrow_select::filter::filter_record_batch(
        &foreign(),
        &BooleanArray::from(vec![true, false, true]),
    )
    .unwrap();
    let found = &read(&outcome.stdout)[0];
    assert_eq!(found.schema(), expected.schema());
    for (found, expected) in found.columns().iter().zip(expected.columns()) {
        assert_eq!(found.to_data(), expected.to_data());
    }
    assert_eq!(
        place.rejects()[0]["record"],
        json!({ "x": 2, "dictionary": null, "runs": 8, "views": null, "lists": null, "decimals": 2, "nothing": null })
    );
}

#[test]
fn what_is_no_whole_stream_is_refused() {
    let place = positive();
    let input = stream(&[foreign()]);
    let text = b"id,name\n1,a\n".to_vec();
    let mut garbled = input.clone();
    garbled[40] ^= 0xFF;
    for (input, codes) in [
        (input[..input.len() - 8].to_vec(), vec![4]),
        (Vec::new(), vec![4]),
        ([input.clone(), input.clone()].concat(), vec![3]),
        (text, vec![3]),
        (garbled, vec![3, 4]),
    ] {
        let outcome = place.run(&["--rejects", "bad.ndjson"], &input);
        assert!(
            codes.contains(&outcome.code),
            "{}: {}",
            outcome.code,
            outcome.stderr
        );
        assert!(!is_complete(&outcome.stdout));
        assert_eq!(poison(&outcome.stdout).0, i64::from(outcome.code));
    }
    place.write("cut.arrows", &input[..input.len() - 8]);
    sh(place.0.path(), "validate < cut.arrows > out")
        .status()
        .map(|status| assert_eq!(status.code(), Some(3)))
        .unwrap();
}

#[test]
fn a_poisoned_stream_hands_on_its_first_cause_and_leaves_failed_rejects() {
    let place = positive();
    place.write(
        "in.arrows",
        stream(&[batch(&[("x", int([1, -1]))]), batch(&[("x", int([-5, 2]))])]),
    );
    let script = "validate --schema s.json --rejects bad.ndjson --max-rejects 1 < in.arrows |\
        validate --rule 'x < 1' --rejects worse.ndjson --report worse.json --metrics m.json > out";
    let outcome: millrace_testkit::Outcome = sh(place.0.path(), script).output().unwrap().into();
    let outcome = outcome.code(1);
    let cause = "2 of 3 rows rejected (66.67%), --max-rejects allows 1";
    assert!(
        outcome
            .stderr
            .contains(&format!("validate: upstream validate failed (1): {cause}")),
        "{}",
        outcome.stderr
    );
    let (exit, tool, error) = poison(&std::fs::read(place.path("out")).unwrap());
    assert_eq!(
        (exit, tool.as_str(), error.as_str()),
        (1, "validate", cause)
    );
    // The first tool's rejects are complete, the second's are left as failed.
    assert_eq!(place.rejects().len(), 2);
    assert_eq!(place.text("worse.ndjson.failed").lines().count(), 1);
    assert_eq!(place.json("worse.json.failed")["complete"], json!(false));
    assert!(!place.path("worse.ndjson").exists() && !place.path("worse.json").exists());
    assert_eq!(place.json("m.json")["exit"], json!(1));
}

#[test]
fn a_producer_that_is_killed_leaves_nothing_that_looks_whole() {
    let place = positive();
    let input = stream(&vec![batch(&[("x", int([1, -1]))]); 10]);
    // A producer that sends all but the end, waits, and is killed.
    let mut producer = std::process::Command::new("sh")
        .args(["-c", "cat; exec sleep 600"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut command = place.command(&["--schema", "s.json", "--rejects", "bad.ndjson"]);
    command
        .stdin(producer.stdout.take().unwrap())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut validate = command.spawn().unwrap();
    producer
        .stdin
        .take()
        .unwrap()
        .write_all(&input[..input.len() - 8])
        .unwrap();
    let mut out = validate.stdout.take().unwrap();
    let mut first = [0; 64];
    out.read_exact(&mut first).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    producer.kill().unwrap();
    producer.wait().unwrap();
    let mut rest = Vec::new();
    out.read_to_end(&mut rest).unwrap();
    let outcome: millrace_testkit::Outcome = validate.wait_with_output().unwrap().into();
    let outcome = outcome.code(4);
    assert!(
        outcome.stderr.contains("its producer died"),
        "{}",
        outcome.stderr
    );
    assert!(!is_complete(&rest));
    assert_eq!(poison(&rest).0, 4);
    assert_eq!(place.names(), ["bad.ndjson.failed", "s.json"]);
    assert_eq!(place.text("bad.ndjson.failed").lines().count(), 10);
}

#[test]
fn killed_itself_it_leaves_neither_rejects_nor_an_end() {
    let place = positive();
    let mut command = place.command(&[
        "--schema",
        "s.json",
        "--rejects",
        "bad.ndjson",
        "--report",
        "r.json",
    ]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut validate = command.spawn().unwrap();
    let input = stream(&[batch(&[("x", int([1, -1]))])]);
    let mut stdin = validate.stdin.take().unwrap();
    stdin.write_all(&input[..input.len() - 8]).unwrap();
    let mut first = [0; 64];
    let mut out = validate.stdout.take().unwrap();
    out.read_exact(&mut first).unwrap();
    validate.kill().unwrap();
    validate.wait().unwrap();
    let mut rest = Vec::new();
    out.read_to_end(&mut rest).unwrap();
    assert!(!is_complete(&rest));
    assert!(!place.path("bad.ndjson").exists() && !place.path("r.json").exists());
    // The next run needs no help, and takes away what was left.
    place
        .run(
            &[
                "--schema",
                "s.json",
                "--rejects",
                "bad.ndjson",
                "--report",
                "r.json",
            ],
            &input,
        )
        .code(0);
    assert_eq!(place.names(), ["bad.ndjson", "r.json", "s.json"]);
}

#[test]
fn a_full_disk_and_a_reader_that_left() {
    let place = positive();
    place.write(
        "in.arrows",
        stream(&vec![batch(&[("x", int(0..10_000))]); 50]),
    );
    let full: millrace_testkit::Outcome = sh(place.0.path(), "validate < in.arrows > /dev/full")
        .output()
        .unwrap()
        .into();
    let full = full.code(4);
    assert_eq!(
        full.stderr,
        "validate: cannot write standard output: no space left on device\n"
    );
    let script = "{ validate < in.arrows; echo $? > code; } | head -c 1000 > /dev/null";
    let left: millrace_testkit::Outcome = sh(place.0.path(), script).output().unwrap().into();
    assert_eq!(left.code(0).stderr, "");
    assert_eq!(place.text("code"), "141\n");
}

#[test]
fn the_same_bytes_every_time() {
    let place = positive();
    let input = stream(&vec![batch(&[("x", int(-500..500))]); 3]);
    let args = [
        "--schema",
        "s.json",
        "--rejects",
        "bad.ndjson",
        "--report",
        "r.json",
    ];
    let run = || {
        (
            place.run(&args, &input).code(0).stdout,
            place.text("bad.ndjson"),
            place.text("r.json"),
        )
    };
    assert!(run() == run());
}
