//! Any bytes as an ORC file: no panic, and batches of the size asked for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use millrace_decode::orc::{Reader, Sizes, Source};

fuzz_target!(|bytes: &[u8]| {
    let (content, length) = (bytes.to_vec(), bytes.len() as u64);
    let source = Source::new(length, move |offset, count| {
        let part = &content[offset as usize..][..count];
        Ok(part.to_vec().into())
    });
    let sizes = Sizes { batch_rows: 1000, batch_bytes: 1 << 16 };
    let Ok(mut reader) = Reader::new("fuzz", source, sizes) else {
        return;
    };
    let columns = reader.schema().fields().len();
    while let Ok(Some(batch)) = reader.next() {
        assert!(batch.num_rows() <= 1000);
        assert_eq!(batch.num_columns(), columns);
    }
});
