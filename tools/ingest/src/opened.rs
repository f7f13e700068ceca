//! An input that was opened, and whose format is known from its first bytes.

use crate::args::{CompressionOption, FormatOption};
use crate::compression::Content;
use crate::detect::{self, Format, HEAD};
use crate::inputs::Input;
use crate::plan::Plan;
use millrace_cli::Counter;
use millrace_fault::Failure;
use std::sync::Arc;

/// An open input.
pub(crate) struct Opened {
    pub(crate) input: Input,
    pub(crate) name: Arc<str>,
    pub(crate) format: Format,
    pub(crate) content: Content,
    /// The first bytes of the content, which have been taken out of it.
    pub(crate) head: Vec<u8>,
}

/// How inputs are opened.
#[derive(Clone)]
pub(crate) struct How {
    pub(crate) format: FormatOption,
    pub(crate) compression: CompressionOption,
    /// Counts the bytes read, as stored.
    pub(crate) bytes_in: Counter,
}

impl How {
    pub(crate) fn new(plan: &Plan, bytes_in: &Counter) -> How {
        How {
            format: plan.format,
            compression: plan.compression,
            bytes_in: bytes_in.clone(),
        }
    }

    pub(crate) fn open(&self, input: &Input) -> Result<Opened, Failure> {
        let name = input.name();
        let mut content = Content::open(input, self.compression, &self.bytes_in)?;
        let head = head(&mut content)?;
        let format = detect::detect(self.format, &name, &head)?;
        Ok(Opened {
            input: input.clone(),
            name: name.into(),
            format,
            content,
            head,
        })
    }
}

/// Up to [`HEAD`] bytes.
fn head(content: &mut Content) -> Result<Vec<u8>, Failure> {
    let mut head = vec![0; HEAD];
    let mut filled = 0;
    while filled < HEAD {
        match content.read(&mut head[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    head.truncate(filled);
    Ok(head)
}
