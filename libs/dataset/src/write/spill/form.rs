//! How rows are written into the temporary file.

use super::packed::{self, Trials};
use crate::write::piece::Piece;
use arrow_array::RecordBatch;
use arrow_ipc::CompressionType;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use arrow_schema::{ArrowError, Schema};
use arrow_select::concat::concat_batches;
use std::io;

/// How the rows of a segment are written.
#[derive(Debug)]
pub(super) enum Form {
    /// Packed; most schemas are.
    Packed(Trials),
    /// As an Arrow stream, LZ4: what lies in memory in another way, as views and
    /// dictionaries do.
    Stream,
}

impl Form {
    /// For rows of `schema`.
    pub(super) fn of(schema: &Schema) -> Form {
        match packed::holds(schema) {
            true => Form::Packed(Trials::new(schema.flattened_fields().len())),
            false => Form::Stream,
        }
    }

    /// Appends the rows of a segment to `bytes`.
    pub(super) fn encode(&self, pieces: &[Piece], bytes: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Form::Packed(trials) => {
                let mut writer = packed::Writer::new(trials, bytes);
                pieces.iter().try_for_each(|piece| writer.add(piece))
            }
            Form::Stream => stream(pieces, bytes).map_err(io::Error::other),
        }
    }
}

/// The rows of a segment that is a stream.
pub(super) fn from_stream(bytes: &[u8]) -> io::Result<Vec<RecordBatch>> {
    let reader = StreamReader::try_new(bytes, None).map_err(io::Error::other)?;
    reader.collect::<Result<_, _>>().map_err(io::Error::other)
}

fn stream(pieces: &[Piece], bytes: &mut Vec<u8>) -> Result<(), ArrowError> {
    let batches: Vec<RecordBatch> = pieces.iter().map(Piece::batch).collect();
    let Some(first) = batches.first() else {
        return Ok(());
    };
    let whole = concat_batches(&first.schema(), &batches)?;
    let options =
        IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME))?;
    let mut writer = StreamWriter::try_new_with_options(bytes, &whole.schema(), options)?;
    writer.write(&whole)?;
    writer.finish()
}
