//! Which columns keep the dictionaries that they have in the file.

use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use parquet::basic::Encoding;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use std::sync::Arc;

/// Batches of a row group for each that has rows of the next one, too: that one is put
/// together value by value.
const UNMIXED: usize = 4;

/// `schema` with dictionaries for strings and bytes whose chunks in `groups` are made of one,
/// and gain by it, where batches of `batch_rows` rows are mostly of one row group.
pub(crate) fn kept(
    schema: &SchemaRef,
    footer: &ParquetMetaData,
    groups: &[usize],
    batch_rows: usize,
) -> SchemaRef {
    let groups: Vec<&RowGroupMetaData> = groups.iter().map(|i| footer.row_group(*i)).collect();
    let is_long = |group: &&RowGroupMetaData| {
        usize::try_from(group.num_rows()).is_ok_and(|rows| rows >= UNMIXED * batch_rows)
    };
    if groups.len() > 1 && !groups.iter().all(is_long) {
        return schema.clone();
    }
    let descriptor = footer.file_metadata().schema_descr();
    let mut fields: Vec<FieldRef> = schema.fields().iter().cloned().collect();
    for leaf in 0..descriptor.num_columns() {
        let Some(field) = fields.get_mut(descriptor.get_column_root_idx(leaf)) else {
            continue;
        };
        let gains = |group: &&RowGroupMetaData| gains(group.column(leaf));
        if may(field) && groups.iter().all(gains) {
            *field = Arc::new(with_dictionary(field));
        }
    }
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// Types of one leaf; what has an extension type is not one of its dictionary's.
fn may(field: &Field) -> bool {
    use DataType::{Binary, LargeBinary, LargeUtf8, Utf8};
    let is_bytes = matches!(field.data_type(), Utf8 | LargeUtf8 | Binary | LargeBinary);
    is_bytes && field.extension_type_name().is_none()
}

fn with_dictionary(field: &Field) -> Field {
    let key = Box::new(DataType::Int32);
    let data_type = DataType::Dictionary(key, Box::new(field.data_type().clone()));
    field.clone().with_data_type(data_type)
}

/// Whether all values are numbers of a dictionary that is less than half of the chunk: of
/// a larger one, most values stand in few rows.
fn gains(chunk: &ColumnChunkMetaData) -> bool {
    let pages = chunk.data_page_offset();
    let start = chunk.dictionary_page_offset();
    let dictionary = start.and_then(|start| pages.checked_sub(start));
    let is_small = |bytes: i64| bytes > 0 && bytes <= chunk.compressed_size() / 2;
    dictionary.is_some_and(is_small) && is_of_numbers(chunk)
}

/// Where nothing tells the encodings of the data pages, those of all pages: PLAIN among
/// them may be the dictionary's alone.
fn is_of_numbers(chunk: &ColumnChunkMetaData) -> bool {
    match chunk.page_encoding_stats_mask() {
        Some(mask) => {
            mask.is_only(Encoding::RLE_DICTIONARY) || mask.is_only(Encoding::PLAIN_DICTIONARY)
        }
        None => {
            let all = chunk.encodings_mask();
            all.is_set(Encoding::PLAIN_DICTIONARY) && !all.is_set(Encoding::PLAIN)
        }
    }
}
