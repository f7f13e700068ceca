//! The rejects file as an Arrow stream, for whoever wants to query it.

use crate::reject::{Content, Reject};
use arrow_array::RecordBatch;
use arrow_array::builder::{
    BinaryBuilder, ListBuilder, StringBuilder, StructBuilder, UInt64Builder,
};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, SchemaRef};
use millrace_storage::AtomicFile;
use std::io;
use std::sync::Arc;

/// Rows and bytes of a batch, whichever comes first.
const BATCH_ROWS: usize = 8192;
const BATCH_BYTES: usize = 1 << 20;

/// An Arrow stream of rejects under way.
pub(crate) struct Arrows {
    writer: StreamWriter<AtomicFile>,
    schema: SchemaRef,
    columns: Columns,
}

struct Columns {
    file: StringBuilder,
    line: UInt64Builder,
    offset: UInt64Builder,
    row: UInt64Builder,
    reasons: ListBuilder<StructBuilder>,
    raw: BinaryBuilder,
    record: StringBuilder,
    bytes: usize,
}

impl Arrows {
    pub(crate) fn start(file: AtomicFile) -> io::Result<Arrows> {
        let schema = Arc::new(schema());
        let writer = StreamWriter::try_new(file, &schema).map_err(to_io)?;
        Ok(Arrows {
            writer,
            schema,
            columns: Columns::new(),
        })
    }

    pub(crate) fn push(&mut self, reject: &Reject<'_>) -> io::Result<()> {
        self.columns.push(reject);
        if self.columns.rows() < BATCH_ROWS && self.columns.bytes < BATCH_BYTES {
            Ok(())
        } else {
            self.flush()
        }
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.columns.rows() == 0 {
            return Ok(());
        }
        let batch = self.columns.finish(&self.schema).map_err(to_io)?;
        self.writer
            .write(&batch)
            .and_then(|()| self.writer.flush())
            .map_err(to_io)
    }

    /// Writes the end marker and gives the file back.
    pub(crate) fn finish(self) -> io::Result<AtomicFile> {
        self.writer.into_inner().map_err(to_io)
    }
}

impl Columns {
    fn new() -> Columns {
        Columns {
            file: StringBuilder::new(),
            line: UInt64Builder::new(),
            offset: UInt64Builder::new(),
            row: UInt64Builder::new(),
            reasons: ListBuilder::new(StructBuilder::from_fields(reason_fields(), 0))
                .with_field(reason_item()),
            raw: BinaryBuilder::new(),
            record: StringBuilder::new(),
            bytes: 0,
        }
    }

    fn rows(&self) -> usize {
        arrow_array::builder::ArrayBuilder::len(&self.row)
    }

    fn push(&mut self, reject: &Reject<'_>) {
        let source = &reject.source;
        self.file.append_option(source.file);
        self.line.append_option(source.line);
        self.offset.append_option(source.offset);
        self.row.append_option(source.row);
        self.push_reasons(reject);
        let (raw, record) = match reject.content {
            Content::Raw(bytes) => (Some(bytes), None),
            Content::Record(json) => (None, Some(json)),
        };
        self.bytes += raw.map_or(0, <[u8]>::len) + record.map_or(0, str::len);
        self.raw.append_option(raw);
        self.record.append_option(record);
    }

    fn push_reasons(&mut self, reject: &Reject<'_>) {
        for reason in reject.reasons {
            let texts = [
                &reason.field,
                &reason.constraint,
                &reason.value,
                &reason.expected,
            ];
            let item = self.reasons.values();
            for (at, text) in texts.into_iter().enumerate() {
                self.bytes += text.len();
                if let Some(column) = item.field_builder::<StringBuilder>(at) {
                    column.append_value(text);
                }
            }
            item.append(true);
        }
        self.reasons.append(true);
    }

    fn finish(&mut self, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
        self.bytes = 0;
        RecordBatch::try_new(
            schema.clone(),
            vec![
                Arc::new(self.file.finish()),
                Arc::new(self.line.finish()),
                Arc::new(self.offset.finish()),
                Arc::new(self.row.finish()),
                Arc::new(self.reasons.finish()),
                Arc::new(self.raw.finish()),
                Arc::new(self.record.finish()),
            ],
        )
    }
}

fn schema() -> Schema {
    Schema::new(vec![
        Field::new("source_file", DataType::Utf8, true),
        Field::new("source_line", DataType::UInt64, true),
        Field::new("source_offset", DataType::UInt64, true),
        Field::new("source_row", DataType::UInt64, true),
        Field::new("reasons", DataType::List(Arc::new(reason_item())), false),
        Field::new("raw", DataType::Binary, true),
        Field::new("record", DataType::Utf8, true),
    ])
}

fn reason_item() -> Field {
    Field::new("item", DataType::Struct(reason_fields()), false)
}

fn reason_fields() -> Fields {
    ["field", "constraint", "value", "expected"]
        .map(|name| Field::new(name, DataType::Utf8, false))
        .into_iter()
        .collect()
}

fn to_io(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        other => io::Error::other(other.to_string()),
    }
}
