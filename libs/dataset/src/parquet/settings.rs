//! Sizes, codec and budget of a writer.

use super::{Codec, Encoded, Encodings};
use crate::write::{SortKey, SortOrder};
use parquet::basic::Encoding;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use std::path::PathBuf;
use std::sync::Arc;

/// How a dataset's files are written.
#[derive(Clone, Debug)]
pub struct WriterSettings {
    /// Page compression.
    pub codec: Codec,
    /// Bytes of a file at which the next one begins.
    pub target_size: u64,
    /// Bytes of a row group in memory (Arrow), before encoding.
    pub row_group_size: u64,
    /// Threads that encode, the caller's included. The bytes do not depend on it.
    pub threads: usize,
    /// Bytes that rows and encoded pages in memory may take.
    pub memory: u64,
    /// Where rows that do not fit the budget go.
    pub temp_dir: PathBuf,
    /// Bytes of a page before compression.
    pub page_size: usize,
    /// Columns that get a bloom filter, by the name of the top-level column.
    pub bloom: Vec<String>,
    /// Key-value metadata of every file.
    pub metadata: Vec<(String, String)>,
    /// How the rows that come are sorted.
    pub sorting: SortOrder,
}

impl Default for WriterSettings {
    fn default() -> Self {
        WriterSettings {
            codec: Codec::default(),
            target_size: 128 << 20,
            row_group_size: 64 << 20,
            threads: 1,
            memory: 256_000_000,
            temp_dir: std::env::temp_dir(),
            page_size: 256 << 10,
            bloom: Vec::new(),
            metadata: Vec::new(),
            sorting: SortOrder::default(),
        }
    }
}

impl WriterSettings {
    /// The properties of one file whose columns are encoded as in `encodings`.
    pub fn properties(&self, encodings: &Encodings) -> Arc<WriterProperties> {
        let pair = |(key, value): &(String, String)| KeyValue::new(key.clone(), value.clone());
        let metadata: Vec<KeyValue> = self.metadata.iter().map(pair).collect();
        let mut builder = WriterProperties::builder()
            .set_compression(self.codec.into())
            .set_created_by(format!("millrace version {}", env!("CARGO_PKG_VERSION")))
            .set_key_value_metadata((!metadata.is_empty()).then_some(metadata))
            .set_sorting_columns(sorting_columns(&self.sorting, &leaves(encodings)))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_data_page_size_limit(self.page_size)
            // Row groups end where the writer says so, by bytes.
            .set_max_row_group_row_count(None);
        for column in &encodings.columns {
            let path = column.path.clone();
            let root = path.parts().first();
            // A reader skips pages by the column that rows are sorted by first.
            let leads = self.sorting.keys.first().map(|key| &key.column) == root && root.is_some();
            if column.page_statistics || leads {
                builder =
                    builder.set_column_statistics_enabled(path.clone(), EnabledStatistics::Page);
            }
            if root.is_some_and(|root| self.bloom.contains(root)) {
                builder = builder.set_column_bloom_filter_enabled(path.clone(), true);
            }
            let encoding = match column.encoded {
                Encoded::Dictionary => continue,
                Encoded::Plain => Encoding::PLAIN,
                Encoded::Delta => Encoding::DELTA_BINARY_PACKED,
                Encoded::DeltaLength => Encoding::DELTA_LENGTH_BYTE_ARRAY,
            };
            builder = builder
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, encoding);
        }
        Arc::new(builder.build())
    }
}

/// The top-level column of each leaf.
fn leaves(encodings: &Encodings) -> Vec<&str> {
    let paths = encodings.columns.iter().map(|column| column.path.parts());
    paths
        .map(|parts| parts.first().map_or("", String::as_str))
        .collect()
}

/// `order` as Parquet records it, by the positions of `leaves`; None where rows have no order.
pub fn sorting_columns(order: &SortOrder, leaves: &[&str]) -> Option<Vec<SortingColumn>> {
    let column = |key: &SortKey| {
        let at = leaves.iter().position(|leaf| *leaf == key.column)?;
        Some(SortingColumn {
            column_idx: i32::try_from(at).ok()?,
            descending: key.descending,
            nulls_first: key.nulls_first,
        })
    };
    let columns: Option<Vec<SortingColumn>> = order.keys.iter().map(column).collect();
    columns.filter(|columns| !columns.is_empty())
}
