//! Any bytes as an Arrow file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use millrace_stream::FileReader;
use std::io::Cursor;

fuzz_target!(|bytes: &[u8]| {
    millrace_fault::record_panics();
    let Ok(mut reader) = FileReader::new(Cursor::new(bytes.to_vec()), "fuzz") else {
        return;
    };
    let _ = reader.rows();
    while let Ok(Some(_)) = reader.next() {}
});
