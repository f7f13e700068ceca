//! What a pipe between two of our processes carries: `cargo bench -p millrace-stream`.
//! With a command as arguments (`cargo bench -p millrace-stream -- seal -- cat`) that
//! command stands between the two.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs
)]

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use millrace_stream::{Output, Reader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

/// Rows a batch, as our tools make them; about 1.2 MB here.
const ROWS: i64 = 8192;
const BATCHES: usize = 5000;
const ROLE: &str = "PIPE_BENCH_ROLE";

fn main() {
    match std::env::var(ROLE).as_deref() {
        Ok("produce") => produce(),
        Ok(_) => consume(),
        Err(_) => {
            let between: Vec<String> = std::env::args()
                .skip(1)
                .filter(|argument| argument != "--bench")
                .collect();
            (0..3).for_each(|_| measure(&between));
        }
    }
}

fn batch() -> RecordBatch {
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for n in 0..6 {
        columns.push((
            format!("i{n}"),
            Arc::new(Int64Array::from_iter_values(n..n + ROWS)),
        ));
        columns.push((
            format!("f{n}"),
            Arc::new(Float64Array::from_iter_values((0..ROWS).map(|r| r as f64))),
        ));
    }
    let names = StringArray::from_iter_values(
        (0..ROWS).map(|row| format!("a customer with the number {row:06} in its name")),
    );
    columns.push(("name".into(), Arc::new(names)));
    RecordBatch::try_from_iter(columns).unwrap()
}

fn produce() {
    let batch = batch();
    let mut output = Output::stdout().unwrap();
    output.start(&batch.schema()).unwrap();
    for _ in 0..BATCHES {
        output.write(&batch).unwrap();
    }
    output.close("bench", Ok(())).unwrap();
}

fn consume() {
    let mut reader = Reader::stdin().unwrap();
    assert_eq!(reader.drain().unwrap(), BATCHES as u64 * ROWS as u64);
    println!("{}", reader.bytes_read());
}

fn measure(between: &[String]) {
    let started = Instant::now();
    let role = |role: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env(ROLE, role);
        command
    };
    let mut children = vec![role("produce").stdout(Stdio::piped()).spawn().unwrap()];
    if let [program, arguments @ ..] = between {
        let input = children[0].stdout.take().unwrap();
        children.push(
            Command::new(program)
                .args(arguments)
                .stdin(input)
                .stdout(Stdio::piped())
                .spawn()
                .unwrap(),
        );
    }
    let input = children.last_mut().unwrap().stdout.take().unwrap();
    let sink = role("consume")
        .stdin(input)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap();
    children
        .iter_mut()
        .for_each(|child| assert!(child.wait().unwrap().success()));
    let bytes: f64 = String::from_utf8(sink.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{:.2} GB in {seconds:.2} s: {:.2} GB/s",
        bytes / 1e9,
        bytes / 1e9 / seconds
    );
}
