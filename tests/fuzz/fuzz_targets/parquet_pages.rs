//! Any bytes laid over the pages of a Parquet file that is otherwise in order: we never panic
//! past what catches it nor make room without bound, and what both the parquet crate and we
//! read is the same. (We refuse a damaged frame that says no length and asks for a window of
//! more than 128 MB, and intervals with months; the crate refuses a wrong length in a header.)
#![no_main]

use arrow_array::types::IntervalDayTime;
use arrow_array::{ArrayRef, Int64Array, IntervalDayTimeArray, RecordBatch, StringArray};
use arrow_schema::ArrowError;
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use millrace_dataset::evolution::{adapt_batch, adapt_batch_keyed};
use millrace_fault::guarded;
use millrace_pages::Rows;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use std::sync::{Arc, LazyLock, Once};

/// Files in either version of pages, packed and not, with dictionaries and with each of the
/// encodings of texts.
static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut files = Vec::new();
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        for codec in [Compression::ZSTD(ZstdLevel::default()), Compression::UNCOMPRESSED] {
            let texts = [Encoding::PLAIN, Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY];
            files.push(file(version, codec, None));
            files.extend(texts.map(|encoding| file(version, codec, Some(encoding))));
        }
    }
    files
});

static QUIET: Once = Once::new();

fuzz_target!(|bytes: &[u8]| {
    // The crate panics on some damage; both readers below catch that.
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| ())));
    let Some((shape, changes)) = bytes.split_first() else {
        return;
    };
    let mut content = FILES[usize::from(*shape) % FILES.len()].clone();
    let end = content.len() - 8;
    let footer = u32::from_le_bytes([0, 1, 2, 3].map(|at| content[end + at]));
    let pages = end - footer as usize - 4;
    for change in changes.chunks_exact(3) {
        let place = usize::from(u16::from_le_bytes([change[0], change[1]])) % pages;
        content[4 + place] ^= change[2];
    }
    let content = Bytes::from(content);
    // The crate is asked only what we have read: it aborts on what we refuse.
    let Some(found) = ours(&content, false) else {
        return;
    };
    if let Some(theirs) = theirs(&content) {
        assert_eq!(found, theirs);
    }
    if let Some(keyed) = ours(&content, true) {
        assert_eq!(found, keyed);
    }
});

fn file(version: WriterVersion, codec: Compression, coding: Option<Encoding>) -> Vec<u8> {
    let ids = Int64Array::from_iter((0..60).map(|n| (n % 7 != 0).then_some(n * n)));
    let texts = StringArray::from_iter((0..60).map(|n| (n % 4 != 0).then(|| format!("text {}", n % 9))));
    let words = StringArray::from_iter((0..60).map(|n| (n % 5 != 0).then_some(["a", "b"][n % 2])));
    // Whose months, if they are not zero, we refuse and the crate leaves out.
    let days = |n: i32| (n % 6 != 0).then_some(IntervalDayTime::new(n, 1000 * n));
    let intervals = IntervalDayTimeArray::from_iter((0..60).map(days));
    let columns: [(&str, ArrayRef); 4] = [
        ("id", Arc::new(ids)),
        ("text", Arc::new(texts)),
        ("word", Arc::new(words)),
        ("interval", Arc::new(intervals)),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let properties = WriterProperties::builder()
        .set_compression(codec)
        .set_writer_version(version)
        .set_dictionary_enabled(coding.is_none())
        .set_column_encoding("text".into(), coding.unwrap_or(Encoding::PLAIN))
        .set_data_page_row_count_limit(25)
        .set_write_batch_size(5)
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).expect("a writer");
    writer.write(&batch).expect("rows are written");
    writer.into_inner().expect("a file")
}

/// All rows by the parquet crate; None if it refuses them.
fn theirs(content: &Bytes) -> Option<Vec<RecordBatch>> {
    let read = || {
        let builder = ParquetRecordBatchReaderBuilder::try_new(content.clone()).ok();
        let reader = builder.and_then(|builder| builder.with_batch_size(16).build().ok());
        Ok(reader.and_then(|reader| reader.collect::<Result<Vec<_>, _>>().ok()))
    };
    guarded("fuzz", read).ok().flatten()
}

/// The same by us, where `keyed` with dictionaries that are undone.
fn ours(content: &Bytes, keyed: bool) -> Option<Vec<RecordBatch>> {
    let read = || {
        let footer = ArrowReaderMetadata::load(content, ArrowReaderOptions::new()).ok();
        let batches = footer.and_then(|footer| {
            let rows = Rows::new(content.clone(), &footer).batch_rows(16);
            let rows = if keyed { rows.with_dictionaries() } else { rows };
            let batches = rows.read().ok()?;
            let plain = |batch: Result<RecordBatch, ArrowError>| {
                let keyed = adapt_batch_keyed(&batch?, footer.schema())?;
                adapt_batch(&keyed, footer.schema())
            };
            batches.map(plain).collect::<Result<Vec<_>, _>>().ok()
        });
        Ok(batches)
    };
    guarded("fuzz", read).ok().flatten()
}
