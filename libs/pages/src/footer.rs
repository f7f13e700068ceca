//! A file's footer, and the columns that it tells of.

use crate::instants;
use arrow_schema::SchemaRef;
use parquet::arrow::ARROW_SCHEMA_META_KEY;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::Result;
use parquet::file::metadata::{FileMetaData, PageIndexPolicy};
use parquet::file::reader::ChunkReader;

/// The key with which Spark names its version.
const SPARK: &str = "org.apache.spark.version";

/// The footer, with the page indexes that `indexes` asks for. Timestamps of 96 bits are
/// microseconds there, those of Spark in UTC: it writes instants.
///
/// # Errors
/// A file that cannot be read, or is damaged.
pub fn footer<R: ChunkReader>(source: &R, indexes: PageIndexPolicy) -> Result<ArrowReaderMetadata> {
    let options = ArrowReaderOptions::new().with_page_index_policy(indexes);
    let footer = ArrowReaderMetadata::load(source, options.clone())?;
    match retyped(&footer) {
        None => Ok(footer),
        Some(schema) => {
            let options = options.with_schema(schema);
            ArrowReaderMetadata::try_new(footer.metadata().clone(), options)
        }
    }
}

/// The schema with other types than the parquet crate takes by itself, if there are any. An
/// Arrow schema in the file has the types that were meant.
fn retyped(footer: &ArrowReaderMetadata) -> Option<SchemaRef> {
    let file = footer.metadata().file_metadata();
    let descriptor = file.schema_descr();
    if !instants::any(descriptor) || has(file, ARROW_SCHEMA_META_KEY) {
        return None;
    }
    let zone = has(file, SPARK).then_some("UTC");
    Some(instants::in_microseconds(footer.schema(), descriptor, zone))
}

fn has(file: &FileMetaData, key: &str) -> bool {
    let pairs = file.key_value_metadata();
    pairs.is_some_and(|pairs| pairs.iter().any(|pair| pair.key == key))
}
