//! An Arrow file: blocks found through its footer, each read and checked by itself.
//! Source of the format: the Arrow columnar format, "IPC File Format".

use super::reader::Stored;
use arrow_array::RecordBatch;
use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::reader::FileDecoder;
use arrow_ipc::{Block, root_as_footer};
use arrow_schema::SchemaRef;
use millrace_fault::Failure;
use std::collections::VecDeque;
use std::sync::Arc;

const MAGIC: &[u8] = b"ARROW1";
/// The footer's length, and the magic behind it.
const TRAILER: usize = 10;

/// An open Arrow file.
pub(crate) struct ArrowFile {
    stored: Stored,
    schema: SchemaRef,
    decoder: Option<FileDecoder>,
    dictionaries: Vec<Block>,
    batches: VecDeque<Block>,
}

impl ArrowFile {
    pub(crate) fn open(stored: Stored) -> Result<ArrowFile, Failure> {
        let short = || stored.corrupt("it is cut short: it has no footer");
        let end = stored.len().checked_sub(TRAILER as u64).ok_or_else(short)?;
        let trailer = stored.read_at(end, TRAILER)?;
        let (length, magic) = trailer.split_at(4);
        if magic != MAGIC {
            return Err(short());
        }
        let length = u32::from_le_bytes(length.try_into().unwrap_or_default()) as usize;
        let start = end.checked_sub(length as u64).ok_or_else(short)?;
        let bytes = stored.read_at(start, length)?;
        let footer = root_as_footer(&bytes).map_err(|error| stored.corrupt(error))?;
        let schema = footer
            .schema()
            .ok_or_else(|| stored.corrupt("it has no schema"))?;
        let schema = Arc::new(fb_to_schema(schema));
        let decoder = FileDecoder::new(SchemaRef::clone(&schema), footer.version());
        let dictionaries = footer.dictionaries().iter().flatten().copied().collect();
        let batches = footer.recordBatches().iter().flatten().copied().collect();
        Ok(ArrowFile {
            stored,
            schema,
            decoder: Some(decoder),
            dictionaries,
            batches,
        })
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    /// Reads only these columns, and the dictionaries.
    pub(crate) fn project(&mut self, columns: &[usize]) -> Result<(), Failure> {
        let Some(decoder) = self.decoder.take() else {
            return Ok(());
        };
        let mut decoder = decoder.with_projection(columns.to_vec());
        for block in std::mem::take(&mut self.dictionaries) {
            let bytes = self.block(&block)?;
            decoder
                .read_dictionary(&block, &bytes)
                .map_err(|error| self.stored.corrupt(error))?;
        }
        self.decoder = Some(decoder);
        Ok(())
    }

    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>, Failure> {
        while let Some(block) = self.batches.pop_front() {
            let bytes = self.block(&block)?;
            let Some(decoder) = &self.decoder else {
                return Ok(None);
            };
            let batch = decoder
                .read_record_batch(&block, &bytes)
                .map_err(|error| self.stored.corrupt(error))?;
            if batch.is_some() {
                return Ok(batch);
            }
        }
        Ok(None)
    }

    fn block(&self, block: &Block) -> Result<arrow_buffer::Buffer, Failure> {
        let length = i64::from(block.metaDataLength()).checked_add(block.bodyLength());
        match (u64::try_from(block.offset()), length.map(usize::try_from)) {
            (Ok(offset), Some(Ok(length))) => Ok(self.stored.read_at(offset, length)?.into()),
            _ => Err(self.stored.corrupt("a block has a negative length")),
        }
    }
}
