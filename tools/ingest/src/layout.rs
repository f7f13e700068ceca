//! How the records of a text file are laid out, seen from its beginning: a byte
//! order mark and the header of CSV are taken off here.

use crate::cut::Cutter;
use crate::detect::Format;
use crate::envelopes;
use crate::feed::Trouble;
use crate::opened::Opened;
use crate::parcel::Layout;
use crate::plan::Plan;
use crate::text::Text;
use millrace_decode::Chunk;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Starts reading a text file.
pub(crate) fn begin(opened: Opened, plan: &Plan) -> Result<Text, Trouble> {
    let Opened { name, format, mut content, head, .. } = opened;
    let mark = if head.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let carry = head.len().min(plan.sizes.chunk.max(mark));
    content.unread(&head[carry..]);
    let mut text = Text {
        name,
        content,
        layout: Layout::Lines,
        cutter: Cutter::Lines,
        carry: Chunk::from(&head[mark..carry]),
        seen: 0,
        offset: mark as u64,
        lines_before: Some(0),
        envelopes: None,
    };
    match format {
        Format::Rejects => text.envelopes = Some(0),
        _ => {}
    }
    Ok(text)
}
