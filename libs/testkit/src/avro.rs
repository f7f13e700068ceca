//! Avro files written by hand: what a library's writer would not write, and where each
//! byte is known.

use crate::varint::varint;

/// Stands behind the header and each block.
pub const MARKER: &[u8; 16] = b"0123456789abcdef";

/// A number: zig-zag, seven bits a byte.
pub fn long(value: i64) -> Vec<u8> {
    varint(((value << 1) ^ (value >> 63)) as u64)
}

/// Bytes or text: its length, and itself.
pub fn text(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let bytes = bytes.as_ref();
    [&long(bytes.len() as i64), bytes].concat()
}

/// The header of a file: the schema as JSON, the codec by name.
pub fn header(schema: &str, codec: &str) -> Vec<u8> {
    let entries = [
        text("avro.schema"),
        text(schema),
        text("avro.codec"),
        text(codec),
    ]
    .concat();
    [b"Obj\x01", &long(2)[..], &entries, &long(0), MARKER].concat()
}

/// A block that says it holds `records`.
pub fn block(records: i64, content: &[u8]) -> Vec<u8> {
    [&long(records)[..], &text(content), MARKER].concat()
}

/// A whole file of one block, not compressed.
pub fn file(schema: &str, records: i64, content: &[u8]) -> Vec<u8> {
    [header(schema, "null"), block(records, content)].concat()
}

/// The schema of a record with these fields, each a name and a type in JSON.
pub fn record(fields: &[(&str, &str)]) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, kind)| format!(r#"{{"name":"{name}","type":{kind}}}"#))
        .collect();
    format!(
        r#"{{"type":"record","name":"row","fields":[{}]}}"#,
        fields.join(",")
    )
}
