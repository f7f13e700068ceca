//! The text inputs as a sequence of parcels: pieces of about the same size that end
//! where records end. What is in a parcel depends on nothing but the inputs, so that
//! the batches made of it do not depend on who decodes it, or when.

use crate::ahead::Inputs;
use crate::inputs::Input;
use crate::layout;
use crate::opened::{How, Opened};
use crate::parcel::{Layout, Parcel, Part};
use crate::plan::Plan;
use crate::text::{Filled, Text};
use millrace_cli::Counter;
use millrace_decode::Chunk;
use millrace_fault::{Failure, quoted};
use std::collections::VecDeque;
use std::sync::Arc;

/// Why the sequence ends early.
pub(crate) enum Trouble {
    /// Something failed.
    Failure(Failure),
    /// The record at this offset of a file is longer than allowed.
    TooLong {
        file: Arc<str>,
        offset: u64,
        /// Lines of the file before it, if it is the first record to be handed out.
        lines_before: Option<u64>,
    },
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Trouble::Failure(failure)
    }
}

/// Reads the inputs, one after the other.
pub(crate) struct Feed<'a> {
    plan: &'a Plan,
    inputs: Inputs,
    text: Option<Text>,
    /// Trouble that comes after the parcel handed out last.
    trouble: Option<Trouble>,
    /// Parcels that were taken out to infer the schema, given back.
    replayed: VecDeque<Parcel>,
    /// Chunks whose memory can be used again.
    spare: Vec<Chunk>,
    next: u64,
}

impl<'a> Feed<'a> {
    /// `first`, then `inputs`.
    pub(crate) fn new(
        plan: &'a Plan,
        bytes_in: &Counter,
        first: Opened,
        inputs: VecDeque<Input>,
    ) -> Result<Self, Trouble> {
        let mut inputs = Inputs::new(How::new(plan, bytes_in), inputs, plan.threads);
        let text = Some(layout::begin(inputs.start(first)?, plan)?);
        let (replayed, spare) = (VecDeque::new(), Vec::new());
        Ok(Feed {
            plan,
            inputs,
            text,
            trouble: None,
            replayed,
            spare,
            next: 0,
        })
    }

    /// The number of the parcel, or of the trouble, that comes next.
    pub(crate) fn number(&self) -> u64 {
        self.replayed
            .front()
            .map_or(self.next, |parcel| parcel.number)
    }

    /// The next parcel; None after the last. After trouble there is nothing more.
    pub(crate) fn next(&mut self) -> Result<Option<Parcel>, Trouble> {
        if let Some(parcel) = self.replayed.pop_front() {
            return Ok(Some(parcel));
        }
        if let Some(trouble) = self.trouble.take() {
            return Err(trouble);
        }
        let mut pack = Pack {
            chunk: self.spare.pop().unwrap_or_default(),
            parts: Vec::new(),
            layout: None,
        };
        let packed = self.pack(&mut pack);
        if packed.is_err() {
            self.text = None;
            self.inputs.clear();
        }
        let Some(layout) = pack.layout else {
            return packed.map(|()| None);
        };
        self.trouble = packed.err();
        let number = self.next;
        self.next += 1;
        Ok(Some(Parcel {
            number,
            chunk: pack.chunk,
            parts: pack.parts,
            layout,
        }))
    }

    /// Puts parcels that were taken out back in front.
    pub(crate) fn replay(&mut self, parcels: Vec<Parcel>) {
        self.replayed.extend(parcels);
    }

    /// Hands the memory of a decoded chunk back.
    pub(crate) fn recycle(&mut self, mut chunk: Chunk) {
        // Neither one huge record nor a large sample may keep its memory for the rest of
        // the run.
        let usual = chunk.capacity() <= 2 * self.plan.sizes.chunk;
        if usual && self.spare.len() <= self.plan.threads {
            chunk.clear();
            self.spare.push(chunk);
        }
    }

    /// Fills a chunk from as many files as fit.
    fn pack(&mut self, pack: &mut Pack) -> Result<(), Trouble> {
        while pack.chunk.len() < self.plan.sizes.chunk {
            let Some(mut text) = self.text()? else {
                return Ok(());
            };
            if pack
                .layout
                .as_ref()
                .is_some_and(|layout| !layout.packs() || *layout != text.layout)
            {
                self.text = Some(text);
                return Ok(());
            }
            let start = pack.chunk.len();
            let filled = text.fill(&mut pack.chunk, self.plan.sizes);
            if filled.is_err() {
                pack.chunk.truncate(start);
            }
            let (filled, part) = filled?;
            if let Some(part) = part {
                pack.layout = Some(text.layout.clone());
                pack.parts.push(part);
            }
            match filled {
                Filled::End { whole: true } => {}
                Filled::End { whole: false } => return Ok(()),
                Filled::Full | Filled::NoRoom => {
                    self.text = Some(text);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The file that is being read, or the next one.
    fn text(&mut self) -> Result<Option<Text>, Trouble> {
        if let Some(text) = self.text.take() {
            return Ok(Some(text));
        }
        let Some(opened) = self.inputs.next()? else {
            return Ok(None);
        };
        if !opened.format.is_text() {
            let failure = Failure::data(format!(
                "{} holds columns, the inputs before it text",
                quoted(&opened.name)
            ));
            return Err(failure.hint("ingest files of one kind at a time").into());
        }
        Ok(Some(layout::begin(opened, self.plan)?))
    }
}

/// A parcel in the making.
struct Pack {
    chunk: Chunk,
    parts: Vec<Part>,
    /// Known once there is a part.
    layout: Option<Layout>,
}
