//! Any bytes as an Avro file: no panic, and no more rows than the bytes pay for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use millrace_decode::avro::{Reader, Sizes};
use std::io::{Cursor, Read};
use std::ops::ControlFlow;

fuzz_target!(|bytes: &[u8]| {
    let mut source = Cursor::new(bytes.to_vec());
    let read = move |space: &mut [u8]| Ok(source.read(space).expect("bytes in memory"));
    let sizes = Sizes { batch_rows: 1000, batch_bytes: 1 << 16, block: 1 << 20 };
    let Ok(mut reader) = Reader::new("fuzz", Box::new(read), sizes) else {
        return;
    };
    let columns = reader.schema().fields().len();
    while let Ok(Some(parcel)) = reader.next() {
        let decoded = parcel.decode(|batch| {
            assert!(batch.num_rows() <= 1000);
            assert_eq!(batch.num_columns(), columns);
            ControlFlow::Continue(())
        });
        if decoded.is_err() {
            return;
        }
    }
});
