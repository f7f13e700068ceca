//! Where a row came from: its number in the stream, and its file and line if the stream
//! tells (`ingest --source-columns`).

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Schema};
use millrace_rejects::Source;

const FILE: &str = "_source_file";
const LINE: &str = "_source_line";

/// Whether the column says where a row came from.
pub(crate) fn is_source_column(name: &str) -> bool {
    name == FILE || name == LINE
}

/// The columns that are the row's own.
pub(crate) fn own_columns(schema: &Schema) -> Vec<usize> {
    let own = schema
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, column)| !is_source_column(column.name()));
    own.map(|(at, _)| at).collect()
}

/// The source columns of a batch.
pub(crate) struct Sources {
    /// The number of the batch's first row in the stream, from 1.
    first_row: u64,
    files: Option<ArrayRef>,
    lines: Option<ArrayRef>,
}

impl Sources {
    pub(crate) fn of(batch: &RecordBatch, first_row: u64) -> Sources {
        let column = |name, wanted: DataType| {
            batch
                .column_by_name(name)
                .and_then(|array| arrow_cast::cast(array, &wanted).ok())
        };
        Sources {
            first_row,
            files: column(FILE, DataType::Utf8),
            lines: column(LINE, DataType::UInt64),
        }
    }

    pub(crate) fn of_row(&self, row: usize) -> Source<'_> {
        let valid = |array: &&ArrayRef| array.is_valid(row);
        Source {
            file: self
                .files
                .as_ref()
                .filter(valid)
                .map(|files| files.as_string::<i32>().value(row)),
            line: self
                .lines
                .as_ref()
                .filter(valid)
                .map(|lines| lines.as_primitive::<UInt64Type>().value(row)),
            offset: None,
            row: Some(self.first_row + row as u64),
        }
    }
}

/// `row 7`, or `row 7 ('a.ndjson' line 9)`.
pub(crate) fn place(source: &Source<'_>) -> String {
    let row = source.row.unwrap_or(0);
    match (source.file, source.line) {
        (Some(file), Some(line)) => {
            format!("row {row} ({} line {line})", millrace_fault::quoted(file))
        }
        (Some(file), None) => format!("row {row} ({})", millrace_fault::quoted(file)),
        _ => format!("row {row}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Int64Array, StringArray};
    use std::sync::Arc;

    #[test]
    fn source_columns_are_used_where_they_are() {
        let files: ArrayRef = Arc::new(StringArray::from(vec![Some("a\n.csv"), None]));
        let lines: ArrayRef = Arc::new(Int64Array::from(vec![9, 10]));
        let batch = RecordBatch::try_from_iter([
            ("_source_file", files),
            ("a", lines.clone()),
            ("_source_line", lines),
        ])
        .unwrap();
        let sources = Sources::of(&batch, 100);
        assert_eq!(place(&sources.of_row(0)), r"row 100 ('a\n.csv' line 9)");
        assert_eq!(place(&sources.of_row(1)), "row 101");
        assert_eq!(own_columns(batch.schema_ref()), [1]);
        let bare = batch.project(&[1]).unwrap();
        assert_eq!(place(&Sources::of(&bare, 1).of_row(1)), "row 2");
    }
}
