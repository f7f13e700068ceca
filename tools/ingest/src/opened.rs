//! An input that was opened, and whose format is known from its first bytes.

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

impl Opened {
    pub(crate) fn open(input: &Input, plan: &Plan, bytes_in: &Counter) -> Result<Opened, Failure> {
        let name = input.name();
        let mut content = Content::open(input, plan.compression, bytes_in)?;
        let head = head(&mut content)?;
        let format = detect::detect(plan.format, &name, &head)?;
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
