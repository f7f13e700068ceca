//! Parquet pages that say they hold more than they do: one line and exit 3 by every reader,
//! where making room for what they say would end the process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use millrace_testkit::{run, sh, tempdir};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::WriterProperties;
use std::sync::Arc;

/// A file of 100 texts, whose page says that it has 2^35 - 1 lengths.
fn claiming(encoding: Encoding) -> Vec<u8> {
    let texts = StringArray::from_iter_values((0..100).map(|n| format!("text {n}")));
    let columns: [(&str, ArrayRef); 1] = [("text", Arc::new(texts))];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_encoding(encoding)
        .set_compression(Compression::UNCOMPRESSED);
    let writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build()));
    let mut writer = writer.unwrap();
    writer.write(&batch).unwrap();
    let mut bytes = writer.into_inner().unwrap();
    // Blocks of 128 numbers in 4 parts, 100 numbers.
    let header = [0x80, 1, 4, 100];
    let at = bytes.windows(4).position(|window| window == header);
    let count = at.unwrap() + 3;
    bytes[count..count + 5].copy_from_slice(&[0xff, 0xff, 0xff, 0xff, 0x7f]);
    bytes
}

#[test]
fn every_reader_refuses_them() {
    for encoding in [
        Encoding::DELTA_BYTE_ARRAY,
        Encoding::DELTA_LENGTH_BYTE_ARRAY,
    ] {
        let dir = tempdir().unwrap();
        let folder = dir.path().join("out/p=1");
        std::fs::create_dir_all(&folder).unwrap();
        for name in ["a.parquet", "b.parquet"] {
            std::fs::write(folder.join(name), claiming(encoding)).unwrap();
        }
        let rows = r#"{"fields":[{"name":"text","type":"string"}],
            "foreignKeys":[{"fields":"text","reference":{"resource":"texts","fields":"text"}}]}"#;
        std::fs::write(dir.path().join("schema.json"), rows).unwrap();
        for command in [
            "ingest out/p=1/a.parquet --threads 1",
            "ingest out/p=1/a.parquet --threads 2",
            "show out/p=1/a.parquet",
            "prune out",
            "prune out --where \"text = 'text 7'\"",
            "compact out --all",
            "echo '{\"text\":\"text 7\"}' | ingest --format ndjson | \
             validate --schema schema.json --reference texts=out/p=1/a.parquet",
        ] {
            let outcome = run(&mut sh(dir.path(), command));
            let said = &outcome.stderr;
            assert_eq!(outcome.code, 3, "{encoding}: {command}: {said}");
            let expected =
                "/p=1/a.parquet': a page is damaged: 34359738367 lengths of 100 values\n";
            assert!(said.ends_with(expected), "{encoding}: {command}: {said}");
            assert_eq!(said.lines().count(), 1, "{encoding}: {command}: {said}");
        }
    }
}
