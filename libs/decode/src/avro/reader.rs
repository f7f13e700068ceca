//! A file's blocks, in parcels: what is decoded, and turned into batches, at a time.

use super::block::{Block, Container};
use super::parcel::{Layout, Parcel};
use super::parse;
use super::types::arrow_fields;
use crate::project::project;
use arrow_schema::{Schema, SchemaRef};
use millrace_fault::Failure;
use std::sync::Arc;

pub use super::block::Source;

/// How much at a time.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Most rows of a batch.
    pub batch_rows: usize,
    /// A batch ends once it holds about so many bytes.
    pub batch_bytes: usize,
    /// Largest block, as stored and decompressed.
    pub block: usize,
}

/// Reads an Avro object container file.
pub struct Reader {
    container: Container,
    layout: Arc<Layout>,
    /// Records of the parcels before.
    records: u64,
    /// The block that did not fit into the last one.
    held: Option<Block>,
}

impl Reader {
    /// Reads the header of `file`.
    ///
    /// # Errors
    /// If it is no Avro file, or its schema is none that columns can hold (3).
    pub fn new(file: &str, source: Source, sizes: Sizes) -> Result<Reader, Failure> {
        let (container, schema) = Container::open(file, source, sizes.block)?;
        let fields = parse::fields(&schema).map_err(|problem| container.corrupt(problem))?;
        let layout = Layout {
            file: file.to_owned(),
            codec: container.codec(),
            sizes,
            width: fields.iter().map(|(_, field)| field.width()).sum(),
            wanted: vec![true; fields.len()],
            schema: Arc::new(Schema::new(arrow_fields(&fields))),
            fields,
        };
        Ok(Reader {
            container,
            layout: Arc::new(layout),
            records: 0,
            held: None,
        })
    }

    /// The columns asked for, at first all of them.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.layout.schema)
    }

    /// Reads only these columns (ascending indices); the others are still checked.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn project(&mut self, indices: &[usize]) -> Result<(), Failure> {
        let mut layout = Layout::clone(&self.layout);
        layout.schema = project(arrow_fields(&layout.fields), indices)?;
        layout.wanted = (0..layout.fields.len())
            .map(|index| indices.contains(&index))
            .collect();
        self.layout = Arc::new(layout);
        Ok(())
    }

    /// The next blocks, as many as a batch has room for, or one; None at the end of the file. What is
    /// in them is decoded by whoever has them, in any order: it does not depend on blocks
    /// elsewhere.
    ///
    /// # Errors
    /// If the file is malformed or cut short (3), or cannot be read (4). Then it is over.
    #[expect(
        clippy::should_implement_trait,
        reason = "it fails, and then it is over"
    )]
    pub fn next(&mut self) -> Result<Option<Parcel>, Failure> {
        let mut parcel = Parcel {
            layout: Arc::clone(&self.layout),
            before: self.records,
            blocks: Vec::new(),
        };
        let (mut records, mut bytes) = (0u64, 0);
        while let Some(block) = self.block()? {
            let (more, longer) = (block.records, block.stored.len());
            let sizes = &self.layout.sizes;
            let is_full = records.saturating_add(more) > sizes.batch_rows as u64
                || bytes + longer > sizes.batch_bytes;
            if is_full && !parcel.blocks.is_empty() {
                self.held = Some(block);
                break;
            }
            records = records.saturating_add(more);
            bytes += longer.max(1);
            parcel.blocks.push(block);
        }
        self.records = self.records.saturating_add(records);
        Ok((!parcel.blocks.is_empty()).then_some(parcel))
    }

    fn block(&mut self) -> Result<Option<Block>, Failure> {
        match self.held.take() {
            Some(block) => Ok(Some(block)),
            None => self.container.next(),
        }
    }
}
