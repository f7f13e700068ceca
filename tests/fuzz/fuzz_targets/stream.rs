//! Any bytes through the strict reader; what it accepts is written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use millrace_stream::{Kind, Output, Reader};
use std::io::Cursor;

fuzz_target!(|bytes: &[u8]| {
    // A decoder's panic is caught and is no finding here; one of ours would be.
    millrace_fault::record_panics();
    let Ok(mut reader) = Reader::new(Cursor::new(bytes.to_vec()), "fuzz", Kind::Pipe) else {
        return;
    };
    let mut output = Output::to(std::io::sink());
    if output.start(&reader.schema()).is_err() {
        return;
    }
    let result = loop {
        match reader.next() {
            Ok(Some(batch)) => {
                for column in batch.columns() {
                    column
                        .to_data()
                        .validate_full()
                        .expect("a batch that was accepted is valid");
                }
                output
                    .write(&batch)
                    .expect("a batch that was accepted can be written");
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error.into()),
        }
    };
    let _ = output.close("fuzz", result);
});
