//! Compressed inputs: by magic bytes, to their last byte, or not at all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod kit;

use kit::{Scratch, rows, schema};
use std::io::Write;

type Compress = fn(&[u8]) -> Vec<u8>;

const ALL: [(&str, Compress); 5] = [
    ("gzip", gzip),
    ("zstd", zstd),
    ("bzip2", bzip2),
    ("xz", xz),
    ("lz4", lz4),
];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn lines(from: u32, to: u32) -> String {
    (from..to).map(|n| format!("{{\"a\":{n}}}\n")).collect()
}

#[test]
fn every_compression_is_recognised_also_in_several_parts() {
    let scratch = Scratch::with("s.json", schema("a:integer"));
    let expected: Vec<String> = lines(0, 3000).lines().map(str::to_owned).collect();
    for (name, compress) in ALL {
        let parts = [
            compress(lines(0, 1000).as_bytes()),
            compress(b""),
            compress(lines(1000, 3000).as_bytes()),
        ]
        .concat();
        scratch.write("a.ndjson", &parts);
        assert!(
            scratch.rows("a.ndjson --schema s.json") == expected,
            "{name}"
        );
        assert!(
            scratch.rows(&format!("a.ndjson --schema s.json --compression {name}")) == expected,
            "{name}"
        );
        let piped = scratch
            .ingest_from(&parts, "--schema s.json --format ndjson")
            .code(0);
        assert!(rows(&piped) == expected, "{name}");
    }
}

#[test]
fn an_archive_that_is_cut_anywhere_is_refused() {
    let scratch = Scratch::with("s.json", schema("a:integer"));
    for (name, compress) in ALL {
        let whole = compress(lines(0, 200).as_bytes());
        let step = whole.len() / 23 + 1;
        let tail = whole.len().saturating_sub(12)..whole.len();
        for cut in (8..whole.len()).step_by(step).chain(tail) {
            scratch.write("a.ndjson", &whole[..cut]);
            let outcome = scratch.ingest("a.ndjson --schema s.json").code(3);
            let expected = "ingest: cannot decompress 'a.ndjson'";
            assert!(
                outcome.stderr.starts_with(expected),
                "{name} cut at {cut}: {}",
                outcome.stderr
            );
            assert!(outcome.stderr.lines().count() == 1, "{}", outcome.stderr);
            assert!(
                String::from_utf8_lossy(&outcome.stdout).contains(r#""exit":3"#),
                "poisoned"
            );
        }
        // A second part that is cut is no better.
        scratch.write("a.ndjson", [&whole[..], &whole[..whole.len() - 3]].concat());
        scratch.ingest("a.ndjson --schema s.json").code(3);
    }
}

#[test]
fn a_damaged_archive_is_refused() {
    let scratch = Scratch::with("s.json", schema("a:integer"));
    for (name, compress) in ALL
        .into_iter()
        .filter(|(name, _)| !matches!(*name, "zstd" | "lz4"))
    {
        let mut bytes = compress(lines(0, 2000).as_bytes());
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x55;
        scratch.write("a.ndjson", &bytes);
        let outcome = scratch.ingest("a.ndjson --schema s.json --rejects bad");
        assert_eq!(outcome.code, 3, "{name}: {}", outcome.stderr);
    }
    scratch.write(
        "a.ndjson",
        [gzip(b"{\"a\":1}\n"), b"junk".to_vec()].concat(),
    );
    scratch.ingest("a.ndjson --schema s.json").code(3);
}

#[test]
fn the_name_decides_nothing_but_that_an_empty_archive_is_cut() {
    let scratch = Scratch::with("s.json", schema("a:integer"));
    scratch.write("plain.ndjson.gz", "{\"a\":1}\n");
    assert_eq!(
        scratch.rows("plain.ndjson.gz --schema s.json"),
        [r#"{"a":1}"#]
    );
    scratch.write("empty.ndjson.gz", "");
    let empty = scratch.ingest("empty.ndjson.gz --schema s.json").code(3);
    assert_eq!(
        empty.stderr,
        "ingest: cannot decompress 'empty.ndjson.gz': it is empty\n"
    );
    scratch.write("a.ndjson", "{\"a\":1}\n");
    let wrong = scratch
        .ingest("a.ndjson --schema s.json --compression zstd")
        .code(3);
    assert!(
        wrong
            .stderr
            .starts_with("ingest: cannot decompress 'a.ndjson'"),
        "{}",
        wrong.stderr
    );
    scratch.write("raw.ndjson", gzip(b"{\"a\":1}\n"));
    scratch
        .ingest("raw.ndjson --schema s.json --compression none")
        .code(3);
}

/// Many archives of several kinds, plain files among them, each of more than a few blocks.
fn archives(scratch: &Scratch) -> String {
    let mut names = Vec::new();
    for n in 0..12u32 {
        let text = lines(n * 50_000, (n + 1) * 50_000);
        let (name, bytes) = match ALL.get(n as usize % 6) {
            Some((kind, compress)) => (format!("{n}.ndjson.{kind}"), compress(text.as_bytes())),
            None => (format!("{n}.ndjson"), text.into_bytes()),
        };
        scratch.write(&name, bytes);
        names.push(name);
    }
    names.join(" ")
}

#[test]
fn archives_decompressed_ahead_arrive_in_order_whatever_the_threads() {
    let scratch = Scratch::with("s.json", schema("a:integer"));
    let names = archives(&scratch);
    let run = |threads: u32| {
        let arguments = "--format ndjson --schema s.json --source-columns --metrics m";
        scratch
            .ingest(&format!("{names} {arguments} --threads {threads}"))
            .code(0)
    };
    let one = run(1);
    for threads in [2, 3, 16] {
        assert!(run(threads).stdout == one.stdout, "{threads} threads");
    }
    let rows = rows(&one);
    assert_eq!(rows.len(), 600_000);
    assert!(rows[599_999].starts_with(r#"{"a":599999,"_source_file":"11.ndjson","#));
    let counted: Vec<serde_json::Value> = scratch
        .read("m")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(
        counted
            .iter()
            .all(|line| line["bytes_in"] == counted[0]["bytes_in"])
    );
    assert!(counted[3]["peak_rss_bytes"].as_u64().unwrap() < 200 << 20);
}

#[test]
fn trouble_ahead_is_met_in_its_place() {
    let scratch = Scratch::with("s.json", schema("a:integer"));
    let names = archives(&scratch);
    let whole = std::fs::read(scratch.path("6.ndjson.gzip")).unwrap();
    scratch.write("6.ndjson.gzip", &whole[..whole.len() - 9]);
    // A worse one behind it is never met.
    scratch.write("7.ndjson.zstd", "junk");
    let arguments = format!("{names} --schema s.json --rejects bad --threads");
    let cut = |threads: u32| scratch.ingest(&format!("{arguments} {threads}")).code(3);
    let one = cut(1);
    assert_eq!(
        one.stderr,
        "ingest: cannot decompress '6.ndjson.gzip': it is cut short\n"
    );
    for threads in [2, 8] {
        let outcome = cut(threads);
        assert_eq!(outcome.stderr, one.stderr);
        assert!(outcome.stdout == one.stdout, "{threads} threads");
    }
    assert!(
        one.stdout.len() > 300_000 * 8,
        "what came before was emitted"
    );
    // A run that ends early does not wait for what was opened ahead.
    scratch.write("0.ndjson.gzip", gzip(b"{\"a\":\"x\"}\n"));
    let early = scratch
        .ingest(&format!("{names} --schema s.json --threads 4"))
        .code(3);
    assert!(
        early.stderr.starts_with("ingest: 0.ndjson.gzip:1:"),
        "{}",
        early.stderr
    );
}

#[test]
fn named_pipes_are_opened_when_their_turn_comes() {
    let scratch = Scratch::with("s.json", schema("a:integer"));
    scratch.write("0.gz", gzip(lines(0, 10).as_bytes()));
    scratch.write("1.gz", gzip(lines(10, 200_000).as_bytes()));
    scratch.write("2.gz", gzip(lines(200_000, 200_010).as_bytes()));
    // Its writer opens the second pipe when the first has been read.
    let script = "mkfifo p q; { cat 1.gz >p; cat 2.gz >q; } & \
        exec timeout 60 ingest 0.gz p q --format ndjson --schema s.json --threads 4";
    let outcome = millrace_testkit::run(&mut millrace_testkit::sh(&scratch.path(""), script));
    assert_eq!(rows(&outcome.code(0)).len(), 200_010);
}
