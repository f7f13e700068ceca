//! How the records of a text file are laid out, seen from its beginning: a byte
//! order mark and the header of CSV are taken off here.

use crate::cut::Cutter;
use crate::detect::Format;
use crate::envelopes;
use crate::feed::Trouble;
use crate::header;
use crate::opened::Opened;
use crate::parcel::{Cells, Layout};
use crate::plan::Plan;
use crate::text::Text;
use millrace_decode::{Chunk, json};
use std::sync::Arc;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Starts reading a text file.
pub(crate) fn begin(opened: Opened, plan: &Plan) -> Result<Text, Trouble> {
    let Opened {
        name,
        format,
        mut content,
        head,
        ..
    } = opened;
    let mark = if head.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len()
    } else {
        0
    };
    let carry = head.len().min(plan.sizes.chunk.max(mark));
    content.unread(&head[carry..]);
    let mut text = Text {
        name,
        content,
        layout: Layout::Lines,
        cutter: Cutter::Lines,
        carry: Chunk::from(&head[mark..carry]),
        seen: 0,
        first: mark as u64,
        offset: mark as u64,
        lines_before: Some(0),
        envelopes: None,
    };
    match format {
        Format::Json => {
            text.layout = Layout::Elements;
            text.cutter = Cutter::Elements(json::Cutter::new());
        }
        Format::Csv => header::lay_out(&mut text, plan, false)?,
        Format::Tsv => header::lay_out(&mut text, plan, true)?,
        Format::Rejects => {
            if !envelopes::hold_json(text.carry.bytes()) {
                // Their header is not among them.
                let columns = header::headless(plan, 0);
                text.layout = Layout::Cells(Arc::new(Cells {
                    columns,
                    tabs: false,
                }));
            }
            text.envelopes = Some(0);
        }
        Format::Ndjson
        | Format::Parquet
        | Format::Avro
        | Format::Orc
        | Format::ArrowFile
        | Format::ArrowStream => {}
    }
    Ok(text)
}
