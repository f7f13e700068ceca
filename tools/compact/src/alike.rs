//! Whether column chunks of one file may stand in another as they are.

use parquet::basic::Type as Physical;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::schema::types::{ColumnDescPtr, Type, TypePtr};

/// Whether values and levels of both schemas' columns are stored the same way. What they
/// mean is not compared here: writers note it in more than one form, as DuckDB does with
/// converted types, and Arrow's types tell.
pub(crate) fn alike(ours: &[TypePtr], theirs: &[TypePtr]) -> bool {
    ours.len() == theirs.len()
        && ours
            .iter()
            .zip(theirs)
            .all(|(ours, theirs)| pair(ours, theirs))
}

fn pair(ours: &Type, theirs: &Type) -> bool {
    let (info, other) = (ours.get_basic_info(), theirs.get_basic_info());
    let stored = match (ours, theirs) {
        (
            Type::PrimitiveType {
                physical_type,
                type_length,
                ..
            },
            Type::PrimitiveType {
                physical_type: physical,
                type_length: length,
                ..
            },
        ) => {
            let is_fixed = *physical == Physical::FIXED_LEN_BYTE_ARRAY;
            physical_type == physical && (!is_fixed || type_length == length)
        }
        (Type::GroupType { fields, .. }, Type::GroupType { fields: others, .. }) => {
            alike(fields, others)
        }
        _ => false,
    };
    stored && info.name() == other.name() && info.repetition() == other.repetition()
}

/// What a footer says of `chunk`, for the column `descriptor` of another file, which is alike.
///
/// # Errors
/// Never, of a footer that was read.
pub(crate) fn under(
    chunk: &ColumnChunkMetaData,
    descriptor: ColumnDescPtr,
) -> Result<ColumnChunkMetaData, ParquetError> {
    let mut new = ColumnChunkMetaData::builder(descriptor)
        .set_compression_codec(chunk.compression_codec())
        .set_encodings_mask(*chunk.encodings_mask())
        .set_total_compressed_size(chunk.compressed_size())
        .set_total_uncompressed_size(chunk.uncompressed_size())
        .set_num_values(chunk.num_values())
        .set_data_page_offset(chunk.data_page_offset())
        .set_dictionary_page_offset(chunk.dictionary_page_offset())
        .set_unencoded_byte_array_data_bytes(chunk.unencoded_byte_array_data_bytes())
        .set_repetition_level_histogram(chunk.repetition_level_histogram().cloned())
        .set_definition_level_histogram(chunk.definition_level_histogram().cloned());
    if let Some(statistics) = chunk.statistics() {
        new = new.set_statistics(statistics.clone());
    }
    if let Some(pages) = chunk.page_encoding_stats() {
        new = new.set_page_encoding_stats(pages.clone());
    }
    new.build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::schema::parser::parse_message_type;

    fn fields(columns: &str) -> Vec<TypePtr> {
        let schema = parse_message_type(&format!("message rows {{ {columns} }}")).unwrap();
        schema.get_fields().to_vec()
    }

    #[test]
    fn what_is_stored_alike() {
        let list = "optional group l (LIST) { repeated group list { optional int32 element; } }";
        for (ours, theirs, expected) in [
            ("optional int64 n;", "optional int64 n (INT_64);", true),
            (
                "optional binary t (UTF8);",
                "optional binary t (STRING);",
                true,
            ),
            ("optional int64 n;", "required int64 n;", false),
            ("optional int64 n;", "optional int32 n;", false),
            ("optional int64 n;", "optional int64 m;", false),
            (
                "optional int64 n;",
                "optional int64 n; optional int64 m;",
                false,
            ),
            (
                "optional fixed_len_byte_array(16) u (UUID);",
                "optional fixed_len_byte_array(16) u;",
                true,
            ),
            (
                "optional fixed_len_byte_array(16) u;",
                "optional fixed_len_byte_array(12) u;",
                false,
            ),
            (list, &list.replace("int32", "int64"), false),
            (list, &list.replace("element", "item"), false),
            (list, list, true),
            (list, "optional int32 l;", false),
        ] {
            assert_eq!(
                alike(&fields(ours), &fields(theirs)),
                expected,
                "{ours} {theirs}"
            );
            assert_eq!(
                alike(&fields(theirs), &fields(ours)),
                expected,
                "{theirs} {ours}"
            );
        }
    }
}
