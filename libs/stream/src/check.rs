//! What a batch's metadata may claim about its body, checked before anything relies on it.

use arrow_buffer::Buffer;
use arrow_ipc::{CompressionType, RecordBatch};

/// What the compressed buffers of a message may expand to without having earned it
/// by their own size.
const BOUND: u64 = 256 << 20;

/// How much a compressed byte may become beyond that bound.
const EXPANSION: u64 = 1024;

/// Checks lengths, counts and places: none negative, all within a body of that length.
pub(crate) fn layout(batch: RecordBatch<'_>, body: usize) -> Result<(), String> {
    if batch.length() < 0 {
        return Err(format!("it claims {} rows", batch.length()));
    }
    for node in batch.nodes().into_iter().flatten() {
        if node.length() < 0 || node.null_count() < 0 || node.null_count() > node.length() {
            return Err(format!(
                "a column claims {} values, {} null",
                node.length(),
                node.null_count()
            ));
        }
    }
    for buffer in batch.buffers().into_iter().flatten() {
        place(buffer.offset(), buffer.length(), body)?;
    }
    Ok(())
}

fn place(offset: i64, length: i64, body: usize) -> Result<(), String> {
    let end = offset
        .checked_add(length)
        .and_then(|end| usize::try_from(end).ok());
    match end {
        Some(end) if offset >= 0 && length >= 0 && end <= body => Ok(()),
        _ => Err(format!(
            "a buffer of {length} bytes at {offset} lies outside its body of {body}"
        )),
    }
}

/// Checks that compressed buffers, if any, do not claim to be absurdly large. Their
/// layout must have been checked.
pub(crate) fn expansion(batch: RecordBatch<'_>, body: &Buffer) -> Result<(), String> {
    let Some(compression) = batch.compression() else {
        return Ok(());
    };
    let codec = compression.codec();
    if codec != CompressionType::LZ4_FRAME && codec != CompressionType::ZSTD {
        return Err(format!(
            "it is compressed by an unknown method ({})",
            codec.0
        ));
    }
    let mut total: u64 = 0;
    for buffer in batch.buffers().into_iter().flatten() {
        let bytes = &body[buffer.offset() as usize..][..buffer.length() as usize];
        total = total.saturating_add(claimed(bytes)?);
    }
    let most = (body.len() as u64).saturating_mul(EXPANSION).max(BOUND);
    if total > most {
        return Err(format!(
            "{} compressed bytes claim to be {total}",
            body.len()
        ));
    }
    Ok(())
}

/// The uncompressed length in front of a compressed buffer; -1 says it is not compressed.
fn claimed(bytes: &[u8]) -> Result<u64, String> {
    let Some(prefix) = bytes.first_chunk::<8>() else {
        return if bytes.is_empty() {
            Ok(0)
        } else {
            Err("a compressed buffer lacks its length".into())
        };
    };
    match i64::from_le_bytes(*prefix) {
        -1 => Ok(0),
        length => {
            u64::try_from(length).map_err(|_| format!("a compressed buffer claims {length} bytes"))
        }
    }
}
